import os
from pathlib import Path

import pytest

from aigc.core.errors import InputInvalid, NotFound
from web.input_folders import InputFolders


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that is allowed, with a file; beside it one that is not, with a secret."""
    for name, text in (("allowed/deep/a.obj", "a"), ("secret/b.obj", "b"), ("allowed-too/c.obj", "c")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def read(folders: InputFolders, path: object) -> bytes:
    file, size = folders.open(str(path))
    with file:
        found = file.read()
    assert len(found) == size
    return found


def test_files_below_a_listed_folder_are_read_by_their_absolute_and_their_relative_path(place: Path) -> None:
    folders = InputFolders([place / "empty", place / "allowed"])
    (place / "allowed" / "link.obj").symlink_to(place / "allowed" / "deep" / "a.obj")
    for path in (place / "allowed/deep/a.obj", "deep/a.obj", "deep/../deep/a.obj", "link.obj"):
        assert read(folders, path) == b"a", path


def test_nothing_else_is_read_and_the_answer_is_the_same_whether_it_is_there_or_not(place: Path) -> None:
    folders = InputFolders([place / "allowed"])
    (place / "allowed" / "out").symlink_to(place / "secret")
    (place / "allowed" / "out.obj").symlink_to(place / "secret" / "b.obj")
    outside = (
        place / "secret/b.obj", place / "secret/none.obj", place / "allowed/out/b.obj", place / "allowed/out/none.obj",
        place / "allowed/../secret/b.obj", place / "allowed-too/c.obj", place / "allowed", "/etc/passwd", "a\0b",
        place / "allowed/out.obj",
    )  # fmt: skip
    told = set()
    for path in outside:
        with pytest.raises(InputInvalid) as caught:
            folders.open(str(path))
        told.add(str(caught.value))
    for path in ("../secret/b.obj", "../secret/none.obj", "out/b.obj", "out.obj", "none.obj"):
        with pytest.raises(NotFound) as missing:
            folders.open(path)
        told.add(str(missing.value))
    assert len(told) == 2
    assert not any(str(place) in text for text in told)


def test_what_is_no_file_is_refused_without_waiting_for_it(place: Path) -> None:
    folders = InputFolders([place / "allowed"])
    os.mkfifo(place / "allowed" / "pipe.obj")
    for path in ("pipe.obj", "deep"):
        with pytest.raises(InputInvalid, match="no regular file"):
            folders.open(path)
    with pytest.raises(NotFound):
        folders.open(str(place / "allowed" / "none.obj"))


def test_a_folder_that_became_a_link_between_the_look_and_the_opening_is_not_followed(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.path.realpath

    def swapped(path: Path | str) -> str:
        found = real(path)
        if found.endswith("a.obj"):
            (place / "allowed" / "deep").rename(place / "allowed" / "moved")
            (place / "allowed" / "deep").symlink_to(place / "secret")
            (place / "secret" / "a.obj").write_text("secret")
        return found

    monkeypatch.setattr(os.path, "realpath", swapped)
    with pytest.raises(InputInvalid, match="cannot be read"):
        InputFolders([place / "allowed"]).open("deep/a.obj")


def test_without_any_folder_no_path_is_read(place: Path) -> None:
    for path in (place / "allowed/deep/a.obj", "deep/a.obj", ""):
        with pytest.raises(InputInvalid, match="cannot be read"):
            InputFolders().open(str(path))
