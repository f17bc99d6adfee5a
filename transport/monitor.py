"""What ZeroMQ's own thread does with a socket's connections, told on the loop: made, refused, broken."""

import itertools
import struct
from collections.abc import Callable

import zmq

from transport.link import Link

ACCEPTED = int(zmq.EVENT_ACCEPTED)
ADMITTED = int(zmq.EVENT_HANDSHAKE_SUCCEEDED)
BROKEN = int(zmq.EVENT_DISCONNECTED)
UNLISTENED = int(zmq.EVENT_CLOSED)
"""On a listening socket: nobody can connect any more. On a connecting one: an attempt failed."""
RETRIED = int(zmq.EVENT_CONNECT_RETRIED)
"""Nobody listens at the address now; ZeroMQ will try again."""
NOT_ALLOWED = int(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
NOT_UNDERSTOOD = int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
UNFINISHED = int(zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
FAILED_HANDSHAKES = NOT_ALLOWED | NOT_UNDERSTOOD | UNFINISHED

_EVENT = struct.Struct("=HI")
_numbers = itertools.count()


class Monitor:
    """Calls `on_event(event, value)` for each of `events` of `socket`, until closed; inproc has none.

    Make it before the socket connects or listens, so that nothing is missed, and close it before the socket.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        socket: "zmq.Socket[bytes]",
        events: int,
        on_event: Callable[[int, int], None],
    ) -> None:
        self._socket, self._on_event = socket, on_event
        self._closed = False
        place = f"inproc://transport-monitor-{next(_numbers)}"
        ear: zmq.Socket[bytes] = context.socket(zmq.PAIR)
        ear.setsockopt(zmq.LINGER, 0)
        ear.setsockopt(zmq.RCVHWM, 0)  # ZeroMQ's thread waits where there is no room, and every connection with it
        socket.monitor(place, events)
        ear.connect(place)
        self._link = Link(ear, self._hear, _nothing)

    def close(self) -> None:
        """No callback runs any more. Twice does no harm."""
        if self._closed:
            return
        self._closed = True
        self._socket.monitor(None, 0)  # first: ZeroMQ's thread would wait for an ear that is gone
        self._link.close()

    def _hear(self, batch: list[list[bytes]]) -> None:
        for event, _place in batch:
            if self._closed:
                return  # by its own callback
            self._on_event(*_EVENT.unpack(event))


def _nothing() -> None:
    """A monitor sends nothing."""
