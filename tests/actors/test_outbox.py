"""Effects leave in order, and never before what they speak of is durable."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from actors.outbox import RETRY_S, Outbox, Tell
from aigc.core import lifecycle
from aigc.core.effects import Commit, Discard, Effect
from aigc.core.errors import StaleGeneration, Unavailable
from aigc.core.ids import AttemptId, JobId, ModelId
from aigc.core.job import Job, Lease
from aigc.core.messages import Generation, Settled


def job(name: str, seq: int = 1) -> Job:
    made = lifecycle.begin(Job(id=JobId(name), feature="f", model=ModelId("m"), created_at=1.0))
    return msgspec.structs.replace(made, seq=seq)


def speaks_of(name: str) -> Discard:
    return Discard(Lease(JobId(name), 1, AttemptId("x")))


TELL = Tell(b"peer", Settled(Generation(1, "g"), ()))


class World:
    """A store that commits when a test says so, and a street on which effects come out."""

    def __init__(self) -> None:
        self.groups: list[list[Job]] = []
        self.out: list[Effect | Tell] = []
        self.forgotten: list[JobId] = []
        self.failures: list[BaseException] = []
        self.may_commit = asyncio.Event()
        self.began = asyncio.Event()
        self.unknown: frozenset[JobId] = frozenset()
        self.errors: list[Exception] = []
        self.outbox = Outbox(
            commit=self._commit, release=self.out.extend, forget=self.forgotten.extend, fail=self.failures.append
        )

    async def _commit(self, jobs: Sequence[Job]) -> frozenset[JobId]:
        self.groups.append(list(jobs))
        self.began.set()
        await self.may_commit.wait()
        if self.errors:
            raise self.errors.pop(0)
        return self.unknown


@pytest.fixture
async def world() -> World:
    return World()


async def test_nothing_leaves_before_its_record_is_durable(world: World) -> None:
    effects = [Commit(job("a")), speaks_of("a")]
    world.outbox.add(effects)
    await world.began.wait()
    assert world.out == []
    world.may_commit.set()
    await world.outbox.flush()
    assert world.out == effects


async def test_what_speaks_of_no_record_leaves_at_once_when_nothing_is_before_it(world: World) -> None:
    world.outbox.add([TELL])
    assert world.out == [TELL]


async def test_nothing_overtakes_what_waits_for_the_store(world: World) -> None:
    world.outbox.add([Commit(job("a"))])
    await world.began.wait()
    world.outbox.add([TELL])
    assert world.out == []
    world.may_commit.set()
    await world.outbox.flush()
    assert world.out == [Commit(job("a")), TELL]


async def test_all_that_comes_during_a_commit_is_the_next_group_with_the_last_record_of_each_job(world: World) -> None:
    world.outbox.add([Commit(job("a"))])
    await world.began.wait()
    for effect in (Commit(job("b", 1)), Commit(job("c", 1)), Commit(job("b", 2))):
        world.outbox.add([effect])
    world.may_commit.set()
    await world.outbox.flush()
    assert world.groups == [[job("a")], [job("b", 2), job("c", 1)]]
    assert len(world.out) == 4


async def test_a_job_whose_creation_was_refused_leaves_no_trace(world: World) -> None:
    world.unknown = frozenset({JobId("a")})
    world.may_commit.set()
    world.outbox.add([Commit(job("a")), speaks_of("a"), Commit(job("b")), TELL])
    await world.outbox.flush()
    assert world.forgotten == ["a"]
    assert world.out == [Commit(job("b")), TELL]


async def test_a_store_that_is_away_delays_and_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.outbox.RETRY_S", tuple(0.0 for _ in RETRY_S))
    world.errors = [Unavailable("away") for _ in range(10)]
    world.may_commit.set()
    world.outbox.add([Commit(job("a")), TELL])
    await world.outbox.flush()
    assert world.out == [Commit(job("a")), TELL]
    assert len(world.groups) == 11


async def test_a_deposed_broker_lets_nothing_out(world: World) -> None:
    world.errors = [StaleGeneration("another leads")]
    world.may_commit.set()
    world.outbox.add([Commit(job("a")), TELL])
    await world.outbox.flush()
    assert world.out == []
    assert [type(failure) for failure in world.failures] == [StaleGeneration]
