"""Files of this machine that a client may name by their path, because its operator listed their folders."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import BinaryIO

from aigc.core.errors import InputInvalid, NotFound


class InputFolders:
    """Opens files below the listed folders and no others, whatever links lead out of them.

    What is told of a file elsewhere is the same whether it exists or not, and no answer names a folder.

    Args:
        folders: absolute paths; a relative path of a client's is looked for in each, in this order. None at all: every
            path is refused.
    """

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = tuple(folders)

    def open(self, path: str) -> tuple[BinaryIO, int]:
        """The file and its length in bytes; blocks.

        Raises:
            InputInvalid: no listed folder holds it (`server_path`), or it is no regular file.
            NotFound: it is not there.
        """
        if not self._folders or "\0" in path:
            raise _refused()
        is_relative = not PurePath(path).is_absolute()
        for folder in self._folders:
            real, root = os.path.realpath(folder / path), os.path.realpath(folder)
            if _lies_in(real, root) and not (is_relative and not os.path.lexists(real)):
                return _opened(real, root)
        raise _missing() if is_relative else _refused()


def _opened(real: str, root: str) -> tuple[BinaryIO, int]:
    try:
        # Without waiting for a writer, should it be a pipe.
        descriptor = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError:
        raise _missing() from None
    try:
        # Looked at again as what was opened: a folder on the way may have become a link meanwhile.
        if not _lies_in(os.readlink(f"/proc/self/fd/{descriptor}"), root):
            raise _refused()
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise InputInvalid("the path names no regular file", suggestion="name a picture or a mesh")
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb"), found.st_size


def _lies_in(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")


def _missing() -> NotFound:
    return NotFound("there is no such file in the folders that this server reads inputs from")


def _refused() -> InputInvalid:
    return InputInvalid(
        "the path names a file of the server, and those cannot be read from outside",
        suggestion="upload the file",
        code="server_path",
    )
