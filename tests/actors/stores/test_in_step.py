from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from actors.stores.in_step import Work, in_step
from actors.stores.syncing import Syncing


def step(works: Sequence[Work[str]]) -> list[str | Exception]:
    with closing(Syncing()) as syncing:
        return in_step(works, syncing)


def written(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.write_bytes(b"x")
    return paths


def storing(story: list[str], *steps: list[Path], result: str = "done") -> Work[str]:
    for paths in steps:
        yield paths
        story.append(result)
    return result


def test_what_several_wait_for_is_synced_before_any_of_them_goes_on(tmp_path: Path, synced: list[str]) -> None:
    one, two, three = written(tmp_path, "one", "two", "three")

    outcomes = step([storing(synced, [one], [three], result="A"), storing(synced, [two], result="B")])

    assert outcomes == ["A", "B"]
    assert sorted(synced[:2]) == ["one", "two"]
    assert synced[2:] == ["A", "B", "three", "A"]


def test_what_two_wait_for_is_synced_once(tmp_path: Path, synced: list[str]) -> None:
    (one,) = written(tmp_path, "one")

    step([storing([], [one, one]), storing([], [one])])

    assert synced == ["one"]


def test_the_failure_of_one_is_its_own(tmp_path: Path, synced: list[str]) -> None:
    good, bad = written(tmp_path, "good", "bad")
    undone: list[str] = []

    def careful() -> Work[str]:
        try:
            yield [bad, good]
        except OSError:
            undone.append("bad")
            raise
        return "stored"

    failed, stored, gone = step([careful(), storing([], [good]), storing([], [tmp_path / "gone"])])

    assert isinstance(failed, OSError)
    assert str(failed) == "bad disk"
    assert stored == "done"
    assert isinstance(gone, FileNotFoundError)
    assert undone == ["bad"]


def test_work_that_waits_for_nothing_is_done_too() -> None:
    assert step([storing([]), storing([], [])]) == ["done", "done"]
    assert step([]) == []
