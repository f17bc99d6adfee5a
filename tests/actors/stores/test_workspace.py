import asyncio
import errno
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from actors.stores import workspace as workspaces
from actors.stores.workspace import SILENT_S, Workspace, keep_alive

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


# Several hosts: each has its own boot.


def age(path: Path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_what_another_host_works_on_stays_whether_its_locks_are_seen_or_not(tmp_path: Path) -> None:
    other = Workspace(tmp_path, "other-host")
    other.fresh().mkdir()
    other._lock.release()  # as a file server without locks shows it

    here = Workspace(tmp_path, "this-host")
    here.beat()

    assert len(list(other.folder.iterdir())) == 1
    other.close()
    here.close()


def test_what_another_host_left_goes_when_it_was_silent_for_long(tmp_path: Path) -> None:
    quiet, silent = Workspace(tmp_path, "quiet"), Workspace(tmp_path, "silent")
    for one, seconds in ((quiet, SILENT_S - 60), (silent, SILENT_S + 60)):
        age(one.folder, seconds)
        age(one._lock.path, seconds)

    here = Workspace(tmp_path, "this-host")

    names = {one.folder.name for one in (quiet, here)}
    assert {path.name.removesuffix(".lock") for path in tmp_path.iterdir()} == names
    quiet.close()
    here.close()


def test_a_sign_of_life_keeps_a_host_alive(tmp_path: Path) -> None:
    other, here = Workspace(tmp_path, "other-host"), Workspace(tmp_path, "this-host")
    age(other.folder, SILENT_S * 2)
    age(other._lock.path, SILENT_S * 2)

    other.beat()
    here.beat()

    assert other.folder.exists()
    other.close()
    here.close()


def test_a_host_that_was_stopped_so_long_that_others_cleared_up_gets_a_fresh_folder(tmp_path: Path) -> None:
    stopped = Workspace(tmp_path, "stopped")
    lost = stopped.folder
    age(stopped.folder, SILENT_S * 2)
    age(stopped._lock.path, SILENT_S * 2)
    Workspace(tmp_path, "this-host").close()
    assert not lost.exists()

    stopped.beat()

    stopped.fresh().mkdir()
    assert stopped.folder != lost
    stopped.close()
    assert list(tmp_path.iterdir()) == []


def test_without_locks_the_age_alone_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int, how: int) -> None:
        os.close(descriptor)
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    first = Workspace(tmp_path)
    monkeypatch.undo()

    second = Workspace(tmp_path)
    second.beat()

    assert first.folder.exists()
    age(first.folder, SILENT_S * 2)
    age(first.folder.with_name(f"{first.folder.name}.lock"), SILENT_S * 2)
    second.beat()
    assert not first.folder.exists()
    first.close()
    second.close()
    assert list(tmp_path.iterdir()) == []


def test_no_other_disk_is_begun_while_ours_is_away(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "tmp")
    (tmp_path / "tmp").rename(tmp_path / "away")

    with pytest.raises(FileNotFoundError):
        workspace.beat()

    assert not (tmp_path / "tmp").exists()
    (tmp_path / "away").rename(tmp_path / "tmp")
    workspace.beat()
    workspace.fresh().mkdir()
    workspace.close()


async def test_signs_of_life_go_on_after_a_disk_was_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspaces, "BEAT_S", 0.0)
    workspace, beats = Workspace(tmp_path / "tmp"), []
    beaten_twice = asyncio.Event()
    loop = asyncio.get_running_loop()

    def beat() -> None:
        beats.append(1)
        if len(beats) == 1:
            raise OSError(errno.ESTALE, "Stale file handle")
        loop.call_soon_threadsafe(beaten_twice.set)

    monkeypatch.setattr(workspace, "beat", beat)
    alive = asyncio.ensure_future(keep_alive(workspace))
    await beaten_twice.wait()
    alive.cancel()
    workspace.close()


def test_a_folder_that_belongs_to_nobody_goes_when_it_is_old(tmp_path: Path) -> None:
    (tmp_path / "stray" / "deep").mkdir(parents=True)
    (tmp_path / "young").mkdir()
    age(tmp_path / "stray", SILENT_S * 2)

    workspace = Workspace(tmp_path)

    assert not (tmp_path / "stray").exists()
    assert (tmp_path / "young").exists()
    workspace.close()
