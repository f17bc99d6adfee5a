import errno
import math
import os
from pathlib import Path

import pytest

from actors.stores.expiry_index import LATE_S, ExpiryIndex, milliseconds
from aigc.core.ids import AssetKey


def keys(index: ExpiryIndex, before: float) -> list[str]:
    return [marker.key for marker in index.due(before)]


@pytest.fixture
def index(tmp_path: Path) -> ExpiryIndex:
    return ExpiryIndex(tmp_path / "expiry")


def test_reminders_come_in_the_order_of_their_times(index: ExpiryIndex) -> None:
    times = {"a/3": 7200.5, "a/1": 3600.001, "a/2": 7199.0, "b/0": 0.0, "a/4": 3.6e9}
    index.add({AssetKey(key): at for key, at in times.items()})

    assert keys(index, math.inf) == ["b/0", "a/1", "a/2", "a/3", "a/4"]
    assert keys(index, 7199.0) == ["b/0", "a/1"]
    assert keys(index, 0.0) == []


def test_only_the_hours_that_are_due_are_looked_at(
    index: ExpiryIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add({AssetKey(f"a/{number}"): number * 3600.0 for number in range(100)})
    listed = []
    list_folder = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: (listed.append(folder), list_folder(folder))[1])

    assert keys(index, 2 * 3600.0) == ["a/0", "a/1"]
    assert len(listed) == 3


def test_what_somebody_else_put_there_is_ignored(index: ExpiryIndex, tmp_path: Path) -> None:
    index.add({AssetKey("a/1"): 10.0})
    (tmp_path / "expiry" / ".DS_Store").touch()
    (tmp_path / "expiry" / "lost+found").mkdir()
    (tmp_path / "expiry" / f"{0:09d}" / "notes").touch()
    for name in ("single", ".hidden+a", "a+b c"):
        (tmp_path / "expiry" / f"{0:09d}" / f"{5:015d}+{name}").touch()

    assert keys(index, 11.0) == ["a/1"]


def test_a_dropped_reminder_is_gone_and_so_is_an_empty_hour(index: ExpiryIndex, tmp_path: Path) -> None:
    index.add({AssetKey("a/1"): 10.0})
    index.add({AssetKey("a/2"): 20.0})
    for marker in list(index.due(15.0)):
        index.drop(*marker)
        index.drop(*marker)

    assert keys(index, math.inf) == ["a/2"]
    for marker in index.due(math.inf):
        index.drop(*marker)
    assert list((tmp_path / "expiry").iterdir()) == []


def test_a_reminder_is_old_an_hour_after_its_time(index: ExpiryIndex) -> None:
    index.add({AssetKey("a/1"): 10.0})
    (marker,) = index.due(11.0)

    assert [marker.is_old(now) for now in (9.0, 11.0, LATE_S, LATE_S + 11.0)] == [False, False, False, True]


def test_a_key_comes_back_as_it_was(index: ExpiryIndex) -> None:
    key = AssetKey("jobs/" + "x" * 100 + "/1-a_b.c/" + "y" * 80)
    index.add({key: 1.0})

    assert keys(index, 2.0) == [key]


def test_times_beyond_any_clock_are_taken(index: ExpiryIndex) -> None:
    index.add({AssetKey("a/1"): math.inf})
    index.add({AssetKey("a/2"): -5.0})

    assert keys(index, 1.0) == ["a/2"]
    assert milliseconds(1.25) == 1250


def test_an_hour_that_another_process_removes_meanwhile_is_passed_over(
    index: ExpiryIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.add({AssetKey("a/1"): 10.0, AssetKey("a/2"): 4000.0})
    listed = os.listdir

    def removed_before(folder: str) -> list[str]:
        found = listed(folder)
        if Path(folder) == tmp_path / "expiry":
            for name in listed(Path(folder, f"{0:09d}")):
                Path(folder, f"{0:09d}", name).unlink()
            Path(folder, f"{0:09d}").rmdir()
        return found

    monkeypatch.setattr(os, "listdir", removed_before)

    assert keys(index, math.inf) == ["a/2"]


def test_an_hour_that_a_sweep_removes_meanwhile_is_made_again(
    index: ExpiryIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch = Path.touch

    def removed_before(path: Path) -> None:
        monkeypatch.undo()
        path.parent.rmdir()
        touch(path)

    monkeypatch.setattr(Path, "touch", removed_before)
    index.add({AssetKey("a/1"): 10.0})

    assert keys(index, 11.0) == ["a/1"]


def test_reminders_are_made_also_where_a_file_has_one_name_only(
    index: ExpiryIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_name(source: Path, target: Path) -> None:
        raise OSError(errno.EMLINK, "Too many links")

    monkeypatch.setattr(os, "link", one_name)
    index.add({AssetKey("a/1"): 10.0, AssetKey("a/2"): 11.0})

    assert keys(index, math.inf) == ["a/1", "a/2"]


def test_a_reminder_outlives_the_one_before_it(index: ExpiryIndex) -> None:
    for number in range(3):
        index.add({AssetKey(f"a/{number}"): number * 4000.0})
        index.drop(AssetKey(f"a/{number - 1}"), (number - 1) * 4_000_000)

    assert keys(index, math.inf) == ["a/2"]
