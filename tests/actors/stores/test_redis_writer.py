import asyncio
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from aigc.core.errors import AlreadyLed, StaleGeneration, Unavailable
from aigc.core.ids import OwnerId
from tests.actors.stores.redis_store_kit import Line, answered, ended, opened, records, started, until, waiting
from tests.actors.stores.store_kit import BOUND, job
from tests.redis_kit import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def scripts_run(server: RedisServer) -> int:
    line = next(line for line in server.ask("INFO", "commandstats").decode().splitlines() if "_evalsha:" in line)
    return int(line.partition("calls=")[2].partition(",")[0])


# Groups.


async def test_new_records_of_one_tick_are_one_script_and_no_group_is_larger_than_its_limit(
    server: RedisServer,
) -> None:
    async with opened(server.url, group_limit=50) as store:
        await store.create(job(), bound=BOUND)
        before = scripts_run(server)

        await asyncio.gather(*(store.create(job(), bound=BOUND) for _ in range(50)))
        assert scripts_run(server) - before == 1
        await asyncio.gather(*(store.create(job(), bound=BOUND) for _ in range(120)))
        assert scripts_run(server) - before == 1 + 3


async def test_a_store_holds_four_connections_however_many_call(server: RedisServer) -> None:
    async with opened(server.url) as store:
        leader = await store.lead("me")
        jobs = [job() for _ in range(200)]
        await asyncio.gather(*(store.create(one, bound=BOUND) for one in jobs))
        await asyncio.gather(
            *(store.commit(leader, [started(one)]) for one in jobs),
            *(store.get(one.id) for one in jobs),
            *(store.expired(one.status, 1.0, 1) for one in jobs),
        )

        assert int(server.info("connected_clients")) == 4 + 1  # and the one that asks


async def test_jobs_of_one_group_meet_as_if_they_came_one_after_the_other(server: RedisServer) -> None:
    first = job(idempotency_key="k", request_digest="d", owner=OwnerId("a"))
    same_key = job(idempotency_key="k", request_digest="d", owner=OwnerId("a"))
    async with opened(server.url) as store:
        answers = await asyncio.gather(*(store.create(one, bound=BOUND) for one in (first, first, same_key)))

    assert [(answer.job, answer.replayed) for answer in answers] == [(first, False), (first, True), (first, True)]
    assert records(server) == {first.id: first}


async def test_more_new_jobs_than_may_wait_are_refused_at_once(server: RedisServer) -> None:
    async with opened(server.url, pending_limit=3) as store:
        answers = await asyncio.gather(*(store.create(job(), bound=BOUND) for _ in range(10)), return_exceptions=True)

    refused = [one for one in answers if isinstance(one, Unavailable)]
    assert (len(refused), waiting(server)) == (7, 3)
    assert refused[0].retry_after_s > 0


# What is sent twice, or arrives late.


async def test_a_new_job_whose_answer_was_lost_is_new_all_the_same(server: RedisServer) -> None:
    async with Line(server) as line, opened(line.url) as store:
        await store.create(job(), bound=BOUND)
        one = job(idempotency_key="k", request_digest="d")
        line.cuts_next_reply = True

        answer = await store.create(one, bound=BOUND)

        assert (answer.job, answer.replayed) == (one, False)
        assert (await store.create(one, bound=BOUND)).replayed
        assert waiting(server) == 2


async def test_changes_whose_answer_was_lost_are_made_once(server: RedisServer) -> None:
    async with Line(server) as line, opened(line.url) as store:
        first, second = job(), job()
        await asyncio.gather(store.create(first, bound=BOUND), store.create(second, bound=BOUND))
        leader = await store.lead("me", lease_s=60)
        line.cuts_next_reply = True
        assert await store.commit(leader, [started(first)]) == frozenset()
        line.cuts_next_reply = True
        await store.delete(leader, [second.id])
        line.cuts_next_reply = True
        await store.renew(leader, 60)
        assert records(server) == {first.id: started(first)}

        line.cuts_next_reply = True
        again = await store.lead("me", lease_s=60)
        assert again.number > leader.number
        assert await store.commit(again, [ended(started(first))]) == frozenset()


async def test_scripts_that_the_server_forgot_are_brought_again(server: RedisServer) -> None:
    async with opened(server.url) as store:
        await store.create(job(), bound=BOUND)
        server.ask("SCRIPT", "FLUSH")

        assert not (await store.create(job(), bound=BOUND)).replayed
        assert (await store.lead("me")).number == 1


async def test_a_change_that_arrives_late_does_not_undo_a_later_one(server: RedisServer) -> None:
    """As when a server that stood still carries out what its broker gave up waiting for."""
    async with opened(server.url) as store:
        one = job()
        await store.create(one, bound=BOUND)
        leader = await store.lead("me")
        first = started(one)
        later = replace(one, seq=first.seq + 1)
        await store.commit(leader, [later])

        assert await store.commit(leader, [first]) == {one.id}
        assert records(server) == {one.id: later}


# Leading.


async def test_leases_run_by_the_servers_clock_however_wrong_our_own_is(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(server.url) as here:
        first = await here.lead("first", lease_s=60)
        monkeypatch.setattr("time.time", lambda: 4e9)
        async with opened(server.url) as there:
            with pytest.raises(AlreadyLed) as refused:
                await there.lead("second", lease_s=60)
            assert abs(there.clock() - here.clock()) < 5

    assert (refused.value.leader, refused.value.generation) == ("first", first.number)
    assert 50 < refused.value.for_s <= 60


async def test_a_servers_clock_that_is_set_back_does_not_make_a_lease_longer_than_it_was_granted(
    server: RedisServer,
) -> None:
    async with opened(server.url) as store:
        await store.lead("first", lease_s=1.0)
        an_hour_ahead = int(server.ask("HGET", "3daigc:leader", "until")) + 3_600_000
        server.ask("HSET", "3daigc:leader", "until", an_hour_ahead)

        with pytest.raises(AlreadyLed) as refused:
            await store.lead("second")
        assert refused.value.for_s <= 1.0
        assert (await answered(lambda: store.lead("second"), despite=AlreadyLed)).number == 2


async def test_a_leader_goes_on_after_the_store_was_away_for_longer_than_its_lease(server: RedisServer) -> None:
    async with opened(server.url) as store:
        one = job()
        await store.create(one, bound=BOUND)
        leader = await store.lead("me", lease_s=0.001)
        server.kill()
        server.start()

        await store.renew(leader, 60)

        assert await store.commit(leader, [started(one)]) == frozenset()
        with pytest.raises(AlreadyLed):
            await store.lead("another")


async def test_a_store_that_was_emptied_is_said_to_have_been(server: RedisServer) -> None:
    async with opened(server.url) as store:
        one = job()
        await store.create(one, bound=BOUND)
        leader = await store.lead("me", lease_s=60)
        server.ask("FLUSHALL")

        for call in (store.renew(leader, 60), store.commit(leader, [started(one)]), store.delete(leader, [one.id])):
            with pytest.raises(StaleGeneration, match="emptied"):
                await call
        await store.resign(leader)  # nothing to give up

        again = await store.lead("me", above=leader.number)
        assert again.number == leader.number + 1
        assert await store.commit(again, [started(one)]) == {one.id}
        await store.create(one, bound=BOUND)
        assert records(server) == {one.id: one}


# Replicas.


async def test_a_job_is_acknowledged_when_enough_replicas_have_it() -> None:
    with RedisServer(tcp=True) as master, RedisServer({"replicaof": f"127.0.0.1 {master.port}"}, tcp=True) as replica:
        await until(lambda: replica.info("master_link_status") == "up")
        async with opened(master.url, replicas=1, timeout_s=20.0) as store:
            first, second = job(), job()
            await store.create(first, bound=BOUND)
            leader = await store.lead("me", lease_s=60)
            await store.commit(leader, [started(first)])
            assert records(replica) == {first.id: started(first)}

        async with opened(master.url, replicas=1, timeout_s=2.0) as store:
            replica.freeze()
            with pytest.raises(Unavailable, match="0 of 1 replicas") as refused:
                await store.create(second, bound=BOUND)
            with pytest.raises(Unavailable, match="0 of 1 replicas"):
                await store.commit(leader, [ended(started(first))])
            await store.renew(leader, 60)  # a lease needs no copies
            assert refused.value.code == "too_few_replicas"
            replica.thaw()

            again = await answered(lambda: store.create(second, bound=BOUND))
            await answered(lambda: store.commit(leader, [ended(started(first))]))
            assert again.job == second
            assert records(replica) == {first.id: ended(started(first)), second.id: second}
