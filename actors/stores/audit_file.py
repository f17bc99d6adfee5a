"""The audit log as JSON lines in a file: added at its end, never changed."""

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import msgspec

from aigc.core.accounts import AuditEntry
from aigc.core.errors import StoreBroken, Unavailable

FILE_BYTES = 16 << 20
"""A file that has grown so large becomes the former one, and the one before it goes: some 100,000 lines are kept."""

PIECE_BYTES = 1 << 13

_encode = msgspec.json.Encoder().encode
_entry = msgspec.json.Decoder(AuditEntry).decode


class FileAuditLog:
    """See `AuditLog`. Only the file's owner may read it; a line is whole or not there.

    Args:
        path: of the file; the former one has `.1` behind its name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._former = path.with_name(path.name + ".1")
        self._lock = threading.Lock()

    async def open(self) -> None:
        """See the port."""
        await asyncio.to_thread(self._opened)

    async def close(self) -> None:
        """See the port."""

    async def add(self, entry: AuditEntry) -> None:
        """See the port."""
        await asyncio.to_thread(self._add, _encode(entry) + b"\n")

    async def recent(self, limit: int, before: float | None = None) -> Sequence[AuditEntry]:
        """See the port. A line that cannot be read, such as one that a crash has cut, is passed over."""
        return await asyncio.to_thread(self._recent, limit, before)

    def _opened(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise StoreBroken(
                f"{self._path} cannot be written: {error.strerror}",
                suggestion="name a data folder that the server's user may write",
            ) from error

    def _add(self, line: bytes) -> None:
        try:
            with self._lock:
                if self._path.exists() and self._path.stat().st_size > FILE_BYTES:
                    self._path.replace(self._former)
                descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    os.write(descriptor, line)  # one call: lines of two processes do not mix
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        except OSError as error:
            raise Unavailable(f"the audit log cannot be written: {error.strerror}", retry_after_s=30) from error

    def _recent(self, limit: int, before: float | None) -> Sequence[AuditEntry]:
        found: list[AuditEntry] = []
        for line in chain(_backwards(self._path), _backwards(self._former)):
            try:
                entry = _entry(line)
            except msgspec.DecodeError:
                continue
            if before is None or entry.at < before:
                found.append(entry)
                if len(found) == limit:
                    break
        return found


def _backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file, the last one first; none where there is no file."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        at = file.seek(0, os.SEEK_END)
        rest = b""
        while at:
            size = min(PIECE_BYTES, at)
            at = file.seek(at - size)
            lines = (file.read(size) + rest).split(b"\n")
            rest = lines[0]
            yield from (line for line in reversed(lines[1:]) if line)
        if rest:
            yield rest
