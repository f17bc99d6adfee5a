from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.stores.staging import KEPT, Staging
from actors.stores.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path / "tmp")
    yield workspace
    workspace.close()


def test_an_empty_folder_is_given_out_again_under_another_name(workspace: Workspace) -> None:
    staging = Staging(workspace)
    assert staging.kept() is None
    first = staging.made()

    staging.take_back(first)
    second = staging.kept()

    assert second is not None
    assert second != first
    assert list(second.iterdir()) == []
    assert not first.exists()
    assert staging.kept() is None


def test_a_folder_that_holds_anything_is_removed(workspace: Workspace) -> None:
    staging = Staging(workspace)
    folder = staging.made()
    (folder / "left").mkdir()

    staging.take_back(folder)
    staging.take_back(folder)  # and once more, when it is not there

    assert staging.kept() is None
    assert list(workspace.folder.iterdir()) == []


def test_no_more_are_kept_than_are_of_use(workspace: Workspace) -> None:
    staging = Staging(workspace)
    for folder in [staging.made() for _ in range(KEPT + 3)]:
        staging.take_back(folder)

    assert len(list(workspace.folder.iterdir())) == KEPT


def test_what_was_kept_in_a_workspace_that_others_cleared_up_is_not_given_out(workspace: Workspace) -> None:
    staging = Staging(workspace)
    staging.take_back(staging.made())
    for folder in workspace.folder.iterdir():
        folder.rmdir()
    workspace.folder.rmdir()
    workspace.beat()

    assert staging.kept() is None
    assert staging.made().parent == workspace.folder
