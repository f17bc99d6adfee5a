import os
import subprocess
import sys
from pathlib import Path

import pytest

from actors.stores.file_lock import FileLock

HOLD = """
import pathlib, sys
from actors.stores.file_lock import FileLock
lock = FileLock(pathlib.Path(sys.argv[1]))
print(lock.take(), flush=True)
sys.stdin.read()
"""


def holding(path: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_only_one_holds_it_at_a_time(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert first.take()
    assert not second.take()
    first.release()
    assert second.take()
    second.release()


def test_it_says_who_holds_it_and_since_when(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.holder() == "nobody"
    lock.take()

    assert f"process {os.getpid()} on " in lock.holder()
    assert " since 20" in lock.holder()
    lock.release()


def test_a_killed_holder_holds_it_no_longer(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with holding(tmp_path / "lock") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        assert not lock.take()
        assert f"process {process.pid} " in lock.holder()
        process.kill()

    assert lock.take()
    lock.release()


def test_a_program_that_the_holder_starts_does_not_inherit_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    lock.take()
    with subprocess.Popen(
        [sys.executable, "-c", "print(1, flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        lock.release()
        assert lock.take()
        child.communicate(b"\n")
    lock.release()


def test_releasing_can_remove_the_file(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    lock.take()
    lock.release(remove=True)
    lock.release(remove=True)

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_its_holder_removed_meanwhile_is_not_mistaken_for_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    first.take()
    opened = os.open

    def release_after_open(*arguments: object) -> int:
        descriptor = opened(*arguments)  # type: ignore[arg-type]
        monkeypatch.undo()
        first.release(remove=True)  # between the other's open and its flock
        return descriptor

    monkeypatch.setattr(os, "open", release_after_open)

    assert second.take()
    assert not FileLock(tmp_path / "lock").take()
    second.release()
