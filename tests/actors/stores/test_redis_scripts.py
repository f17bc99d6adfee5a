from actors.stores.redis_audit import RedisAuditLog
from actors.stores.redis_scripts import SCRIPTS
from actors.stores.redis_settings import RedisSettings
from aigc.core.accounts import AuditEntry
from aigc.core.ids import OwnerId
from aigc.core.job import Status
from aigc.core.ports import JobQuery
from tests.actors.stores.redis_store_kit import ended, opened, records, started, waiting
from tests.actors.stores.store_kit import BOUND, job
from tests.redis_kit import SHIPPED, RedisServer


def test_the_server_gives_each_script_the_name_by_which_we_call_it() -> None:
    with RedisServer() as server:
        assert [server.ask("SCRIPT", "LOAD", script.text).decode() for script in SCRIPTS] == [
            script.sha for script in SCRIPTS
        ]


async def test_every_index_follows_a_job_through_its_life() -> None:
    owned = job(owner=OwnerId("jürgen:1"), tags=("rot", "ü ✂"), idempotency_key="k:1", request_digest="d")
    plain = job()
    with RedisServer() as server:
        async with opened(server.url) as store:
            leader = await store.lead("me")
            lives: list[object] = []
            for one in (owned, plain):
                await store.create(one, bound=BOUND)
            lives.append((records(server), waiting(server)))
            running = [started(one) for one in (owned, plain)]
            await store.commit(leader, running)
            lives.append((records(server), waiting(server)))
            over = [ended(running[0], Status.FAILED, 7.5), ended(running[1])]
            await store.commit(leader, over)
            lives.append((records(server), waiting(server)))
            await store.delete(leader, [owned.id])
            lives.append((records(server), waiting(server)))

            assert lives == [
                ({one.id: one for one in (owned, plain)}, 2),
                ({one.id: one for one in running}, 0),
                ({one.id: one for one in over}, 0),
                ({plain.id: over[1]}, 0),
            ]
            await store.delete(leader, [plain.id])
            left = {key.decode().removeprefix("3daigc:") for key in server.ask("KEYS", "*")}
            assert left == {"version", "sequence", "leader", "brokers"}


async def test_a_group_larger_than_the_stack_of_lua_is_taken_whole() -> None:
    jobs = [job(tags=("t",)) for _ in range(2500)]
    with RedisServer() as server:
        async with opened(server.url) as store:
            leader = await store.lead("me")
            for one in jobs[:100]:
                await store.create(one, bound=BOUND)
            assert await store.commit(leader, jobs) == {one.id for one in jobs[100:]}
            await store.delete(leader, [one.id for one in jobs])

            assert records(server) == {}


async def test_a_job_that_goes_back_and_forth_in_one_commit_ends_where_it_was_last() -> None:
    with RedisServer() as server:
        async with opened(server.url) as store:
            first, second = job(), job()
            await store.create(first, bound=BOUND)
            await store.create(second, bound=BOUND)
            again = started(first)
            back = [started(second), started(started(second))]

            await store.commit(await store.lead("me"), [again, ended(again), *back])

            assert records(server) == {first.id: ended(again), second.id: back[-1]}


async def test_the_shipped_user_may_do_what_we_need_and_nothing_else() -> None:
    with RedisServer({"databases": "2"}, acl=True) as server:
        server.ask("CONFIG", "RESETSTAT")
        async with opened(server.url + "?db=1") as store:
            leader = await store.lead("me", lease_s=60)
            one = job(owner=OwnerId("a"), tags=("t",), idempotency_key="k", request_digest="d")
            await store.create(one, bound=BOUND)
            await store.create(one, bound=BOUND)
            await store.renew(leader, 60)
            await store.commit(leader, [ended(started(one))])
            await store.remember("x", b"")
            await store.recall("x")
            await store.get(one.id)
            await store.counts()
            await store.brokers()
            await store.open_jobs()
            await store.expired(Status.COMPLETED, 9, 9)
            await store.list(JobQuery(status=Status.QUEUED))
            await store.list(JobQuery(created_from=0.0, tag="t", owner=OwnerId("a")))
            await store.delete(leader, [one.id])
            await store.resign(leader)
        audit = RedisAuditLog(RedisSettings(url=server.url + "?db=1"))
        await audit.open()
        await audit.add(AuditEntry(at=1.0, action="x"))
        await audit.recent(1)
        await audit.close()
        lines = server.ask("INFO", "commandstats").decode().splitlines()
    used = {line.partition(":")[0].removeprefix("cmdstat_") for line in lines if "rejected_calls=0" in line}
    granted = {
        right.removeprefix("+")
        for line in (SHIPPED / "aigc.acl").read_text().splitlines()
        for right in line.split()
        if line.startswith("user aigc ") and right.startswith("+")
    }

    asked_for_by_others = {"auth", "config|resetstat", "config|get", "info"}
    # `wait` is for replicas, of which there are none here.
    assert (granted - used, used - granted - asked_for_by_others) == ({"wait"}, set())
