import os
from pathlib import Path

import pytest

from actors.stores.asset_layout import AssetLayout, file_of, is_sidecar, new_place
from aigc.core.errors import Unavailable


@pytest.fixture
def layout(tmp_path: Path) -> AssetLayout:
    return AssetLayout(tmp_path)


def names(layout: AssetLayout, key: str, **which: bool) -> list[str]:
    return sorted(entry.name for entry in layout.entries(key.split("/"), **which))


def store(layout: AssetLayout, key: str) -> None:
    sidecar = layout.sidecar(key.split("/"))
    layout.make(os.path.dirname(sidecar))
    Path(sidecar).touch()
    file = file_of(sidecar, "00000000")
    assert file is not None
    Path(file).touch()


def test_keys_are_spread_over_256_folders(layout: AssetLayout, tmp_path: Path) -> None:
    folders = {Path(layout.sidecar(("uploads", str(number), "x"))).parent for number in range(3000)}

    assert len(folders) == 256
    assert {folder.parent for folder in folders} == {tmp_path / "files/uploads"}


def test_all_folders_of_a_first_segment_are_made_and_synced_with_the_first_one(
    layout: AssetLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), sync(fd))[1])

    for key in ("jobs/a/1/x", "jobs/b/1/x", "jobs/c/1/x"):
        layout.make(os.path.dirname(layout.sidecar(key.split("/"))))

    assert len(list((tmp_path / "files/jobs").iterdir())) == 256
    assert synced == [str(tmp_path / "files/jobs"), str(tmp_path / "files"), str(tmp_path)]


def test_a_folder_that_is_missing_among_them_is_made_again(layout: AssetLayout) -> None:
    folder = os.path.dirname(layout.sidecar(("jobs", "a", "x")))
    layout.make(folder)
    os.rmdir(folder)

    layout.make(folder)

    assert os.path.isdir(folder)


def test_entries_are_those_of_a_key_or_those_below_it(layout: AssetLayout) -> None:
    for key in ("a/b/c", "a/b/c/d", "a/b/cc", "a/b"):
        store(layout, key)

    assert names(layout, "a/b/c", below=False, itself=True) == [".b+c.json", "00000000+b+c"]
    assert names(layout, "a/b/c") == [".b+c+d.json", "00000000+b+c+d"]
    assert len(names(layout, "a/b")) == 6
    assert len(names(layout, "a")) == 8
    assert names(layout, "other") == []


def test_what_has_no_name_of_ours_is_no_entry(layout: AssetLayout) -> None:
    store(layout, "a/b/c")
    folder = Path(layout.sidecar(("a", "b", "c"))).parent
    for name in ("notes", ".DS_Store", ".nfs0001", "zzzzzzzz+b+c", "00000000+"):
        (folder / name).touch()

    assert len(names(layout, "a")) == 2


def test_no_folder_is_made_through_a_link(layout: AssetLayout, tmp_path: Path) -> None:
    folder = Path(layout.sidecar(("jobs", "a", "x"))).parent
    (tmp_path / "outside").mkdir()
    folder.parent.symlink_to(tmp_path / "outside")

    with pytest.raises(Unavailable, match="symbolic link"):
        layout.make(str(folder))
    assert list((tmp_path / "outside").iterdir()) == []
    assert names(layout, "jobs") == []


def test_a_sidecar_names_its_file_by_digits_only(tmp_path: Path) -> None:
    sidecar = f"{tmp_path}/.b+mesh.glb.json"
    place = new_place()

    assert file_of(sidecar, place) == f"{tmp_path}/{place}+b+mesh.glb"
    assert [file_of(sidecar, bad) for bad in ("", "../x", place + "0", place.upper() + "G")] == [None] * 4
    assert is_sidecar(os.path.basename(sidecar))
    assert len({new_place() for _ in range(100)}) == 100
