"""The connecting end of a link: one router on the other side, numbered frames, requests with answers."""

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import zmq

from transport.address import Address
from transport.connection import Connection, Events, places_of
from transport.counters import Counters
from transport.delivery import Delivery
from transport.envelope import BadFrame, Codec, Envelope, Reason
from transport.errors import NoReply, Overloaded, PeerUnreachable
from transport.identity import checked_boot, identity
from transport.liveness import Verdict
from transport.outbox import Outbox
from transport.settings import LinkSettings
from transport.sockets import HIGH_WATER_FRAMES, connecting

S = TypeVar("S")
R = TypeVar("R")


class Dealer(Generic[S, R]):
    """Connects to `address` from construction to `close`, whether somebody listens there yet or not.

    Several addresses are places where the one router may be; they are tried in turn until it is heard.

    Args:
        context: the process's one ZeroMQ context; inproc needs it shared.
        codec: sends S, receives R.
        on_batch: gets everything that one wake-up found; heartbeats and answers to `ask` are not in it.
        name: of the actor; with `boot` and a count it makes each socket's identity, never used twice.
        boot: this life's id, new for each life of the actor.
        on_reconnect: the router answers on a fresh socket that took the place of a silent or broken one. What was under
            way is lost, what still waits in the outbox is kept and follows; say hello `urgent=True` and it comes first.
        on_verdict: ALIVE when the router is heard, SUSPECT and LOST when it is silent for the settings' patience;
            SUSPECT at once when the connection breaks.
        jitter: chance in [0, 1) for the pauses before fresh sockets.
    Raises:
        AddressInvalid: nobody can ever listen there, or it has a key and this machine has none.
        ValueError: the name or the boot id is none.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: Address | Sequence[Address],
        codec: Codec[S, R],
        on_batch: Callable[[list[Envelope[R]]], None],
        *,
        name: str,
        boot: str,
        on_reconnect: Callable[[], None] | None = None,
        on_verdict: Callable[[Verdict], None] | None = None,
        settings: LinkSettings | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings = settings or LinkSettings()
        places = places_of(address)
        self._context, self._codec = context, codec
        self._router = " or ".join(map(str, places))  # in errors
        self._name, self._boot = name, checked_boot(boot)
        self._on_reconnect, self._on_verdict = on_reconnect, on_verdict
        self._delivery: Delivery[Envelope[R]] = Delivery(on_batch)
        self.counters = Counters()
        self.router_boot = ""
        """The life of the router that was heard last; empty before the first frame."""
        self._loop = asyncio.get_running_loop()
        self._outbox: Outbox[S] = Outbox(self._router, codec, boot, settings.outbox, self.counters)
        self._asked: dict[int, asyncio.Future[R]] = {}
        self._correlations = itertools.count(1)
        self._heard = 0  # the number of the router's last frame
        self._flush_due = False
        self._is_blocked = False
        self._closed = False
        self._connection = Connection(
            name,
            context,
            places,
            self._make,
            Events(self._opened, self._receive, self._room, self._beat, self._gone, self._judged),
            settings=settings,
            jitter=jitter,
        )
        self._connection.open()

    @property
    def identity(self) -> bytes:
        """What the router calls the present socket."""
        return identity(self._name, self._boot, self._connection.incarnation)

    @property
    def verdict(self) -> Verdict:
        """What is thought of the router; SUSPECT until it is first heard."""
        return self._connection.verdict

    @property
    def waiting(self) -> int:
        """Messages that wait to leave."""
        return len(self._outbox)

    def send(self, message: S, *, urgent: bool = False, trace: str = "") -> None:
        """`message` waits and leaves with this turn of the loop, or when the router can be reached; urgent ones first.

        Raises:
            PeerUnreachable: this dealer is closed.
            Overloaded: the router does not take what it is sent, or cannot be reached, and the outbox is full.
            MessageTooLarge: it fits no frame.
        """
        self._queue(message, urgent, 0, trace)

    async def ask(self, message: S, timeout_s: float, *, urgent: bool = False, trace: str = "") -> R:
        """The router's answer to `message`.

        Raises:
            NoReply: none came within `timeout_s` seconds; a later one is counted and dropped.
            PeerUnreachable: the socket was replaced or closed meanwhile; the answer cannot come any more.
            Overloaded: the outbox is full, or as many questions are open as messages may wait.
            MessageTooLarge: it fits no frame.
        """
        if len(self._asked) >= self._settings.outbox.messages:
            raise Overloaded(self._router, len(self._asked), 0)
        correlation = next(self._correlations)
        self._queue(message, urgent, correlation, trace)
        future: asyncio.Future[R] = self._loop.create_future()
        self._asked[correlation] = future
        timer = self._loop.call_later(timeout_s, self._give_up, future, timeout_s)
        try:
            return await future
        finally:
            timer.cancel()
            self._asked.pop(correlation, None)
            if future.done() and not future.cancelled():
                future.exception()  # seen: an asker that was cancelled at the same moment will not ask for it

    def close(self, linger_ms: int = 0) -> None:
        """Nothing is sent or heard any more, no callback runs, whoever waits for an answer hears so.

        With `linger_ms` what waits is handed to ZeroMQ, which goes on sending for so long at most. Twice does no harm.
        """
        if self._closed:
            return
        if linger_ms:
            self._flush()
        self._closed = True
        self._delivery.close()
        self._connection.close(linger_ms)
        self._fail_asked("this end was closed")

    # Sending

    def _queue(self, message: S, urgent: bool, correlation: int, trace: str) -> None:
        if self._closed:
            raise PeerUnreachable(self._router, "this end is closed")
        try:
            self._outbox.put(message, urgent=urgent, correlation=correlation, trace=trace)
        except Overloaded:
            if self._is_blocked or not self._heard:
                raise
            self._flush()  # it was only this turn's burst: the router has not been offered it yet
            self._outbox.put(message, urgent=urgent, correlation=correlation, trace=trace)
        self._wants_flush()

    def _wants_flush(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        link = self._connection.link
        if link is None or not self._outbox.is_due:
            return
        # Before the router answered on this socket only the heartbeat leaves: what ZeroMQ holds for somebody who never
        # comes is lost with the socket, what the outbox holds is not.
        flush = self._outbox.flush if self._heard else self._outbox.flush_beat
        self._is_blocked = not flush(link.send)
        link.settle(wants_room=self._is_blocked)

    def _room(self) -> None:
        if self._is_blocked:
            self._flush()

    def _beat(self) -> None:
        self._outbox.beat()
        self._wants_flush()

    def _give_up(self, future: "asyncio.Future[R]", timeout_s: float) -> None:
        if not future.done():
            future.set_exception(NoReply(self._router, timeout_s))

    # Receiving

    def _receive(self, batch: list[list[bytes]]) -> None:
        self._flush_due = True  # what is sent while the batch is heard leaves right after it, without another turn
        try:
            self._hear(batch)
        finally:
            self._flush()

    def _hear(self, batch: list[list[bytes]]) -> None:
        link = self._connection.link
        for parts in batch:
            bad = self._accept(parts)
            if bad is not None:
                self._refuse(bad)
            if link is not self._connection.link:
                return  # replaced or closed: the rest came to an identity that is no more
        self._delivery.flush()

    def _refuse(self, bad: BadFrame) -> None:
        self.counters.refuse(b"", bad)
        if self._heard and bad.sequence == self._heard + 1:
            self._heard += 1  # dropped, but not missing

    def _accept(self, parts: list[bytes]) -> BadFrame | None:
        if len(parts) != 1:
            return BadFrame(Reason.PARTS, f"{len(parts)} parts, 1 is right")
        envelope = self._codec.decode(parts[0])
        if isinstance(envelope, BadFrame):
            return envelope
        if envelope.sequence == 0:
            self._connection.replace("the router does not know this identity")
            return None
        if envelope.sequence != self._heard + 1 or (self._heard and envelope.boot != self.router_boot):
            bad = BadFrame(Reason.HOLE, f"frame {envelope.sequence} after frame {self._heard}")
            self._connection.replace(f"{bad.reason}: {bad.detail}")
            return bad
        self._heard += 1
        self.router_boot = envelope.boot
        self._connection.heard()
        if self._heard == 1:
            self._connected()
        if not envelope.correlation:
            if envelope.messages:
                self.counters.messages_received += len(envelope.messages)
                self._delivery.add(envelope)
            return None
        return self._answer(envelope)

    def _answer(self, envelope: Envelope[R]) -> BadFrame | None:
        if len(envelope.messages) != 1:
            return BadFrame(Reason.SHAPE, f"{len(envelope.messages)} answers to one request")
        self.counters.messages_received += 1
        future = self._asked.pop(envelope.correlation, None)
        if future is None or future.done():
            self.counters.late_replies += 1
        else:
            future.set_result(envelope.messages[0])
        return None

    # The connection

    def _make(self, address: Address, incarnation: int) -> "zmq.Socket[bytes]":
        return connecting(
            self._context,
            zmq.DEALER,
            address,
            self._codec.max_bytes,
            HIGH_WATER_FRAMES,
            self._settings,
            routing_id=identity(self._name, self._boot, incarnation),
        )

    def _opened(self, incarnation: int) -> None:
        self._heard = 0
        self._outbox.restart()
        self._beat()  # the first frame: the router knows us and answers at once
        if incarnation > 1:
            self.counters.reconnects += 1

    def _connected(self) -> None:
        if self._connection.incarnation > 1:
            self._delivery.tell(self._on_reconnect)
        self._wants_flush()  # what waited for this moment, an urgent hello first

    def _judged(self, verdict: Verdict) -> None:
        self._delivery.tell(self._on_verdict, verdict)
        if verdict is Verdict.LOST:
            self._fail_asked("it has been silent for too long")

    def _gone(self) -> None:
        self._delivery.flush()
        if self._heard:  # else no question has left, and all will
            self._fail_asked("the connection broke; ask again")

    def _fail_asked(self, why: str) -> None:
        asked, self._asked = self._asked, {}
        for future in asked.values():
            if not future.done():
                future.set_exception(PeerUnreachable(self._router, why))
