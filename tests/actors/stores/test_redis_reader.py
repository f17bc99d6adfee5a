"""Questions beside many records: right, and never one that keeps Redis from others for long."""

import asyncio
import random
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from actors.stores.redis import RedisJobStore
from actors.stores.redis_reader import CHUNK
from aigc.core.errors import InputInvalid, StoreBroken
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Job, Status
from aigc.core.messages import Generation
from aigc.core.ports import JobQuery
from tests.actors.stores.redis_store_kit import ended, opened, started
from tests.actors.stores.store_kit import BOUND, job
from tests.redis_kit import RedisServer

T0 = 1_800_000_000.0


def moved(one: Job) -> Job:
    """The job on the other side: running if it waited, waiting if it ran."""
    status = Status.QUEUED if one.status is Status.PROCESSING else Status.PROCESSING
    return replace(one, status=status, seq=one.seq + 1)


class Filled:
    """A store with some thousand records of all kinds, and the same in a list."""

    def __init__(self, server: RedisServer, store: RedisJobStore, leader: Generation, jobs: list[Job]) -> None:
        self.server, self.store, self.leader, self.jobs = server, store, leader, jobs

    def calls(self, command: str = "evalsha") -> int:
        """How often it was called."""
        line = next(
            (line for line in self.server.ask("INFO", "commandstats").decode().splitlines() if f"_{command}:" in line),
            "calls=0,",
        )
        return int(line.partition("calls=")[2].partition(",")[0])

    def expected(self, query: JobQuery) -> list[Job]:
        """Newest first, without a store."""
        return [
            one
            for one in reversed(self.jobs)
            if (query.status is None or one.status is query.status)
            and (not query.feature or one.feature == query.feature)
            and (query.owner is None or one.owner == query.owner)
            and (not query.tag or query.tag in one.tags)
            and (query.created_from is None or one.created_at >= query.created_from)
            and (query.created_to is None or one.created_at < query.created_to)
        ]


@pytest.fixture
async def filled() -> AsyncIterator[Filled]:
    dice = random.Random(1)
    jobs = [
        job(
            created_at=T0 + number - dice.randrange(50),  # gateways need not be heard in order
            feature=dice.choice(["text_to_mesh", "mesh_retopology"]),
            owner=OwnerId(dice.choice(["", "ada", "ada", "bob"])),
            tags=tuple(tag for tag in ("red", "blue") if dice.random() < 0.4),
        )
        for number in range(2200)
    ]
    with RedisServer({"appendonly": "yes"}) as server:
        async with opened(server.url) as store:
            await asyncio.gather(*(store.create(one, bound=BOUND) for one in jobs))
            leader = await store.lead("me")
            for number in range(0, 2000, 3):
                jobs[number] = ended(started(jobs[number]), dice.choice([Status.COMPLETED, Status.FAILED]), T0 + number)
            for number in range(1, 2000, 3):
                jobs[number] = started(jobs[number])
            await store.commit(leader, jobs)
            yield Filled(server, store, leader, jobs)


QUERIES = [
    JobQuery(),
    JobQuery(status=Status.PROCESSING),
    JobQuery(owner=OwnerId("ada"), status=Status.QUEUED),
    JobQuery(owner=OwnerId("ada"), status=Status.COMPLETED, feature="mesh_retopology", tag="red"),
    JobQuery(owner=OwnerId("")),
    JobQuery(owner=OwnerId(""), tag="blue"),
    JobQuery(owner=OwnerId("nobody"), tag="blue"),
    JobQuery(created_from=T0 + 100, created_to=T0 + 1900),
    JobQuery(created_to=T0 + 5, status=Status.COMPLETED),
    JobQuery(created_from=T0 + 10_000),
]


async def test_pages_and_totals_are_those_of_a_list(filled: Filled) -> None:
    dice = random.Random(2)
    for query in QUERIES:
        expected = filled.expected(query)
        for offset in (0, 1, len(expected) // 2, max(len(expected) - 3, 0), len(expected) + 5):
            wanted = replace(query, limit=dice.choice([1, 20, 700]), offset=offset)
            page = await filled.store.list(wanted)
            assert list(page.jobs) == expected[offset : offset + wanted.limit], wanted
            assert page.total == len(expected), wanted
            assert bool(page.next_cursor) == (offset + wanted.limit < len(expected)), wanted


async def test_cursors_lead_through_all_pages(filled: Filled) -> None:
    for query in QUERIES:
        seen: list[Job] = []
        page = await filled.store.list(replace(query, limit=300))
        seen += page.jobs
        while page.next_cursor:
            page = await filled.store.list(replace(query, limit=300, cursor=page.next_cursor))
            seen += page.jobs

        assert seen == filled.expected(query), query


async def test_one_index_answers_in_one_step_and_several_in_steps_of_500(filled: Filled) -> None:
    before = filled.calls()
    await filled.store.list(JobQuery(status=Status.QUEUED, limit=50))
    single = filled.calls() - before
    await filled.store.list(JobQuery(owner=OwnerId("ada"), status=Status.QUEUED, limit=50))
    several = filled.calls() - before - single
    found = filled.expected(JobQuery(status=Status.QUEUED))

    # The page; totals by status, feature and owner are kept, not counted.
    assert single == 1
    assert several <= len(found) // 500 + 1
    assert [filled.calls(command) for command in ("scan", "zscan", "zinterstore", "zinter")] == [0, 0, 0, 0]


async def test_open_jobs_come_in_steps_and_those_that_are_known_are_not_fetched(filled: Filled) -> None:
    still = [one for one in filled.jobs if not one.status.is_final]
    before, fetched = filled.calls(), filled.calls("mget")

    assert list(await filled.store.open_jobs()) == still
    # A step ends where the first of two lists was cut, so it brings at least CHUNK.
    assert filled.calls() - before <= len(still) // CHUNK + 1
    fetched = filled.calls("mget")
    known = {one.id for one in still[:-2]}
    assert list(await filled.store.open_jobs(known)) == still[-2:]
    assert filled.calls("mget") - fetched == 1


async def test_open_jobs_misses_none_that_moves_meanwhile(filled: Filled) -> None:
    """Between two steps a broker starts the one half and takes back the other; whatever stays open is met once."""
    still = [one for one in filled.jobs if not one.status.is_final]
    looking = asyncio.ensure_future(filled.store.open_jobs())
    moves = 0
    dice = random.Random(3)
    while not looking.done():
        group = dice.sample(range(len(still)), 50)
        for place in group:
            still[place] = moved(still[place])
        await filled.store.commit(filled.leader, [still[place] for place in group])
        moves += 1

    assert [one.id for one in await looking] == [one.id for one in still]
    assert moves > 1


async def test_expired_records_come_in_order_whatever_their_number(filled: Filled) -> None:
    over = sorted(
        (one for one in filled.jobs if one.status is Status.COMPLETED), key=lambda one: one.finished_at or 0.0
    )

    assert list(await filled.store.expired(Status.COMPLETED, float("inf"), 10_000)) == over
    assert list(await filled.store.expired(Status.COMPLETED, T0 + 1000, 10_000)) == [
        one for one in over if (one.finished_at or 0.0) < T0 + 1000
    ]


async def test_counts_are_of_one_instant() -> None:
    with RedisServer() as server:
        async with opened(server.url) as store:
            jobs = [job() for _ in range(20)]
            await asyncio.gather(*(store.create(one, bound=BOUND) for one in jobs))
            leader = await store.lead("me")
            moving = asyncio.ensure_future(_to_and_fro(store, leader, jobs))
            while not moving.done():
                assert sum((await store.counts()).values()) == 20


async def _to_and_fro(store: RedisJobStore, leader: Generation, jobs: list[Job]) -> None:
    for _ in range(50):
        jobs = [moved(one) for one in jobs]
        await store.commit(leader, jobs[:10])
        await store.commit(leader, jobs[10:])


async def test_a_record_that_cannot_be_read_is_said_to_be_so_and_others_can() -> None:
    with RedisServer() as server:
        async with opened(server.url) as store:
            first, second = job(), job()
            await store.create(first, bound=BOUND)
            await store.create(second, bound=BOUND)
            server.ask("SETRANGE", f"3daigc:job:{first.id}", 22, b"\xc1\xff")

            with pytest.raises(StoreBroken, match="cannot be read"):
                await store.get(first.id)
            with pytest.raises(StoreBroken, match="cannot be read"):
                await store.create(first, bound=BOUND)
            assert await store.get(second.id) == second


async def test_a_word_that_cannot_be_sent_harms_only_who_said_it() -> None:
    with RedisServer() as server:
        async with opened(server.url) as store:
            await store.create(one := job(), bound=BOUND)

            answers = await asyncio.gather(
                store.get(JobId("\ud800")),
                store.list(JobQuery(tag="\ud800")),
                store.list(JobQuery(cursor="x")),
                store.get(one.id),
                return_exceptions=True,
            )

            assert [type(answer) for answer in answers] == [UnicodeEncodeError, UnicodeEncodeError, InputInvalid, Job]


async def test_brokers_are_listed_the_leading_one_first() -> None:
    with RedisServer() as server:
        async with opened(server.url) as store:
            assert await store.brokers() == []
            leader = await store.lead("a", lease_s=60)
            for other in ("b", "c"):
                await asyncio.gather(store.lead(other), return_exceptions=True)

            listed = await store.brokers()
            assert {one.owner: one.generation for one in listed} == {"a": leader.number, "b": 0, "c": 0}
            assert listed[0].owner == "a"
            assert all(0 <= one.seen_s < 30 for one in listed)

            server.ask("ZADD", "3daigc:brokers", 1, "b")  # it was not heard of since 1970
            await store.resign(leader)
            await store.lead("c")
            assert [(one.owner, one.generation) for one in await store.brokers()] == [("c", leader.number + 1)]
