"""Plain ZeroMQ sockets with the options that every link has; foreign errors become ours here.

A socket is made first and listens or connects after that, so that its owner can watch it from the beginning.
"""

import errno
import math
import os
import socket as unix
from dataclasses import replace
from pathlib import Path

import zmq

from transport.address import IPC_PATH_BYTES, Address, Scheme
from transport.curve import Keys
from transport.errors import AddressInUse, AddressInvalid
from transport.settings import LinkSettings

HIGH_WATER_FRAMES = 32
"""Frames that ZeroMQ may hold per peer and direction: enough to keep it busy; urgent messages wait behind these."""

_CLOSE_MS = 250
_PRIVATE = "~"
_PROBLEMS = {
    errno.EADDRINUSE: "it is in use",
    errno.ENODEV: "that is no address of this machine (tcp://*:port is all of them)",
    errno.EADDRNOTAVAIL: "that is no address of this machine (tcp://*:port is all of them)",
}


def listening(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: int,
    address: Address,
    max_bytes: int,
    frames: int,
    settings: LinkSettings,
) -> "zmq.Socket[bytes]":
    """A socket of `kind` that may `listen` at `address`; frames are at most `max_bytes` long, `frames` may wait.

    Raises:
        AddressInvalid: the address has a key and it is not this machine's.
    """
    keys = _keys(address, settings)
    if keys is not None and keys.own.public != address.key:
        problem = f"its key {address.key} is not this machine's, which is {keys.own.public}"
        raise AddressInvalid(str(address), problem, "correct the configuration, or listen on the other machine")
    made = _configured(context, kind, address, max_bytes, frames, settings)
    if keys is not None:
        keys.guard(made)
    return made


def listen(socket: "zmq.Socket[bytes]", address: Address, *, takeover: bool = False) -> None:
    """`socket` listens at `address`.

    With `takeover` it does so on ipc even where somebody else does, who then hears from nobody new: for the holder of a
    lease, whose predecessor may be stopped and hold the socket for hours.

    Raises:
        AddressInUse: somebody else listens there, or the system does not allow it.
    """
    try:
        if address.scheme is not Scheme.IPC:
            socket.bind(str(address))
        elif takeover:
            _take_over(socket, address)
        else:
            _bind_path(socket, address)
    except zmq.ZMQError as error:
        raise AddressInUse(str(address), _PROBLEMS.get(error.errno or 0, str(error))) from error


def connecting(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: int,
    address: Address,
    max_bytes: int,
    frames: int,
    settings: LinkSettings,
    routing_id: bytes | None = None,
) -> "zmq.Socket[bytes]":
    """A socket of `kind` that may `connect` to `address`.

    Raises:
        AddressInvalid: nobody ever can, or not without keys.
    """
    if address.port == 0:
        raise AddressInvalid(str(address), "any free port is nothing to connect to", "give the port's number")
    keys = _keys(address, settings)
    made = _configured(context, kind, address, max_bytes, frames, settings)
    # Until somebody is there messages stay in our outbox: what ZeroMQ holds for a peer is lost with the socket.
    made.setsockopt(zmq.IMMEDIATE, 1)
    if routing_id is not None:
        made.setsockopt(zmq.ROUTING_ID, routing_id)
    if kind == zmq.SUB:
        made.setsockopt(zmq.SUBSCRIBE, b"")
    if keys is not None:
        keys.prove(made, address.key)
    return made


def connect(socket: "zmq.Socket[bytes]", address: Address) -> None:
    """`socket` connects to `address` in the background, now or whenever somebody listens there.

    Raises:
        AddressInvalid: nobody ever can.
    """
    try:
        socket.connect(str(address))
    except zmq.ZMQError as error:
        raise AddressInvalid(str(address), str(error), "give an address that this system can reach") from error


def endpoint(socket: "zmq.Socket[bytes]", address: Address) -> Address:
    """Where `socket` really listens: `address`, with the port that the system chose."""
    if address.port != 0:
        return address
    return replace(address, port=int(_bound_to(socket).rpartition(":")[2]))


def unlisten(socket: "zmq.Socket[bytes]") -> None:
    """`socket` will not listen any more and its connections are cut, soon: ZeroMQ's own thread does it."""
    socket.unbind(_bound_to(socket))


def close_listening(socket: "zmq.Socket[bytes]", address: Address, linger_ms: int) -> None:
    """`socket` is closed and does not listen at `address` when this returns (a quarter of a second at the most).

    A successor that binds while ZeroMQ's thread is still closing would be refused, so this waits for the listener's
    end, 0.3 ms as a rule. Nobody else may be monitoring the socket.
    """
    if address.scheme is Scheme.INPROC:
        unlisten(socket)
    else:
        monitor = socket.get_monitor_socket(zmq.EVENT_CLOSED)
        unlisten(socket)
        monitor.poll(_CLOSE_MS)
        socket.disable_monitor()
        monitor.close()
    socket.close(linger=linger_ms)


def _configured(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: int,
    address: Address,
    max_bytes: int,
    frames: int,
    settings: LinkSettings,
) -> "zmq.Socket[bytes]":
    made: zmq.Socket[bytes] = context.socket(kind)
    made.setsockopt(zmq.LINGER, 0)
    made.setsockopt(zmq.SNDHWM, frames)
    made.setsockopt(zmq.RCVHWM, frames)
    # Beyond this ZeroMQ cuts the connection without a word. Twice what a codec accepts: who errs by a little is named.
    made.setsockopt(zmq.MAXMSGSIZE, 2 * max_bytes)
    lost_s = settings.patience.lost_s
    made.setsockopt(zmq.HANDSHAKE_IVL, math.ceil(2000 * lost_s))
    if address.scheme is Scheme.TCP:
        # The system closes what nobody believes in any more; half-open connections would stay for days.
        made.setsockopt(zmq.TCP_KEEPALIVE, 1)
        made.setsockopt(zmq.TCP_KEEPALIVE_IDLE, math.ceil(lost_s))
        made.setsockopt(zmq.TCP_KEEPALIVE_INTVL, math.ceil(lost_s / 3))
        made.setsockopt(zmq.TCP_KEEPALIVE_CNT, 3)
        made.setsockopt(zmq.TCP_MAXRT, math.ceil(2000 * lost_s))
    if address.is_ipv6:
        made.setsockopt(zmq.IPV6, 1)
    if kind == zmq.ROUTER:
        # Without it a ROUTER reports success for messages that it drops: 18,400 of 20,000 in a trial.
        made.setsockopt(zmq.ROUTER_MANDATORY, 1)
    return made


def _keys(address: Address, settings: LinkSettings) -> Keys | None:
    if address.key and settings.keys is None:
        raise AddressInvalid(str(address), "its link is encrypted and this machine has no key", "run: aigc keys new")
    return settings.keys if address.key else None


def _bind_path(socket: "zmq.Socket[bytes]", address: Address) -> None:
    # ZeroMQ removes a file that it finds, even the socket of a living listener, who then hears nobody and never knows.
    if _answers(address.place):
        raise AddressInUse(str(address), "somebody answers there")
    _check_kind(address)
    socket.bind(str(address))


def _take_over(socket: "zmq.Socket[bytes]", address: Address) -> None:
    """A rename puts the fresh socket in the place of the old one, so that at every instant there is one.

    All successors share the private name: one that was stopped between the two steps finds its file gone and fails,
    instead of taking the place from the next.
    """
    private = address.place + _PRIVATE
    if len(os.fsencode(private)) > IPC_PATH_BYTES:
        raise AddressInvalid(str(address), "the path has no room for one more character", "choose a shorter directory")
    _check_kind(address)
    socket.bind(f"ipc://{private}")
    try:
        os.replace(private, address.place)
    except OSError as error:
        socket.unbind(f"ipc://{private}")
        raise AddressInUse(str(address), f"somebody else took it over just now ({error.strerror})") from error


def _check_kind(address: Address) -> None:
    if os.path.lexists(address.place) and not Path(address.place).is_socket():
        raise AddressInUse(str(address), "a file that is no socket is in the way")


def _bound_to(socket: "zmq.Socket[bytes]") -> str:
    return socket.getsockopt_string(zmq.LAST_ENDPOINT)


def _answers(path: str) -> bool:
    if not Path(path).is_socket():
        return False
    with unix.socket(unix.AF_UNIX, unix.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except BlockingIOError:  # its backlog is full: somebody is there, and busy
            return True
        except OSError:
            return False
    return True
