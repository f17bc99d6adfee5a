import asyncio

import hiredis
import pytest
import uvloop

from actors.stores.redis_settings import RedisPlace
from actors.stores.redis_wire import NotRedis, RedisWire, WireLost, WireRefused, connected
from tests.redis_kit import RedisServer


async def wire_to(server: RedisServer) -> RedisWire:
    return await connected(RedisPlace(path=str(server.path)))


async def test_replies_come_in_order_and_errors_are_among_them() -> None:
    with RedisServer() as server:
        wire = await wire_to(server)

        replies = await wire.exchange([("SET", "k", b"\x00\xff"), ("INCR", "k"), ("GET", "k"), ("MGET", "k", "none")])

        assert [replies[0], *replies[2:]] == [b"OK", b"\x00\xff", [b"\x00\xff", None]]
        assert isinstance(replies[1], hiredis.ReplyError)
        wire.close()
        await wire.closed()


async def test_large_replies_arrive_whole() -> None:
    with RedisServer() as server:
        wire = await wire_to(server)
        large = b"x" * 3_000_000

        assert await wire.exchange([("SET", "k", large), ("GET", "k"), ("GET", "k")]) == [b"OK", large, large]

        wire.close()
        await wire.closed()


def test_it_works_on_uvloop_too() -> None:
    async def main() -> object:
        wire = await connected(RedisPlace(port=server.port))
        replies = await wire.exchange([("ECHO", "x")])
        wire.close()
        await wire.closed()
        return replies

    with RedisServer(tcp=True) as server:
        assert uvloop.run(main()) == [b"x"]


async def test_a_server_that_goes_away_is_noticed_by_who_waits_and_by_who_comes_later() -> None:
    with RedisServer() as server:
        wire = await wire_to(server)
        waiting = asyncio.ensure_future(wire.exchange([("BLPOP", "nothing", 0)]))
        await asyncio.sleep(0)
        server.kill()

        with pytest.raises(WireLost):
            await waiting
        await wire.closed()
        assert not wire.is_open
        with pytest.raises(WireLost):
            await wire.exchange([("PING",)])


async def test_a_server_that_says_why_it_closes_is_heard() -> None:
    with RedisServer({"maxclients": "1"}) as server:
        first = await wire_to(server)
        await first.exchange([("PING",)])
        second = await wire_to(server)
        await second.closed()

        with pytest.raises(WireRefused, match="max number of clients"):
            await second.exchange([("PING",), ("PING",)])

        for wire in (first, second):
            wire.close()
            await wire.closed()


async def test_what_is_no_redis_server_is_told_from_one() -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as listening:
        wire = await connected(RedisPlace(host="127.0.0.1", port=listening.sockets[0].getsockname()[1]))

        with pytest.raises(NotRedis, match="HTTP"):
            await wire.exchange([("PING",)])

        wire.close()
        await wire.closed()
