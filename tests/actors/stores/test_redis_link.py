"""A server that goes away, comes back, or answers late: what callers see, and that nobody runs in circles."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from actors.stores.redis_clock import RedisClock
from actors.stores.redis_greeting import RedisGreeting
from actors.stores.redis_link import RedisLink
from actors.stores.redis_sentinels import RedisSentinels
from actors.stores.redis_settings import RedisSettings, places
from aigc.core.errors import StoreBroken, Unavailable
from tests.actors.stores.redis_store_kit import Line, answered, until
from tests.redis_kit import RedisServer

PING = ("ECHO", "x")


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@asynccontextmanager
async def linked(url: str) -> AsyncIterator[RedisLink]:
    """A patient link; tests of impatience take its time away when it is connected."""
    where = places(RedisSettings(url=url))
    link = RedisLink(RedisSentinels(where, 20.0), RedisGreeting("everysec"), RedisClock(), 20.0)
    try:
        yield link
    finally:
        await link.close()


async def test_a_connection_is_made_when_it_is_needed_and_kept(server: RedisServer) -> None:
    async with Line(server) as line, linked(line.url) as link:
        assert line.connections == 0
        for _ in range(3):
            assert (await link.exchange([PING, PING])).replies == [b"x", b"x"]
        assert line.connections == 1


async def test_a_restart_is_not_felt_by_who_can_wait_for_it(server: RedisServer) -> None:
    async with linked(server.url) as link:
        await link.exchange([PING])
        server.kill()
        asking = asyncio.ensure_future(link.exchange([PING]))
        await asyncio.sleep(0)
        server.start()

        assert (await asking).replies == [b"x"]


async def test_a_connection_that_the_server_closed_while_nobody_asked_is_made_anew(server: RedisServer) -> None:
    async with linked(server.url) as link:
        await link.exchange([PING])
        server.ask("CLIENT", "KILL", "TYPE", "normal")
        assert link._wire is not None
        await link._wire.closed()

        answer = await link.exchange([PING])

        assert (answer.replies, answer.resent) == ([b"x"], False)


async def test_who_lost_the_answer_asks_again_and_is_told_that_it_did(server: RedisServer) -> None:
    async with Line(server) as line, linked(line.url) as link:
        await link.exchange([PING])
        line.cuts_next_reply = True

        answer = await link.exchange([("INCR", "count")])

        assert (answer.replies, answer.resent) == ([2], True)


async def test_a_server_that_stands_still_costs_a_caller_its_time_limit_and_the_next_ones_nothing(
    server: RedisServer,
) -> None:
    async with linked(server.url) as link:
        await link.exchange([PING])
        link._timeout_s = 0.3
        server.freeze()
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="does not answer") as refused:
            await link.exchange([PING])
        took_s = time.monotonic() - begun
        for _ in range(100):
            with pytest.raises(Unavailable):
                await link.exchange([PING])
        link._timeout_s = 20.0
        server.thaw()

        # Both are generous: the machine is shared.
        assert 0.2 < took_s < 15
        assert refused.value.retry_after_s >= 1
        assert (await answered(lambda: link.exchange([PING]))).replies == [b"x"]


async def test_while_the_server_is_away_a_thousand_calls_make_few_tries(server: RedisServer) -> None:
    async with Line(server) as line, linked(line.url) as link:
        await link.exchange([PING])
        link._timeout_s = 0.2
        server.kill()
        with capture_logs() as logs:
            for _ in range(1000):
                with pytest.raises(Unavailable):
                    await link.exchange([PING])
            tries = line.connections
            link._timeout_s = 20.0
            server.start()
            await answered(lambda: link.exchange([PING]))

        # Within its 0.2 s the first call tried at most 5 times (0.05 s, doubling, half of it chance), and one more was
        # made in each second that all of them took.
        assert tries <= 50
        assert [log["event"] for log in logs] == ["records.away", "records.back"]


async def test_a_server_that_was_never_there_is_told_at_once(server: RedisServer) -> None:
    server.stop()
    async with linked(server.url) as link:
        with capture_logs() as logs, pytest.raises(Unavailable):
            await link.exchange([PING])

        assert logs[0]["event"] == "records.away"
        assert "redis-server" in logs[0]["do"]
        server.start()
        assert (await answered(lambda: link.exchange([PING]))).replies == [b"x"]


async def test_a_replica_is_left_and_looked_for_again(server: RedisServer) -> None:
    async with linked(server.url) as link:
        await link.exchange([("SET", "k", 1)])
        server.ask("REPLICAOF", "127.0.0.1", 1)
        writing = asyncio.ensure_future(link.exchange([("SET", "k", 2)]))
        await until(lambda: b"READONLY" in server.ask("INFO", "errorstats"))
        server.ask("REPLICAOF", "NO", "ONE")

        assert (await writing).replies == [b"OK"]


async def test_the_servers_time_is_asked_for_with_the_first_question_of_a_connection(server: RedisServer) -> None:
    async with linked(server.url) as link:
        for _ in range(3):
            assert (await link.exchange([PING])).replies == [b"x"]
        asked = "cmdstat_time:calls=1,"
        assert asked in server.ask("INFO", "commandstats").decode()
        server.ask("CLIENT", "KILL", "TYPE", "normal")
        await link.exchange([PING])
        assert asked.replace("1", "2") in server.ask("INFO", "commandstats").decode()


async def test_one_refused_command_harms_none_beside_it(server: RedisServer) -> None:
    async with linked(server.url) as link:
        replies = (await link.exchange([PING, ("LPUSH", "3daigc:x", 1), ("GET", "3daigc:x"), PING])).replies

        assert (replies[0], replies[3]) == (b"x", b"x")
        assert "WRONGTYPE" in str(replies[2])


async def test_who_leaves_while_the_answer_is_on_its_way_leaves_no_answer_to_another(server: RedisServer) -> None:
    async with linked(server.url) as link:
        await link.exchange([PING])
        leaving = asyncio.ensure_future(link.exchange([("ECHO", "for nobody")]))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait({leaving})

        assert (await link.exchange([PING])).replies == [b"x"]


async def test_what_is_no_redis_server_is_broken_not_away() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        async with linked(f"redis://127.0.0.1:{port}") as link:
            with pytest.raises(StoreBroken, match="is no Redis server"):
                await link.exchange([PING])


async def test_a_host_without_a_name_is_away() -> None:
    async with linked("redis://no-such-host.invalid") as link:
        with pytest.raises(Unavailable):
            await link.exchange([PING])


async def test_refusals_that_last_are_told_once(server: RedisServer) -> None:
    async with linked(server.url) as link:
        server.ask("CONFIG", "SET", "maxmemory", 1)
        with capture_logs() as logs:
            for _ in range(5):
                await link.exchange([("SET", "k", 1)])
            server.ask("CONFIG", "SET", "maxmemory", 0)
            await link.exchange([("SET", "k", 1)])
            server.ask("CONFIG", "SET", "maxmemory", 1)
            await link.exchange([("SET", "k", 1)])

    assert [log["event"] for log in logs] == ["records.refused"] * 2
    assert "OOM" in logs[0]["reason"]
