"""Where a download goes: a file that is not there until it is whole, or memory."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO

from aigc.client.errors import ClientError
from aigc.client.records import Output


class Memory:
    """Keeps what comes; a download that broke goes on at `size`."""

    def __init__(self) -> None:
        self.data = bytearray()

    @property
    def size(self) -> int:
        """Bytes that have come."""
        return len(self.data)

    def begin(self, status: int) -> None:
        """They come: all anew (200), or the rest (206)."""
        if status != 206:
            self.data.clear()

    def write(self, piece: bytes) -> None:
        """The next of them."""
        self.data += piece


class Partial:
    """A file beside its place under another name, until `keep` moves it there."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.with_name(f".{target.name}.{os.getpid()}.part")
        self._hash = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self.size = 0

    def begin(self, status: int) -> None:
        """The bytes come: all anew (200), or the rest (206). Raises ClientError where the file cannot be written."""
        try:
            if self._file is None:
                self._file = self._path.open("wb")
            elif status != 206:
                self._file.seek(0)
                self._file.truncate()
        except OSError as error:
            raise self._unwritable(error) from None
        if status != 206:
            self._hash = hashlib.sha256()
            self.size = 0

    def write(self, piece: bytes) -> None:
        """The next of them."""
        assert self._file is not None
        try:
            self._file.write(piece)
        except OSError as error:
            raise self._unwritable(error) from None
        self._hash.update(piece)
        self.size += len(piece)

    def keep(self, output: Output) -> Path:
        """The file is at its place. Raises ClientError where it is not what the server made."""
        if output.sha256 and self._hash.hexdigest() != output.sha256:
            raise ClientError(f"{output.name} came with other bytes than the server has; try again")
        try:
            if self._file is not None:
                self._file.close()
                self._path.replace(self._target)
            else:  # an empty output: nothing came
                self._target.write_bytes(b"")
        except OSError as error:
            raise self._unwritable(error) from None
        return self._target

    def discard(self) -> None:
        """Nothing is left but what was kept."""
        if self._file is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)

    def _unwritable(self, error: OSError) -> ClientError:
        return ClientError(f"{self._target} cannot be written: {error.strerror}")
