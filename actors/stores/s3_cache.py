"""Files of a bucket that lie on this machine too, in a folder that does not grow for ever. Calls block: for threads."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from actors.stores.disk_errors import check_room

log = structlog.get_logger()


class FileCache:
    """Files under names that mean the same for ever, shared by the processes of this machine.

    The least recently used go first. What was handed out a moment ago may still be about to be opened, by a runner that
    loads its model first: it stays, even if the folder is too large meanwhile.

    Args:
        folder: made where it is missing; ours alone.
        max_bytes: of all files together.
        min_free_bytes: of the disk, which are left to others.
        in_use_s: how long a file that was handed out stays for certain.
        clock: seconds since the epoch, as the disk dates files.
    """

    def __init__(
        self,
        folder: Path,
        max_bytes: int,
        min_free_bytes: int,
        in_use_s: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._max_bytes = max_bytes
        self._min_free_bytes = min_free_bytes
        self._in_use_s = in_use_s
        self._clock = clock

    def find(self, name: str, size: int) -> Path | None:
        """The file, which counts as in use from now; None if there is none of that size."""
        path = self._folder / name
        with self._locked(fcntl.LOCK_SH):
            try:
                self._use(path)
                if path.stat().st_size == size:
                    return path
            except FileNotFoundError:
                return None
        path.unlink(missing_ok=True)
        return None

    def make_room(self, size: int) -> None:
        """A file of that size can come, if need be at the cost of others.

        Raises:
            Unavailable: code `disk_full`: the disk has no room, and nothing can go.
        """
        with self._locked(fcntl.LOCK_EX):
            found = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in self._entries())
            total = size + sum(one for _, one, _ in found)
            for used_at, one, path in found:
                if used_at > self._clock() - self._in_use_s:
                    break
                if total <= self._max_bytes and self._has_room(size):
                    break
                with suppress(FileNotFoundError):
                    os.unlink(path)
                total -= one
        if total > self._max_bytes:
            log.debug("cache.overfull", bytes=total, files=len(found))
        check_room(self._folder, size, self._min_free_bytes)

    def take(self, temporary: Path, name: str) -> Path:
        """The file, whole and on the same disk, is in the cache under that name, and in use from now."""
        path = self._folder / name
        self._use(temporary)
        temporary.rename(path)
        return path

    def drop(self, name: str) -> None:
        """The file is not kept; who has it open goes on reading."""
        (self._folder / name).unlink(missing_ok=True)

    def _use(self, path: Path) -> None:
        os.utime(path, (self._clock(),) * 2)

    def _has_room(self, size: int) -> bool:
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize - size >= self._min_free_bytes

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        with os.scandir(self._folder) as entries:
            yield from (entry for entry in entries if not entry.name.startswith("."))

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Nothing is removed by one process while another hands it out."""
        descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)
