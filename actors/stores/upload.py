"""The blocking half of storing one stream: threads write, hash and finish a file, or leave nothing of it."""

import threading
from collections.abc import Sequence
from hashlib import sha256
from io import FileIO

import msgspec

from actors.stores.asset_files import AssetFiles
from actors.stores.disk_errors import check_room
from aigc.core.ports import Asset


class Upload:
    """One file on its way into the store. Methods may be called from different threads; they wait for each other.

    Args:
        files: where it ends up.
        min_free: bytes of the disk that it must leave free.
    """

    def __init__(self, files: AssetFiles, min_free: int) -> None:
        self._files = files
        self._min_free = min_free
        self._path = files.workspace.fresh()
        self._file: FileIO | None = None
        self._digest = sha256()
        self._bytes = 0
        self._asset: Asset | None = None
        self._abandoned = False
        self._lock = threading.Lock()

    def write(self, chunks: Sequence[bytes]) -> None:
        """The chunks are in the file."""
        with self._lock:
            self._write(chunks)

    def finish(self, chunks: Sequence[bytes], asset: Asset) -> Asset:
        """With these last chunks the file stands under its key, durably. `asset` lacks the size and the digest."""
        with self._lock:
            self._write(chunks)
            if self._abandoned or self._file is None:
                return asset
            self._file.close()
            asset = msgspec.structs.replace(asset, bytes=self._bytes, sha256=self._digest.hexdigest())
            self._files.install([(self._path, asset)])
            self._asset = asset
            return asset

    def abandon(self) -> None:
        """Nothing of it is left, even if it was finished in the meantime; a call that comes late does nothing."""
        with self._lock:
            self._abandoned = True
            if self._file is not None:
                self._file.close()
            self._path.unlink(missing_ok=True)
            if self._asset is not None:
                self._files.remove(self._asset.key)

    def _write(self, chunks: Sequence[bytes]) -> None:
        if self._abandoned:
            return
        check_room(self._path.parent, sum(map(len, chunks)), self._min_free)
        if self._file is None:
            self._file = FileIO(self._path, "xb")
        for chunk in chunks:
            self._digest.update(chunk)
            self._bytes += len(chunk)
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
