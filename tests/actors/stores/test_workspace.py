import subprocess
import sys
from pathlib import Path

from actors.stores.workspace import Workspace

DIE = """
import os, pathlib, signal, sys
from actors.stores.workspace import Workspace
workspace = Workspace(pathlib.Path(sys.argv[1]))
workspace.fresh().mkdir()
workspace.fresh().write_text("half")
print(workspace.folder, flush=True)
if sys.argv[2] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
sys.stdin.read()
"""


def start(parent: Path, how: str) -> "tuple[subprocess.Popen[str], Path]":
    child = subprocess.Popen(
        [sys.executable, "-c", DIE, str(parent), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    return child, Path(child.stdout.readline().strip())


def test_paths_are_fresh(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "tmp")

    paths = {workspace.fresh() for _ in range(100)}

    assert len(paths) == 100
    assert not any(path.exists() for path in paths)
    workspace.close()


def test_what_a_killed_process_left_goes_when_the_next_one_comes(tmp_path: Path) -> None:
    child, folder = start(tmp_path, "die")
    with child:
        child.wait()
    assert len(list(folder.iterdir())) == 2

    workspace = Workspace(tmp_path)

    assert not folder.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [workspace.folder.name, f"{workspace.folder.name}.lock"]
    workspace.close()


def test_what_a_living_process_works_on_stays(tmp_path: Path) -> None:
    child, folder = start(tmp_path, "live")
    with child:
        Workspace(tmp_path).close()

        assert len(list(folder.iterdir())) == 2
        child.kill()


def test_closing_leaves_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "tmp")
    workspace.fresh().mkdir()
    workspace.close()

    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_that_belongs_to_nobody_goes(tmp_path: Path) -> None:
    (tmp_path / "stray" / "deep").mkdir(parents=True)

    workspace = Workspace(tmp_path)

    assert not (tmp_path / "stray").exists()
    workspace.close()
