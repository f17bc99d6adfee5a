"""The log kept as files, one for each process and bounded together, so that all processes can be read in one place."""

import fcntl
import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

SUFFIX = ".jsonl"
SHARES = 8
"""A file may take this share of all that is kept, so that the oldest lines go in pieces."""


class LogFile:
    """Lines of one process in `<start>-<role>-<process id>.jsonl`, begun anew when it is full.

    The file that is written is locked (`flock`), and no process removes one that is; of the others the oldest go when
    all together have more than `keep_bytes`. What cannot be written is lost: a full disk stops no server.
    """

    def __init__(self, folder: Path, role: str, keep_bytes: int) -> None:
        self._folder, self._role, self._keep_bytes = folder, role, keep_bytes
        self._one_at_a_time = threading.Lock()
        self._descriptor: int | None = None
        self._room = 0

    def write(self, line: str) -> None:
        """One more line, in one piece."""
        data = line.encode(errors="replace") + b"\n"
        with self._one_at_a_time, suppress(OSError):
            if self._descriptor is None or self._room < len(data):
                self._begin()
            assert self._descriptor is not None
            self._room -= os.write(self._descriptor, data)

    def close(self) -> None:
        """The file may be removed from now on; another line begins another one."""
        with self._one_at_a_time:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _begin(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        now = datetime.now(UTC)
        name = f"{now:%Y%m%dT%H%M%S}{now.microsecond:06}Z-{self._role}-{os.getpid()}{SUFFIX}"
        path = self._folder / name
        fresh = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor, self._room = fresh, self._keep_bytes // SHARES
        fcntl.flock(fresh, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._prune()

    def _prune(self) -> None:
        total = self._keep_bytes // SHARES
        for path in sorted(self._folder.glob(f"*{SUFFIX}"), reverse=True):
            with suppress(OSError):
                total += path.stat().st_size
                if total > self._keep_bytes:
                    remove(path)


def remove(path: Path) -> None:
    """The file is gone. Raises BlockingIOError where a process writes it, and other OSErrors."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(descriptor)
