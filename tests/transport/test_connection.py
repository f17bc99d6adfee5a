import asyncio
from collections.abc import Callable
from typing import Any

import zmq
from structlog.testing import capture_logs

from tests.transport.kit import TurnedLoop, turned
from transport.address import Address
from transport.backoff import Backoff
from transport.connection import Connection, Events
from transport.liveness import Patience, Verdict
from transport.sockets import connecting

Context = zmq.Context[zmq.Socket[bytes]]


class Owner:
    """Counts what its connection tells it; the other end is a plain socket."""

    def __init__(self, context: Context, address: Address) -> None:
        self.opened: list[int] = []
        self.verdicts: list[Verdict] = []
        self.beats = 0
        self.parts: list[list[bytes]] = []
        self.connection = Connection(
            "owner",
            lambda _: connecting(context, zmq.DEALER, address, 1 << 20, 8),
            Events(self.opened.append, self._heard, lambda: None, self._beat, self.verdicts.append),
            beat_s=1.0,
            patience=Patience(suspect_s=3.0, lost_s=5.0),
            backoff=Backoff(first_s=2.0, factor=2.0, limit_s=6.0),
            jitter=lambda: 0.0,
        )

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
        for _ in range(3):
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
