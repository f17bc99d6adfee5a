import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
import zmq
from structlog.testing import capture_logs

from tests.transport.kit import (
    QUICK,
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
    bound,
    dealer_codec,
    router_codec,
    turned,
    until,
)
from transport import (
    Address,
    BadFrame,
    Dealer,
    Envelope,
    LinkSettings,
    NoReply,
    Overloaded,
    PeerUnreachable,
    Reason,
    Router,
    Verdict,
)
from transport.sockets import HIGH_WATER_FRAMES, close_listening

Context = zmq.Context[zmq.Socket[bytes]]


class Pair:
    """A router that answers what it is asked, and dealers, with all that they report."""

    def __init__(self, context: Context, address: Address, settings: LinkSettings = STILL) -> None:
        self.context, self.settings = context, settings
        self.at_router, self.at_dealer, self.verdicts, self.reconnects = Heard(), Heard(), Heard(), Heard()
        self.address = address
        self.dealers: list[Dealer[ToRouter, ToDealer]] = []
        self.routers = 0
        self.echoes = False
        self.router = self.new_router()

    def new_router(self) -> "Router[ToDealer, ToRouter]":
        self.routers += 1
        self.router = Router(
            self.context,
            self.address,
            router_codec(),
            self._serve,
            boot=f"router{self.routers}",
            on_peer=lambda peer, verdict: self.verdicts.add((peer, verdict)),
            settings=self.settings,
        )
        self.address = self.router.address
        return self.router

    def _serve(self, batch: list[tuple[bytes, Envelope[ToRouter]]]) -> None:
        self.at_router.batch_at_router(batch)
        for peer, envelope in batch:
            for message in envelope.messages:
                if isinstance(message, Ask) and message.n >= 0:
                    self.router.reply(peer, envelope.correlation, Answer(message.n))
                if isinstance(message, Data) and self.echoes:
                    self.router.send(peer, News(message.n))

    def dealer(
        self,
        name: str = "web-0",
        boot: str = "w1",
        settings: LinkSettings | None = None,
        on_reconnect: Callable[[], None] = lambda: None,
    ) -> Any:
        def reconnected() -> None:
            self.reconnects.add(made.identity)
            on_reconnect()

        made: Dealer[ToRouter, ToDealer] = Dealer(
            self.context,
            self.address,
            dealer_codec(),
            self.at_dealer.batch,
            name=name,
            boot=boot,
            on_reconnect=reconnected,
            on_verdict=lambda verdict: self.verdicts.add(verdict),
            settings=settings or self.settings,
            jitter=lambda: 0.0,
        )
        self.dealers.append(made)
        return made

    def close(self) -> None:
        for dealer in self.dealers:
            dealer.close()
        self.router.close()


class RawRouter:
    """A bound end that says exactly what a test wants it to."""

    def __init__(self, context: Context, address: Address) -> None:
        self.address = address
        self.socket = bound(context, zmq.ROUTER, address, 1 << 20, HIGH_WATER_FRAMES)

    async def hears(self) -> tuple[bytes, Envelope[ToRouter]]:
        while not self.socket.poll(0):  # noqa: ASYNC110 - a plain socket has no event to wait for
            await asyncio.sleep(0)
        peer, frame = self.socket.recv_multipart()
        envelope = router_codec().decode(frame)
        assert not isinstance(envelope, BadFrame)
        return peer, envelope

    def speak(self, peer: bytes, sequence: int, *messages: ToDealer, correlation: int = 0, boot: str = "r1") -> None:
        frame = router_codec().encode(messages, boot=boot, sequence=sequence, correlation=correlation)
        self.socket.send_multipart([peer, frame])

    def close(self) -> None:
        close_listening(self.socket, self.address, 0)


async def test_a_question_gets_its_answer(context: Context, address: Address) -> None:
    pair = Pair(context, address)
    dealer = pair.dealer()
    assert await dealer.ask(Ask(7), timeout_s=10.0) == Answer(7)
    assert pair.at_dealer.log == []
    assert dealer.router_boot == "router1"
    assert dealer.verdict is Verdict.ALIVE
    pair.close()


async def test_a_thousand_questions_at_once_get_each_its_own_answer(context: Context, address: Address) -> None:
    pair = Pair(context, address)
    dealer = pair.dealer()
    answers = await asyncio.gather(*(dealer.ask(Ask(n), timeout_s=20.0) for n in range(1_000)))
    assert answers == [Answer(n) for n in range(1_000)]
    pair.close()


async def test_messages_go_both_ways_in_order(context: Context, address: Address) -> None:
    pair = Pair(context, address)
    dealer = pair.dealer()
    for n in range(2_000):
        dealer.send(Data(n))
    await pair.at_router.holds(2_000)
    assert pair.at_router.log == [(dealer.identity, Data(n)) for n in range(2_000)]
    for n in range(2_000):
        pair.router.send(dealer.identity, News(n))
    await pair.at_dealer.holds(2_000)
    assert pair.at_dealer.log == [News(n) for n in range(2_000)]
    pair.close()


async def test_nothing_but_a_heartbeat_leaves_before_the_router_is_heard(context: Context, inproc: Address) -> None:
    raw, heard = RawRouter(context, inproc), Heard()
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, inproc, dealer_codec(), heard.batch, name="w", boot="w1", settings=STILL
    )
    dealer.send(Data(1))
    dealer.send(Data(2), urgent=True)
    peer, first = await raw.hears()
    assert (peer, first.sequence, first.boot, first.messages) == (b"w.w1.1", 1, "w1", [])
    for _ in range(10):
        await asyncio.sleep(0)
    assert not raw.socket.poll(0)
    assert dealer.waiting == 2
    raw.speak(peer, 1)
    assert (await raw.hears())[1].messages == [Data(2)]
    assert (await raw.hears())[1].messages == [Data(1)]
    dealer.close()
    raw.close()


def test_a_dealer_beats_each_second(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        raw = RawRouter(context, inproc)
        dealer: Dealer[ToRouter, ToDealer] = Dealer(
            context, inproc, dealer_codec(), lambda _: None, name="w", boot="w1"
        )
        for sequence in range(1, 8):
            peer, envelope = await raw.hears()
            assert (envelope.sequence, envelope.messages) == (sequence, [])
            raw.speak(peer, sequence)
            await until(lambda: dealer.verdict is Verdict.ALIVE)
            await loop.settle()
            assert not raw.socket.poll(0)
            await loop.turn(1.0)
        dealer.close()
        raw.close()

    turned(main)


def test_an_answer_that_does_not_come_in_time_is_an_error_and_a_late_one_is_counted(
    context: Context, inproc: Address
) -> None:
    async def main(loop: TurnedLoop) -> None:
        pair = Pair(context, inproc)
        dealer = pair.dealer()
        asking = asyncio.ensure_future(dealer.ask(Ask(-1), timeout_s=2.0))
        await pair.at_router.holds(1)
        await loop.turn(1.9)
        assert not asking.done()
        await loop.turn(0.1)
        with pytest.raises(NoReply, match=r"did not answer within 2 s"):
            await asking
        pair.router.reply(dealer.identity, 1, Answer(1))
        await until(lambda: dealer.counters.late_replies)
        pair.router.reply(dealer.identity, 999, Answer(1))
        await until(lambda: dealer.counters.late_replies == 2)
        assert pair.at_dealer.log == []
        assert await dealer.ask(Ask(5), timeout_s=1.0) == Answer(5)
        pair.close()

    turned(main)


async def test_a_question_that_nobody_waits_for_any_more_leaves_nothing_behind(
    context: Context, inproc: Address
) -> None:
    pair = Pair(context, inproc)
    dealer = pair.dealer()
    asking = asyncio.ensure_future(dealer.ask(Ask(-1), timeout_s=1_000.0))
    await pair.at_router.holds(1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    pair.router.reply(dealer.identity, 1, Answer(1))
    await until(lambda: dealer.counters.late_replies)
    pair.close()


async def test_closing_tells_whoever_waits_for_an_answer(context: Context, inproc: Address) -> None:
    pair = Pair(context, inproc)
    dealer = pair.dealer()
    asking = asyncio.ensure_future(dealer.ask(Ask(-1), timeout_s=1_000.0))
    await pair.at_router.holds(1)
    dealer.close()
    dealer.close()
    with pytest.raises(PeerUnreachable, match="closed"):
        await asking
    with pytest.raises(PeerUnreachable, match="closed"):
        dealer.send(Ask(1))
    with pytest.raises(PeerUnreachable, match="closed"):
        await dealer.ask(Ask(1), timeout_s=1.0)
    pair.close()


def test_questions_that_were_given_up_make_room_for_others(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        pair = Pair(context, inproc)
        dealer = pair.dealer(settings=LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox))
        asking = [asyncio.ensure_future(dealer.ask(Ask(-1), timeout_s=1.0)) for _ in range(50)]
        await pair.at_router.holds(50)
        await loop.turn(1.0)
        assert {type(answer) for answer in await asyncio.gather(*asking, return_exceptions=True)} == {NoReply}
        assert await dealer.ask(Ask(7), timeout_s=1.0) == Answer(7)
        pair.close()

    turned(main)


async def test_open_questions_are_bounded(context: Context, inproc: Address) -> None:
    pair = Pair(context, inproc)
    dealer = pair.dealer(settings=LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox))
    asking = [asyncio.ensure_future(dealer.ask(Ask(-1), timeout_s=1_000.0)) for _ in range(50)]
    await pair.at_router.holds(50)
    with pytest.raises(Overloaded):
        await dealer.ask(Ask(1), timeout_s=1.0)
    pair.close()
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(answer) for answer in answers} == {PeerUnreachable}


async def test_without_a_router_the_outbox_fills_and_then_says_so(context: Context, inproc: Address) -> None:
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context,
        inproc,
        dealer_codec(),
        lambda _: None,
        name="w",
        boot="w1",
        settings=LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox),
    )
    for n in range(50):
        dealer.send(Data(n))
        await asyncio.sleep(0)
    with pytest.raises(Overloaded, match=r"50 messages .* wait"):
        dealer.send(Data(50))
    dealer.send(Data(51), urgent=True)
    heard = Heard()
    router: Router[ToDealer, ToRouter] = Router(
        context, inproc, router_codec(), heard.batch_at_router, boot="r", settings=STILL
    )
    await heard.holds(51)
    assert [message.n for _, message in heard.log] == [51, *range(50)]
    dealer.close()
    router.close()


async def test_a_router_that_does_not_read_fills_a_bounded_outbox_which_empties_when_it_does(
    context: Context, address: Address
) -> None:
    raw, heard = RawRouter(context, address), Heard()
    if address.port == 0:
        raw.address = Address.parse(raw.socket.getsockopt_string(zmq.LAST_ENDPOINT))
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context,
        raw.address,
        dealer_codec(),
        heard.batch,
        name="w",
        boot="w1",
        settings=LinkSettings(1000.0, STILL.patience, outbox=TIGHT.outbox),
    )
    peer, _ = await raw.hears()
    raw.speak(peer, 1)
    await until(lambda: dealer.verdict is Verdict.ALIVE)
    sent = 0
    with pytest.raises(Overloaded):
        while sent < 5_000:
            dealer.send(Data(sent, bytes(60_000)))
            sent += 1
            await asyncio.sleep(0)
    assert dealer.waiting == 50
    numbers: list[int] = []
    while len(numbers) < sent:
        numbers += [message.n for message in (await raw.hears())[1].messages]
    assert numbers == list(range(sent))
    dealer.close()
    raw.close()


# Identities


async def test_two_dealers_of_one_name_are_told_apart_by_their_boot(context: Context, address: Address) -> None:
    pair = Pair(context, address)
    one, two = pair.dealer("worker-0", "a1"), pair.dealer("worker-0", "b2")
    one.send(Data(1))
    two.send(Data(2))
    await pair.at_router.holds(2)
    assert set(pair.at_router.log) == {(b"worker-0.a1.1", Data(1)), (b"worker-0.b2.1", Data(2))}
    pair.router.send(b"worker-0.b2.1", News(2))
    await pair.at_dealer.hears(News(2))
    assert one.counters.messages_received == 0
    pair.close()


async def test_a_second_dealer_under_a_living_identity_is_heard_under_a_fresh_one(
    context: Context, address: Address
) -> None:
    pair = Pair(context, address, QUICK)
    one = pair.dealer("worker-0", "a1")
    await one.ask(Ask(1), timeout_s=10.0)
    two = pair.dealer("worker-0", "a1")
    two.send(Data(2))
    await pair.reconnects.holds(1)
    await pair.at_router.until(lambda: any(message == Data(2) for _, message in pair.at_router.log))
    assert two.identity != one.identity
    pair.close()


async def test_no_identity_is_ever_used_twice(context: Context, inproc: Address) -> None:
    pair = Pair(context, inproc, QUICK)
    dealer = pair.dealer()
    await dealer.ask(Ask(1), timeout_s=10.0)
    for life in range(1, 5):
        pair.router.close()
        pair.new_router()
        await pair.reconnects.holds(life)
    used = [b"web-0.w1.1", *pair.reconnects.log]
    assert len(set(used)) == len(used) >= 5
    assert all(identity.startswith(b"web-0.w1.") for identity in used)
    pair.close()


# A router that was replaced, or is silent


async def test_messages_flow_again_after_the_router_was_replaced(context: Context, address: Address) -> None:
    pair = Pair(context, address, QUICK)
    pair.echoes, life = True, 1
    dealer = pair.dealer(on_reconnect=lambda: dealer.send(Data(life)))
    dealer.send(Data(life))
    await pair.at_dealer.hears(News(1))
    for life in range(2, 5):
        pair.router.close()
        pair.new_router()
        await pair.at_dealer.hears(News(life))
        assert dealer.router_boot == f"router{life}"
        assert (dealer.identity, Data(life)) in pair.at_router.log
    assert dealer.counters.reconnects >= 3
    pair.close()


async def test_an_urgent_hello_comes_before_all_that_waited_for_the_new_router(
    context: Context, address: Address
) -> None:
    pair = Pair(context, address, QUICK)
    heard = Heard()
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context,
        pair.address,
        dealer_codec(),
        heard.batch,
        name="w",
        boot="w1",
        on_reconnect=lambda: dealer.send(Data(0), urgent=True),
        on_verdict=heard.add,
        settings=QUICK,
    )
    await dealer.ask(Ask(1), timeout_s=10.0)
    pair.router.close()
    await heard.hears(Verdict.LOST)
    pair.at_router.log.clear()
    for n in range(1, 100):
        dealer.send(Data(n))
    pair.new_router()
    await pair.at_router.holds(100)
    numbers = [message.n for _, message in pair.at_router.log]
    assert numbers[0] == 0
    assert [n for n in numbers if n] == list(range(1, 100))
    dealer.close()
    pair.close()


async def test_a_router_on_tcp_that_is_back_is_joined_long_before_patience_ends(context: Context, tcp: Address) -> None:
    pair = Pair(context, tcp, LinkSettings(beat_s=0.02))
    dealer = pair.dealer()
    await dealer.ask(Ask(1), timeout_s=10.0)
    start_s = asyncio.get_running_loop().time()
    pair.router.close()
    pair.new_router()
    await pair.reconnects.holds(1)
    assert dealer.router_boot == "router2"
    assert asyncio.get_running_loop().time() - start_s < 4.0
    assert Verdict.LOST not in pair.verdicts.log
    pair.close()


async def test_open_questions_fail_when_the_connection_breaks(context: Context, address: Address) -> None:
    pair = Pair(context, address, QUICK)
    dealer = pair.dealer()
    asking = asyncio.ensure_future(dealer.ask(Ask(-1), timeout_s=1_000.0))
    await pair.at_router.holds(1)
    pair.router.close()
    pair.new_router()
    with pytest.raises(PeerUnreachable):
        await asking
    pair.close()


def test_a_silent_router_is_suspect_then_lost_and_a_fresh_socket_says_hello(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        raw = RawRouter(context, inproc)
        verdicts: list[Verdict] = []
        reconnects: list[bytes] = []
        dealer: Dealer[ToRouter, ToDealer] = Dealer(
            context,
            inproc,
            dealer_codec(),
            lambda _: None,
            name="w",
            boot="w1",
            on_reconnect=lambda: reconnects.append(dealer.identity),
            on_verdict=verdicts.append,
            jitter=lambda: 0.0,
        )
        peer, _ = await raw.hears()
        raw.speak(peer, 1)
        await until(lambda: verdicts)
        asking = asyncio.ensure_future(dealer.ask(Ask(1), timeout_s=1_000.0))
        for _ in range(5):
            assert not asking.done()
            await loop.turn(1.0)
        assert verdicts == [Verdict.ALIVE, Verdict.SUSPECT, Verdict.LOST]
        with pytest.raises(PeerUnreachable, match="silent for too long"):
            await asking
        await loop.turn(1.0)
        while peer != b"w.w1.2":
            peer, envelope = await raw.hears()
        assert (envelope.sequence, envelope.messages) == (1, [])
        assert reconnects == []
        raw.speak(peer, 1)
        await until(lambda: reconnects)
        assert reconnects == [b"w.w1.2"]
        assert verdicts[-1] is Verdict.ALIVE
        dealer.close()
        raw.close()

    turned(main)


async def _hole(raw: RawRouter, peer: bytes) -> None:
    raw.speak(peer, 3, News(3))


async def _twice(raw: RawRouter, peer: bytes) -> None:
    raw.speak(peer, 1, News(1))


async def _other_life(raw: RawRouter, peer: bytes) -> None:
    raw.speak(peer, 2, News(2), boot="r2")


async def _begin_anew(raw: RawRouter, peer: bytes) -> None:
    raw.speak(peer, 0)


@pytest.mark.parametrize("breach", [_hole, _twice, _other_life, _begin_anew])
async def test_a_connection_that_can_have_lost_something_is_replaced_at_once(
    context: Context, inproc: Address, breach: Callable[[RawRouter, bytes], Awaitable[None]]
) -> None:
    raw, heard, reconnects = RawRouter(context, inproc), Heard(), Heard()
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context,
        inproc,
        dealer_codec(),
        heard.batch,
        name="w",
        boot="w1",
        on_reconnect=lambda: reconnects.add("again"),
        settings=LinkSettings(1000.0, STILL.patience, QUICK.backoff),
    )
    peer, _ = await raw.hears()
    raw.speak(peer, 1, News(1))
    await heard.hears(News(1))
    await breach(raw, peer)
    again, envelope = await raw.hears()
    assert (again, envelope.sequence, envelope.messages) == (b"w.w1.2", 1, [])
    raw.speak(again, 1, News(5))
    await heard.hears(News(5))
    assert heard.log == [News(1), News(5)]
    assert reconnects.log == ["again"]
    assert dealer.counters.reconnects == 1
    dealer.close()
    raw.close()


async def test_hostile_frames_from_the_bound_end_are_counted_logged_once_and_dropped(
    context: Context, inproc: Address
) -> None:
    raw, heard = RawRouter(context, inproc), Heard()
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, inproc, dealer_codec(), heard.batch, name="w", boot="w1", settings=STILL
    )
    peer, _ = await raw.hears()
    raw.speak(peer, 1, News(1))
    own_direction = dealer_codec().encode([Ask(1)], boot="r1", sequence=2)
    two_answers = router_codec().encode([Answer(1), Answer(2)], boot="r1", sequence=3, correlation=1)
    with capture_logs() as logs:
        for parts in ([b"\xc1"], [b""], [b"x", b"y"], [bytes(2 << 20)], [own_direction], [two_answers]):
            raw.socket.send_multipart([peer, *parts])
        raw.speak(peer, 4, News(4))
        await heard.hears(News(4))
    assert heard.log == [News(1), News(4)]
    assert dealer.counters.refused == {
        (b"", Reason.GARBAGE): 1,
        (b"", Reason.TRUNCATED): 1,
        (b"", Reason.PARTS): 1,
        (b"", Reason.OVERSIZED): 1,
        (b"", Reason.KIND): 1,
        (b"", Reason.SHAPE): 1,
    }
    assert len(logs) == 1
    assert dealer.counters.reconnects == 0
    dealer.close()
    raw.close()


async def test_what_follows_the_end_of_an_identity_is_not_heard(context: Context, inproc: Address) -> None:
    raw, heard = RawRouter(context, inproc), Heard()
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context,
        inproc,
        dealer_codec(),
        heard.batch,
        name="w",
        boot="w1",
        settings=LinkSettings(1000.0, STILL.patience, QUICK.backoff),
    )
    peer, _ = await raw.hears()
    raw.speak(peer, 1, News(1))
    raw.speak(peer, 0)
    raw.speak(peer, 2, News(2))
    again, _ = await raw.hears()
    raw.speak(again, 1, News(3))
    await heard.hears(News(3))
    assert heard.log == [News(1), News(3)]
    dealer.close()
    raw.close()


async def test_a_router_of_another_version_is_never_taken_for_alive(context: Context, inproc: Address) -> None:
    raw = RawRouter(context, inproc)
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, inproc, dealer_codec(), lambda _: None, name="w", boot="w1", settings=STILL
    )
    peer, _ = await raw.hears()
    raw.socket.send_multipart([peer, msgspec.msgpack.encode((2, "r1", 1, 0, "", []))])
    await until(lambda: dealer.counters.refused)
    assert dealer.counters.refused == {(b"", Reason.VERSION): 1}
    assert dealer.verdict is Verdict.SUSPECT
    dealer.close()
    raw.close()


async def test_a_sign_that_a_flush_swallowed_is_made_good(context: Context, inproc: Address) -> None:
    raw, heard = RawRouter(context, inproc), Heard()
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, inproc, dealer_codec(), heard.batch, name="w", boot="w1", settings=STILL
    )
    peer, _ = await raw.hears()
    raw.speak(peer, 1)
    await until(lambda: dealer.verdict is Verdict.ALIVE)

    def speak_behind_the_selectors_back(sequence: int) -> None:
        end_s = time.perf_counter() + 0.002  # a send works off ZeroMQ's commands once a millisecond at most
        while time.perf_counter() < end_s:
            pass
        raw.speak(peer, sequence, News(sequence))

    for sequence in range(2, 12):
        asyncio.get_running_loop().call_soon(speak_behind_the_selectors_back, sequence)
        dealer.send(Data(sequence))  # its flush runs right after, in the same turn
        await heard.hears(News(sequence))
    dealer.close()
    raw.close()


async def test_a_dealer_may_be_closed_by_its_own_callback(context: Context, inproc: Address) -> None:
    pair = Pair(context, inproc)
    closed = asyncio.Event()

    def on_batch(_batch: list[Envelope[ToDealer]]) -> None:
        dealer.close()
        closed.set()

    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, inproc, dealer_codec(), on_batch, name="w", boot="w1", settings=STILL
    )
    dealer.send(Ask(1))
    await closed.wait()
    await asyncio.sleep(0)
    assert dealer.verdict is Verdict.ALIVE
    pair.close()


async def test_traces_and_lives_are_seen_by_the_receiver(context: Context, inproc: Address) -> None:
    seen: list[tuple[str, str, list[int]]] = []
    changed = Heard()

    def on_batch(batch: list[tuple[bytes, Envelope[ToRouter]]]) -> None:
        seen.extend((e.boot, e.trace, [message.n for message in e.messages]) for _, e in batch)
        changed.add(*batch)

    router: Router[ToDealer, ToRouter] = Router(context, inproc, router_codec(), on_batch, boot="r", settings=STILL)
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, inproc, dealer_codec(), lambda _: None, name="w", boot="w1", settings=STILL
    )
    for n, trace in enumerate(["t1", "t1", "t2", ""]):
        dealer.send(Data(n), trace=trace)
    await changed.holds(3)
    assert seen == [("w1", "t1", [0, 1]), ("w1", "t2", [2]), ("w1", "", [3])]
    dealer.close()
    router.close()


# Several places, and connections that break


async def test_a_question_waits_until_the_place_is_found_where_somebody_answers(context: Context, ipc: Address) -> None:
    places = [Address.parse(f"ipc://{ipc.place}.{number}") for number in range(3)]
    pair = Pair(context, places[2], QUICK)
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, places, dealer_codec(), lambda _: None, name="d", boot="d1", settings=QUICK
    )
    assert await dealer.ask(Ask(1), timeout_s=20.0) == Answer(1)
    assert dealer.counters.reconnects >= 2
    dealer.close()
    pair.close()


async def test_a_question_that_is_under_way_when_the_connection_breaks_fails_at_once(
    context: Context, ipc: Address
) -> None:
    pair = Pair(context, ipc)
    dealer = pair.dealer(settings=LinkSettings(1000.0, STILL.patience, QUICK.backoff))
    await dealer.ask(Ask(1), timeout_s=10.0)
    asking = asyncio.ensure_future(dealer.ask(Ask(-1), timeout_s=1_000.0))
    await pair.at_router.hears((dealer.identity, Ask(-1)))
    pair.router.close()
    with pytest.raises(PeerUnreachable, match="the connection broke; ask again"):
        await asking
    assert dealer.verdict is Verdict.SUSPECT
    pair.new_router()
    assert await dealer.ask(Ask(2), timeout_s=10.0) == Answer(2)
    pair.close()


async def test_errors_name_all_places(context: Context, inproc: Address) -> None:
    places = [inproc, Address.parse(f"{inproc}-too")]
    dealer: Dealer[ToRouter, ToDealer] = Dealer(
        context, places, dealer_codec(), lambda _: None, name="d", boot="d1", settings=STILL
    )
    dealer.close()
    with pytest.raises(PeerUnreachable, match=f"{inproc} or {inproc}-too cannot be reached"):
        dealer.send(Ask(1))
