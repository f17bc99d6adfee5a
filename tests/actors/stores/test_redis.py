"""What befalls the Redis store; what every JobStore must do is in tests/contract, which runs as the shipped user."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.stores.redis import RedisJobStore, RedisSettings
from aigc.core.errors import StaleGeneration, StoreBroken, Unavailable
from aigc.core.job import Job, Status
from aigc.core.messages import Generation
from aigc.core.ports import JobQuery
from tests.actors.stores.redis_store_kit import answered, ended, hurry, opened, records, started, until, waiting
from tests.actors.stores.store_kit import BOUND, job
from tests.redis_kit import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


class Load:
    """Clients that create jobs and begin them, one after the other, and note what was acknowledged."""

    def __init__(self, store: RedisJobStore, leader: Generation) -> None:
        self._store, self._leader = store, leader
        self.acknowledged: dict[str, Job] = {}
        self.refused = 0
        self.steps = asyncio.Semaphore(0)
        """Released once for each acknowledgement."""

    @asynccontextmanager
    async def running(self, clients: int = 16) -> AsyncIterator["Load"]:
        self._stopping = False
        tasks = [asyncio.ensure_future(self._client()) for _ in range(clients)]
        yield self
        self._stopping = True
        await asyncio.gather(*tasks)

    async def _client(self) -> None:
        while not self._stopping:
            one = job()
            try:
                await self._store.create(one, bound=BOUND)
                self._note(one)
                await self._store.commit(self._leader, [started(one)])
                self._note(started(one))
            except Unavailable:
                self.refused += 1
                await asyncio.sleep(0.02)

    def _note(self, one: Job) -> None:
        self.acknowledged[one.id] = one
        self.steps.release()

    async def passed(self, count: int) -> None:
        """So many more acknowledgements have come."""
        for _ in range(count):
            await self.steps.acquire()


# A server that dies.


async def test_what_a_killed_server_acknowledged_is_there() -> None:
    dice = random.Random(7)
    with RedisServer({"appendfsync": "always"}) as server:
        async with opened(server.url, durability="always") as store:
            load = Load(store, await store.lead("me"))
            async with load.running():
                for _ in range(5):
                    await load.passed(dice.randrange(1, 400))
                    server.kill()
                    server.start()
                await load.passed(100)

            found = records(server)  # and no index is torn
            assert load.acknowledged.keys() <= found.keys()
            assert all(found[one.id].seq >= one.seq for one in load.acknowledged.values())
            # Who can wait for the server to come back is not refused, and nothing is there that nobody was told of.
            assert (load.refused, len(found)) == (0, len(load.acknowledged))


async def test_a_server_that_is_away_for_long_refuses_and_is_found_again(server: RedisServer) -> None:
    async with opened(server.url) as store:
        load = Load(store, await store.lead("me"))
        async with load.running(clients=4):
            await load.passed(20)
            hurry(store, 0.2)
            server.kill()
            await until(lambda: load.refused > 20)
            hurry(store, 20.0)
            server.start()
            await load.passed(200)

        assert load.acknowledged.keys() <= records(server).keys()


async def test_processes_may_start_before_the_server_does(server: RedisServer) -> None:
    server.stop()
    with capture_logs() as logs:
        async with opened(server.url) as store:
            for call in (store.get(job().id), store.create(job(), bound=BOUND), store.lead("me"), store.counts()):
                with pytest.raises(Unavailable) as refused:
                    await call
                assert refused.value.retry_after_s >= 1
                assert str(server.folder) not in str(refused.value)
            assert abs(store.clock() - time.time()) < 60
            server.start()
            await answered(lambda: store.create(job(), bound=BOUND))

    assert "records.waiting" in [log["event"] for log in logs]
    assert any(str(server.path) in log.get("server", "") for log in logs)


async def test_a_store_that_is_closed_while_the_server_is_away_closes(server: RedisServer) -> None:
    async with opened(server.url) as store:
        await store.create(job(), bound=BOUND)
        hurry(store, 0.2)
        server.kill()
        pending = asyncio.ensure_future(store.create(job(), bound=BOUND))
        await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await pending
    with pytest.raises(Unavailable, match="closed"):
        await store.get(job().id)


# A server that is slow, full, read-only, emptied.


async def test_a_server_that_stands_still_refuses_in_time_and_is_used_again(server: RedisServer) -> None:
    async with opened(server.url) as store:
        load = Load(store, await store.lead("me"))
        async with load.running():
            await load.passed(50)
            hurry(store, 0.3)
            server.freeze()
            begun = time.monotonic()
            await until(lambda: load.refused >= 16)
            took_s = time.monotonic() - begun
            hurry(store, 20.0)
            server.thaw()
            await load.passed(200)

        assert took_s < 10  # generous, the machine is shared: one time limit, and then at once
        found = records(server)
        assert load.acknowledged.keys() <= found.keys()
        assert all(found[one.id].seq >= one.seq for one in load.acknowledged.values())


async def test_a_slow_server_is_waited_for(server: RedisServer) -> None:
    async with opened(server.url) as store:
        await store.create(job(), bound=BOUND)
        pause = server.ask("CLIENT", "PAUSE", 100)
        sleeping = asyncio.create_task(asyncio.to_thread(server.ask, "DEBUG", "SLEEP", "0.2"))
        await asyncio.gather(*(store.create(job(), bound=BOUND) for _ in range(10)), store.counts())
        await sleeping

        assert (pause, waiting(server)) == (b"OK", 11)


async def test_a_full_server_takes_no_new_jobs_and_lets_running_ones_end(server: RedisServer) -> None:
    async with opened(server.url) as store:
        leader = await store.lead("me", lease_s=60)
        first, second, third = jobs = [job(), job(), job()]
        for one in jobs:
            await store.create(one, bound=BOUND)
        server.ask("CONFIG", "SET", "maxmemory", 1)

        with pytest.raises(Unavailable, match="out of memory") as refused:
            await store.create(job(), bound=BOUND)
        await store.commit(leader, [ended(started(first)), started(second)])
        await store.renew(leader, 60)
        await store.delete(leader, [first.id])
        assert await store.get(third.id) == third
        assert (await store.list(JobQuery(status=Status.QUEUED))).jobs == (third,)
        assert [one.id for one in await store.open_jobs()] == [second.id, third.id]

        assert (refused.value.code, refused.value.retry_after_s) == ("store_full", 30)
        server.ask("CONFIG", "SET", "maxmemory", 0)
        later = job()
        await store.create(later, bound=BOUND)
        assert records(server) == {second.id: started(second), third.id: third, later.id: later}


async def test_a_server_that_became_a_replica_takes_nothing(server: RedisServer) -> None:
    async with opened(server.url) as store:
        one = job()
        await store.create(one, bound=BOUND)
        leader = await store.lead("me")
        server.ask("REPLICAOF", "127.0.0.1", 1)
        hurry(store, 0.5)

        with pytest.raises(Unavailable, match="replica"):
            await store.create(job(), bound=BOUND)
        with pytest.raises(Unavailable, match="replica"):
            await store.commit(leader, [started(one)])
        hurry(store, 20.0)
        assert await store.get(one.id) == one

        server.ask("REPLICAOF", "NO", "ONE")
        await answered(lambda: store.commit(leader, [started(one)]))
        assert records(server) == {one.id: started(one)}


async def test_a_server_that_cannot_write_its_log_takes_nothing(server: RedisServer) -> None:
    async with opened(server.url) as store:
        await store.create(job(), bound=BOUND)
        server.ask("CONFIG", "SET", "min-replicas-to-write", 1)
        with pytest.raises(Unavailable, match="too few replicas"):
            await store.create(job(), bound=BOUND)
        server.ask("CONFIG", "SET", "min-replicas-to-write", 0)

        await store.create(job(), bound=BOUND)
        assert waiting(server) == 2


async def test_a_server_that_is_held_up_by_a_script_is_waited_out(server: RedisServer) -> None:
    server.ask("CONFIG", "SET", "busy-reply-threshold", 10)
    async with opened(server.url) as store:
        await store.create(job(), bound=BOUND)
        endless = asyncio.create_task(asyncio.to_thread(_endless, server))
        while True:
            try:
                await store.create(job(), bound=BOUND)
            except Unavailable as error:
                assert "held up by a script" in str(error)
                break
        server.ask("SCRIPT", "KILL")
        await endless

        await store.create(job(), bound=BOUND)
        records(server)


def _endless(server: RedisServer) -> None:
    with pytest.raises(Exception, match="killed"):
        server.ask("EVAL", "while true do end", 0)


async def test_a_store_that_was_emptied_takes_new_jobs_and_no_old_leader(server: RedisServer) -> None:
    async with opened(server.url) as store:
        old = job()
        await store.create(old, bound=BOUND)
        leader = await store.lead("me")
        server.ask("FLUSHALL")

        new = job()
        await store.create(new, bound=BOUND)
        with pytest.raises(StaleGeneration, match="emptied"):
            await store.commit(leader, [started(old)])

        assert await store.get(old.id) is None
        assert records(server) == {new.id: new}


# Other ways to reach it.


async def test_after_a_failover_the_new_master_is_used(tmp_path: Path) -> None:
    with RedisServer(tcp=True) as master, RedisServer({"replicaof": f"127.0.0.1 {master.port}"}, tcp=True) as replica:
        await until(lambda: replica.info("master_link_status") == "up")
        options = {
            "sentinel monitor": f"house 127.0.0.1 {master.port} 1",
            "sentinel down-after-milliseconds": "house 200",
            "sentinel failover-timeout": "house 1000",
        }
        with RedisServer(options, sentinel=True) as sentinel:
            await until(lambda: "slaves=1" in sentinel.info("master0"))
            where = {"sentinels": (f"127.0.0.1:{sentinel.port}",), "sentinel_master": "house", "replicas": 0}
            async with opened("redis://", **where) as store:
                leader = await store.lead("me")
                load = Load(store, leader)
                async with load.running(clients=4):
                    await load.passed(50)
                    # What was acknowledged until here has reached the replica.
                    before = dict(load.acknowledged)
                    await until(lambda: before.keys() <= set(_ids(replica)))
                    master.kill()
                    await load.passed(100)

                assert before.keys() <= records(replica).keys()
                assert b"master" in replica.ask("ROLE")


def _ids(server: RedisServer) -> list[str]:
    return [id.decode() for id in server.ask("ZRANGE", "3daigc:jobs", 0, -1)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for `localhost` that nobody vouches for, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    crt, key = folder / "redis.crt", folder / "redis.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(crt)],
        check=True, capture_output=True,
    )  # fmt: skip
    return crt, key


async def test_over_tls_the_servers_certificate_is_checked(certificate: tuple[Path, Path]) -> None:
    crt, key = map(str, certificate)
    tls = {"tls-cert-file": crt, "tls-key-file": key, "tls-ca-cert-file": crt, "tls-auth-clients": "no"}
    with RedisServer(tls, tls=True) as server:
        async with opened(f"rediss://localhost:{server.tls_port}?ssl_ca_certs={crt}") as store:
            one = job()
            await store.create(one, bound=BOUND)
            assert await store.get(one.id) == one
        for host, query, reason in (
            ("localhost", "", "not trusted"),
            ("127.0.0.1", f"?ssl_ca_certs={crt}", "not trusted"),
        ):
            with pytest.raises(StoreBroken, match=reason):
                async with opened(f"rediss://{host}:{server.tls_port}{query}"):
                    pass
        async with opened(f"rediss://127.0.0.1:{server.tls_port}?ssl_ca_certs={crt}&ssl_check_hostname=false") as store:
            assert await store.get(one.id) == one


async def test_a_server_that_wants_our_certificate_too_gets_it(certificate: tuple[Path, Path]) -> None:
    crt, key = map(str, certificate)
    tls = {"tls-cert-file": crt, "tls-key-file": key, "tls-ca-cert-file": crt, "tls-auth-clients": "yes"}
    with RedisServer(tls, tls=True) as server:
        url = f"rediss://localhost:{server.tls_port}?ssl_ca_certs={crt}"
        async with opened(f"{url}&ssl_certfile={crt}&ssl_keyfile={key}") as store:
            await store.create(job(), bound=BOUND)
        with pytest.raises((StoreBroken, Unavailable)):
            async with opened(url, timeout_s=1.0) as store:
                await store.get(job().id)


# Size and manners.


@pytest.mark.slow
async def test_no_question_beside_100_000_open_jobs_holds_the_server_up() -> None:
    records_wanted = 100_000
    with RedisServer() as server:
        async with opened(server.url) as store:
            jobs = [job(created_at=1.8e9 + number) for number in range(records_wanted)]
            for at in range(0, records_wanted, 1000):
                await asyncio.gather(*(store.create(one, bound=BOUND) for one in jobs[at : at + 1000]))
            server.ask(
                "CONFIG", "SET", "slowlog-log-slower-than", 25_000
            )  # in µs; a search through all of them in one go takes longer
            server.ask("SLOWLOG", "RESET")

            assert [one.id for one in await store.open_jobs()] == [one.id for one in jobs]
            page = await store.list(JobQuery(status=Status.QUEUED, feature="text_to_mesh", offset=records_wanted - 10))
            assert (page.total, [one.id for one in page.jobs]) == (records_wanted, [one.id for one in jobs[9::-1]])
            deep = await store.list(JobQuery(offset=records_wanted - 10, limit=5))
            assert len(deep.jobs) == 5

            assert server.ask("SLOWLOG", "LEN") == 0


def test_who_does_not_use_it_does_not_pay_for_it() -> None:
    code = "import sys, actors.stores.redis; sys.exit('redis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_store_that_was_closed_leaves_no_connection_and_no_task(server: RedisServer) -> None:
    async with opened(server.url) as store:
        await asyncio.gather(store.create(job(), bound=BOUND), store.lead("me"), store.list(JobQuery()), store.counts())

    await until(lambda: int(server.info("connected_clients")) == 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_settings_without_sense_are_told_when_it_is_opened() -> None:
    with pytest.raises(StoreBroken, match=r"redis\.url"):
        await RedisJobStore(RedisSettings(url="http://cache")).open()
