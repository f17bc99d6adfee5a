import asyncio
import base64
import os
import resource
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from aigc.core.ids import JobId
from aigc.core.job import Status
from aigc.core.messages import Estimate
from tests.web.house_kit import CATALOGUE, House, Listener, eventually, is_type, read_events, submitted
from tests.web.stream_kit import fresh
from web.gateway import GatewaySettings
from web.hub import StreamSettings

EVENTS = "/api/v1/events"


def of(job: str) -> str:
    return f"/api/v1/jobs/{job}/events"


async def known(house: House, job: JobId, status: Status) -> None:
    """The gateway has heard that the job is there."""
    await eventually(lambda: (house.gateway._news.records.find(job) or fresh()).status is status)


@asynccontextmanager
async def listening(house: House, **command: Any) -> AsyncIterator[Listener]:
    async with house.session.ws_connect(EVENTS) as connection:
        listener = Listener(connection)
        if command:
            await listener.say(type="subscribe", **command)
            await listener.until(is_type("subscribed"))
        yield listener


def durable(events: list[dict[str, Any]], job: str = "") -> list[tuple[str, int]]:
    return [(event["type"], event["seq"]) for event in events if "seq" in event and job in ("", event["job_id"])]


# Server-sent events


async def test_a_stream_begins_with_a_snapshot_tells_every_change_and_ends_with_the_job(house: House) -> None:
    job = await submitted(house)
    async with house.session.get(of(job)) as stream:
        assert (stream.status, stream.content_type) == (200, "text/event-stream")
        first = await read_events(stream.content, is_type("job.snapshot"))
        await house.broker.begin(job)
        house.broker.progress(job, 0.5)
        middle = await read_events(stream.content, is_type("job.progress"))
        await house.broker.complete(job)
        rest = await read_events(stream.content, lambda event: False)
    assert durable(first + middle + rest) == [("job.snapshot", 1), ("job.started", 2), ("job.completed", 3)]
    assert rest[-1]["job"]["status"] == "completed"
    assert middle[-1]["progress"]["fraction"] == 0.5
    assert [event.get("id") for event in [*first, *middle, *rest]] == [1, 2, None, 3]
    assert len(house.gateway.hub) == 0


async def test_one_who_comes_back_hears_exactly_what_it_missed(house: House) -> None:
    job = await submitted(house)
    async with house.session.get(of(job)) as stream:
        await read_events(stream.content, is_type("job.snapshot"))
    await house.broker.begin(job)
    await house.broker.change(job, "retrying", status=Status.QUEUED)
    await house.broker.begin(job)
    await known(house, job, Status.PROCESSING)
    for header, path in (({"Last-Event-ID": "1"}, of(job)), ({}, f"{of(job)}?since=1")):
        async with house.session.get(path, headers=header) as stream:
            missed = await read_events(stream.content, lambda event: event.get("seq") == 4)
        assert durable(missed) == [("job.started", 2), ("job.retrying", 3), ("job.started", 4)]


async def test_a_browser_that_heard_the_end_is_told_to_stop(house: House) -> None:
    job = await submitted(house)
    await house.broker.run(job)
    await known(house, job, Status.COMPLETED)
    async with house.session.get(of(job), headers={"Last-Event-ID": "3"}) as stream:
        assert (stream.status, await stream.read()) == (204, b"")
    async with house.session.get(of(job)) as stream:
        assert durable(await read_events(stream.content, lambda event: False)) == [("job.snapshot", 3)]


async def test_one_who_claims_to_know_more_than_there_is_begins_anew(house: House) -> None:
    job = await submitted(house)
    async with house.session.get(f"{of(job)}?since=99") as stream:
        assert durable(await read_events(stream.content, lambda event: True)) == [("job.snapshot", 1)]


@pytest.mark.parametrize("since", ["-1", "x", "1.5", "9" * 30, "¹"])
async def test_a_number_of_an_event_that_is_none_is_refused(house: House, since: str) -> None:
    job = await submitted(house)
    status, problem = await house.call("GET", of(job), params={"since": since})
    assert (status, problem["errors"][0]["pointer"]) == (422, "?since")


async def test_there_is_no_stream_of_a_job_that_is_not_there(house: House) -> None:
    status, _ = await house.call("GET", of("nope"))
    assert status == 404


async def test_an_old_client_gets_the_stream_without_chunks(house: House) -> None:
    job = await submitted(house)
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(f"GET {of(job)} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"chunked" not in head
    assert await reader.readuntil(b"\n\n") == b"retry: 2000\n\n"
    await house.broker.run(job)
    body = await reader.read()
    assert body.startswith(b"id: 1\nevent: job.snapshot\ndata: {")
    assert body.count(b"\n\n") >= 2
    writer.close()


async def test_a_waiting_job_hears_its_place_at_once_and_when_the_queue_moves(house: House) -> None:
    job = await submitted(house)
    house.broker.estimates[job] = Estimate(job, 3, 9.0, 19.0, "three are before it")
    async with house.session.get(of(job)) as stream:
        heard = await read_events(stream.content, is_type("job.queue"))
        assert heard[-1]["queue"]["position"] == 3
        house.broker.estimates[job] = Estimate(job, 2, 6.0, 16.0, "two are before it")
        house.broker.queue_moved()
        heard = await read_events(stream.content, is_type("job.queue"))
        assert heard[-1]["queue"]["position"] == 2


async def test_readers_that_leave_in_the_middle_leave_nothing_behind(house: House) -> None:
    job = await submitted(house)
    for _ in range(20):
        async with house.session.get(of(job)) as stream:
            await read_events(stream.content, is_type("job.snapshot"))
            stream.close()
    await eventually(lambda: len(house.gateway.hub) == 0)
    assert house.gateway.hub.watched == []


# WebSocket


async def test_many_jobs_are_watched_on_one_connection(house: House) -> None:
    jobs = [await submitted(house) for _ in range(5)]
    async with listening(house, jobs=[*jobs, "nope"]) as listener:
        assert listener.heard[-1]["unknown"] == ["nope"] or any(
            event.get("unknown") == ["nope"] for event in listener.heard
        )
        for job in jobs:
            await house.broker.run(job)
        for _ in jobs:
            await listener.until(is_type("job.completed"))
    for job in jobs:
        assert durable(listener.heard, job) == [("job.snapshot", 1), ("job.started", 2), ("job.completed", 3)]


async def test_a_connection_that_broke_resumes_each_job_where_it_was(house: House) -> None:
    jobs = [await submitted(house) for _ in range(3)]
    async with listening(house, jobs=jobs) as listener:
        await eventually_heard(listener, lambda heard: len(durable(heard)) == 3)
        await house.broker.begin(jobs[0])
        await listener.until(is_type("job.started"))
    await house.broker.complete(jobs[0])
    await house.broker.run(jobs[1])
    await known(house, jobs[1], Status.COMPLETED)
    since = {jobs[0]: 2, jobs[1]: 1, jobs[2]: 1}
    async with listening(house, since=since) as again:
        await again.say(type="ping")
        await again.until(is_type("pong"))
        await house.broker.run(jobs[2])
        await again.until(is_type("job.completed", jobs[2]))
    assert [durable(again.heard, job) for job in jobs] == [
        [("job.completed", 3)],
        [("job.started", 2), ("job.completed", 3)],
        [("job.started", 2), ("job.completed", 3)],
    ]


async def eventually_heard(listener: Listener, condition: Any) -> None:
    while not condition(listener.heard):
        await listener.frame()


async def test_everything_begins_with_what_is_open_and_goes_on_with_what_comes(house: House) -> None:
    done, waits, runs = [await submitted(house) for _ in range(3)]
    await house.broker.run(done)
    await house.broker.begin(runs)
    await known(house, runs, Status.PROCESSING)
    async with listening(house, all=True) as listener:
        await eventually_heard(listener, lambda heard: len(durable(heard)) == 2)
        later = await submitted(house)
        await listener.until(is_type("job.queued", later))
        await house.broker.complete(runs)
        await listener.until(is_type("job.completed", runs))
    assert durable(listener.heard, done) == []
    assert durable(listener.heard, waits) == [("job.snapshot", 1)]
    assert durable(listener.heard, runs) == [("job.snapshot", 2), ("job.completed", 3)]
    assert durable(listener.heard, later) == [("job.queued", 1)]


async def test_one_who_hears_everything_and_comes_back_is_told_what_ended_meanwhile(house: House) -> None:
    long_over, was_open, waits = [await submitted(house) for _ in range(3)]
    await house.broker.run(long_over)
    house.now += 3600.0
    async with listening(house, all=True) as listener:
        await eventually_heard(listener, lambda heard: len(durable(heard)) == 2)
        subscribed = next(event for event in listener.heard if event["type"] == "subscribed")
        await house.broker.begin(waits)
        started = await listener.until(is_type("job.started", waits))
    assert started["at"] > subscribed["at"]
    came = await submitted(house)
    for job in (came, was_open):
        await house.broker.run(job)
        await known(house, job, Status.COMPLETED)
    for after in (subscribed["at"], started["at"]):
        async with listening(house, all=True, after=after) as again:
            assert len(durable(again.heard)) == 3, "who is told that it is subscribed was told all that it missed"
            await again.say(type="ping")
            await again.until(is_type("pong"))
            await house.broker.change(waits, "loaded")
            await again.until(is_type("job.loaded", waits))
        told = {job: durable(again.heard, job) for job in (long_over, was_open, came, waits)}
        assert told[long_over] == []
        assert told[was_open] == told[came] == [("job.snapshot", 3)]
        assert [event for event in again.heard if event["type"] == "gap"] == []
        ends = [event for event in again.heard if event.get("job_id") == came]
        assert (ends[0]["job"]["status"], ends[0]["at"]) == ("completed", ends[0]["job"]["finished_at"])


async def test_who_was_away_for_too_long_is_told_of_the_gap_and_where_to_look(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.missed.MOST_JOBS", 2)
    async with listening(house, all=True) as listener:
        await listener.say(type="ping")
        await listener.until(is_type("pong"))
    at = listener.heard[0]["at"]
    jobs = [await submitted(house) for _ in range(4)]
    for job in jobs:
        await house.broker.run(job)
        await known(house, job, Status.COMPLETED)
    async with listening(house, all=True, after=at) as again:
        gap = next(event for event in again.heard if event["type"] == "gap")
    assert [event["job_id"] for event in again.heard if event["type"] == "job.snapshot"] == jobs[2:]
    assert gap["after"] == at < gap["at"]
    _, listed = await house.call("GET", gap["list"])
    assert {job["id"] for job in listed["jobs"]} == set(jobs)


async def test_a_time_before_all_times_is_as_good_as_the_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.missed.MOST_JOBS", 0)
    job = await submitted(house)
    await house.broker.run(job)
    await known(house, job, Status.COMPLETED)
    async with listening(house, all=True, after="0001-01-01T00:00:00+12:00") as listener:
        gap = next(event for event in listener.heard if event["type"] == "gap")
        assert gap["after"] == "1970-01-01T00:00:00.000000Z"


async def test_a_time_that_is_none_is_refused_and_nothing_is_watched(house: House) -> None:
    async with listening(house) as listener:
        await listener.say(type="subscribe", all=True, after="yesterday")
        assert "after 'yesterday' is no date" in (await listener.until(is_type("error")))["detail"]
        assert house.gateway.hub.owners == []


async def test_the_server_itself_is_watched_by_subscription(house: House) -> None:
    async with listening(house, system=True) as listener:
        house.broker.telemetry()
        heard = await listener.until(is_type("system.telemetry"))
        assert heard["workers"][0]["device"]["name"] == "Test GPU"
        house.broker.queue_moved()
        await listener.until(is_type("system.queue"))
        await listener.say(type="unsubscribe", system=True)
        await listener.until(is_type("unsubscribed"))
        assert not house.gateway.hub.has_operators


async def test_a_job_that_is_left_is_heard_no_more(house: House) -> None:
    one, other = [await submitted(house) for _ in range(2)]
    async with listening(house, jobs=[one, other], all=True) as listener:
        await listener.say(type="unsubscribe", jobs=[one], all=True)
        await listener.until(is_type("unsubscribed"))
        await house.broker.run(one)
        await house.broker.run(other)
        await listener.until(is_type("job.completed", other))
    assert ("job.completed", 3) not in durable(listener.heard, one)


async def test_a_deleted_job_is_told(house: House) -> None:
    job = await submitted(house)
    async with listening(house, jobs=[job]) as listener:
        house.broker.forget(job)
        await listener.until(is_type("job.forgotten", job))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type":"dance"}', '{"type":"subscribe","jobs":[1]}', '{"jobs":[]}'])
async def test_a_message_that_means_nothing_is_answered_and_the_connection_lives(house: House, text: str) -> None:
    async with listening(house) as listener:
        await listener.socket.send_str(text)
        assert (await listener.until(is_type("error")))["code"] == "malformed_message"
        await listener.say(type="ping")
        await listener.until(is_type("pong"))


async def test_a_connection_watches_a_bounded_number_of_jobs(tmp_path: Path) -> None:
    settings = GatewaySettings(stream=StreamSettings(jobs_per_watcher=3))
    async with House(tmp_path, settings).running() as house:
        jobs = [await submitted(house) for _ in range(4)]
        async with listening(house) as listener:
            await listener.say(type="subscribe", jobs=jobs)
            assert "3 jobs at most" in (await listener.until(is_type("error")))["detail"]


async def test_binary_is_not_spoken_here(house: House) -> None:
    async with listening(house) as listener:
        await listener.socket.send_bytes(b"x")
        message = await listener.socket.receive(timeout=60)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1003)


async def test_a_plain_request_is_told_that_this_is_a_websocket(house: House) -> None:
    status, problem = await house.call("GET", EVENTS)
    assert (status, "WebSocket" in problem["detail"]) == (426, True)


async def test_progress_of_many_steps_is_coalesced(house: House) -> None:
    job = await submitted(house)
    await house.broker.begin(job)
    async with listening(house, jobs=[job]) as listener:
        for step in range(500):
            house.broker.progress(job, step / 500)
        await listener.until(lambda event: event["type"] == "job.progress" and event["progress"]["fraction"] == 0.998)
    assert len([event for event in listener.heard if event["type"] == "job.progress"]) < 10


# Brokers that come and go


async def test_nothing_is_missed_when_a_broker_is_replaced_in_the_middle(house: House) -> None:
    jobs = [await submitted(house) for _ in range(3)]
    async with listening(house, jobs=jobs[:2], all=True) as listener:
        await eventually_heard(listener, lambda heard: len(durable(heard)) == 3)
        await house.broker.begin(jobs[0])
        await listener.until(is_type("job.started", jobs[0]))
        house.broker.close()
        # The new broker changes all of them before anybody hears it.
        broker = await house.start_broker()
        await broker.complete(jobs[0])
        await broker.run(jobs[1])
        await broker.begin(jobs[2])
        await listener.until(is_type("job.started", jobs[2]))
        await broker.complete(jobs[2])
        for _ in range(3):
            if len([1 for kind, _ in durable(listener.heard) if kind == "job.completed"]) < 3:
                await listener.until(is_type("job.completed"))
    for job in jobs:
        assert durable(listener.heard, job) == [("job.snapshot", 1), ("job.started", 2), ("job.completed", 3)]


async def test_one_who_waits_hears_of_an_end_that_nobody_published(house: House) -> None:
    job = await submitted(house)
    waiting = asyncio.create_task(house.call("GET", f"/api/v1/jobs/{job}?wait=30"))
    await eventually(lambda: house.gateway._news._waiters)
    house.broker._publisher.close()
    await house.broker.run_silently(job)
    house.broker.close()
    await house.start_broker()
    status, shown = await waiting
    assert (status, shown["status"]) == (200, "completed")


async def test_a_new_catalogue_is_in_force_without_a_restart(house: House) -> None:
    fewer = type(CATALOGUE)(models=CATALOGUE.models[1:], digest="d2")
    async with listening(house, system=True) as listener:
        house.broker.use(fewer)
        await listener.until(is_type("system.catalogue"))
    await eventually(lambda: house.gateway.catalogue.digest == "d2")
    _, job = await house.call(
        "POST", "/api/v1/jobs", json={"feature": "text_to_textured_mesh", "inputs": {"text": "a"}}
    )
    assert job["model"] == "shapes-slow"


async def test_watchers_are_told_that_the_server_goes_away(house: House) -> None:
    async with listening(house, all=True) as listener:
        stopping = asyncio.create_task(house.stop_web())
        message = await listener.socket.receive(timeout=60)
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        await stopping


# A thousand connections


class RawSocket:
    """A WebSocket client of a few hundred bytes, which reads only if it is told to."""

    def __init__(self, port: int, receive_bytes: int = 0) -> None:
        self.socket = socket.socket()
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.setblocking(False)
        self.port = port
        self.last = b""

    async def connect(self, command: dict[str, Any]) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self.port))
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET {EVENTS} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        payload = msgspec.json.encode(command)
        mask = struct.pack("!BBH", 0x81, 0x80 | 126, len(payload)) + b"\0\0\0\0" + payload
        await loop.sock_sendall(self.socket, request.encode())
        head = await loop.sock_recv(self.socket, 4096)
        assert head.startswith(b"HTTP/1.1 101")
        assert head.endswith(b"\r\n\r\n")
        await loop.sock_sendall(self.socket, mask)

    async def read_until(self, text: bytes) -> None:
        loop = asyncio.get_running_loop()
        while text not in self.last:
            chunk = await loop.sock_recv(self.socket, 1 << 16)
            if not chunk:
                raise EOFError(self.last[-200:])
            self.last = self.last[-4096:] + chunk

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
async def crowded(tmp_path: Path) -> AsyncIterator[House]:
    """A house that may have some thousand connections and is not patient with those who do not read.

    It sends no ping, for a `RawSocket` answers none and would be cut off for that.
    """
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(limits[1], 8192), limits[1]))
    impatient = StreamSettings(slow_limit_s=1.0, heartbeat_s=3600.0)
    async with House(tmp_path, GatewaySettings(stream=impatient)).running() as house:
        yield house
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def test_of_a_thousand_watchers_a_hundred_never_read_and_the_others_miss_nothing(crowded: House) -> None:
    hub = crowded.gateway.hub
    job = await submitted(crowded)
    await crowded.broker.begin(job)
    await known(crowded, job, Status.PROCESSING)
    readers = [RawSocket(crowded.port) for _ in range(900)]
    stuck = [RawSocket(crowded.port, receive_bytes=2048) for _ in range(100)]
    for some in range(0, 1000, 100):
        command = {"type": "subscribe", "jobs": [job], "padding": "x" * 200}
        await asyncio.gather(*(one.connect(command) for one in [*readers, *stuck][some : some + 100]))
    await asyncio.gather(*(one.read_until(b'"job.snapshot"') for one in readers))
    await eventually(lambda: len(hub) == 1000)
    shrink_send_buffers(crowded, stuck)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Each step is more than a stuck connection's buffers hold; the others read it as it comes.
    for step in range(1, 11):
        crowded.broker.progress(job, step / 100, message="x" * 20_000)
        await asyncio.gather(*(one.read_until(b'"fraction":%r,' % (step / 100)) for one in readers))
    await eventually(lambda: len(hub) == 900, limit_s=200)
    await crowded.broker.complete(job)
    await asyncio.gather(*(one.read_until(b'"job.completed"') for one in readers))
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1024
    # A send of 64 KiB and what waits before it, for each of the hundred, and the same again for good measure.
    assert grown_mb < 100 * 4 * 0.0625 + 30
    for one in [*readers, *stuck]:
        one.close()
    await eventually(lambda: len(hub) == 0, limit_s=200)


def shrink_send_buffers(house: House, clients: list[RawSocket]) -> None:
    """The kernel takes megabytes for each connection; with small buffers fewer bytes fill them."""
    ports = {client.socket.getsockname()[1] for client in clients}
    for watcher in house.gateway.hub._audiences:
        transport = watcher.sink._transport  # type: ignore[attr-defined]
        if transport.get_extra_info("peername")[1] in ports:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
