"""Who leads, who stands by, and how one follows the other; with real brokers over one store."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from actors import told_levels
from actors.broker import Broker, BrokerSettings
from actors.candidates import said
from actors.leader import Leader, LeaderSettings
from actors.log_level import HeardLevels
from actors.stores.sqlite import SqliteJobStore
from aigc.core.errors import AlreadyLed, StaleGeneration, Unavailable
from aigc.core.ids import BootId, JobId, ModelId
from aigc.core.job import Job, Status
from aigc.core.lifecycle import begin
from aigc.core.messages import ChangeLevel, Generation, LevelAnswer, ToGateway
from aigc.core.model import Catalogue
from aigc.core.scheduling.settings import SchedulerSettings
from transport import Address, Codec, Dealer, LinkSettings

LEASE_S = 0.4
KEPT_S = 3.0
"""For those who shall not lose it: a busy machine may let nobody renew one of 0.4 s in time."""


class Fussy(SqliteJobStore):
    """A store that can be told to be away."""

    is_away = False

    async def lead(self, owner: str, *, lease_s: float = 0.0, above: int = 0) -> Generation:
        if self.is_away:
            raise Unavailable("the store is away")
        return await super().lead(owner, lease_s=lease_s, above=above)


class House:
    """Candidates over one store."""

    def __init__(self, folder: Path) -> None:
        self.context: zmq.Context[Any] = zmq.Context()
        self.store = Fussy(folder / "jobs.db")
        self.candidates: list[tuple[Leader, asyncio.Task[None] | None]] = []
        self.made: list[Generation] = []
        self.levels: asyncio.Queue[tuple[str, str, str]] = asyncio.Queue()
        """Who was told to log from which level on, while it stood by."""
        self._news = asyncio.Event()

    def candidate(self, owner: str, *, standby: bool = False, lease_s: float = LEASE_S) -> Leader:
        def make(generation: Generation) -> Broker:
            self.made.append(generation)
            self._news.set()
            return Broker(
                self.context,
                BrokerSettings(
                    address=Address.parse(f"inproc://broker-{len(self.made)}"),
                    news_address=Address.parse(f"inproc://news-{len(self.made)}"),
                    scheduler=SchedulerSettings(),
                    link=LinkSettings(),
                ),
                self.store,
                lambda: Catalogue((), "d"),
                generation=generation,
                boot=BootId(owner),
            )

        settings = LeaderSettings(
            owner=owner, lease_s=lease_s, standby=standby, exchange_s=0.05, agreed={"said.by": owner}
        )
        leader = Leader(
            self.store,
            settings,
            make,
            levels=HeardLevels(lambda logger, level: self.levels.put_nowait((owner, logger, level))),
        )
        self.candidates.append((leader, None))
        return leader

    async def running(self, owner: str, *, standby: bool = False, lease_s: float = LEASE_S) -> Leader:
        leader = self.candidate(owner, standby=standby, lease_s=lease_s)
        await leader.start()
        self.candidates[-1] = leader, asyncio.create_task(leader.run())
        return leader

    async def leads(self, leader: Leader) -> Generation:
        """Its generation, once it leads."""
        async with asyncio.timeout(60):
            while leader.generation is None:
                self._news.clear()
                await self._news.wait()
                while self.made and leader.broker is None and leader.generation is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)  # its broker is starting
        return leader.generation

    async def close(self) -> None:
        for leader, running in self.candidates:
            if running is not None:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            await leader.close()
        await self.store.close()
        self.context.destroy(linger=0)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    await house.store.open()
    yield house
    await house.close()


async def test_the_first_candidate_leads(house: House) -> None:
    leader = await house.running("a")

    assert leader.generation is not None
    assert leader.broker is not None


async def test_a_second_broker_is_refused_with_the_reason(house: House) -> None:
    await house.running("a", lease_s=KEPT_S)

    with pytest.raises(AlreadyLed, match=r"broker a leads as generation 1.*--standby"):
        await house.candidate("b").start()


async def test_a_lease_that_nobody_renews_does_not_keep_a_successor_out(house: House) -> None:
    await house.store.lead("killed", lease_s=0.2)

    leader = await house.running("b")

    assert leader.generation is not None and leader.generation.number == 2


async def test_a_standby_leads_when_the_leader_resigns(house: House) -> None:
    first = await house.running("a", lease_s=KEPT_S)
    second = await house.running("b", standby=True, lease_s=KEPT_S)
    assert second.broker is None
    async with asyncio.timeout(60):
        while await said(house.store) != {"b": {"said.by": "b"}}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    await first.close()

    assert (await house.leads(second)).number == 2
    assert first.generation is None


async def test_a_standby_leads_when_the_leader_renews_no_more(house: House) -> None:
    killed = await house.store.lead("killed", lease_s=0.3)
    second = await house.running("b", standby=True)

    generation = await house.leads(second)

    assert generation.number == killed.number + 1
    with pytest.raises(StaleGeneration):
        await house.store.commit(killed, [])


async def test_a_leader_that_was_deposed_stands_by_and_leads_again(house: House) -> None:
    leader = await house.running("a")
    former = leader.generation
    await house.store.lead("a", lease_s=0.3)  # as another host would that took it for dead

    async with asyncio.timeout(60):
        while leader.generation in (former, None):  # noqa: ASYNC110 - it happens inside
            await asyncio.sleep(0.01)

    assert leader.generation is not None and leader.generation.number == 3


async def test_what_was_known_at_the_start_is_looked_up_again_before_a_takeover(house: House) -> None:
    prepared: list[int] = []

    async def prepare() -> None:
        prepared.append(len(house.made))

    await house.store.lead("killed", lease_s=0.3)
    second = house.candidate("b", standby=True)
    second._prepare = prepare
    await second.start()
    house.candidates[-1] = second, asyncio.create_task(second.run())

    await house.leads(second)

    assert prepared == [0]  # before the broker was made


async def test_the_lease_is_kept_while_its_holder_lives(house: House) -> None:
    leader = await house.running("a", lease_s=KEPT_S)

    for _ in range(2):
        await asyncio.sleep(KEPT_S * 0.6)
        with pytest.raises(AlreadyLed):
            await house.store.lead("b", lease_s=1)

    assert leader.generation is not None and leader.generation.number == 1


async def test_a_store_that_is_away_at_the_start_is_waited_for(house: House) -> None:
    house.store.is_away = True
    leader = await house.running("a")
    assert leader.broker is None

    house.store.is_away = False

    assert (await house.leads(leader)).number == 1


async def test_a_new_leader_takes_over_what_waits(house: House) -> None:
    job = begin(Job(id=JobId("j"), feature="f", model=ModelId("gone"), created_at=1.0))
    await house.store.create(job, bound=9)

    await house.running("a")

    found = await house.store.get(JobId("j"))
    assert found is not None and found.status is Status.FAILED  # no such model: somebody read it and decided


async def test_one_that_stands_by_logs_from_the_level_that_the_leader_was_told(house: House) -> None:
    await house.running("a", lease_s=KEPT_S)
    await house.running("b", standby=True)
    ask: Dealer[Any, ToGateway] = Dealer(
        house.context, Address.parse("inproc://broker-1"), Codec(ToGateway), lambda batch: None,
        name="web", boot="g1", settings=LinkSettings(),
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            for level in ("DEBUG", "WARNING"):
                assert await ask.ask(ChangeLevel("aigc", level), timeout_s=60) == LevelAnswer(gateways=0, workers=0)
                assert await house.levels.get() == ("b", "aigc", level)
    finally:
        ask.close()
    assert house.levels.empty()
    assert await told_levels.in_force(house.store) == {"aigc": "WARNING"}
