import os
import threading
from pathlib import Path

import pytest

from actors.stores.s3_cache import FileCache
from aigc.core.errors import Unavailable


class Clock:
    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_cache(folder: Path, clock: Clock, max_bytes: int = 100, min_free: int = 0) -> FileCache:
    return FileCache(folder / "cache", max_bytes, min_free, in_use_s=60.0, clock=clock)


def bring(cache: FileCache, folder: Path, name: str, size: int = 40) -> Path:
    cache.make_room(size)
    temporary = folder / "temporary"
    temporary.write_bytes(b"x" * size)
    return cache.take(temporary, name)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "cache").iterdir() if not path.name.startswith("."))


def test_what_was_brought_is_found_until_it_is_dropped(tmp_path: Path, clock: Clock) -> None:
    cache = a_cache(tmp_path, clock)
    path = bring(cache, tmp_path, "a.glb")

    assert cache.find("a.glb", 40) == path
    assert cache.find("b.glb", 40) is None
    cache.drop("a.glb")
    cache.drop("a.glb")
    assert cache.find("a.glb", 40) is None


def test_the_least_recently_used_goes_first(tmp_path: Path, clock: Clock) -> None:
    cache = a_cache(tmp_path, clock)
    for name in ("a", "b"):
        bring(cache, tmp_path, name)
        clock.now += 100
    cache.find("a", 40)
    clock.now += 100

    bring(cache, tmp_path, "c")

    assert names(tmp_path) == ["a", "c"]


def test_as_much_goes_as_is_needed(tmp_path: Path, clock: Clock) -> None:
    cache = a_cache(tmp_path, clock)
    for number in range(10):
        bring(cache, tmp_path, str(number), 10)
        clock.now += 1
    clock.now += 100

    bring(cache, tmp_path, "new", 35)

    assert names(tmp_path) == ["4", "5", "6", "7", "8", "9", "new"]


def test_what_is_in_use_stays_also_when_the_cache_is_too_large_then(tmp_path: Path, clock: Clock) -> None:
    cache = a_cache(tmp_path, clock)
    for name in ("a", "b", "c"):
        bring(cache, tmp_path, name)
        clock.now += 10
    assert names(tmp_path) == ["a", "b", "c"]

    clock.now += 60
    bring(cache, tmp_path, "d")
    assert names(tmp_path) == ["c", "d"]


def test_a_file_that_was_cut_short_is_not_handed_out(tmp_path: Path, clock: Clock) -> None:
    cache = a_cache(tmp_path, clock)
    bring(cache, tmp_path, "a").write_bytes(b"x")

    assert cache.find("a", 40) is None
    assert names(tmp_path) == []


def test_a_disk_without_room_gets_it_from_the_cache_and_else_says_so(tmp_path: Path, clock: Clock) -> None:
    bring(a_cache(tmp_path, clock), tmp_path, "old")
    clock.now += 100
    cache = a_cache(tmp_path, clock, min_free=1 << 60)

    with pytest.raises(Unavailable) as refused:
        cache.make_room(1)

    assert refused.value.code == "disk_full"
    assert names(tmp_path) == []


def test_what_one_process_removes_no_other_hands_out_at_the_same_moment(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(a_cache(tmp_path, clock), tmp_path, "a")
    clock.now += 100
    found: list[Path | None] = []
    asking = threading.Thread(target=lambda: found.append(a_cache(tmp_path, clock).find("a", 40)))
    unlink = os.unlink

    def asked_before(path: str) -> None:
        asking.start()
        asking.join(0.1)  # it waits for us; without the lock it would have an answer by now
        unlink(path)

    monkeypatch.setattr(os, "unlink", asked_before)
    a_cache(tmp_path, clock, max_bytes=0).make_room(1)
    asking.join()

    assert found == [None]
