import asyncio
import time
from typing import Any

import msgspec
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from tests.transport.kit import (
    STILL,
    TIGHT,
    Answer,
    Ask,
    Data,
    Heard,
    News,
    ToDealer,
    ToRouter,
    TurnedLoop,
    dealer_codec,
    fresh_name,
    raw_dealer,
    router_codec,
    turned,
)
from transport import (
    Address,
    AddressInUse,
    BadFrame,
    Dealer,
    Envelope,
    LinkSettings,
    MessageTooLarge,
    Overloaded,
    PeerUnreachable,
    Reason,
    Router,
    Verdict,
)

Context = zmq.Context[zmq.Socket[bytes]]

PEER = b"worker-0.w1.1"


class Bench:
    """A router whose clock stands still, and raw peers that say exactly what a test wants them to."""

    def __init__(self, context: Context, address: Address, settings: LinkSettings = STILL, **options: Any) -> None:
        self.context = context
        self.heard, self.verdicts = Heard(), Heard()
        self.router: Router[ToDealer, ToRouter] = Router(
            context,
            address,
            router_codec(**options),
            self.heard.batch_at_router,
            boot="broker1",
            on_peer=lambda peer, verdict: self.verdicts.add((peer, verdict)),
            settings=settings,
        )
        self.raws: dict[bytes, zmq.Socket[bytes]] = {}

    def say(self, *parts: bytes, peer: bytes = PEER) -> None:
        if peer not in self.raws:
            self.raws[peer] = raw_dealer(self.context, self.router.address, peer)
        self.raws[peer].send_multipart(parts)

    def speak(self, sequence: int, *messages: ToRouter, peer: bytes = PEER, boot: str = "w1") -> None:
        self.say(dealer_codec().encode(messages, boot=boot, sequence=sequence), peer=peer)

    def receive(self, peer: bytes = PEER) -> Envelope[ToDealer]:
        assert self.raws[peer].poll(5_000)
        envelope = dealer_codec().decode(self.raws[peer].recv())
        assert not isinstance(envelope, BadFrame)
        return envelope

    async def refuses(self, reason: Reason, count: int = 1) -> None:
        """So many frames were refused for `reason`. The router speaks to nobody then, so it is given turns."""
        while self.router.counters.refused_for(reason) < count:
            await self.heard.turn()

    def close(self) -> None:
        self.router.close()
        for raw in self.raws.values():
            raw.close()


async def test_what_a_peer_sends_arrives_with_who_sent_it(context: Context, address: Address) -> None:
    bench = Bench(context, address)
    bench.speak(1, Ask(1), Data(2, b"x"))
    await bench.heard.holds(2)
    assert bench.heard.log == [(PEER, Ask(1)), (PEER, Data(2, b"x"))]
    assert bench.verdicts.log == [(PEER, Verdict.ALIVE)]
    assert bench.router.peers == {PEER: Verdict.ALIVE}
    bench.close()


async def test_all_that_one_wake_up_finds_comes_in_one_call(context: Context, inproc: Address) -> None:
    sizes = Heard()
    router: Router[ToDealer, ToRouter] = Router(
        context, inproc, router_codec(), lambda batch: sizes.add(len(batch)), boot="b", settings=STILL
    )
    raw = raw_dealer(context, inproc, PEER)
    for sequence in range(1, 31):
        raw.send(dealer_codec().encode([Ask(sequence)], boot="w", sequence=sequence))
    await sizes.holds(1)
    assert sizes.log == [30]
    router.close()
    raw.close()


async def test_messages_of_one_turn_leave_as_one_frame_per_peer(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc)
    for peer in (b"a.1.1", b"b.1.1"):
        bench.speak(1, Ask(0), peer=peer)
    await bench.heard.holds(2)
    for n in range(10):
        bench.router.send(b"a.1.1", News(n))
        bench.router.send(b"b.1.1", News(n + 100))
    bench.router.send(b"a.1.1", Answer(1), urgent=True)
    await bench.heard.turn()
    first, second = bench.receive(b"a.1.1"), bench.receive(b"a.1.1")
    assert (first.messages, first.sequence, first.boot) == ([Answer(1)], 1, "broker1")
    assert (second.messages, second.sequence) == ([News(n) for n in range(10)], 2)
    assert bench.receive(b"b.1.1").messages == [News(n + 100) for n in range(10)]
    assert not bench.raws[b"b.1.1"].poll(0)
    bench.close()


async def test_a_heartbeat_is_answered_by_one_and_never_handed_on(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc)
    bench.speak(1)
    await bench.verdicts.holds(1)
    assert bench.receive().messages == []
    for sequence in range(2, 12):
        bench.speak(sequence)
    bench.speak(12, Ask(1))
    await bench.heard.holds(1)
    assert bench.heard.log == [(PEER, Ask(1))]
    assert bench.receive().messages == []
    assert not bench.raws[PEER].poll(0)
    bench.close()


async def test_a_stranger_cannot_be_sent_anything(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc)
    with pytest.raises(
        PeerUnreachable, match="worker-0 cannot be reached: it was never heard, or its connection has ended"
    ):
        bench.router.send(PEER, News(1))
    bench.close()
    with pytest.raises(PeerUnreachable, match="this router is closed"):
        bench.router.send(PEER, News(1))


def test_silence_makes_a_peer_suspect_then_lost_and_speech_makes_it_alive(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        bench = Bench(context, inproc, LinkSettings())
        bench.speak(1)
        await bench.verdicts.holds(1)
        await loop.turn(2.9)
        assert len(bench.verdicts.log) == 1
        await loop.turn(1.0)
        assert bench.verdicts.log[1:] == [(PEER, Verdict.SUSPECT)]
        assert bench.router.peers == {PEER: Verdict.SUSPECT}
        bench.speak(2)
        await bench.verdicts.holds(3)
        bench.router.send(PEER, News(1))
        for _ in range(5):
            await loop.turn(1.0)
        assert [verdict for _, verdict in bench.verdicts.log] == [
            Verdict.ALIVE,
            Verdict.SUSPECT,
            Verdict.ALIVE,
            Verdict.SUSPECT,
            Verdict.LOST,
        ]
        assert bench.router.peers == {}
        with pytest.raises(PeerUnreachable):
            bench.router.send(PEER, News(2))
        bench.close()

    turned(main)


def test_a_peer_that_is_lost_is_told_to_begin_anew_and_is_not_heard_under_its_old_identity(
    context: Context, inproc: Address
) -> None:
    async def main(loop: TurnedLoop) -> None:
        bench = Bench(context, inproc, LinkSettings())
        bench.speak(1)
        await bench.verdicts.holds(1)
        assert bench.receive().sequence == 1
        await loop.turn(6.0)
        bench.speak(2, Ask(1))
        await bench.refuses(Reason.STRANGER)
        told = bench.receive()
        assert (told.sequence, told.messages) == (0, [])
        assert bench.heard.log == []
        bench.speak(1, Ask(2), peer=b"worker-0.w1.2")
        await bench.heard.hears((b"worker-0.w1.2", Ask(2)))
        bench.close()

    turned(main)


def test_after_a_pause_of_its_own_a_router_first_hears_what_waits(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        bench = Bench(context, inproc, LinkSettings())
        peers = [b"w%d.w1.1" % number for number in range(600)]
        for peer in peers:
            bench.speak(1, peer=peer)
        await bench.verdicts.holds(600)
        for peer in peers:  # they beat while nobody reads, more of them than one drain takes
            bench.speak(2, peer=peer)
        await loop.turn(60.0)
        await loop.turn(0.5)
        assert {verdict for _, verdict in bench.verdicts.log} == {Verdict.ALIVE}
        assert len(bench.router.peers) == 600
        bench.close()

    turned(main)


async def test_a_hole_ends_an_identity(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc)
    bench.speak(1, Ask(1))
    bench.speak(2, Ask(2))
    bench.speak(4, Ask(4))
    bench.speak(5, Ask(5))
    await bench.refuses(Reason.STRANGER)
    assert bench.heard.log == [(PEER, Ask(1)), (PEER, Ask(2))]
    assert bench.verdicts.log == [(PEER, Verdict.ALIVE), (PEER, Verdict.SUSPECT)]
    assert bench.router.counters.refused == {(PEER, Reason.HOLE): 1, (PEER, Reason.STRANGER): 1}
    assert bench.receive().sequence == 0
    assert not bench.raws[PEER].poll(0)
    bench.close()


@pytest.mark.parametrize(("sequence", "boot"), [(1, "w1"), (2, "w2")])
async def test_a_frame_told_twice_or_by_another_life_ends_an_identity(
    context: Context, inproc: Address, sequence: int, boot: str
) -> None:
    bench = Bench(context, inproc)
    bench.speak(1, Ask(1))
    bench.speak(sequence, Ask(2), boot=boot)
    await bench.refuses(Reason.HOLE)
    assert bench.heard.log == [(PEER, Ask(1))]
    assert bench.verdicts.log[-1] == (PEER, Verdict.SUSPECT)
    bench.close()


async def test_news_of_a_peer_comes_in_order_with_its_messages(context: Context, inproc: Address) -> None:
    told: list[Any] = []
    heard = Heard()

    def on_batch(batch: list[Any]) -> None:
        told.extend(message for _, envelope in batch for message in envelope.messages)

    def on_peer(peer: bytes, verdict: Verdict) -> None:
        told.append(verdict)
        heard.add(verdict)

    router: Router[ToDealer, ToRouter] = Router(
        context, inproc, router_codec(), on_batch, boot="b", on_peer=on_peer, settings=STILL
    )
    raw = raw_dealer(context, inproc, PEER)
    for sequence in (1, 2, 9):
        raw.send(dealer_codec().encode([Ask(sequence)], boot="w", sequence=sequence))
    await heard.hears(Verdict.SUSPECT)
    assert told == [Verdict.ALIVE, Ask(1), Ask(2), Verdict.SUSPECT]
    router.close()
    raw.close()


async def test_a_peer_that_said_goodbye_is_not_reported_lost(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc)
    bench.speak(1, Ask(1))
    await bench.heard.holds(1)
    bench.router.send(PEER, News(1))
    bench.router.forget(PEER)
    bench.router.forget(b"nobody")
    assert bench.router.counters.undelivered == 1
    bench.speak(2, Ask(2))
    await bench.refuses(Reason.STRANGER)
    assert bench.verdicts.log == [(PEER, Verdict.ALIVE)]
    bench.close()


async def test_a_peer_whose_connection_is_gone_is_suspect_at_the_next_message(
    context: Context, inproc: Address
) -> None:
    bench = Bench(context, inproc)
    bench.speak(1, Ask(1))
    await bench.heard.holds(1)
    bench.raws[PEER].close()
    while not bench.router.counters.undelivered:
        try:
            bench.router.send(PEER, News(1))
        except PeerUnreachable:
            break
        await bench.heard.turn()
    assert bench.verdicts.log == [(PEER, Verdict.ALIVE), (PEER, Verdict.SUSPECT)]
    assert bench.router.counters.undelivered
    assert bench.router.peers == {}
    bench.close()


def test_an_identity_that_has_ended_is_lost_only_after_the_patience_that_any_silence_is_given(
    context: Context, inproc: Address
) -> None:
    async def main(loop: TurnedLoop) -> None:
        bench = Bench(context, inproc, LinkSettings())
        bench.speak(1, Ask(1))
        bench.speak(3, Ask(3))
        await bench.verdicts.hears((PEER, Verdict.SUSPECT))
        for _ in range(4):
            await loop.turn(1.0)
        assert bench.verdicts.log == [(PEER, Verdict.ALIVE), (PEER, Verdict.SUSPECT)]
        await loop.turn(1.0)
        assert bench.verdicts.log[2:] == [(PEER, Verdict.LOST)]
        bench.close()

    turned(main)


async def test_a_connection_that_breaks_is_noticed_without_a_message(context: Context, ipc: Address) -> None:
    bench = Bench(context, ipc)
    other = b"worker-1.w2.1"
    bench.speak(1, Ask(1))
    bench.speak(1, Ask(1), peer=other)
    await bench.heard.holds(2)
    bench.raws[PEER].close()
    await bench.verdicts.hears((PEER, Verdict.SUSPECT))
    assert bench.router.peers == {other: Verdict.ALIVE}
    assert bench.receive(other).messages == []
    bench.close()


# A peer that does not read


async def test_a_peer_that_does_not_read_has_a_bounded_outbox_and_nobody_else_waits(
    context: Context, address: Address
) -> None:
    bench = Bench(context, address, LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox))
    reader = b"reader.r1.1"
    bench.speak(1, Ask(1))
    bench.speak(1, Ask(1), peer=reader)
    await bench.heard.holds(2)
    sent = 0
    with pytest.raises(Overloaded, match="worker-0 does not take what it is sent: 50 messages"):
        for sent in range(10_000):
            bench.router.send(PEER, News(sent, bytes(60_000)))
            if sent % 10 == 0:
                await bench.heard.turn()
    assert bench.router.waiting(PEER) == 50
    assert sent < 2_000
    bench.router.send(reader, News(5))
    await bench.heard.turn()
    assert bench.receive(reader).messages == [News(5)]
    bench.close()


async def test_an_urgent_message_overtakes_the_data_that_waits(context: Context, address: Address) -> None:
    bench = Bench(context, address, LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox))
    bench.speak(1, Ask(1))
    await bench.heard.holds(1)
    sent = 0
    while True:
        try:
            bench.router.send(PEER, News(sent, bytes(60_000)))
        except Overloaded:
            break
        sent += 1
        await bench.heard.turn()
    handed_over = bench.router.counters.messages_sent
    bench.router.send(PEER, Answer(1), urgent=True)
    numbers: list[Any] = []
    while len(numbers) < sent + 1:
        if bench.raws[PEER].poll(10):
            envelope = dealer_codec().decode(bench.raws[PEER].recv())
            assert not isinstance(envelope, BadFrame)
            numbers += [message if isinstance(message, Answer) else message.n for message in envelope.messages]
        await bench.heard.turn()
    assert numbers == [*range(handed_over), Answer(1), *range(handed_over, sent)]
    assert sent - handed_over == 50
    bench.close()


async def test_what_waits_for_a_blocked_peer_leaves_when_it_reads_again(context: Context, address: Address) -> None:
    bench = Bench(context, address)
    peers = [b"a.1.1", b"b.1.1", b"c.1.1"]
    for peer in peers:
        bench.speak(1, Ask(1), peer=peer)
    await bench.heard.holds(3)
    for n in range(200):
        for peer in peers:
            bench.router.send(peer, News(n, bytes(60_000)))
        await bench.heard.turn()
    assert all(bench.router.waiting(peer) for peer in peers)
    for peer in reversed(peers):
        numbers: list[int] = []
        while len(numbers) < 200:
            if bench.raws[peer].poll(10):
                envelope = dealer_codec().decode(bench.raws[peer].recv())
                assert not isinstance(envelope, BadFrame)
                numbers += [message.n for message in envelope.messages]
            await bench.heard.turn()
        assert numbers == list(range(200))
    bench.close()


async def test_a_sign_that_a_flush_swallowed_is_made_good(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc)
    bench.speak(1, Ask(1))
    await bench.heard.holds(1)

    def speak_behind_the_selectors_back(sequence: int) -> None:
        end_s = time.perf_counter() + 0.002  # a send works off ZeroMQ's commands once a millisecond at most
        while time.perf_counter() < end_s:
            pass
        bench.speak(sequence, Ask(sequence))

    for sequence in range(2, 12):
        asyncio.get_running_loop().call_soon(speak_behind_the_selectors_back, sequence)
        bench.router.send(PEER, News(sequence))  # its flush runs right after, in the same turn
        await bench.heard.hears((PEER, Ask(sequence)))
    bench.close()


async def test_a_burst_of_one_turn_is_no_overload_of_a_peer_that_reads(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc, LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox))
    bench.speak(1, Ask(1))
    await bench.heard.holds(1)
    for n in range(500):
        bench.router.send(PEER, News(n))
    await bench.heard.turn()
    assert bench.router.waiting(PEER) == 0
    numbers = [message.n for _ in range(10) for message in bench.receive().messages]
    assert numbers == list(range(500))
    bench.close()


async def test_a_message_that_fits_no_frame_is_refused(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc, max_bytes=10_000)
    bench.speak(1, Ask(1))
    await bench.heard.holds(1)
    with pytest.raises(MessageTooLarge):
        bench.router.send(PEER, News(1, bytes(10_000)))
    bench.close()


# Hostile peers

HOSTILE = {
    "garbage": [b"\xc1\xc1\xc1"],
    "empty": [b""],
    "truncated": [dealer_codec().encode([Ask(1)], boot="w1")[:-1]],
    "nested": [b"\x91" * 5_000],
    "wrong direction": [router_codec().encode([Answer(1)], boot="w1")],
    "wrong version": [msgspec.msgpack.encode((2, "w1", 1, 0, "", []))],
    "unknown kind": [msgspec.msgpack.encode((1, "w1", 1, 0, "", [(99,)]))],
    "wrong shape": [msgspec.msgpack.encode({"hello": "world"})],
    "more parts": [dealer_codec().encode([Ask(1)], boot="w1")] * 2,
    "many parts": [b""] * 3_000,
    "a little too long": [b"x" * 15_000],
    "a length that lies": [b"\x96\x01\xa1b\x01\x00\xa0\xdd\xff\xff\xff\xff"],
}


@pytest.mark.parametrize("transport", ["inproc", "ipc", "tcp"])
async def test_hostile_frames_are_counted_logged_once_and_dropped(
    context: Context, transport: str, request: pytest.FixtureRequest
) -> None:
    bench = Bench(context, request.getfixturevalue(transport), max_bytes=10_000)
    good = b"good.g1.1"
    bench.speak(1, Ask(1), peer=good)
    await bench.heard.holds(1)
    with capture_logs() as logs:
        for round_number in range(20):
            for parts in HOSTILE.values():
                bench.say(*parts, peer=b"evil.e1.1")
            bench.speak(2 + round_number, Ask(2 + round_number), peer=good)
        await bench.heard.hears((good, Ask(21)))
        while sum(bench.router.counters.refused.values()) < 20 * len(HOSTILE):
            await bench.heard.turn()
    assert [log["event"] for log in logs] == ["frame.refused"]
    assert logs[0]["peer"] == "evil"
    assert {peer for peer, _ in bench.router.counters.refused} == {b"evil.e1.1"}
    assert {reason: count for (_, reason), count in bench.router.counters.refused.items()} == {
        Reason.GARBAGE: 20,
        Reason.TRUNCATED: 2 * 20,
        Reason.OVERSIZED: 20,
        Reason.KIND: 2 * 20,
        Reason.VERSION: 20,
        Reason.SHAPE: 3 * 20,
        Reason.PARTS: 2 * 20,
    }
    assert bench.heard.log == [(good, Ask(n)) for n in range(1, 22)]
    assert set(bench.router.peers) == {good}
    bench.close()


@pytest.mark.parametrize("transport", ["ipc", "tcp"])
async def test_a_huge_frame_cuts_the_connection_of_its_sender_and_nobody_elses(
    context: Context, transport: str, request: pytest.FixtureRequest
) -> None:
    bench = Bench(context, request.getfixturevalue(transport), max_bytes=10_000)
    bench.speak(1, Ask(1), peer=b"evil.e1.1")
    bench.speak(1, Ask(1), peer=b"good.g1.1")
    await bench.heard.holds(2)
    monitor = bench.raws[b"evil.e1.1"].get_monitor_socket(zmq.EVENT_DISCONNECTED)
    bench.say(bytes(50 << 20), peer=b"evil.e1.1")
    assert monitor.poll(10_000)
    bench.speak(2, Ask(2), peer=b"good.g1.1")
    await bench.heard.hears((b"good.g1.1", Ask(2)))
    bench.raws[b"evil.e1.1"].disable_monitor()
    monitor.close()
    bench.close()


async def test_a_dropped_frame_of_a_known_peer_leaves_no_hole(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc)
    bench.speak(1, Ask(1))
    bench.say(msgspec.msgpack.encode((1, "w1", 2, 0, "", [(99, "from a newer version")])))
    bench.speak(3, Ask(3))
    await bench.heard.holds(2)
    assert bench.heard.log == [(PEER, Ask(1)), (PEER, Ask(3))]
    assert bench.router.counters.refused == {(PEER, Reason.KIND): 1}
    bench.close()


async def test_peers_beyond_the_limit_are_refused_until_there_is_room(context: Context, inproc: Address) -> None:
    bench = Bench(context, inproc, LinkSettings(1000.0, STILL.patience, peers=2))
    for peer in (b"a.1.1", b"b.1.1"):
        bench.speak(1, Ask(1), peer=peer)
    await bench.heard.holds(2)
    bench.speak(1, Ask(1), peer=b"c.1.1")
    await bench.refuses(Reason.CROWDED)
    assert set(bench.router.peers) == {b"a.1.1", b"b.1.1"}
    bench.router.forget(b"a.1.1")
    bench.speak(1, Ask(1), peer=b"c.1.2")
    await bench.heard.hears((b"c.1.2", Ask(1)))
    bench.close()


async def test_a_second_router_at_the_address_is_refused(context: Context, address: Address) -> None:
    bench = Bench(context, address)
    with pytest.raises(AddressInUse):
        Bench(context, bench.router.address)
    bench.close()


async def test_what_an_owner_raises_loses_nothing_of_the_next_batch(context: Context, inproc: Address) -> None:
    raised, heard = Heard(), Heard()
    asyncio.get_running_loop().set_exception_handler(lambda _, told: raised.add(told["exception"]))

    def on_batch(batch: list[Any]) -> None:
        heard.batch_at_router(batch)
        raise LookupError

    router: Router[ToDealer, ToRouter] = Router(context, inproc, router_codec(), on_batch, boot="b", settings=STILL)
    raw = raw_dealer(context, inproc, PEER)
    for sequence in range(1, 601):
        raw.send(dealer_codec().encode([Ask(sequence)], boot="w", sequence=sequence))
    await heard.holds(600)
    assert [message.n for _, message in heard.log] == list(range(1, 601))
    assert len(raised.log) == 3
    router.close()
    raw.close()


async def test_a_router_may_be_closed_by_its_own_callback(context: Context, inproc: Address) -> None:
    told = Heard()

    def on_peer(peer: bytes, verdict: Verdict) -> None:
        told.add((peer, verdict))
        router.close()

    router: Router[ToDealer, ToRouter] = Router(
        context, inproc, router_codec(), told.batch_at_router, boot="b", on_peer=on_peer, settings=STILL
    )
    raws = [raw_dealer(context, inproc, peer) for peer in (b"a.1.1", b"b.1.1")]
    for raw in raws:
        raw.send(dealer_codec().encode([Ask(1)], boot="w", sequence=1))
    await told.holds(1)
    for _ in range(5):
        await told.turn()
    assert told.log == [(b"a.1.1", Verdict.ALIVE)]
    assert router.peers == {}
    with pytest.raises(PeerUnreachable, match="closed"):
        router.send(b"a.1.1", News(1))
    for raw in raws:
        raw.close()


async def test_with_linger_the_last_words_are_heard(context: Context, address: Address) -> None:
    bench = Bench(context, address)
    bench.speak(1, Ask(1))
    await bench.heard.holds(1)
    bench.router.send(PEER, News(7))
    bench.router.close(linger_ms=1_000)
    assert bench.receive().messages == [News(7)]
    bench.close()


patterns = st.lists(
    st.tuples(st.sampled_from(["router", "dealer", "turn"]), st.integers(1, 60), st.booleans()), max_size=40
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=patterns)
def test_whatever_the_bursts_each_end_hears_all_in_order_without_a_stall(
    context: Context, pattern: list[tuple[str, int, bool]]
) -> None:
    async def main(loop: TurnedLoop) -> None:
        inproc = Address.parse(f"inproc://{fresh_name()}")
        bench, heard = Bench(context, inproc), Heard()
        dealer: Dealer[ToRouter, ToDealer] = Dealer(
            context, inproc, dealer_codec(), heard.batch, name="d", boot="d1", settings=STILL
        )
        await bench.verdicts.holds(1)
        there: dict[bool, list[int]] = {True: [], False: []}
        back: dict[bool, list[int]] = {True: [], False: []}
        number = 0
        for who, count, is_urgent in pattern:
            if who == "turn":
                for _ in range(count % 4):
                    await bench.heard.turn()
                continue
            for _ in range(count):
                number += 1
                if who == "dealer":
                    dealer.send(Ask(number), urgent=is_urgent)
                    there[is_urgent].append(number)
                else:
                    bench.router.send(dealer.identity, News(number), urgent=is_urgent)
                    back[is_urgent].append(number)
        await bench.heard.holds(sum(map(len, there.values())))
        await heard.holds(sum(map(len, back.values())))
        for is_urgent in (True, False):
            arrived = [message.n for _, message in bench.heard.log]
            assert [n for n in arrived if n in set(there[is_urgent])] == there[is_urgent]
            assert [m.n for m in heard.log if m.n in set(back[is_urgent])] == back[is_urgent]
        dealer.close()
        bench.close()

    turned(main)
