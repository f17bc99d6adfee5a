"""Where files are while they are not finished: a folder of this process beside the finished ones, on the same disk."""

import itertools
import secrets
import shutil
from pathlib import Path

from actors.stores.file_lock import FileLock


class Workspace:
    """A folder `<parent>/<random>/` that lives as long as its process: `<parent>/<random>.lock` is held by it.

    Args:
        parent: made where it is missing; other processes may have their workspaces in it too.
    """

    def __init__(self, parent: Path) -> None:
        parent.mkdir(parents=True, exist_ok=True)
        self._names = itertools.count()
        while True:
            name = secrets.token_hex(6)
            self._lock = FileLock(parent / f"{name}.lock")
            if self._lock.take():  # False where somebody's sweep looks at it just now
                break
        # The lock first: a folder without one belongs to nobody.
        self.folder = parent / name
        self.folder.mkdir()
        self._sweep(parent)

    def fresh(self) -> Path:
        """A path in the workspace at which there is nothing."""
        return self.folder / str(next(self._names))

    def close(self) -> None:
        """The folder and all in it are gone."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release(remove=True)

    def _sweep(self, parent: Path) -> None:
        """What dead processes left is gone."""
        names = {path.name.removesuffix(".lock") for path in parent.iterdir()}
        for name in names - {self.folder.name}:
            lock = FileLock(parent / f"{name}.lock")
            if lock.take():
                shutil.rmtree(parent / name, ignore_errors=True)
                lock.release(remove=True)
