import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from actors.runner_folder import SOCKET, family_of, made_ready, removed
from aigc.runner import descent
from tests.runner.kit import is_alive


def test_the_folder_is_empty_and_nobody_elses(tmp_path: Path):
    left = tmp_path / "worker" / "runner-1" / "big"
    left.parent.mkdir(parents=True)
    left.write_text("x")
    assert made_ready(tmp_path / "worker") == tmp_path / "worker"
    assert list((tmp_path / "worker").iterdir()) == []
    assert (tmp_path / "worker").stat().st_mode & 0o077 == 0


def test_where_a_path_is_too_long_for_a_socket_a_shorter_one_is_found(tmp_path: Path):
    deep = tmp_path / ("deep" * 30)
    found = made_ready(deep)
    try:
        assert deep.is_dir()
        assert len(os.fsencode(found / SOCKET)) < 108
    finally:
        removed(found)


def test_a_family_follows_the_folder_and_not_its_name(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "also a").symlink_to(tmp_path / "a")
    assert family_of(tmp_path / "a" / "worker") == family_of(tmp_path / "also a" / "worker")
    assert family_of(tmp_path / "a" / "worker") != family_of(tmp_path / "b" / "worker")
    assert family_of(tmp_path / "a" / "worker") != family_of(tmp_path / "a" / "other")


@pytest.mark.parametrize("folder", ["worker", "other"])
def test_what_an_earlier_worker_of_this_folder_left_running_is_ended_and_nothing_else(tmp_path: Path, folder: str):
    # As it is left where a worker and the guard of its runner are killed in the same moment.
    program = "from aigc.runner import descent; descent.wear_mark(); import subprocess as s;"
    program += "p = s.Popen(['sleep', '60'], env={}, start_new_session=True); print(p.pid, flush=True); p.wait()"
    environment = {**os.environ, descent.MARK_VARIABLE: str(family_of(tmp_path / folder)[1])}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE) as guard:
        assert guard.stdout is not None
        orphan = int(guard.stdout.readline())
        guard.kill()
    made_ready(tmp_path / "worker")
    assert is_alive(orphan) == (folder == "other")
    if is_alive(orphan):
        os.kill(orphan, signal.SIGKILL)
