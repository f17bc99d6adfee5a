"""All jobs of one owner, watched by the client: what it says when it comes back, and what it tells twice: nothing."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from aigc.client import AsyncClient, BadRequest, ServerAway, Unavailable
from aigc.client.records import Event
from aigc.client.watching import Watching
from tests.web.house_kit import House, eventually

AWAY = ServerAway("gone")


def told(watching: Watching, *events: dict[str, Any]) -> list[Any]:
    return [event.type for event in watching.feed(json.dumps(events))]


def test_it_says_where_it_was_and_tells_an_end_once() -> None:
    watching = Watching("*", 60.0)
    assert watching.command() == {"type": "subscribe", "all": True, "owner": "*"}
    ended = {"type": "job.completed", "job_id": "a", "seq": 3, "at": "2026-01-01T00:00:03.000000Z"}
    again = {**ended, "type": "job.snapshot", "job": {"status": "completed"}}
    assert told(watching, {"type": "subscribed", "at": "2026-01-01T00:00:02.000000Z"}, ended) == ["job.completed"]
    assert watching.command()["after"] == ended["at"]
    assert told(watching, again, {"type": "gap", "at": "2026-01-01T00:00:09.000000Z"}, ended) == ["gap"]
    assert told(watching, {"type": "subscribed"}, {"type": "job.forgotten", "job_id": "a"}) == ["job.forgotten"]
    assert watching.command()["after"] == "2026-01-01T00:00:09.000000Z"
    with pytest.raises(BadRequest, match="no date"):
        told(watching, {"type": "error", "status": 422, "code": "invalid", "detail": "no date"})


def test_what_a_stream_that_breaks_before_all_was_told_has_heard_is_not_where_it_was() -> None:
    watching = Watching("", 60.0)
    watching.command()
    told(watching, {"type": "subscribed", "at": "2026-01-01T00:00:01.000000Z"})
    now = {"type": "job.snapshot", "job_id": "open", "at": "2026-01-01T09:00:00.000000Z", "job": {"status": "queued"}}
    for _ in range(2):
        assert watching.command()["after"] == "2026-01-01T00:00:01.000000Z"
        assert told(watching, now) == ["job.snapshot"]
    assert told(watching, {"type": "subscribed", "at": "2026-01-01T08:00:00.000000Z"}) == []
    assert watching.command()["after"] == now["at"]


def test_a_server_that_is_away_is_waited_for_and_one_that_was_never_there_is_not() -> None:
    watching = Watching("", 10.0)
    assert watching.pause_s(AWAY, 100.0) and watching.pause_s(AWAY, 105.0) and watching.pause_s(None, 1e9)
    with pytest.raises(ServerAway):
        watching.pause_s(AWAY, 110.0)
    with pytest.raises(ServerAway):
        Watching("", 10.0, was_heard=False).pause_s(AWAY, 0.0)


def test_a_server_that_takes_connections_and_cannot_say_what_was_missed_is_not_waited_for_for_ever() -> None:
    watching = Watching("", 10.0)
    refused = {"type": "error", "status": 503, "code": "unavailable", "detail": "the store is away"}

    def tried(now: float) -> None:
        watching.opened()
        with pytest.raises(Unavailable) as error:
            told(watching, refused)
        watching.pause_s(error.value, now)

    tried(100.0)
    tried(105.0)
    with pytest.raises(Unavailable, match="the store is away"):
        tried(110.0)
    told(watching, {"type": "subscribed"})
    tried(111.0)


async def test_what_ended_while_the_stream_was_broken_is_told_when_it_is_back(tmp_path: Path) -> None:
    async with House(tmp_path).running() as house, AsyncClient(house.base) as client:
        is_broken, may_return = asyncio.Event(), asyncio.Event()

        async def pause(_: Any) -> None:
            is_broken.set()
            await may_return.wait()

        client._pause = pause  # type: ignore[method-assign]
        events: list[Event] = []

        async def watch() -> None:
            async for event in client.watch():
                events.append(event)

        watching = asyncio.create_task(watch())
        open_job = await house.submit()
        await eventually(lambda: any(event.job_id == open_job for event in events))
        house.gateway.hub.release()
        await is_broken.wait()
        came = await house.submit()
        await house.broker.until(lambda: {open_job, came} <= house.broker.jobs.keys())
        for job in (open_job, came):
            await house.broker.run(job)
            await house.gateway.wait(job, None, 60.0)
        may_return.set()
        await eventually(lambda: {event.job_id for event in events if event.is_final} == {open_job, came})
        watching.cancel()
