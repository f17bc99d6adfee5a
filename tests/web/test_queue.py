"""The queue as operators ask for it over HTTP, and what the broker hears of it."""

from pathlib import Path
from typing import Any

import pytest

from aigc.core.ids import OwnerId
from aigc.core.messages import AskQueue, CancelJob
from tests.web.house_kit import House
from web.gateway import GatewaySettings

QUEUE = "/api/v1/system/queue"


async def submit(house: House, text: str) -> str:
    body = {"model": "shapes", "inputs": {"text": {"text": text}}}
    return str((await house.call("POST", "/api/v1/jobs", json=body))[1]["id"])


async def test_the_queue_is_told_a_page_at_a_time_with_the_reason_of_each(house: House) -> None:
    jobs = [await submit(house, f"chair {number}") for number in range(3)]
    await house.broker.until(lambda: len(house.broker.jobs) == 3)

    status, found = await house.call("GET", f"{QUEUE}?offset=1&limit=1")
    assert (status, found["total"], found["offset"]) == (200, 3, 1)
    (row,) = found["jobs"]
    assert (row["id"], row["name"], row["model"], row["owner"]) == (jobs[1], "chair 1", "shapes", "")
    assert row["queue"] == {"position": 1, "estimated_start_s": 1.0, "estimated_done_s": 2.0, "reason": "waits"}


async def test_how_it_is_narrowed_and_ordered_is_asked_from_the_broker(house: House) -> None:
    await house.call("GET", f"{QUEUE}?owner=&model=shapes&words=red&order=owner&reverse=true")
    asked = next(message for message in house.broker.heard if isinstance(message, AskQueue))
    assert asked == AskQueue(owner=OwnerId(""), model="shapes", words="red", order="owner", is_reversed=True, limit=100)


async def test_an_order_or_direction_that_there_is_not_is_refused_with_those_that_there_are(house: House) -> None:
    status, problem = await house.call("GET", f"{QUEUE}?order=mood")
    assert (status, problem["detail"]) == (422, "?order: 'mood' is none of place, age, owner, model, feature")
    status, problem = await house.call("GET", f"{QUEUE}?reverse=perhaps")
    assert (status, problem["detail"]) == (422, "?reverse: 'perhaps' is neither true nor false")


@pytest.mark.parametrize(("extra", "count"), [({}, 3), ({"waiting_only": True}, 2)])
async def test_all_jobs_of_an_owner_are_ended_the_newest_first(house: House, extra: dict[str, Any], count: int) -> None:
    jobs = [await submit(house, f"chair {number}") for number in range(2)]
    await house.broker.until(lambda: len(house.broker.jobs) == 2)
    running = await submit(house, "the one that the worker has")
    await house.broker.until(lambda: len(house.broker.jobs) == 3)
    await house.broker.begin(running)  # type: ignore[arg-type]

    status, found = await house.call("POST", f"{QUEUE}/cancel", json={"owner": "", **extra})
    assert (status, found) == (200, {"owner": "", "cancelled": count})
    heard = [message.job for message in house.broker.heard if isinstance(message, CancelJob)]
    assert heard == [*reversed(jobs), running][:count]


async def test_all_jobs_of_an_owner_are_ended_by_whoever_leads_next_if_nobody_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.queue.AT_ONCE", 2)
    async with House(tmp_path, GatewaySettings(ask_timeout_s=0.05)).running() as house:
        jobs = {await submit(house, f"chair {number}") for number in range(5)}
        await house.broker.until(lambda: len(house.broker.jobs) == 5)
        house.broker.close()
        status, found = await house.call("POST", f"{QUEUE}/cancel", json={"owner": "", "model": "another"})
        assert (status, found["cancelled"]) == (200, 0)
        status, found = await house.call("POST", f"{QUEUE}/cancel", json={"owner": ""})
        assert (status, found["cancelled"]) == (200, 5)
        assert await house.store.cancel_requests() == dict.fromkeys(jobs, "asked by an operator")
