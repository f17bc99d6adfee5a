"""A plain ZeroMQ socket on an asyncio loop: everything that waits is handed over in one batch per wake-up.

The socket's file descriptor is edge-triggered: it says "something changed", once. Any send or receive may swallow that
sign, so after every one that was made outside the reader the link looks again. Without that look the loop stalls with
messages in the queue; with it one plain socket carries several times what `zmq.asyncio` does, since no future is made
for a message.
"""

import asyncio
import errno
from collections.abc import Callable

import zmq

from transport.errors import PeerUnreachable
from transport.identity import name_of

FRAMES_PER_DRAIN = 256
"""Frames taken in one go; the rest waits for one turn of the loop, in which others have theirs."""

BYTES_PER_DRAIN = 8 << 20

# Plain integers: pyzmq's enumerations cost more than the calls that they are handed to.
_DO_NOT_WAIT = int(zmq.DONTWAIT)
_MORE_FOLLOWS = int(zmq.DONTWAIT | zmq.SNDMORE)
_READABLE = int(zmq.POLLIN)
_READABLE_OR_ROOM = int(zmq.POLLIN | zmq.POLLOUT)


class Link:
    """The only place where a socket is read and written.

    Args:
        socket: is owned and closed by the link.
        on_parts: gets the multi-part messages of one drain, in order. If it raises, the loop's exception handler hears
            of it and the link goes on.
        on_room: runs at each wake-up, before `on_parts`: what `send` refused may be tried again.
    """

    def __init__(
        self,
        socket: "zmq.Socket[bytes]",
        on_parts: Callable[[list[list[bytes]]], None],
        on_room: Callable[[], None],
    ) -> None:
        self._socket = socket
        self._on_parts = on_parts
        self._on_room = on_room
        self._loop = asyncio.get_running_loop()
        self._fd: int = socket.FD
        self._closed = False
        self._look_due = False
        self._loop.add_reader(self._fd, self._wake)
        self._look_again()  # what came before the reader was there gives no sign any more

    def send(self, frame: bytes, peer: bytes | None = None) -> bool:
        """True: ZeroMQ took `frame` (for `peer`, on a ROUTER). False: no room; `on_room` runs when that may change.

        After one or more sends the caller calls `settle`.

        Raises:
            PeerUnreachable: the ROUTER has no such peer.
        """
        try:
            if peer is not None:
                self._socket.send(peer, _MORE_FOLLOWS)
            self._socket.send(frame, _DO_NOT_WAIT)
        except zmq.Again:
            return False
        except zmq.ZMQError as error:
            if error.errno == errno.EHOSTUNREACH:
                raise PeerUnreachable(name_of(peer or b""), "its connection is gone") from error
            raise
        return True

    def settle(self, *, wants_room: bool = False) -> None:
        """No wake-up was lost by the sends before this call: the loop will look again if there is anything to see.

        `wants_room`: also if a send may succeed. For sockets with one peer; a ROUTER cannot tell whose room it is.
        """
        if self._closed:
            return
        if self._events() & (_READABLE_OR_ROOM if wants_room else _READABLE):
            self._look_again()

    def drain(self) -> bool:
        """What waits was handed to `on_parts`; True if nothing is left, else the next turn of the loop goes on."""
        receive = self._socket.recv_multipart
        batch: list[list[bytes]] = []
        size = 0
        is_empty = False
        while len(batch) < FRAMES_PER_DRAIN and size < BYTES_PER_DRAIN:
            try:
                parts = receive(_DO_NOT_WAIT)
            except zmq.Again:
                is_empty = True
                break
            except zmq.ZMQError:  # the context ended under us: a dead descriptor would wake the loop for ever
                self.close()
                raise
            batch.append(parts)
            size += len(parts[-1])
            if not self._events() & _READABLE:  # cheaper than the exception of one more try
                is_empty = True
                break
        if not is_empty:
            self._look_again()
        if batch:
            self._on_parts(batch)
        return is_empty

    def close(self, close_socket: Callable[["zmq.Socket[bytes]"], None] | None = None) -> None:
        """The socket is closed, by `close_socket` if given; no callback runs any more. Twice does no harm."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._fd)
        if close_socket is None:
            self._socket.close(linger=0)
        else:
            close_socket(self._socket)

    def _events(self) -> int:
        """What can be done now. Asking works off ZeroMQ's pending commands: the descriptor tells of any later one."""
        return int(self._socket.getsockopt(zmq.EVENTS))

    def _look_again(self) -> None:
        if not self._look_due:
            self._look_due = True
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        self._look_due = False
        self._wake()

    def _wake(self) -> None:
        if self._closed:
            return
        self._on_room()
        if not self._closed:
            self.drain()
