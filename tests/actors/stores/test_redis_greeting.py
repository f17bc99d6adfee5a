"""A server that must not keep job records is refused in words, when the store is opened or when it is first reached."""

from collections.abc import Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from aigc.core.errors import StoreBroken
from aigc.core.ids import JobId
from tests.actors.stores.redis_store_kit import answered, opened
from tests.actors.stores.store_kit import BOUND, job
from tests.redis_kit import AIGC, SHIPPED, RedisServer


async def refusal(url: str, **settings: Any) -> StoreBroken:
    """What the operator is told."""
    with pytest.raises(StoreBroken) as broken:
        async with opened(url, **settings):
            pass
    assert broken.value.suggestion
    return broken.value


@pytest.mark.parametrize(
    ("options", "durability", "said"),
    [
        ({"appendonly": "no"}, "everysec", "appendonly no"),
        ({"appendonly": "no", "appendfsync": "always"}, "always", "appendonly no"),
        ({"appendfsync": "no"}, "everysec", "appendfsync no"),
        ({"appendfsync": "everysec"}, "always", "appendfsync everysec"),
        ({"maxmemory-policy": "allkeys-lru"}, "everysec", "allkeys-lru"),
    ],
)
async def test_a_server_that_would_lose_jobs_is_refused(options: Mapping[str, str], durability: str, said: str) -> None:
    with RedisServer(options) as server:
        assert said in str(await refusal(server.url, durability=durability))


@pytest.mark.parametrize("fsync", ["everysec", "always"])
async def test_a_server_may_be_more_durable_than_it_must(fsync: str) -> None:
    with RedisServer({"appendfsync": fsync, "maxmemory-policy": "volatile-lru"}) as server:
        async with opened(server.url, durability="everysec") as store:
            await store.create(job(), bound=BOUND)


async def test_the_shipped_configuration_is_accepted_by_server_and_store() -> None:
    shipped = (SHIPPED / "redis.conf").read_text().splitlines()
    lines = dict(line.split(" ", 1) for line in shipped if line and not line.startswith("#"))
    with RedisServer(lines, acl=True, tcp=True) as server:
        async with opened(f"redis://aigc:{AIGC.replace(' ', '%20')}@127.0.0.1:{server.port}") as store:
            await store.create(job(), bound=BOUND)
        assert server.ask("CONFIG", "GET", "appendfsync")[1] == b"everysec"


async def test_durability_that_may_not_be_looked_at_is_told_once() -> None:
    with RedisServer({"appendfsync": "no"}, acl=True) as server, capture_logs() as logs:
        async with opened(server.url, durability="always") as store:
            one = job()
            await store.create(one, bound=BOUND)
            await store.get(one.id)
            await store.lead("me")

    (told,) = [log for log in logs if log["event"] == "records.unverified"]
    assert "appendfsync always" in told["do"]
    assert AIGC not in str(logs)


@pytest.mark.parametrize(
    ("user", "said", "do"),
    [
        ("", "NOAUTH", "user and password"),
        ("aigc:wrong@", "WRONGPASS", "correct"),
        ("nobody:wrong@", "WRONGPASS", "correct"),
    ],
)
async def test_who_is_not_let_in_is_told_so(user: str, said: str, do: str) -> None:
    with RedisServer(acl=True) as server:
        broken = await refusal(f"unix://{user}{server.path}")

    assert said in broken.message and do in broken.suggestion


async def test_a_password_that_the_server_did_not_ask_for_is_said_to_be_so() -> None:
    with RedisServer() as server:
        assert "take the password out" in str(await refusal(f"unix://:secret@{server.path}"))


async def test_a_user_with_too_few_rights_is_told_where_they_are_listed() -> None:
    with RedisServer() as server:
        server.ask("ACL", "SETUSER", "poor", "on", ">p", "~other:*", "+@all")
        assert "aigc.acl" in str(await refusal(f"unix://poor:p@{server.path}"))


async def test_records_of_a_later_version_are_left_alone() -> None:
    with RedisServer() as server:
        async with opened(server.url) as store:
            await store.create(job(), bound=BOUND)
            server.ask("SET", "3daigc:version", "2")
            with pytest.raises(StoreBroken, match="format 2"):
                await store.create(job(), bound=BOUND)
            with pytest.raises(StoreBroken, match="format 2"):
                await store.lead("me")

        assert "format 2" in str(await refusal(server.url))
        assert server.ask("ZCARD", "3daigc:queue:pending") == 1


async def test_another_programs_queue_under_our_prefix_is_left_alone() -> None:
    with RedisServer() as server:
        server.ask("ZADD", "3daigc:queue:pending", 1, "job_1")
        assert "another program" in str(await refusal(server.url))

        async with opened(server.url + "?db=3") as store:
            await store.create(job(), bound=BOUND)
        assert server.ask("ZCARD", "3daigc:queue:pending") == 1


async def test_a_database_that_the_server_does_not_have_is_said_to_be_missing() -> None:
    with RedisServer({"databases": "1"}) as server:
        assert "databases" in str(await refusal(server.url + "?db=1"))


async def test_what_is_unfit_is_found_out_when_it_is_first_reached_and_used_once_it_was_repaired() -> None:
    with RedisServer() as server:
        server.ask("SET", "3daigc:version", "2")
        server.stop()
        async with opened(server.url) as store:  # away is no obstacle
            server.start()
            with pytest.raises(StoreBroken, match="format 2"):
                await answered(lambda: store.get(JobId("x")))
            server.ask("DEL", "3daigc:version")
            assert await answered(lambda: store.get(JobId("x")), despite=StoreBroken) is None
