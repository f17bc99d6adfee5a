import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config.notify import Notifier, listen_fds, watch


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What systemd listens on, as this process was told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def test_what_is_told_arrives(systemd: socket.socket) -> None:
    Notifier().tell("READY=1")
    Notifier().status("leading, generation 7")
    assert [systemd.recv(100), systemd.recv(100)] == [b"READY=1", b"STATUS=leading, generation 7"]


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")
        listening.settimeout(60)
        Notifier("@" + listening.getsockname()[1:].decode()).tell("READY=1")
        assert listening.recv(100) == b"READY=1"


def test_nobody_need_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Notifier(str(tmp_path / "nobody")).tell("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().tell("READY=1")


def test_whoever_does_not_read_what_is_told_holds_nobody_up(systemd: socket.socket) -> None:
    for _ in range(2000):
        Notifier().tell("WATCHDOG=1")
    assert systemd.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("variables", "due_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid() + 1)}, None),
    ],
)
def test_signs_of_life_are_due_twice_as_often_as_systemd_looks_and_from_the_process_it_means(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], due_s: float | None
) -> None:
    for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert Notifier().watchdog_s == due_s


async def test_a_loop_that_turns_gives_signs_of_life(systemd: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    watching = asyncio.create_task(watch(Notifier()))
    signs = [await asyncio.to_thread(systemd.recv, 100) for _ in range(3)]
    assert signs == [b"WATCHDOG=1"] * 3
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    monkeypatch.delenv("WATCHDOG_USEC")
    async with asyncio.timeout(60):
        await watch(Notifier())


HANDED_OVER = """
import os, sys
from config.notify import listen_fds
for name, held in listen_fds():
    print(name, held.getsockname()[1], held.get_inheritable(), held.fileno())
"""


def handed_over(*sockets: socket.socket, pid: str = "$$", names: str = "") -> str:
    """What a process says that was started as systemd starts it: the sockets are descriptor 3 and those that follow."""
    moves = " ".join(f"{3 + number}<&{held.fileno()}" for number, held in enumerate(sockets))
    script = f'LISTEN_PID={pid} LISTEN_FDS={len(sockets)} LISTEN_FDNAMES={names} exec "$0" -c "$1" {moves}'
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, HANDED_OVER],
        pass_fds=[held.fileno() for held in sockets],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_sockets_that_systemd_holds_are_taken_by_name_and_not_passed_on() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as one, closing(socket.create_server(("127.0.0.1", 0))) as two:
        said = handed_over(one, two, names="http:other").splitlines()
        assert said == [f"http {one.getsockname()[1]} False 3", f"other {two.getsockname()[1]} False 4"]
        assert handed_over(one).splitlines() == [f" {one.getsockname()[1]} False 3"], "nameless ones are found too"


def test_sockets_of_another_process_are_left_alone() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        assert handed_over(one, pid="1") == ""
    assert listen_fds({}) == []
