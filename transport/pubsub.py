"""One to many: a publisher numbers its frames, and a subscriber knows when it missed some.

PUB drops what a slow subscriber does not take. That is wanted, since nobody else may wait for it; the number makes the
loss known, and the subscriber's owner fetches a snapshot of what the events would have told.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar

import zmq

from transport.address import Address
from transport.connection import Connection, Events, places_of
from transport.counters import Counters
from transport.delivery import Delivery
from transport.envelope import MESSAGES_PER_FRAME, BadFrame, Codec, Envelope, Reason
from transport.errors import PeerUnreachable
from transport.identity import checked_boot
from transport.listener import Listener
from transport.liveness import Verdict
from transport.outbox import FRAME_BYTES
from transport.settings import LinkSettings
from transport.sockets import connecting

S = TypeVar("S")
R = TypeVar("R")

HIGH_WATER_FRAMES = 256
"""Frames that may wait for one subscriber, 64 KiB each as a rule; then it misses some."""


class Gap(StrEnum):
    """Why a subscriber cannot know what it missed."""

    JOINED = "joined"
    """The first frame that is heard: what came before it went by."""
    MISSED = "missed"
    """Frames were dropped on the way."""
    RESTARTED = "restarted"
    """Another life of the publisher speaks."""


class Publisher(Generic[S]):
    """Listens at `address` from construction to `close`; each message goes to whoever subscribes at that moment.

    With `takeover` it listens on an ipc path even if somebody else holds it, for the holder of a lease.

    Raises:
        AddressInUse: somebody listens there.
        AddressInvalid: the address has a key, and it is not this machine's.
        ValueError: the boot id is none.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: Address,
        codec: Codec[S, Any],
        *,
        boot: str,
        settings: LinkSettings | None = None,
        takeover: bool = False,
    ) -> None:
        self._settings = settings = settings or LinkSettings()
        self.counters = Counters()
        self._loop = asyncio.get_running_loop()
        self._codec, self._boot = codec, checked_boot(boot)
        self._packed: list[bytes] = []  # messages of the next frame
        self._packed_bytes = 0
        self._sequence = 0
        self._flush_due = False
        self._closed = False
        self._listener = Listener(
            context,
            zmq.PUB,
            address,
            codec.max_bytes,
            HIGH_WATER_FRAMES,
            settings=settings,
            takeover=takeover,
            counters=self.counters,
            on_broken=_nothing,
        )
        self._socket = self._listener.socket
        self.address = self._listener.address
        """Where it listens, with the port that the system chose."""
        self._timer = self._set_timer()

    def publish(self, message: S) -> None:
        """`message` leaves with this turn of the loop, encoded once for all subscribers.

        Raises:
            PeerUnreachable: this publisher is closed.
            MessageTooLarge: it fits no frame.
        """
        if self._closed:
            raise PeerUnreachable(str(self.address), "this publisher is closed")
        packed = self._codec.pack(message)
        if self._packed_bytes + len(packed) > FRAME_BYTES or len(self._packed) == MESSAGES_PER_FRAME:
            self._flush()
        self._packed.append(packed)
        self._packed_bytes += len(packed)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def close(self, linger_ms: int = 0) -> None:
        """Nothing is published any more and the address is free. Twice does no harm.

        With `linger_ms` what waits is handed to ZeroMQ, which goes on sending for so long at most.
        """
        if self._closed:
            return
        if linger_ms:
            self._flush()
        self._closed = True
        self._timer.cancel()
        self._listener.close(linger_ms)

    def _flush(self) -> None:
        self._flush_due = False
        if self._packed and not self._closed:
            self._send()

    def _send(self) -> None:
        """What was gathered leaves in one frame; an empty one says that this end lives. PUB always takes it."""
        frame = self._codec.frame(self._packed, boot=self._boot, sequence=self._sequence + 1)
        self._socket.send(frame, zmq.DONTWAIT)
        self._sequence += 1
        self.counters.messages_sent += len(self._packed)
        self._packed.clear()
        self._packed_bytes = 0

    def _set_timer(self) -> asyncio.TimerHandle:
        return self._loop.call_later(self._settings.until_beat_s(self._loop.time()), self._tick)

    def _tick(self) -> None:
        self._timer = self._set_timer()
        self._send()


class Subscriber(Generic[R]):
    """Hears what is published at `address` from construction to `close`, or hears that it missed some.

    Several addresses are places where the one publisher may be; they are tried in turn.

    Args:
        context: the process's one ZeroMQ context; inproc needs it shared.
        codec: its receiving side is used.
        on_batch: gets everything that one wake-up found.
        on_gap: called before the messages that follow the gap; the owner fetches a snapshot. Always once at the start.
        on_verdict: ALIVE, SUSPECT, LOST: what is thought of the publisher; SUSPECT at once if the connection breaks.
        name: for the log.
        jitter: chance in [0, 1) for the pauses before fresh sockets.
    Raises:
        AddressInvalid: nobody can ever listen there, or it has a key and this machine has none.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: Address | Sequence[Address],
        codec: Codec[Any, R],
        on_batch: Callable[[list[Envelope[R]]], None],
        on_gap: Callable[[Gap], None],
        *,
        name: str = "subscriber",
        on_verdict: Callable[[Verdict], None] | None = None,
        settings: LinkSettings | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings = settings or LinkSettings()
        self._context, self._codec = context, codec
        self._on_gap, self._on_verdict = on_gap, on_verdict
        self._delivery: Delivery[Envelope[R]] = Delivery(on_batch)
        self.counters = Counters()
        self.publisher_boot = ""
        """The life of the publisher that was heard last; empty before the first frame."""
        self._loop = asyncio.get_running_loop()
        self._heard: int | None = None  # the number of the last frame, whichever socket it came by
        self._connection = Connection(
            name,
            context,
            places_of(address),
            self._make,
            Events(self._opened, self._receive, _nothing, None, _nothing, self._judged),
            settings=settings,
            jitter=jitter,
        )
        self._connection.open()

    @property
    def verdict(self) -> Verdict:
        """What is thought of the publisher; SUSPECT until it is first heard."""
        return self._connection.verdict

    def close(self) -> None:
        """Nothing is heard any more, no callback runs. Twice does no harm."""
        self._delivery.close()
        self._connection.close(0)

    def _receive(self, batch: list[list[bytes]]) -> None:
        for parts in batch:
            envelope: Envelope[R] | BadFrame
            if len(parts) == 1:
                envelope = self._codec.decode(parts[0])
            else:
                envelope = BadFrame(Reason.PARTS, f"{len(parts)} parts, 1 is right")
            if isinstance(envelope, BadFrame):
                self.counters.refuse(b"", envelope)
                continue
            self._follow(envelope)
        self._delivery.flush()

    def _follow(self, envelope: Envelope[R]) -> None:
        gap = self._gap(envelope)
        self._heard = envelope.sequence
        self.publisher_boot = envelope.boot
        self._connection.heard()
        if gap is not None:
            self._delivery.tell(self._on_gap, gap)
        if envelope.messages:
            self.counters.messages_received += len(envelope.messages)
            self._delivery.add(envelope)

    def _gap(self, envelope: Envelope[R]) -> Gap | None:
        if self.publisher_boot and envelope.boot != self.publisher_boot:
            return Gap.RESTARTED
        if self._heard is None:
            return Gap.JOINED
        return Gap.MISSED if envelope.sequence != self._heard + 1 else None

    def _make(self, address: Address, _incarnation: int) -> "zmq.Socket[bytes]":
        return connecting(self._context, zmq.SUB, address, self._codec.max_bytes, HIGH_WATER_FRAMES, self._settings)

    def _opened(self, incarnation: int) -> None:
        if incarnation > 1:
            self.counters.reconnects += 1

    def _judged(self, verdict: Verdict) -> None:
        self._delivery.tell(self._on_verdict, verdict)


def _nothing() -> None:
    """A subscriber sends nothing, and nobody asks a publisher anything."""
