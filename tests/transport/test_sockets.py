import os
import socket as unix
from pathlib import Path

import pytest
import zmq

from tests.transport.kit import bound, connected
from transport import LinkSettings
from transport.address import Address
from transport.errors import AddressInUse, AddressInvalid
from transport.sockets import close_listening, connecting, endpoint, listen, listening

Context = zmq.Context[zmq.Socket[bytes]]
LIMITS = (1 << 20, 8)


def made(context: Context, address: Address) -> "zmq.Socket[bytes]":
    return listening(context, zmq.ROUTER, address, *LIMITS, LinkSettings())


def hears(context: Context, listener: "zmq.Socket[bytes]", address: Address, words: bytes) -> bool:
    """Who connects to `address` now is heard by `listener`."""
    other = connected(context, zmq.DEALER, address, *LIMITS)
    other.send(words)
    is_heard = bool(listener.poll(5_000)) and listener.recv_multipart()[1] == words
    other.close()
    return is_heard


def test_a_port_chosen_by_the_system_is_known_afterwards(context: Context, tcp: Address) -> None:
    socket = bound(context, zmq.ROUTER, tcp, *LIMITS)
    assert endpoint(socket, tcp).port in range(1, 65536)
    socket.close()


def test_an_address_can_be_bound_again_at_once(context: Context, address: Address) -> None:
    for _ in range(30):
        socket = bound(context, zmq.ROUTER, address, *LIMITS)
        address = endpoint(socket, address)
        close_listening(socket, address, linger_ms=0)


def test_the_file_of_a_successor_survives_the_end_of_its_predecessor(context: Context, ipc: Address) -> None:
    first = bound(context, zmq.ROUTER, ipc, *LIMITS)
    close_listening(first, ipc, linger_ms=0)
    second = bound(context, zmq.ROUTER, ipc, *LIMITS)
    with zmq.Context() as other:  # its end waits for ZeroMQ's thread
        other.socket(zmq.DEALER).close(linger=0)
    assert os.path.exists(ipc.place)
    second.close()


def test_an_address_with_a_living_listener_is_refused(context: Context, address: Address) -> None:
    first = bound(context, zmq.ROUTER, address, *LIMITS)
    with pytest.raises(AddressInUse, match="cannot listen at"):
        bound(context, zmq.ROUTER, endpoint(first, address), *LIMITS)
    first.close()


def test_a_file_left_behind_by_a_dead_listener_is_no_obstacle(context: Context, ipc: Address) -> None:
    with unix.socket(unix.AF_UNIX) as dead:
        dead.bind(ipc.place)
    bound(context, zmq.ROUTER, ipc, *LIMITS).close()


@pytest.mark.parametrize("takeover", [False, True])
def test_a_file_of_another_kind_is_left_alone(context: Context, ipc: Address, takeover: bool) -> None:
    Path(ipc.place).write_text("a letter")
    socket = made(context, ipc)
    with pytest.raises(AddressInUse, match="a file that is no socket is in the way"):
        listen(socket, ipc, takeover=takeover)
    assert Path(ipc.place).read_text() == "a letter"
    socket.close()


def test_a_successor_takes_the_path_of_who_still_listens_and_keeps_it_when_the_other_closes(
    context: Context, ipc: Address
) -> None:
    sockets = []
    for number in range(5):
        sockets.append(made(context, ipc))
        listen(sockets[-1], ipc, takeover=True)
        assert hears(context, sockets[-1], ipc, b"%d" % number)
    for former in sockets[:-1]:
        close_listening(former, ipc, linger_ms=0)
    assert hears(context, sockets[-1], ipc, b"still")
    assert os.listdir(Path(ipc.place).parent) == [Path(ipc.place).name]
    sockets[-1].close()


def test_one_that_was_stopped_in_the_middle_of_a_takeover_does_not_take_the_place_from_the_next(
    context: Context, ipc: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = made(context, ipc), made(context, ipc)
    rename = os.replace

    def overtaken(source: str, target: str) -> None:
        monkeypatch.setattr(os, "replace", rename)
        listen(second, ipc, takeover=True)
        rename(source, target)

    monkeypatch.setattr(os, "replace", overtaken)
    with pytest.raises(AddressInUse, match="somebody else took it over just now"):
        listen(first, ipc, takeover=True)
    first.close()
    assert hears(context, second, ipc, b"hello")
    second.close()


def test_a_takeover_that_was_never_ended_is_no_obstacle(context: Context, ipc: Address) -> None:
    with unix.socket(unix.AF_UNIX) as dead:
        dead.bind(f"{ipc.place}~")
    socket = made(context, ipc)
    listen(socket, ipc, takeover=True)
    assert hears(context, socket, ipc, b"hello")
    socket.close()


def test_without_a_takeover_a_path_that_was_taken_over_is_refused(context: Context, ipc: Address) -> None:
    first, second = made(context, ipc), made(context, ipc)
    listen(first, ipc, takeover=True)
    with pytest.raises(AddressInUse, match="somebody answers there"):
        listen(second, ipc)
    first.close()
    second.close()


def test_a_path_without_room_for_the_private_name_is_refused_with_what_to_do(context: Context) -> None:
    address = Address.parse("ipc:///" + "x" * 106)
    socket = made(context, address)
    with pytest.raises(AddressInvalid, match="choose a shorter directory"):
        listen(socket, address, takeover=True)
    socket.close()


@pytest.mark.parametrize("place", ["192.0.2.1", "no-such-interface"])
def test_an_address_of_another_machine_is_refused_in_words(context: Context, place: str) -> None:
    address = Address.parse(f"tcp://{place}:5555", allow_plain_tcp=True)
    socket = made(context, address)
    with pytest.raises(AddressInUse, match="that is no address of this machine"):
        listen(socket, address)
    socket.close()


def test_a_folder_that_does_not_exist_is_named(context: Context) -> None:
    with pytest.raises(AddressInUse, match=r"ipc:///nowhere/at/all/s: No such file or directory"):
        bound(context, zmq.ROUTER, Address.parse("ipc:///nowhere/at/all/s"), *LIMITS)


def test_any_free_port_is_nothing_to_connect_to(context: Context, tcp: Address) -> None:
    with pytest.raises(AddressInvalid, match="give the port's number"):
        connecting(context, zmq.DEALER, tcp, *LIMITS, LinkSettings())


def test_every_socket_has_the_options_that_keep_it_harmless(context: Context, tcp: Address) -> None:
    router = listening(context, zmq.ROUTER, tcp, *LIMITS, LinkSettings())
    listen(router, tcp)
    dealer = connecting(context, zmq.DEALER, endpoint(router, tcp), *LIMITS, LinkSettings(), routing_id=b"me")
    for socket in (router, dealer):
        assert socket.getsockopt(zmq.LINGER) == 0
        assert socket.getsockopt(zmq.HANDSHAKE_IVL) == socket.getsockopt(zmq.TCP_MAXRT) == 10_000
        assert socket.getsockopt(zmq.TCP_KEEPALIVE) == 1
        assert socket.getsockopt(zmq.TCP_KEEPALIVE_IDLE) == 5
        assert socket.getsockopt(zmq.MAXMSGSIZE) == 2 << 20
        assert socket.getsockopt(zmq.SNDHWM) == socket.getsockopt(zmq.RCVHWM) == 8
    assert dealer.getsockopt(zmq.IMMEDIATE) == 1
    assert dealer.getsockopt(zmq.ROUTING_ID) == b"me"
    with pytest.raises(zmq.ZMQError, match="Host unreachable"):
        router.send_multipart([b"nobody", b"frame"])
    router.close()
    dealer.close()


def test_ipv6_loopback_works(context: Context) -> None:
    try:
        router = bound(context, zmq.ROUTER, Address.parse("tcp://[::1]:*"), *LIMITS)
    except AddressInUse:
        pytest.skip("this machine has no IPv6 loopback")
    dealer = connected(context, zmq.DEALER, endpoint(router, Address.parse("tcp://[::1]:*")), *LIMITS)
    assert dealer.poll(5_000, zmq.POLLOUT)
    dealer.send(b"hello")
    assert router.recv_multipart()[1] == b"hello"
    router.close()
    dealer.close()
