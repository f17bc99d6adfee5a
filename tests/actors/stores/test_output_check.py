import os
from pathlib import Path

import pytest

from actors.stores.output_check import check_staging, checked_outputs
from aigc.core.errors import InputInvalid
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset


def said(name: str, size: int = 4) -> Asset:
    return Asset(key=AssetKey(name), bytes=size, sha256="", content_type="x/y")


def test_plain_files_of_the_right_size_are_taken_in_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b", "sub/a"):
        (tmp_path / name).write_bytes(b"mesh")

    assert checked_outputs(tmp_path, [said("b"), said("sub/a")]) == [str(tmp_path / "b"), str(tmp_path / "sub/a")]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("missing", "is missing"),
        ("folder", "is not a plain file"),
        ("pipe", "is not a plain file"),
        ("link", "is not a plain file"),
        ("way/mesh", "is not a plain file"),
        ("twice", "another name"),
        ("short", "has 1 bytes where 4 were reported"),
    ],
)
def test_anything_else_is_an_invalid_result(tmp_path: Path, name: str, fault: str) -> None:
    folder = tmp_path / "staging"
    for made in (folder / "folder", tmp_path / "outside"):
        made.mkdir(parents=True)
    (tmp_path / "outside/mesh").write_bytes(b"mesh")
    (folder / "way").symlink_to(tmp_path / "outside")
    (folder / "link").symlink_to(tmp_path / "outside/mesh")
    (tmp_path / "secret").write_bytes(b"mesh")
    (folder / "twice").hardlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    (folder / "short").write_bytes(b"m")

    with pytest.raises(InputInvalid, match=fault) as refused:
        checked_outputs(folder, [said(name)])
    assert refused.value.code == "result_invalid"


def test_a_name_that_leads_out_of_the_folder_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputInvalid, match="key"):
        checked_outputs(tmp_path, [said("../secret")])


def test_only_folders_right_in_the_workspace_are_for_staging(tmp_path: Path) -> None:
    check_staging(tmp_path / "1", str(tmp_path))

    for folder in (tmp_path, tmp_path / "..", tmp_path / "1" / "deep", Path("/")):
        with pytest.raises(InputInvalid, match="staging"):
            check_staging(folder, str(tmp_path))
