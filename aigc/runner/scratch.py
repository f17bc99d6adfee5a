"""The folder of one attempt. It is used again, emptied in between: to make one takes 0.1 ms on ext4."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

_SURE_S = 1.0
"""A folder's time is no finer than some milliseconds: one so old tells of any change that comes after it."""


class Scratch:
    """A folder, made here, whose content is a model's for one attempt.

    Args:
        path: there is nothing yet.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir()
        self.path = path
        self._unchanged = 0

    def empty(self) -> None:
        """The folder is there, and nothing in it. Most models leave nothing, and one look at its time tells so."""
        with suppress(OSError):
            changed = os.stat(self.path).st_mtime_ns
            if changed == self._unchanged:
                return
            left = os.listdir(self.path)
            self._unchanged = changed if not left and time.time() - changed / 1e9 > _SURE_S else 0
            for name in left:
                _remove(self.path / name)
            return
        with suppress(OSError):  # the model has removed the folder itself, or has spoiled it
            self.path.mkdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()
