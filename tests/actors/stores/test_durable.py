import errno
import os
from pathlib import Path

import pytest

from actors.stores.durable import make_folder, name_once, sync, write_file


def test_a_folder_is_made_with_all_above_it_and_each_name_is_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd))[1])

    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b")

    assert synced == [str(tmp_path), str(tmp_path / "a"), str(tmp_path / "a" / "b")]


def test_a_written_file_is_whole_and_never_replaces_one(tmp_path: Path) -> None:
    write_file(tmp_path / "x", b"one")

    with pytest.raises(FileExistsError):
        write_file(tmp_path / "x", b"two")
    assert (tmp_path / "x").read_bytes() == b"one"


def test_a_link_is_not_synced_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"one")
    (tmp_path / "link").symlink_to(tmp_path / "x")
    sync(tmp_path / "x")
    sync(tmp_path)

    with pytest.raises(OSError, match="symbolic"):
        sync(tmp_path / "link")


def test_a_name_is_given_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)

    name_once(tmp_path / "one", tmp_path / "name")
    with pytest.raises(FileExistsError):
        name_once(tmp_path / "two", tmp_path / "name")

    assert (tmp_path / "name").read_text() == "one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["name", "one", "two"]


def test_a_name_that_was_given_though_its_answer_was_lost_is_ours(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("one")
    (tmp_path / "name").hardlink_to(tmp_path / "one")

    name_once(tmp_path / "one", tmp_path / "name")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["name", "one"]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_without_hard_links_a_name_is_given_once_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise OSError(number, "no hard links here")

    monkeypatch.setattr(os, "link", no_links)
    test_a_name_is_given_once(tmp_path)
