import os
from contextlib import closing
from pathlib import Path

import pytest

from actors.stores import syncing
from actors.stores.durable import write_file
from actors.stores.syncing import Syncing


@pytest.mark.parametrize("worth_s", [-1.0, 1e9], ids=["slow disk", "fast disk"])
def test_all_are_synced_once_however_many_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worth_s: float
) -> None:
    monkeypatch.setattr(syncing, "WORTH_THREADS_S", worth_s)
    synced = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(Path(os.readlink(f"/proc/self/fd/{fd}"))))
    paths = [tmp_path / str(number) for number in range(40)]
    for path in paths:
        write_file(path, b"x")

    with closing(Syncing()) as disk:
        for count in (1, 2, 3, 17, 18, 40):
            synced.clear()
            assert disk.all(paths[:count]) == {}
            assert sorted(synced) == sorted(paths[:count])


def test_of_many_those_that_cannot_be_synced_are_told_and_the_others_are_durable(
    tmp_path: Path, synced: list[str]
) -> None:
    good, bad, gone = (tmp_path / name for name in ("good", "bad", "gone"))
    for path in (good, bad):
        write_file(path, b"x")
    before = os.listdir("/proc/self/fd")
    with closing(Syncing()) as disk:
        faults = disk.all([bad, good, gone, tmp_path])
        assert disk.all([]) == {}

    assert {path: type(fault) for path, fault in faults.items()} == {bad: OSError, gone: FileNotFoundError}
    assert sorted(synced) == sorted(["good", tmp_path.name])
    assert os.listdir("/proc/self/fd") == before
