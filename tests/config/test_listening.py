import os
import socket
from collections.abc import Callable
from contextlib import closing

import pytest

from aigc.core.errors import InputInvalid
from config import notify
from config.listening import listening_socket
from config.service import page
from config.settings import Security, Server, Settings

SETTINGS = Settings(server=Server(port=0))
Hand = Callable[..., None]
FIRST = 200
"""In place of 3, which pytest uses."""


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """Hands sockets over to this process, which is the one that systemd started."""

    def hand(*sockets: socket.socket) -> None:
        monkeypatch.setattr(notify, "FIRST_FD", FIRST)
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", str(len(sockets)))
        for number, sock in enumerate(sockets):
            os.dup2(sock.fileno(), FIRST + number)
            sock.close()

    return hand


def test_without_systemd_it_listens_where_the_settings_say() -> None:
    with closing(listening_socket(SETTINGS)) as found:
        assert found.getsockname()[0] == "127.0.0.1"
        assert found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


def test_the_socket_that_systemd_holds_goes_before_the_settings(systemd: Hand) -> None:
    held = socket.create_server(("127.0.0.1", 0))
    port = held.getsockname()[1]
    systemd(held)
    with closing(listening_socket(SETTINGS)) as found:
        assert found.getsockname()[1] == port
        with socket.create_connection(("127.0.0.1", port), timeout=60):
            found.accept()[0].close()


def test_a_socket_that_others_reach_is_refused_unless_it_is_meant(systemd: Hand) -> None:
    systemd(socket.create_server(("0.0.0.0", 0)))
    with pytest.raises(InputInvalid, match=r"listens on 0.0.0.0, which others can reach.*allow_open_access"):
        listening_socket(SETTINGS)
    systemd(socket.create_server(("0.0.0.0", 0)))
    meant = Settings(server=Server(port=0), security=Security(allow_open_access=True))
    listening_socket(meant).close()


def test_what_is_no_listening_tcp_socket_is_refused_with_what_to_do(systemd: Hand) -> None:
    systemd(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    with pytest.raises(InputInvalid, match=r"no TCP socket.*ListenStream=ADDRESS:PORT"):
        listening_socket(SETTINGS)
    with socket.create_server(("127.0.0.1", 0)) as server:
        systemd(socket.create_connection(server.getsockname(), timeout=60))
        with pytest.raises(InputInvalid, match=r"a connection already.*Accept="):
            listening_socket(SETTINGS)


def test_several_sockets_are_refused_and_none_is_kept(systemd: Hand) -> None:
    one, two = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    systemd(one, two)
    with pytest.raises(InputInvalid, match=r"there are 2 sockets.*one ListenStream="):
        listening_socket(SETTINGS)
    for number in (FIRST, FIRST + 1):
        with pytest.raises(OSError):
            os.fstat(number)


@pytest.mark.parametrize(("host", "opened"), [("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "127.0.0.1")])
def test_the_address_that_is_printed_is_one_that_a_browser_can_open(host: str, opened: str) -> None:
    with closing(socket.create_server((host, 0))) as listening:
        assert page(listening) == f"open http://{opened}:{listening.getsockname()[1]}"
