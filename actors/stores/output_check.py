"""The files that a runner leaves in a staging folder, looked at before anything else is done with them."""

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from actors.stores.asset_key import segments
from aigc.core.errors import InputInvalid
from aigc.core.ports import Asset


def checked_outputs(folder: Path, said: Sequence[Asset]) -> list[str]:
    """Where these outputs are: plain files of the size that was said, which have no other name.

    Raises:
        InputInvalid: code `result_invalid`, or `bad_key` for a name that is none.
    """
    home = str(folder)
    # Whatever a runner may write to could have become a link: up to the workspace, which lies in a folder of ours.
    is_elsewhere = os.path.islink(home) or os.path.islink(home.rpartition("/")[0])
    return [_checked(home, one, is_elsewhere=is_elsewhere) for one in said]


def check_staging(folder: Path, workspace: str) -> None:
    """Raise InputInvalid unless the folder is one that this process has from `staging()`."""
    above, _, name = str(folder).rpartition("/")
    if above != workspace or name == "..":
        raise InputInvalid(
            f"{folder.name} is not a staging folder of this store", suggestion="give what staging() gave"
        )


def invalid(said: Asset, fault: str) -> InputInvalid:
    """The error for an output that cannot be taken."""
    return InputInvalid(
        f"the output {said.key!r} {fault}",
        suggestion="a model writes its outputs as plain files into the folder that it was given",
        code="result_invalid",
    )


def _checked(home: str, said: Asset, *, is_elsewhere: bool) -> str:
    above = home
    for part in segments(said.key, at_least=1)[:-1]:
        above = f"{above}/{part}"
        is_elsewhere = is_elsewhere or os.path.islink(above)
    path = f"{home}/{said.key}"
    try:
        found = os.lstat(path)
    except OSError:
        raise invalid(said, "is missing") from None
    if is_elsewhere or not stat.S_ISREG(found.st_mode):
        raise invalid(said, "is not a plain file")
    if found.st_nlink > 1:
        raise invalid(said, "has another name elsewhere (hard link)")
    if found.st_size != said.bytes:
        raise invalid(said, f"has {found.st_size} bytes where {said.bytes} were reported")
    return path
