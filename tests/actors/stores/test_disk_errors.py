import errno
from pathlib import Path

import pytest

from actors.stores.disk_errors import check_room, unreachable
from aigc.core.errors import Unavailable


def test_a_disk_with_too_little_room_is_full_while_it_still_has_some(tmp_path: Path) -> None:
    check_room(tmp_path, 1, 0)

    with pytest.raises(Unavailable, match="MiB free") as refused:
        check_room(tmp_path, 1, 1 << 60)
    assert (refused.value.code, refused.value.retry_after_s) == ("disk_full", 30)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_from_one_that_is_away(tmp_path: Path, number: int) -> None:
    full = unreachable(OSError(number, "full", str(tmp_path)), tmp_path)
    away = unreachable(OSError(errno.EIO, "Input/output error", str(tmp_path)), tmp_path)

    assert (full.code, full.retry_after_s) == ("disk_full", 30)
    assert (away.code, away.retry_after_s) == ("assets_unavailable", 5)
    assert "Input/output error" in away.message
    assert str(tmp_path) not in full.message + away.message  # clients read it
