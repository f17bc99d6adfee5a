"""What the system says of a disk, in our words."""

import errno
import shutil
from pathlib import Path

import structlog

from aigc.core.errors import Unavailable

log = structlog.get_logger()


def check_room(folder: Path, wanted: int, min_free: int) -> None:
    """Raise Unavailable (`disk_full`) where `wanted` bytes more would leave less than `min_free`."""
    free = shutil.disk_usage(folder).free
    if free - wanted < min_free:
        raise Unavailable(
            f"the disk that holds the files has {free >> 20} MiB free, of which {min_free >> 20} MiB are kept for "
            "results and records",
            retry_after_s=30,
            suggestion="make room on it, or shorten how long results are kept",
            code="disk_full",
        )


def unreachable(error: OSError, folder: Path) -> Unavailable:
    """Clients read it, so it names no path of this host; the log does."""
    log.warning("assets.unavailable", folder=str(folder), reason=str(error))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(
            "the disk that holds the files is full", retry_after_s=30, suggestion="make room on it", code="disk_full"
        )
    return Unavailable(
        f"the stored files cannot be reached: {error.strerror or type(error).__name__}",
        retry_after_s=5,
        suggestion="see that the disk is mounted and that the server's user may write there",
        code="assets_unavailable",
    )
