"""A connecting end that does not go deaf: a silent or broken socket is replaced by a fresh one.

On inproc a DEALER never hears a ROUTER that took the place of the one it connected to; on tcp a half-open connection
stays silent for minutes. A fresh socket cures both, so silence beyond the limit always ends in one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
import zmq

from transport.backoff import Backoff
from transport.link import Link
from transport.liveness import Patience, Verdict

log = structlog.get_logger(__name__)


FIRST_LOOK_S = 0.02
LAST_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Events:
    """What a connection tells its owner; all run on the loop."""

    on_open: Callable[[int], None]
    """A fresh socket is connecting; the argument is 1 for the first."""
    on_parts: Callable[[list[list[bytes]]], None]
    """Multi-part messages of one drain."""
    on_room: Callable[[], None]
    """What could not be sent may be tried again."""
    on_beat: Callable[[], None]
    """Once per beat while a socket is open, after everything that waited was handed over."""
    on_verdict: Callable[[Verdict], None]
    """What is thought of the other end has changed."""


class Connection:
    """One connecting socket after the other, each with its number, until closed.

    Args:
        name: for the log.
        connect: makes the socket of that number, connected.
        jitter: chance in [0, 1), asked once per replacement.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[int], "zmq.Socket[bytes]"],
        events: Events,
        *,
        beat_s: float,
        patience: Patience,
        backoff: Backoff,
        jitter: Callable[[], float],
    ) -> None:
        self.link: Link | None = None
        self.verdict = Verdict.SUSPECT
        """SUSPECT until the other end was heard for the first time."""
        self.incarnation = 0
        self._name, self._connect, self._events = name, connect, events
        self._beat_s, self._patience, self._backoff, self._jitter = beat_s, patience, backoff, jitter
        self._loop = asyncio.get_running_loop()
        self._last_s = self._loop.time()
        self._failures = 0
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    def open(self) -> None:
        """A fresh socket connects and the beat goes on. Called once by the owner, then by the connection itself."""
        self.incarnation += 1
        socket = self._connect(self.incarnation)
        self.link = Link(socket, self._events.on_parts, self._events.on_room)
        self._last_s = self._loop.time()
        self._timer = self._loop.call_later(self._beat_s, self._beat)
        self._events.on_open(self.incarnation)
        self._loop.call_later(FIRST_LOOK_S, self._look_again, self.link, FIRST_LOOK_S)

    def _look_again(self, link: Link | None, after_s: float) -> None:
        """Until the other end is heard, look whether the connection is made, at growing distances.

        On ipc about one connection in a hundred became ready without a sign of its descriptor; a beat would find it
        only a second later.
        """
        if link is None or link is not self.link or self.verdict is Verdict.ALIVE:
            return
        self._events.on_room()
        if link is self.link:
            link.drain()
        after_s = min(2 * after_s, LAST_LOOK_S)
        self._loop.call_later(after_s, self._look_again, link, after_s)

    def heard(self) -> None:
        """The other end spoke just now."""
        self._last_s = self._loop.time()
        self._failures = 0
        self._judge(Verdict.ALIVE)

    def replace(self, reason: str) -> None:
        """The socket is closed; after a back-off a fresh one takes its place. `reason` goes to the log."""
        if self._closed or self.link is None:
            return
        self._stop()
        delay_s = self._backoff.delay_s(self._failures, self._jitter())
        self._failures += 1
        log.info("link.replaced", link=self._name, reason=reason, incarnation=self.incarnation, delay_s=delay_s)
        self._timer = self._loop.call_later(delay_s, self.open)

    def close(self, linger_ms: int) -> None:
        """No socket, no timer, no callback any more. Twice does no harm."""
        self._closed = True
        self._stop(linger_ms)

    def _stop(self, linger_ms: int = 0) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.link is not None:
            self.link.close(lambda socket: socket.close(linger=linger_ms))
            self.link = None

    def _beat(self) -> None:
        link = self.link
        if link is None:
            return
        self._timer = self._loop.call_later(self._beat_s, self._beat)
        # Drain first: after a pause of this process the signs of life wait in the socket, and silence was our own.
        if not link.drain() or link is not self.link:
            return
        verdict = self._patience.verdict(self._loop.time() - self._last_s)
        if verdict > self.verdict:
            self._judge(verdict)
        if verdict is Verdict.LOST:
            self.replace("silence")
        elif link is self.link:
            self._events.on_beat()

    def _judge(self, verdict: Verdict) -> None:
        if verdict is not self.verdict:
            self.verdict = verdict
            self._events.on_verdict(verdict)
