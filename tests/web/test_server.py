import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from aigc.core.ids import BootId
from config.listening import listen
from tests.web.house_kit import BRISK, House, eventually, read_events
from tests.web.raw_kit import Raw, head
from web.app import WebSettings
from web.fetch import Fetcher
from web.gateway import Gateway
from web.intake import Intake, IntakeLimits
from web.server import WebServer

boots = itertools.count(1)
LONG_S = 300.0


@pytest.fixture
async def shared(house: House) -> AsyncIterator["Shared"]:
    """A socket that the test holds, as systemd would."""
    with closing(listen("127.0.0.1", 0)) as listening:
        yield Shared(house, listening)


class Shared:
    """A listening socket, and servers that come and go on it."""

    def __init__(self, house: House, listening: socket.socket) -> None:
        self.house = house
        self.listening = listening
        self.port: int = listening.getsockname()[1]

    async def server(self, linger_s: float = 0.3) -> WebServer:
        """One more, started."""
        house = self.house
        gateway = Gateway(
            house.context,
            house.broker_address,
            house.news_address,
            house.store,
            house.assets,
            fetch=Fetcher(Intake(house.assets, IntakeLimits())),
            settings=house.settings,
            name="web",
            boot=BootId(f"s{next(boots)}"),
            link=BRISK,
            clock=house.clock,
        )
        server = WebServer(gateway, WebSettings(linger_s=linger_s), self.listening)
        await server.start()
        await eventually(lambda: gateway._link.is_alive and gateway._news.is_current)
        return server

    @asynccontextmanager
    async def serving(self, linger_s: float = 0.3) -> AsyncIterator[WebServer]:
        server = await self.server(linger_s)
        try:
            yield server
        finally:
            await server.close()


def get(path: str, **headers: Any) -> bytes:
    return head("GET", path, **headers)


def post(path: str, body: Any) -> bytes:
    raw = msgspec.json.encode(body)
    return head("POST", path, Content_Type="application/json", Content_Length=len(raw)) + raw


JOB = {"feature": "text_to_textured_mesh", "inputs": {"text": "a chair"}}


@asynccontextmanager
async def draining(server: WebServer, budget_s: float = LONG_S) -> AsyncIterator["asyncio.Task[None]"]:
    """The server drains meanwhile, and it has stopped accepting; at the end it has drained."""
    task = asyncio.create_task(server.drain(budget_s))
    await eventually(lambda: server._is_leaving and server._site not in server._runner.sites)
    yield task
    async with asyncio.timeout(60):
        await task


class Keen:
    """A client that keeps its connection as long as the server lets it, and takes any broken answer for a failure."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.answers = 0
        self.connections = 0
        self.odd: list[tuple[int, bytes]] = []

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with Raw(self._port) as raw:
                self.connections += 1
                is_kept = True
                while is_kept and not stop.is_set():
                    await raw.send(post("/api/v1/jobs", JOB) if self.answers % 2 else get("/api/v1/features"))
                    status, headers, body = await raw.answer()
                    if status not in (200, 202):
                        self.odd.append((status, body))
                    self.answers += 1
                    is_kept = headers.get("connection") != "close"


@asynccontextmanager
async def crowd(port: int) -> AsyncIterator[list[Keen]]:
    """Clients that ask without a pause meanwhile; the first failure of one ends the test."""
    stop, clients = asyncio.Event(), [Keen(port) for _ in range(12)]
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.run(stop))
        yield clients
        stop.set()
    assert [client.odd for client in clients if client.odd] == []


async def all_answered(clients: list[Keen]) -> None:
    """Each has got some more answers."""
    before = [client.answers for client in clients]
    await eventually(lambda: all(now.answers > then + 3 for now, then in zip(clients, before, strict=True)))


async def test_no_request_fails_while_one_server_follows_another_on_a_socket(shared: Shared) -> None:
    server = await shared.server()
    try:
        async with crowd(shared.port) as clients:
            for _ in range(4):
                await all_answered(clients)
                await server.drain(LONG_S)
                # Nobody accepts here: whoever comes waits in the socket's queue.
                await server.close()
                server = await shared.server()
            await all_answered(clients)
    finally:
        await server.close()
    assert {client.connections for client in clients} == {5}, "a change of servers costs each one connection"


async def test_no_request_fails_while_a_new_server_comes_before_the_old_one_goes(shared: Shared) -> None:
    async with AsyncExitStack() as servers, crowd(shared.port) as clients:
        server = await servers.enter_async_context(shared.serving())
        for _ in range(4):
            await all_answered(clients)
            former, server = server, await servers.enter_async_context(shared.serving())
            await former.drain(LONG_S)
        await all_answered(clients)


async def test_a_kept_connection_is_answered_once_more_and_sent_elsewhere(shared: Shared) -> None:
    async with shared.serving(linger_s=LONG_S) as server, Raw(shared.port) as raw:
        await raw.send(get("/api/v1/features"))
        status, headers, _ = await raw.answer()
        assert (status, headers.get("connection")) == (200, None)
        async with draining(server):
            await raw.send(get("/api/v1/features"))
            status, headers, _ = await raw.answer()
            assert (status, headers["connection"]) == (200, "close")
            assert await raw.reader.read() == b""


async def test_a_new_connection_waits_for_the_next_server(shared: Shared) -> None:
    async with shared.serving() as server:
        await server.drain(LONG_S)
        async with Raw(shared.port) as raw:
            await raw.send(get("/api/v1/features"))
            async with shared.serving():
                assert (await raw.answer())[0] == 200


async def test_an_idle_connection_is_closed_after_a_while_and_not_at_once(shared: Shared) -> None:
    async with shared.serving(linger_s=0.3) as server, Raw(shared.port) as raw:
        await raw.send(get("/api/v1/features"))
        await raw.answer()
        began = asyncio.get_running_loop().time()
        async with draining(server):
            assert await raw.reader.read() == b""
        assert asyncio.get_running_loop().time() - began >= 0.3


async def test_an_upload_under_way_is_taken_to_its_end(shared: Shared) -> None:
    content = (Path(__file__).parents[2] / "web" / "static" / "samples" / "penguin.png").read_bytes()
    async with shared.serving(linger_s=0.0) as server, Raw(shared.port) as raw:
        await raw.send(head("PUT", "/api/v1/uploads?filename=penguin.png", Content_Length=len(content)))
        await raw.send(content[:1000])
        await eventually(lambda: any(c._request_in_progress for c in server._connections()))
        async with draining(server) as task:
            # The idle are closed by now, and this one is not idle.
            await asyncio.wait({task}, timeout=0.2)
            await raw.send(content[1000:])
            status, headers, _ = await raw.answer()
            assert (status, headers["connection"]) == (201, "close")


async def test_whoever_waits_for_a_job_hears_early_how_it_stands(shared: Shared) -> None:
    async with shared.serving(linger_s=LONG_S) as server, Raw(shared.port) as early, Raw(shared.port) as late:
        job = await shared.house.submit()
        await late.send(get("/api/v1/features"))
        await late.answer()
        await early.send(get(f"/api/v1/jobs/{job}?wait=60"))
        await eventually(lambda: server._gateway._news._waiters)
        async with draining(server):
            await late.send(post("/api/v1/jobs?wait=60", JOB))
            status, headers, body = await early.answer()
            assert (status, headers["connection"], msgspec.json.decode(body)["status"]) == (200, "close", "queued")
            status, headers, body = await late.answer()
            assert (status, headers["connection"], msgspec.json.decode(body)["status"]) == (202, "close", "queued")


async def test_streams_end_in_order_and_so_do_those_that_begin_meanwhile(shared: Shared) -> None:
    job = await shared.house.submit()
    async with (
        shared.serving(linger_s=LONG_S) as server,
        aiohttp.ClientSession(f"http://127.0.0.1:{shared.port}") as session,
        session.ws_connect("/api/v1/events") as watching,
        session.get(f"/api/v1/jobs/{job}/events") as stream,
        Raw(shared.port) as late,
    ):
        await late.send(get("/api/v1/features"))
        await late.answer()
        async with draining(server):
            message = await watching.receive(timeout=60)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
            told = await read_events(stream.content, lambda event: False)
            assert [event["type"] for event in told] == ["job.snapshot"], "and then a proper end"
            await late.send(get(f"/api/v1/jobs/{job}/events?since=0"))
            answered = await late.reader.read()
            assert answered.startswith(b"HTTP/1.1 200") and answered.endswith(b"0\r\n\r\n"), answered
            await session.close()


async def test_a_drain_takes_no_longer_than_it_may(shared: Shared) -> None:
    async with shared.serving(linger_s=0.0) as server, Raw(shared.port) as raw:
        await raw.send(head("PUT", "/api/v1/uploads?filename=penguin.png", Content_Length=10_000), b"x")
        await eventually(lambda: any(c._request_in_progress for c in server._connections()))
        async with asyncio.timeout(60):
            await server.drain(0.2)
        assert len(server._connections()) == 1
        raw.writer.close()


async def test_a_drain_without_clients_is_over_at_once_and_a_second_one_too(shared: Shared) -> None:
    async with shared.serving(linger_s=LONG_S) as server:
        async with asyncio.timeout(60):
            await server.drain(LONG_S)
            await server.drain(LONG_S)


def test_a_port_that_is_taken_and_a_host_that_is_unknown_are_errors() -> None:
    with closing(listen("127.0.0.1", 0)) as taken, pytest.raises(OSError):
        listen("127.0.0.1", taken.getsockname()[1])
    with pytest.raises(OSError):
        listen("no-such-host.invalid", 0)
