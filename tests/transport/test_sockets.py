import os
import socket as unix

import pytest
import zmq

from transport.address import Address
from transport.errors import AddressInUse, AddressInvalid
from transport.sockets import bound, close_bound, connecting, endpoint

Context = zmq.Context[zmq.Socket[bytes]]
LIMITS = (1 << 20, 8)


def test_a_port_chosen_by_the_system_is_known_afterwards(context: Context, tcp: Address) -> None:
    socket = bound(context, zmq.ROUTER, tcp, *LIMITS)
    assert endpoint(socket, tcp).port in range(1, 65536)
    socket.close()


def test_an_address_can_be_bound_again_at_once(context: Context, address: Address) -> None:
    for _ in range(30):
        socket = bound(context, zmq.ROUTER, address, *LIMITS)
        address = endpoint(socket, address)
        close_bound(socket, address, linger_ms=0)


def test_the_file_of_a_successor_survives_the_end_of_its_predecessor(context: Context, ipc: Address) -> None:
    first = bound(context, zmq.ROUTER, ipc, *LIMITS)
    close_bound(first, ipc, linger_ms=0)
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


def test_a_folder_that_does_not_exist_is_named(context: Context) -> None:
    with pytest.raises(AddressInUse, match=r"ipc:///nowhere/at/all/s: No such file or directory"):
        bound(context, zmq.ROUTER, Address.parse("ipc:///nowhere/at/all/s"), *LIMITS)


def test_any_free_port_is_nothing_to_connect_to(context: Context, tcp: Address) -> None:
    with pytest.raises(AddressInvalid, match="give the port's number"):
        connecting(context, zmq.DEALER, tcp, *LIMITS)


def test_every_socket_has_the_options_that_keep_it_harmless(context: Context, tcp: Address) -> None:
    router = bound(context, zmq.ROUTER, tcp, *LIMITS)
    dealer = connecting(context, zmq.DEALER, endpoint(router, tcp), *LIMITS, routing_id=b"me")
    for socket in (router, dealer):
        assert socket.getsockopt(zmq.LINGER) == 0
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
    dealer = connecting(context, zmq.DEALER, endpoint(router, Address.parse("tcp://[::1]:*")), *LIMITS)
    assert dealer.poll(5_000, zmq.POLLOUT)
    dealer.send(b"hello")
    assert router.recv_multipart()[1] == b"hello"
    router.close()
    dealer.close()
