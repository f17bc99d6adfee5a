"""A connecting end that does not go deaf: a silent or broken socket is replaced by a fresh one.

On inproc a DEALER never hears a ROUTER that took the place of the one it connected to; on tcp a half-open connection
stays silent for minutes. A fresh socket cures both, so silence beyond the limit always ends in one. What the system
tells at once, a connection that breaks or is refused, need not be waited for.

The other end may be at one of several places, of which one listens. A fresh socket tries the next of them whenever
nobody was heard at the last.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
import zmq

from transport import monitor
from transport.address import Address, Scheme
from transport.errors import TransportError
from transport.link import Link
from transport.liveness import Verdict
from transport.monitor import Monitor
from transport.settings import LinkSettings
from transport.sockets import connect

log = structlog.get_logger(__name__)

FIRST_LOOK_S = 0.02
LAST_LOOK_S = 1.0
NEXT_PLACE_S = 0.15
"""The longest pause before another place is tried."""

_DRAINS = 8
"""What a broken connection left is read in so many drains; ZeroMQ holds less."""

_WHY = {
    monitor.NOT_ALLOWED: "this machine's key is not allowed there: aigc keys allow",
    monitor.NOT_UNDERSTOOD: "it speaks another protocol, or one end has a key and the other none",
    monitor.UNFINISHED: "it hung up in the handshake; is the key that is configured for it the right one?",
}


@dataclass(frozen=True, slots=True)
class Events:
    """What a connection tells its owner; all run on the loop."""

    on_open: Callable[[int], None]
    """A fresh socket is connecting; the argument is 1 for the first."""
    on_parts: Callable[[list[list[bytes]]], None]
    """Multi-part messages of one drain."""
    on_room: Callable[[], None]
    """What could not be sent may be tried again."""
    on_beat: Callable[[], None] | None
    """Once per beat while a socket is open, after everything that waited was handed over. None: this end only listens,
    and wakes when the other has been silent for too long."""
    on_gone: Callable[[], None]
    """The socket is closed and will be replaced; what was under way is lost."""
    on_verdict: Callable[[Verdict], None]
    """What is thought of the other end has changed."""


def places_of(address: Address | Sequence[Address]) -> tuple[Address, ...]:
    """One or several addresses as several.

    Raises:
        ValueError: there is none.
    """
    places = (address,) if isinstance(address, Address) else tuple(address)
    if not places:
        raise ValueError("there is no address to connect to")
    return places


class Connection:
    """One connecting socket after the other, each with its number, until closed.

    Args:
        name: for the log.
        context: of the sockets.
        places: where the other end may be.
        make: the socket of that number, to be connected to that place.
        jitter: chance in [0, 1), asked for each pause.
    """

    def __init__(
        self,
        name: str,
        context: "zmq.Context[zmq.Socket[bytes]]",
        places: Sequence[Address],
        make: Callable[[Address, int], "zmq.Socket[bytes]"],
        events: Events,
        *,
        settings: LinkSettings,
        jitter: Callable[[], float],
    ) -> None:
        self.link: Link | None = None
        self.verdict = Verdict.SUSPECT
        """SUSPECT until the other end was heard for the first time, and while no socket is open."""
        self.incarnation = 0
        self._name, self._context, self._places, self._make, self._events = name, context, places, make, events
        self._settings, self._jitter = settings, jitter
        self._loop = asyncio.get_running_loop()
        self._last_s = self._opened_s = self._loop.time()
        self._is_heard = False  # on this socket
        self._failures = 0  # sockets in a row on which nobody was heard
        self._place = 0
        self._complaints: set[tuple[Address, int]] = set()
        self._closed = False
        self._monitor: Monitor | None = None
        self._opening: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None

    @property
    def address(self) -> Address:
        """The place of the present socket, or of the next."""
        return self._places[self._place]

    def open(self) -> None:
        """The first socket connects and the beat goes on, until `close`.

        Raises:
            AddressInvalid: nobody can ever be at one of the places.
        """
        for number, address in enumerate(self._places):
            if number:
                self._make(address, 0).close(linger=0)  # whether it can be made is known now, not in an hour
        self._open()
        self._beating = self._loop.call_later(self._pause_s(), self._beat)

    def heard(self) -> None:
        """The other end spoke just now."""
        self._last_s = self._loop.time()
        self._failures = 0
        self._is_heard = True
        self._complaints.clear()
        self._judge(Verdict.ALIVE)

    def replace(self, reason: str) -> None:
        """The socket is closed; after a back-off a fresh one takes its place. `reason` goes to the log."""
        if self._closed or self.link is None:
            return
        self._stop(0)
        delay_s = self._settings.backoff.delay_s(self._failures, self._jitter())
        is_turn = len(self._places) > 1 and not self._is_heard
        if is_turn:
            delay_s = min(delay_s, NEXT_PLACE_S)
        tell = log.debug if is_turn else log.info  # with several places it is every other moment, until one is found
        tell("link.replaced", link=self._name, at=str(self.address), reason=reason, delay_s=delay_s)
        if not self._is_heard:
            self._place = (self._place + 1) % len(self._places)
        self._failures += 1
        self._opening = self._loop.call_later(delay_s, self._reopen)
        self._events.on_gone()
        if self.verdict is Verdict.ALIVE:
            self._judge(Verdict.SUSPECT)

    def close(self, linger_ms: int) -> None:
        """No socket, no timer, no callback any more. Twice does no harm."""
        self._closed = True
        if self._beating is not None:
            self._beating.cancel()
        self._stop(linger_ms)

    # One socket

    def _open(self) -> None:
        address, number = self.address, self.incarnation + 1
        socket = self._make(address, number)
        is_one_of_several = len(self._places) > 1
        try:
            if address.scheme is not Scheme.INPROC:
                watched = monitor.BROKEN | monitor.FAILED_HANDSHAKES | (monitor.RETRIED if is_one_of_several else 0)
                self._monitor = Monitor(self._context, socket, watched, self._on_event)
            connect(socket, address)
        except BaseException:
            self._end_monitor()
            socket.close(linger=0)
            raise
        self.incarnation = number
        self.link = link = Link(socket, self._events.on_parts, self._events.on_room)
        self._opened_s = self._loop.time()
        self._is_heard = False
        self._events.on_open(number)
        self._loop.call_later(FIRST_LOOK_S, self._look_again, link, FIRST_LOOK_S)
        if is_one_of_several:
            visit_s = self._settings.visit.delay_s(self._failures // len(self._places), self._jitter())
            self._loop.call_later(visit_s, self._leave, link)

    def _reopen(self) -> None:
        try:
            self._open()
        except (TransportError, zmq.ZMQError) as error:
            delay_s = self._settings.backoff.delay_s(self._failures, self._jitter())
            self._failures += 1
            log.error("link.unmade", link=self._name, at=str(self.address), error=str(error), delay_s=delay_s)
            self._place = (self._place + 1) % len(self._places)
            self._opening = self._loop.call_later(delay_s, self._reopen)

    def _look_again(self, link: Link, after_s: float) -> None:
        """Until the other end is heard, look whether the connection is made, at growing distances.

        On ipc about one connection in a hundred became ready without a sign of its descriptor; a beat would find it
        only a second later.
        """
        if link is not self.link or self._is_heard:
            return
        self._events.on_room()
        if link is self.link:
            link.drain()
        after_s = min(2 * after_s, LAST_LOOK_S)
        self._loop.call_later(after_s, self._look_again, link, after_s)

    def _leave(self, link: Link) -> None:
        """Nobody answers: this is one place of several."""
        if link is self.link and self._drained(link) and not self._is_heard:
            self.replace("nobody answers")

    def _on_event(self, event: int, _value: int) -> None:
        link = self.link
        if link is None:
            return
        if event == monitor.RETRIED:
            if not self._is_heard:
                self.replace("nobody listens")
            return
        if event in _WHY:
            self._complain(event, _WHY[event])
        if self._drained(link):  # its last words, if ZeroMQ has not dropped them
            self.replace(_WHY.get(event, "the connection broke"))

    def _complain(self, event: int, reason: str) -> None:
        """Somebody has to see to it; said once for each place, until the other end is heard."""
        if self.address.key and (self.address, event) not in self._complaints:
            self._complaints.add((self.address, event))
            log.warning("link.refused", link=self._name, at=str(self.address), reason=reason)

    def _drained(self, link: Link) -> bool:
        """Everything that waited was handed over, and `link` is still ours."""
        for _ in range(_DRAINS):
            if link.drain() or link is not self.link:
                break
        return link is self.link

    def _stop(self, linger_ms: int) -> None:
        if self._opening is not None:
            self._opening.cancel()
        self._end_monitor()
        if self.link is not None:
            self.link.close(lambda socket: socket.close(linger=linger_ms))
            self.link = None

    def _end_monitor(self) -> None:
        if self._monitor is not None:
            self._monitor.close()
            self._monitor = None

    # Liveness

    def _beat(self) -> None:
        try:
            self._look_at_silence()
        finally:
            if not self._closed:
                self._beating = self._loop.call_later(self._pause_s(), self._beat)

    def _look_at_silence(self) -> None:
        link = self.link
        # Drain first: after a pause of this process the signs of life wait in the socket, and silence was our own.
        if link is not None and (not link.drain() or link is not self.link):
            return
        now, patience = self._loop.time(), self._settings.patience
        verdict = patience.verdict(now - self._last_s)
        if verdict > self.verdict:
            self._judge(verdict)
        if link is None or link is not self.link:
            return
        if patience.verdict(now - max(self._last_s, self._opened_s)) is Verdict.LOST:
            self.replace("silence")
        elif self._events.on_beat is not None:
            self._events.on_beat()

    def _pause_s(self) -> float:
        """Until the next beat; for who only listens, until the next verdict if nobody is heard meanwhile."""
        settings, patience = self._settings, self._settings.patience
        if self._events.on_beat is not None:
            return settings.until_beat_s(self._loop.time())
        limit_s = patience.suspect_s if self.verdict is Verdict.ALIVE else patience.lost_s
        left_s = max(self._last_s, self._opened_s) + limit_s - self._loop.time()
        # No longer than who is heard first in this pause may be silent; and no spinning where there is no socket.
        return min(left_s, patience.suspect_s) if left_s > 0 else settings.beat_s

    def _judge(self, verdict: Verdict) -> None:
        if verdict is not self.verdict:
            self.verdict = verdict
            self._events.on_verdict(verdict)
