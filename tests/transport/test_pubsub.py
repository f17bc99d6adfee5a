import asyncio
from dataclasses import replace
from typing import Any

import pytest
import zmq

from tests.transport.kit import (
    QUICK,
    STILL,
    TIGHT,
    Heard,
    News,
    ToDealer,
    TurnedLoop,
    bound,
    dealer_codec,
    router_codec,
    turned,
)
from transport import Address, LinkSettings, PeerUnreachable, Reason, Verdict
from transport.pubsub import HIGH_WATER_FRAMES, Gap, Publisher, Subscriber

Context = zmq.Context[zmq.Socket[bytes]]


def publisher(
    context: Context, address: Address, boot: str = "p1", settings: LinkSettings = STILL
) -> "Publisher[ToDealer]":
    return Publisher(context, address, router_codec(), boot=boot, settings=settings)


class Listener:
    """A subscriber and, in one log, all that it hears: messages, gaps, verdicts."""

    def __init__(self, context: Context, *places: Address, settings: LinkSettings = STILL) -> None:
        self.heard = Heard()
        self.subscriber: Subscriber[ToDealer] = Subscriber(
            context,
            places,
            dealer_codec(),
            self.heard.batch,
            self.heard.add,
            on_verdict=self.heard.add,
            settings=settings,
            jitter=lambda: 0.0,
        )

    async def joins(self, source: "Publisher[ToDealer]") -> None:
        """It hears `source`; the log is empty again."""
        while Gap.JOINED not in self.heard.log:
            source.publish(News(-1))
            await asyncio.sleep(0)
        source.publish(News(-2))
        await self.heard.hears(News(-2))
        self.heard.log.clear()


class Replayer:
    """A publisher that sends exactly the frames that a test wants."""

    def __init__(self, context: Context, address: Address) -> None:
        self.socket = bound(context, zmq.PUB, address, 1 << 20, HIGH_WATER_FRAMES)

    def say(self, sequence: int, *messages: ToDealer, boot: str = "p1") -> None:
        self.socket.send(router_codec().encode(messages, boot=boot, sequence=sequence))

    async def is_heard_by(self, listener: Listener) -> None:
        while not listener.heard.log:
            self.say(1)
            await asyncio.sleep(0)
        self.say(1_000, News(0), boot="start")
        await listener.heard.hears(News(0))
        listener.heard.log.clear()


async def test_every_subscriber_hears_every_message_in_order(context: Context, address: Address) -> None:
    source = publisher(context, address)
    listeners = [Listener(context, source.address) for _ in range(3)]
    for listener in listeners:
        await listener.joins(source)
    for listener in listeners:
        listener.heard.log.clear()
    for n in range(5_000):
        source.publish(News(n))
    for listener in listeners:
        await listener.heard.hears(News(4_999))
        assert [m for m in listener.heard.log if isinstance(m, News) and m.n >= 0] == [News(n) for n in range(5_000)]
        assert Gap.MISSED not in listener.heard.log
        listener.subscriber.close()
    source.close()


async def test_messages_of_one_turn_are_one_frame_for_everybody(context: Context, inproc: Address) -> None:
    source = publisher(context, inproc)
    raw = context.socket(zmq.SUB)
    raw.setsockopt(zmq.SUBSCRIBE, b"")
    raw.connect(str(inproc))
    for n in range(50):
        source.publish(News(n))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    envelope: Any = dealer_codec().decode(raw.recv())
    assert envelope.messages == [News(n) for n in range(50)]
    assert not raw.poll(0)
    raw.close()
    source.close()


async def test_the_first_frame_tells_that_what_came_before_went_by(context: Context, address: Address) -> None:
    source = publisher(context, address)
    listener = Listener(context, source.address)
    while not listener.heard.log:
        source.publish(News(1))
        await asyncio.sleep(0)
    await listener.heard.hears(News(1))
    assert listener.heard.log[:3] == [Verdict.ALIVE, Gap.JOINED, News(1)]
    listener.subscriber.close()
    source.close()


async def test_a_hole_is_told_between_what_came_before_and_what_comes_after(context: Context, inproc: Address) -> None:
    source, listener = Replayer(context, inproc), Listener(context, inproc)
    await source.is_heard_by(listener)
    source.say(1, News(1))
    source.say(2, News(2))
    source.say(4, News(4))
    source.say(5, News(5))
    await listener.heard.hears(News(5))
    assert listener.heard.log == [Gap.RESTARTED, News(1), News(2), Gap.MISSED, News(4), News(5)]
    listener.subscriber.close()
    source.socket.close()


async def test_another_life_of_the_publisher_is_told_even_if_its_numbers_fit(context: Context, inproc: Address) -> None:
    source, listener = Replayer(context, inproc), Listener(context, inproc)
    await source.is_heard_by(listener)
    source.say(1_001, News(1), boot="start")
    source.say(1_002, News(2), boot="next")
    await listener.heard.hears(News(2))
    assert listener.heard.log == [News(1), Gap.RESTARTED, News(2)]
    assert listener.subscriber.publisher_boot == "next"
    listener.subscriber.close()
    source.socket.close()


async def test_a_slow_subscriber_learns_that_it_missed_some_and_others_miss_nothing(
    context: Context, inproc: Address
) -> None:
    source, quick = publisher(context, inproc), Listener(context, inproc)
    await quick.joins(source)
    slow = context.socket(zmq.SUB)
    slow.setsockopt(zmq.RCVHWM, 1)
    slow.setsockopt(zmq.SUBSCRIBE, b"")
    slow.connect(str(inproc))
    for n in range(2_000):
        source.publish(News(n))
        await asyncio.sleep(0)
    await quick.heard.hears(News(1_999))
    assert quick.heard.log == [News(n) for n in range(2_000)]
    waiting = 0
    while slow.poll(0):
        slow.recv()
        waiting += 1
    assert waiting <= HIGH_WATER_FRAMES + 1
    slow.close()
    quick.subscriber.close()
    source.close()


async def test_a_subscriber_that_misses_frames_is_told(context: Context, inproc: Address) -> None:
    source, listener = publisher(context, inproc), Listener(context, inproc)
    await listener.joins(source)
    for _ in range(3):
        for n in range(1_000):  # each its own frame, all in one turn, in which the subscriber cannot read
            source.publish(News(n, bytes(64 * 1024)))
        while Gap.MISSED not in listener.heard.log:  # the next frame tells, at the latest a heartbeat
            source.publish(News(-3))
            await asyncio.sleep(0)
        numbers = [message.n for message in listener.heard.log if isinstance(message, News) and message.n >= 0]
        assert numbers == list(range(len(numbers)))
        assert 0 < len(numbers) < 1_000
        assert listener.heard.log.index(Gap.MISSED) >= len(numbers)
        source.publish(News(-4))
        await listener.heard.hears(News(-4))
        listener.heard.log.clear()
    listener.subscriber.close()
    source.close()


def test_heartbeats_keep_an_idle_publisher_alive_and_are_no_gap(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        source = publisher(context, inproc, settings=LinkSettings())
        listener = Listener(context, inproc, settings=LinkSettings())
        await listener.joins(source)
        for _ in range(20):
            await loop.turn(1.0)
        source.publish(News(1))
        await listener.heard.hears(News(1))
        assert listener.heard.log == [News(1)]
        listener.subscriber.close()
        source.close()

    turned(main)


def test_a_silent_publisher_is_suspect_then_lost(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        source = publisher(context, inproc, settings=STILL)
        listener = Listener(context, inproc, settings=LinkSettings())
        await listener.joins(source)
        for _ in range(5):
            await loop.turn(1.0)
        assert listener.heard.log == [Verdict.SUSPECT, Verdict.LOST]
        await loop.turn(1.0)
        assert listener.subscriber.counters.reconnects == 1
        listener.subscriber.close()
        source.close()

    turned(main)


async def test_messages_flow_again_after_the_publisher_was_replaced(context: Context, address: Address) -> None:
    source = publisher(context, address, "life1", QUICK)
    address = source.address
    listener = Listener(context, address, settings=QUICK)
    await listener.joins(source)
    for life in ("life2", "life3"):
        source.close()
        source = publisher(context, address, life, QUICK)
        await listener.heard.until(lambda life=life: listener.subscriber.publisher_boot == life)  # type: ignore[misc]
        assert Gap.RESTARTED in listener.heard.log
        source.publish(News(7))
        await listener.heard.hears(News(7))
        listener.heard.log.clear()
    listener.subscriber.close()
    source.close()


async def test_hostile_frames_are_counted_and_dropped(context: Context, inproc: Address) -> None:
    source, listener = Replayer(context, inproc), Listener(context, inproc)
    await source.is_heard_by(listener)
    source.say(1_001, News(1), boot="start")
    for parts in ([b"\xc1"], [b""], [b"x", b"y"]):
        source.socket.send_multipart(parts)
    source.say(1_002, News(2), boot="start")
    await listener.heard.hears(News(2))
    assert listener.heard.log == [News(1), News(2)]
    assert listener.subscriber.counters.refused == {
        (b"", Reason.GARBAGE): 1,
        (b"", Reason.TRUNCATED): 1,
        (b"", Reason.PARTS): 1,
    }
    listener.subscriber.close()
    source.socket.close()


async def test_a_burst_beyond_the_outbox_is_published_all_the_same(context: Context, inproc: Address) -> None:
    source = publisher(context, inproc, settings=LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox))
    listener = Listener(context, inproc)
    await listener.joins(source)
    for n in range(500):
        source.publish(News(n))
    await listener.heard.hears(News(499))
    assert listener.heard.log == [News(n) for n in range(500)]
    listener.subscriber.close()
    source.close()


async def test_a_closed_publisher_says_so_and_a_closed_subscriber_hears_nothing(
    context: Context, inproc: Address
) -> None:
    source, listener = publisher(context, inproc), Listener(context, inproc)
    await listener.joins(source)
    listener.subscriber.close()
    listener.subscriber.close()
    source.publish(News(1))
    for _ in range(5):
        await asyncio.sleep(0)
    source.close()
    source.close()
    assert listener.heard.log == []
    with pytest.raises(PeerUnreachable, match="closed"):
        source.publish(News(2))


async def test_a_publisher_that_goes_is_noticed_at_once_and_found_at_its_next_place(
    context: Context, ipc: Address
) -> None:
    places = [Address.parse(f"ipc://{ipc.place}.{number}") for number in range(3)]
    source = publisher(context, places[1], "life1")
    told: LinkSettings = replace(QUICK, patience=STILL.patience, visit=STILL.backoff)
    listener = Listener(context, *places, settings=told)
    await listener.joins(source)
    source.close()
    await listener.heard.hears(Verdict.SUSPECT)
    source = publisher(context, places[2], "life2")
    while listener.subscriber.publisher_boot != "life2":
        source.publish(News(1))
        await asyncio.sleep(0)
    await listener.heard.hears(News(1))
    assert listener.heard.log[:4] == [Verdict.SUSPECT, Verdict.ALIVE, Gap.RESTARTED, News(1)]
    listener.subscriber.close()
    source.close()


async def test_a_successor_publishes_at_the_path_of_who_still_holds_it(context: Context, ipc: Address) -> None:
    first = publisher(context, ipc, "life1")
    second: Publisher[ToDealer] = Publisher(context, ipc, router_codec(), boot="life2", settings=STILL, takeover=True)
    listener = Listener(context, ipc)
    await listener.joins(second)
    assert listener.subscriber.publisher_boot == "life2"
    listener.subscriber.close()
    first.close()
    second.close()
