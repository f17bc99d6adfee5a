"""What the transport's tests share: two small unions, a clock to turn, and something to wait with."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import zmq

from transport import Address, Codec, LinkSettings, OutboxLimits, Patience
from transport.backoff import Backoff
from transport.sockets import HIGH_WATER_FRAMES, connect, connecting, listen, listening


class Ask(msgspec.Struct, array_like=True, frozen=True, tag=1):
    n: int


class Data(msgspec.Struct, array_like=True, frozen=True, tag=2):
    n: int
    payload: bytes = b""


class Answer(msgspec.Struct, array_like=True, frozen=True, tag=11):
    n: int


class News(msgspec.Struct, array_like=True, frozen=True, tag=12):
    n: int
    payload: bytes = b""


ToRouter = Ask | Data
ToDealer = Answer | News

TRANSPORTS = ("inproc", "ipc", "tcp")

QUICK = LinkSettings(
    beat_s=0.02,
    patience=Patience(suspect_s=0.3, lost_s=0.5),
    backoff=Backoff(first_s=0.01, limit_s=0.1),
)
"""Real time, but not the tester's."""

STILL = LinkSettings(beat_s=1000.0, patience=Patience(suspect_s=3000.0, lost_s=5000.0))
"""No beat ever comes to the rescue of a wake-up that was lost."""

TIGHT = LinkSettings(outbox=OutboxLimits(messages=50, size_bytes=10 << 20, urgent_messages=5))

_names = itertools.count()


def router_codec(max_bytes: int = 1 << 20) -> "Codec[ToDealer, ToRouter]":
    return Codec(ToRouter, max_bytes=max_bytes)


def dealer_codec(max_bytes: int = 1 << 20) -> "Codec[ToRouter, ToDealer]":
    return Codec(ToDealer, max_bytes=max_bytes)


def fresh_name() -> str:
    return f"n{next(_names)}"


def bound(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, address: Address, max_bytes: int, frames: int
) -> "zmq.Socket[bytes]":
    """A plain socket that listens, with our options, but for their patience.

    With that the kernel cuts a connection whose reader has had no room for ten seconds, and a plain socket, which
    begins nothing anew, loses what was under way: on a machine that is held up so long a test would wait for ever.
    """
    socket = listening(context, kind, address, max_bytes, frames, STILL)
    try:
        listen(socket, address)
    except BaseException:
        socket.close()
        raise
    return socket


def connected(
    context: "zmq.Context[zmq.Socket[bytes]]", kind: int, address: Address, max_bytes: int, frames: int
) -> "zmq.Socket[bytes]":
    """A plain socket that connects; see `bound`."""
    socket = connecting(context, kind, address, max_bytes, frames, STILL)
    connect(socket, address)
    return socket


class Heard:
    """Keeps what callbacks report, in order, and wakes who waits for it."""

    def __init__(self) -> None:
        self.log: list[Any] = []
        self._changed = asyncio.Event()

    def add(self, *items: Any) -> None:
        self.log.extend(items)
        self._changed.set()

    def batch_at_router(self, batch: list[Any]) -> None:
        self.add(*((peer, message) for peer, envelope in batch for message in envelope.messages))

    def batch(self, batch: list[Any]) -> None:
        self.add(*(message for envelope in batch for message in envelope.messages))

    async def until(self, condition: Callable[[], bool]) -> None:
        """`condition` holds; it is looked at after each report."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def turn(self) -> None:
        """The loop went round, and looked at its sockets."""
        await asyncio.sleep(0)

    async def hears(self, item: Any) -> None:
        await self.until(lambda: item in self.log)

    async def holds(self, count: int) -> None:
        await self.until(lambda: len(self.log) >= count)


async def until(condition: Callable[[], object]) -> None:
    """`condition` holds. What a counter tells has no event to wait for."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0)


class TurnedLoop(asyncio.SelectorEventLoop):
    """A loop whose clock stands still until a test turns it. Sockets work as ever."""

    _turned_s = 0.0

    def time(self) -> float:
        return self._turned_s

    def jump(self, seconds: float) -> None:
        """The clock shows `seconds` more."""
        self._turned_s += seconds

    async def turn(self, seconds: float) -> None:
        """The clock shows `seconds` more, and every timer that this makes due has run."""
        self.jump(seconds)
        await self.settle()

    async def settle(self) -> None:
        """Callbacks that were ready, and those that they made ready, have run."""
        for _ in range(4):
            await asyncio.sleep(0)


def turned(main: Callable[[TurnedLoop], Coroutine[Any, Any, None]]) -> None:
    """Runs `main` on a loop with a clock to turn."""
    with asyncio.Runner(loop_factory=TurnedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, TurnedLoop)
        runner.run(main(loop))


def raw_dealer(context: "zmq.Context[zmq.Socket[bytes]]", url: object, identity: bytes) -> "zmq.Socket[bytes]":
    """A peer that sends whatever it is told to."""
    socket = context.socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVHWM, HIGH_WATER_FRAMES)  # on inproc the two ends' marks add up
    socket.setsockopt(zmq.ROUTING_ID, identity)
    socket.connect(str(url))
    return socket
