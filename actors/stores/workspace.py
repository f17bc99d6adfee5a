"""Where files are while they are not finished: a folder of this process beside the finished ones, on the same disk."""

import asyncio
import errno
import itertools
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import structlog

from actors.stores.file_lock import FileLock

log = structlog.get_logger()

BEAT_S = 60.0
"""Between two signs of life."""
SILENT_S = 3600.0
"""A process of another host that gave no sign for so long is dead."""

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
_NOBODY = "none"


def this_boot() -> str:
    """Tells the running system of this host from all others and from itself before it was last started."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().replace("-", "")[:12]


class Workspace:
    """A folder `<parent>/<boot>-<random>/` that lives as long as its process; that holds `<name>.lock` and touches it.

    Other processes have theirs beside it, of other hosts too where the folder is shared. Of a dead one of this boot the
    lock is free: the kernel that they have in common knows at once. Between hosts locks may mean nothing, so there the
    age of the last sign of life decides, as the file server dates it. A process that was stopped for so long that
    others cleared up after it gets a fresh folder at its next sign of life.

    Args:
        parent: made where it is missing.
        boot: see `this_boot`.
    """

    def __init__(self, parent: Path, boot: str | None = None) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        self._parent = parent
        self._boot = boot or this_boot()
        self._names = itertools.count()
        self._move_in()
        self._sweep()

    def fresh(self) -> Path:
        """A path in the workspace at which there is nothing."""
        return self.folder / str(next(self._names))

    def fresh_name(self) -> str:
        """The same as plain text, see `durable.StrPath`."""
        return f"{self.name}/{next(self._names)}"

    def beat(self) -> None:
        """A sign of life was given, and what dead processes left is gone."""
        try:
            if not self.folder.is_dir():
                raise FileNotFoundError
            os.utime(self._lock.path)
        except FileNotFoundError:
            if not self._parent.is_dir():
                raise  # the whole disk is away: it is not for us to begin another one
            self._lock.release()
            self._move_in()
        self._sweep()

    def close(self) -> None:
        """The folder and all in it are gone."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release(remove=True)
        self._lock.path.unlink(missing_ok=True)

    def _move_in(self) -> None:
        boot = self._boot
        while True:
            name = f"{boot}-{secrets.token_hex(6)}"
            self._lock = FileLock(self._parent / f"{name}.lock")
            try:
                if self._lock.take():  # False where somebody's sweep looks at it just now
                    break
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                if boot == _NOBODY:
                    break
                # No locks on this file system: under such a name nobody asks for them.
                self._lock.path.unlink(missing_ok=True)
                boot = _NOBODY
        # The lock first: a folder without one belongs to nobody.
        self.folder = self._parent / name
        self.folder.mkdir()
        self.name = str(self.folder)

    def _sweep(self) -> None:
        now = self._lock.path.stat().st_mtime  # by the clock that dates the others' signs too
        names = {path.name.removesuffix(".lock") for path in self._parent.iterdir()}
        for name in names - {self.folder.name}:
            if name.startswith(f"{self._boot}-"):
                lock = FileLock(self._parent / f"{name}.lock")
                if lock.take():
                    shutil.rmtree(self._parent / name, ignore_errors=True)
                    lock.release(remove=True)
            elif now - self._last_sign(name) > SILENT_S:
                shutil.rmtree(self._parent / name, ignore_errors=True)
                (self._parent / f"{name}.lock").unlink(missing_ok=True)

    def _last_sign(self, name: str) -> float:
        times = []
        for path in (self._parent / f"{name}.lock", self._parent / name):
            with suppress(OSError):
                times.append(path.stat().st_mtime)
        return max(times, default=0.0)


async def keep_alive(workspace: Workspace) -> None:
    """Give signs of life for ever."""
    while True:
        await asyncio.sleep(BEAT_S)
        try:
            await asyncio.to_thread(workspace.beat)
        except OSError as error:
            log.warning("workspace.unreachable", folder=str(workspace.folder), reason=str(error))
