"""Plain ZeroMQ sockets with the options that every link has; foreign errors become ours here."""

import errno
import socket as unix
from pathlib import Path

import zmq

from transport.address import Address, Scheme
from transport.errors import AddressInUse, AddressInvalid

HIGH_WATER_FRAMES = 32
"""Frames that ZeroMQ may hold per peer and direction: enough to keep it busy; urgent messages wait behind these."""

_CLOSE_MS = 250


def bound(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, address: Address, max_bytes: int, frames: int
) -> "zmq.Socket[bytes]":
    """A socket of `kind` that listens at `address`.

    Raises:
        AddressInUse: somebody else does, or the system does not allow it.
    """
    # ZeroMQ removes a socket file that it finds, even under a living listener, who then hears nobody and never knows.
    if address.scheme is Scheme.IPC and _answers(address.place):
        raise AddressInUse(str(address), "somebody answers there")
    made = _configured(context, kind, address, max_bytes, frames)
    try:
        made.bind(str(address))
    except zmq.ZMQError as error:
        made.close()
        problem = "it is in use" if error.errno == errno.EADDRINUSE else str(error)
        raise AddressInUse(str(address), problem) from error
    return made


def connecting(
    context: "zmq.Context[zmq.Socket[bytes]]",
    kind: int,
    address: Address,
    max_bytes: int,
    frames: int,
    routing_id: bytes | None = None,
) -> "zmq.Socket[bytes]":
    """A socket of `kind` that connects to `address` in the background, now or whenever somebody listens there.

    Raises:
        AddressInvalid: nobody ever can.
    """
    if address.port == 0:
        raise AddressInvalid(str(address), "any free port is nothing to connect to", "give the port's number")
    made = _configured(context, kind, address, max_bytes, frames)
    # Until somebody is there messages stay in our outbox: what ZeroMQ holds for a peer is lost with the socket.
    made.setsockopt(zmq.IMMEDIATE, 1)
    if routing_id is not None:
        made.setsockopt(zmq.ROUTING_ID, routing_id)
    if kind == zmq.SUB:
        made.setsockopt(zmq.SUBSCRIBE, b"")
    try:
        made.connect(str(address))
    except zmq.ZMQError as error:
        made.close()
        raise AddressInvalid(str(address), str(error), "give an address that this system can reach") from error
    return made


def endpoint(socket: "zmq.Socket[bytes]", address: Address) -> Address:
    """Where `socket` really listens: `address`, with the port that the system chose."""
    if address.port != 0:
        return address
    last = socket.getsockopt_string(zmq.LAST_ENDPOINT)
    return Address(address.scheme, address.place, int(last.rpartition(":")[2]))


def close_bound(socket: "zmq.Socket[bytes]", address: Address, linger_ms: int) -> None:
    """`socket` is closed and nobody listens at `address` when this returns (a quarter of a second at the most).

    Closing goes on in ZeroMQ's own thread. A successor that binds meanwhile is refused on tcp, and on ipc loses its
    socket file to the late closing of its predecessor; so this waits for the listener's end, 0.3 ms as a rule.
    """
    if address.scheme is Scheme.INPROC:
        socket.unbind(str(address))
    else:
        monitor = socket.get_monitor_socket(zmq.EVENT_CLOSED)
        socket.unbind(str(address))
        monitor.poll(_CLOSE_MS)
        socket.disable_monitor()
        monitor.close()
    socket.close(linger=linger_ms)


def _configured(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, address: Address, max_bytes: int, frames: int
) -> "zmq.Socket[bytes]":
    made: zmq.Socket[bytes] = context.socket(kind)
    made.setsockopt(zmq.LINGER, 0)
    made.setsockopt(zmq.SNDHWM, frames)
    made.setsockopt(zmq.RCVHWM, frames)
    # Beyond this ZeroMQ cuts the connection without a word. Twice what a codec accepts: who errs by a little is named.
    made.setsockopt(zmq.MAXMSGSIZE, 2 * max_bytes)
    if address.is_ipv6:
        made.setsockopt(zmq.IPV6, 1)
    if kind == zmq.ROUTER:
        # Without it a ROUTER reports success for messages that it drops: 18,400 of 20,000 in a trial.
        made.setsockopt(zmq.ROUTER_MANDATORY, 1)
    return made


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
