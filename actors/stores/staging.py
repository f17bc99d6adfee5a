"""Staging folders: made, kept for the next one where they are empty again, removed."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from actors.stores.workspace import Workspace

KEPT = 128
"""Empty folders that are kept; more than a worker has leases at once, those that are being stored among them, is of no
use."""


class Staging:
    """The staging folders of one process. To make one costs ext4 as much as all else that is done for a small result,
    so an empty one is given out again, under a fresh name: who knew the old one, a model's forgotten thread perhaps,
    finds nothing there.

    Args:
        workspace: the folders are beneath it.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: list[Path] = []

    def kept(self) -> Path | None:
        """An empty folder that need not be made, to be had without waiting; None if there is none."""
        while self._kept:
            folder = self._kept.pop()
            # Else it went with a workspace that others cleared up.
            if str(folder).startswith(f"{self._workspace.name}/"):
                return folder
        return None

    def made(self) -> Path:
        """An empty folder."""
        folder = self._workspace.fresh()
        folder.mkdir()
        return folder

    def remove(self, folder: Path) -> None:
        """The folder is gone, with all in it."""
        shutil.rmtree(folder, ignore_errors=True)

    def take_back(self, folder: Path) -> None:
        """Nobody writes to this folder any more. It is kept if it is empty, else gone."""
        if len(self._kept) < KEPT and not _holds_anything(folder):
            fresh = self._workspace.fresh()
            with suppress(OSError):
                os.rename(folder, fresh)
                self._kept.append(fresh)
                return
        self.remove(folder)


def _holds_anything(folder: Path) -> bool:
    try:
        return bool(os.listdir(folder))
    except OSError:
        return True
