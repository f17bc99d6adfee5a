import asyncio
import resource
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import zmq
from structlog.testing import capture_logs

from tests.transport.kit import TurnedLoop, bound, fresh_name, turned, until
from transport.address import Address
from transport.backoff import Backoff
from transport.connection import Connection, Events, places_of
from transport.errors import AddressInvalid
from transport.liveness import Patience, Verdict
from transport.settings import LinkSettings
from transport.sockets import connecting

Context = zmq.Context[zmq.Socket[bytes]]


SETTINGS = LinkSettings(
    beat_s=1.0,
    patience=Patience(suspect_s=3.0, lost_s=5.0),
    backoff=Backoff(first_s=2.0, factor=2.0, limit_s=6.0),
)


VISITING = replace(SETTINGS, backoff=Backoff(first_s=0.5, factor=2.0, limit_s=6.0), visit=Backoff(1.0, 2.0, 2.0))
STILL_BUT_QUICK = LinkSettings(
    beat_s=1000.0,
    patience=Patience(suspect_s=3000.0, lost_s=5000.0),
    backoff=Backoff(first_s=0.01, limit_s=0.02),
    visit=Backoff(1000.0, 1.0, 1000.0),
)
"""Silence proves nothing; what is noticed was told by the system."""


class Owner:
    """Counts what its connection tells it; the other end is a plain socket."""

    def __init__(
        self, context: Context, *places: Address, settings: LinkSettings = SETTINGS, beats: bool = True
    ) -> None:
        self.places: list[Address] = []
        self.gone = 0
        self.context = context
        self.told = asyncio.Event()
        self.opened: list[int] = []
        self.verdicts: list[Verdict] = []
        self.beats = 0
        self.parts: list[list[bytes]] = []
        self.connection = Connection(
            "owner",
            context,
            places,
            self._make,
            Events(
                self.opened.append,
                self._heard,
                lambda: None,
                self._beat if beats else None,
                self._gone,
                self._judged,
            ),
            settings=settings,
            jitter=lambda: 0.0,
        )

    def _make(self, place: Address, number: int) -> "zmq.Socket[bytes]":
        if number:
            self.places.append(place)
        return connecting(self.context, zmq.DEALER, place, 1 << 20, 8, SETTINGS)

    def _judged(self, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
        self.told.set()

    def _gone(self) -> None:
        self.gone += 1

    def _beat(self) -> None:
        self.beats += 1

    def _heard(self, batch: list[list[bytes]]) -> None:
        self.parts += batch
        self.connection.heard()


def test_silence_is_answered_by_a_fresh_socket_after_ever_longer_pauses(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        owner = Owner(context, inproc)
        owner.connection.open()
        opened_at: list[float] = []
        with capture_logs() as logs:
            while len(owner.opened) < 5:
                known = len(owner.opened)
                await loop.turn(0.5)
                if len(owner.opened) > known:
                    opened_at.append(loop.time())
        # 5 s of silence each, then half of 2, 4, 6 and 6 s, since there is no chance in this test.
        assert opened_at == [6.0, 13.0, 21.0, 29.0]
        assert owner.opened == [1, 2, 3, 4, 5]
        assert owner.verdicts == [Verdict.LOST]
        assert [log["reason"] for log in logs] == ["silence"] * 4
        assert [log["delay_s"] for log in logs] == [1.0, 2.0, 3.0, 3.0]
        owner.connection.close(0)

    turned(main)


def test_who_only_listens_wakes_for_verdicts_alone_and_gives_them_at_once(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        owner = Owner(context, inproc, beats=False)
        looks: list[float] = []
        verdicts: list[tuple[float, Verdict]] = []
        judge = owner.connection._look_at_silence

        def look() -> None:
            looks.append(loop.time())
            judge()

        owner.connection._look_at_silence = look  # type: ignore[method-assign]
        owner.connection.open()
        await loop.turn(0.25)
        owner.connection.heard()
        for _ in range(21):
            await loop.turn(0.25)
            verdicts += [(loop.time(), verdict) for verdict in owner.verdicts[len(verdicts) :]]
        assert verdicts == [(0.5, Verdict.ALIVE), (3.25, Verdict.SUSPECT), (5.25, Verdict.LOST)]
        assert looks == [3.0, 3.25, 5.25]
        assert owner.gone == 1
        owner.connection.close(0)

    turned(main)


def test_whoever_is_heard_is_alive_and_its_pauses_are_short_again(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        owner = Owner(context, inproc)
        owner.connection.open()
        verdicts = [owner.connection.verdict]
        owner.connection.heard()
        assert [*verdicts, owner.connection.verdict] == [Verdict.SUSPECT, Verdict.ALIVE]
        for _ in range(4):
            await loop.turn(1.0)
        owner.connection.heard()
        assert owner.verdicts == [Verdict.ALIVE, Verdict.SUSPECT, Verdict.ALIVE]
        owner.connection.replace("test")
        assert owner.verdicts[3:] == [Verdict.SUSPECT]
        await loop.turn(6.0)
        for _ in range(2):
            owner.connection.replace("test")
            await loop.turn(6.0)
            assert owner.connection.link is not None
        owner.connection.heard()
        with capture_logs() as logs:
            owner.connection.replace("test")
        assert [log["delay_s"] for log in logs] == [1.0]
        owner.connection.close(0)

    turned(main)


def test_there_is_one_beat_a_second_while_a_socket_is_open(context: Context, inproc: Address) -> None:
    async def main(loop: TurnedLoop) -> None:
        owner = Owner(context, inproc)
        owner.connection.open()
        for _ in range(4):
            await loop.turn(1.0)
        assert owner.beats == 4
        owner.connection.replace("test")
        await loop.turn(0.9)
        assert owner.beats == 4
        owner.connection.close(0)
        await loop.turn(60.0)
        assert (owner.beats, owner.opened) == (4, [1])

    turned(main)


class StoppedLoop(TurnedLoop):
    """A loop whose process can be stopped right after it looked at its sockets, before it looks at its clock."""

    pause: Callable[[], None] | None = None

    def _process_events(self, event_list: list[Any]) -> None:
        super()._process_events(event_list)  # type: ignore[misc]
        if self.pause is not None:
            pause, self.pause = self.pause, None
            pause()


def test_after_a_pause_of_its_own_a_connection_first_hears_what_waits(context: Context, inproc: Address) -> None:
    with asyncio.Runner(loop_factory=StoppedLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, StoppedLoop)

        async def main() -> None:
            server = context.socket(zmq.DEALER)
            server.bind(str(inproc))
            owner = Owner(context, inproc)
            owner.connection.open()
            link = owner.connection.link
            owner.connection.heard()
            await loop.settle()

            def stopped() -> None:
                server.send(b"a sign of life")
                loop.jump(60.0)

            loop.pause = stopped
            await loop.settle()
            assert owner.parts == [[b"a sign of life"]]
            assert owner.verdicts == [Verdict.ALIVE]
            assert owner.connection.link is link
            server.close()
            owner.connection.close(0)

        runner.run(main())


# Several places


def test_places_are_tried_in_turn_and_each_is_given_a_little_longer_than_in_the_last_round(context: Context) -> None:
    async def main(loop: TurnedLoop) -> None:
        places = [Address.parse(f"inproc://{fresh_name()}") for _ in range(3)]
        owner = Owner(context, *places, settings=VISITING)
        owner.connection.open()
        opened_at = [loop.time()]
        while len(owner.opened) < 7:
            known = len(owner.opened)
            await loop.turn(0.125)
            if len(owner.opened) > known:
                opened_at.append(loop.time())
        # Half of 1 s in the first round and half of 2 s in the second, since there is no chance in this test; and the
        # pauses between, which are not allowed to grow.
        assert opened_at == [0.0, 0.75, 1.5, 2.25, 3.5, 4.75, 6.0]
        assert owner.places == [*places, *places, places[0]]
        owner.connection.close(0)

    turned(main)


def test_in_all_that_turning_the_other_end_is_lost_after_the_usual_patience(context: Context) -> None:
    async def main(loop: TurnedLoop) -> None:
        places = [Address.parse(f"inproc://{fresh_name()}") for _ in range(2)]
        owner = Owner(context, *places, settings=VISITING)
        owner.connection.open()
        owner.connection.heard()
        owner.connection.replace("test")
        while loop.time() < 4.75:
            await loop.turn(0.125)
        assert owner.verdicts == [Verdict.ALIVE, Verdict.SUSPECT]
        await loop.turn(0.25)
        assert owner.verdicts == [Verdict.ALIVE, Verdict.SUSPECT, Verdict.LOST]
        owner.connection.heard()
        assert owner.verdicts[3:] == [Verdict.ALIVE]
        owner.connection.close(0)

    turned(main)


def test_a_place_where_somebody_was_heard_keeps_its_patience_and_is_tried_again_first(context: Context) -> None:
    async def main(loop: TurnedLoop) -> None:
        places = [Address.parse(f"inproc://{fresh_name()}") for _ in range(2)]
        owner = Owner(context, *places, settings=VISITING)
        owner.connection.open()
        owner.connection.heard()
        for _ in range(19):
            await loop.turn(0.25)
        assert (owner.opened, owner.gone) == ([1], 0)
        for _ in range(3):
            await loop.turn(0.25)
        assert owner.places == [places[0], places[0]]
        for _ in range(4):
            await loop.turn(0.25)
        assert owner.places == [places[0], places[0], places[1]]
        owner.connection.close(0)

    turned(main)


# What the system tells, which no patience is needed for


async def test_a_connection_that_breaks_is_replaced_at_once(context: Context, ipc: Address) -> None:
    owner = Owner(context, ipc, settings=STILL_BUT_QUICK)
    owner.connection.open()
    for life in range(1, 4):
        server = bound(context, zmq.ROUTER, ipc, 1 << 20, 8)
        await until(lambda life=life: len(owner.opened) >= life)  # type: ignore[misc]
        link = owner.connection.link
        assert link is not None
        await until(lambda link=link: link.send(b"hello"))  # type: ignore[misc]
        link.settle()
        await until(lambda server=server: server.poll(0))  # type: ignore[misc]
        peer, _ = server.recv_multipart()
        server.send_multipart([peer, b"a sign of life"])
        await until(lambda: owner.connection.verdict is Verdict.ALIVE)
        server.close(linger=0)
        await until(lambda life=life: owner.gone >= life)  # type: ignore[misc]
    assert owner.parts == [[b"a sign of life"]] * 3
    assert owner.verdicts == [Verdict.ALIVE, Verdict.SUSPECT] * 3
    owner.connection.close(0)


async def test_a_place_that_refuses_is_left_without_waiting(context: Context, ipc: Address) -> None:
    nobody = [Address.parse(f"ipc://{ipc.place}.{number}") for number in range(3)]
    owner = Owner(context, *nobody, ipc, settings=STILL_BUT_QUICK)
    owner.connection.open()
    server = bound(context, zmq.ROUTER, ipc, 1 << 20, 8)
    await until(lambda: owner.connection.link is not None and owner.connection.link.send(b"hello"))
    assert set(owner.places) == {*nobody, ipc}
    assert owner.connection.address == ipc
    server.close()
    owner.connection.close(0)


async def test_a_socket_that_cannot_be_made_is_made_later(context: Context, ipc: Address) -> None:
    server = bound(context, zmq.ROUTER, ipc, 1 << 20, 8)
    owner = Owner(context, ipc, settings=STILL_BUT_QUICK)
    owner.connection.open()
    # Who is not accepted yet would be now, and without a descriptor libzmq 4.3.5 ends a process that listens on ipc.
    await until(lambda: owner.connection.link is not None and owner.connection.link.send(b"first"))
    assert server.poll(60_000)
    server.recv_multipart()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with capture_logs() as logs:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))  # no file can be opened any more
            owner.connection.replace("test")
            await until(lambda: [log["event"] for log in logs].count("link.unmade") >= 2)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await until(lambda: len(owner.opened) == 2)
    await until(lambda: owner.connection.link is not None and owner.connection.link.send(b"hello"))
    assert server.poll(5_000)
    server.close()
    owner.connection.close(0)


def test_one_address_or_several_are_places_and_none_is_an_error() -> None:
    one, two = Address.parse("inproc://a"), Address.parse("inproc://b")
    assert places_of(one) == (one,)
    assert places_of([one, two]) == (one, two)
    with pytest.raises(ValueError, match="there is no address to connect to"):
        places_of([])


async def test_a_place_where_nobody_can_ever_listen_is_told_at_the_start_not_in_an_hour(context: Context) -> None:
    owner = Owner(context, Address.parse("inproc://a"), Address.parse("tcp://127.0.0.1:*"))
    with pytest.raises(AddressInvalid, match="give the port's number"):
        owner.connection.open()
    assert owner.opened == []
    owner.connection.close(0)
