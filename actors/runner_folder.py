"""The folder of one worker's runners: made ready, and rid of what a worker that was killed left in it or running."""

import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

import structlog

from aigc.runner import descent

log = structlog.get_logger(__name__)

SOCKET = "runners.sock"
_SOCKET_PATH_BYTES = 100  # the system allows 107


def made_ready(folder: Path) -> Path:
    """`folder` is there, ours alone and empty, and nothing runs any more that was started from it.

    A worker's death takes its runners along, but for the children of one whose guard was killed in the same moment.
    Whoever calls must be sure that no other worker lives in this folder.

    Returns:
        Where a socket may be put: there, or where paths are shorter.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if killed := descent.kill_marked(family_of(folder)):
        log.warning("runners.leftover", killed=killed, folder=str(folder))
    removed(folder)
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    if len(os.fsencode(folder / SOCKET)) <= _SOCKET_PATH_BYTES:
        return folder
    return Path(tempfile.mkdtemp(prefix="aigc-"))


def family_of(folder: Path) -> range:
    """The marks of all that is started from `folder`, now or by an earlier worker; the folder above must be there.

    They follow from which folder it is, not from what that is called: two containers may call two folders the same.
    """
    above = folder.parent.stat()
    name = f"{above.st_dev}/{above.st_ino}/{folder.name}"
    return descent.family(int.from_bytes(sha256(name.encode()).digest()[:8], "big"))


def removed(folder: Path) -> None:
    """It is gone with all that is in it, as far as that can be had."""
    shutil.rmtree(folder, ignore_errors=True)
