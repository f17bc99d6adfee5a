import asyncio
from pathlib import Path
from typing import Any

import pytest

from aigc.core.errors import NotFound, QueueFull, StoreBroken, Unavailable
from aigc.core.ids import OwnerId
from aigc.core.job import Job, Status
from aigc.core.messages import (
    Changed,
)
from aigc.core.ports import JobQuery
from tests.web.house_kit import House, asking, eventually, submitted
from web.gateway import GatewaySettings

ADA, EVE = OwnerId("ada"), OwnerId("eve")


async def test_an_end_that_another_gateway_told_is_known_here_though_its_news_are_still_on_their_way(
    tmp_path: Path,
) -> None:
    async with House(tmp_path, GatewaySettings(alone=False)).running() as house:
        job = await submitted(house)
        waiting = asyncio.create_task(house.gateway.wait(job, None, 60.0))
        await house.broker.run_silently(job)
        assert (await house.gateway.get(job, None)).status is Status.COMPLETED
        house.broker.publish(Changed(house.broker.jobs[job]))
        assert (await waiting).status is Status.COMPLETED


async def test_the_broker_hears_of_a_job_when_it_is_durable_and_not_before(house: House) -> None:
    create, order = house.store.create, []

    async def slow(job: Job, *, bound: int, owner_bound: int) -> Any:
        await house.gateway.status()  # an answer to what was said after the job would have been handed over
        order.append("heard" if job.id in house.broker.jobs else "not heard")
        return await create(job, bound=bound)

    house.store.create = slow  # type: ignore[method-assign]
    submitted = await house.gateway.submit(asking())
    await house.broker.until(lambda: submitted.job.id in house.broker.jobs)
    assert order == ["not heard"]
    assert await house.store.get(submitted.job.id) == submitted.job


async def test_a_refused_job_is_never_handed_over(house: House) -> None:
    async def full(job: Job, *, bound: int, owner_bound: int) -> Any:
        raise QueueFull("full")

    house.store.create = full  # type: ignore[method-assign]
    with pytest.raises(QueueFull):
        await house.gateway.submit(asking())
    await house.gateway.status()
    assert house.broker.jobs == {}


async def test_a_replayed_request_is_handed_over_again_while_it_waits(house: House) -> None:
    first = await house.gateway.submit(asking(idempotency_key="k"))
    await house.broker.until(lambda: first.job.id in house.broker.jobs)
    house.broker.jobs.clear()  # as if its gateway had died before it could tell

    again = await house.gateway.submit(asking(idempotency_key="k"))

    assert again.replayed
    await house.broker.until(lambda: first.job.id in house.broker.jobs)


async def test_a_job_is_there_for_its_owner_alone_whatever_is_asked_of_it(house: House) -> None:
    job = await submitted(house, owner=ADA)
    gateway = house.gateway
    for call in (
        gateway.get(job, EVE),
        gateway.wait(job, EVE, 1.0),
        gateway.changes.cancel(job, EVE),
        gateway.changes.move(job, EVE, 9),
        gateway.changes.forget(job, EVE),
        gateway.retry(job, EVE),
    ):
        with pytest.raises(NotFound, match=f"there is no job '{job}'"):
            await call
    assert (await gateway.get(job, ADA)).id == job
    assert (await gateway.get(job, None)).id == job
    assert [found.id for found in (await gateway.list(JobQuery(owner=ADA))).jobs] == [job]
    assert (await gateway.list(JobQuery(owner=EVE))).jobs == ()


async def test_a_store_that_is_away_is_told_and_nothing_is_accepted(house: House) -> None:
    async def away(job: Job, *, bound: int, owner_bound: int) -> Any:
        raise Unavailable("the disk is full", code="disk_full", retry_after_s=30)

    create = house.store.create
    house.store.create = away  # type: ignore[method-assign]
    status, problem = await house.call(
        "POST", "/api/v1/jobs", json={"feature": "text_to_textured_mesh", "inputs": {"text": "x"}}
    )
    assert (status, problem["code"], problem["retry_after_s"]) == (507, "disk_full", 30)
    status, problem = await house.call("GET", "/health")
    assert (status, problem["faults"]) == (503, {"store": "the disk is full"})
    house.store.create = create  # type: ignore[method-assign]
    await house.submit()
    assert (await house.call("GET", "/health"))[0] == 200


async def test_health_says_which_part_is_away(house: House) -> None:
    assert (await house.gateway.health()).faults == {}

    async def broken(name: str) -> bytes | None:
        raise StoreBroken("/somewhere/jobs.db is damaged")

    house.store.recall = broken  # type: ignore[method-assign]
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    faults = (await house.gateway.health()).faults
    assert faults.keys() == {"broker", "store"}
    assert faults["broker"].endswith("; accepted jobs wait for one")
    assert faults["store"] == "is broken; the server's log says what to do"


async def test_a_change_of_brokers_is_no_fault(tmp_path: Path) -> None:
    async with House(tmp_path, GatewaySettings(handover_s=60.0)).running() as house:
        house.broker.close()
        await eventually(lambda: not house.gateway._link.is_alive)
        assert (await house.gateway.health()).faults == {}


async def test_a_store_that_does_not_answer_is_away(tmp_path: Path) -> None:
    async with House(tmp_path, GatewaySettings(ask_timeout_s=0.5)).running() as house:
        never = asyncio.Event()

        async def stuck(name: str) -> bytes | None:
            await never.wait()
            return None

        house.store.recall = stuck  # type: ignore[method-assign]
        assert (await house.gateway.health()).faults == {"store": "does not answer"}


async def test_without_any_broker_ever_a_request_is_for_later_and_health_says_why(tmp_path: Path) -> None:
    async with House(tmp_path).running(with_broker=False) as house:
        with pytest.raises(Unavailable, match="no broker has told it"):
            await house.gateway.submit(asking())
        assert set((await house.gateway.health()).faults) == {"broker", "catalogue"}
        await house.start_broker()
        await asyncio.wait_for(house.gateway.ready(), 60)
        await submitted(house)


async def test_a_second_life_accepts_jobs_without_a_broker_by_what_the_first_was_told(house: House) -> None:
    await submitted(house)
    await eventually(lambda: house.store._writing.waiting == 0)
    await house.stop_web()
    house.broker.close()
    await house.start_web()
    job = (await house.gateway.submit(asking())).job
    assert (await house.store.get(job.id)) == job


async def test_a_killed_gateways_job_is_found_again_under_its_key(house: House) -> None:
    """The store has the record, the client has no answer: it asks again, of another gateway."""
    created = asyncio.Event()
    create = house.store.create

    async def killed(job: Job, *, bound: int, owner_bound: int) -> Any:
        await create(job, bound=bound)
        created.set()
        await asyncio.Event().wait()

    house.store.create = killed  # type: ignore[method-assign]
    lost = asyncio.create_task(house.gateway.submit(asking(idempotency_key="k")))
    await created.wait()
    lost.cancel()
    await asyncio.gather(lost, return_exceptions=True)
    house.store.create = create  # type: ignore[method-assign]
    await house.restart_web()
    again = await house.gateway.submit(asking(idempotency_key="k"))
    assert again.replayed
    assert (await house.gateway.list(JobQuery())).total == 1


async def test_a_job_whose_record_the_broker_changed_before_the_store_replied_is_shown_as_it_is(house: House) -> None:
    create = house.store.create

    async def overtaken(job: Job, *, bound: int, owner_bound: int) -> Any:
        made = await create(job, bound=bound)
        house.broker.jobs[job.id] = made.job  # found in the store, which it looked into at this moment
        await house.broker.run(job.id)
        await eventually(lambda: house.gateway._news.records.find(job.id) is not None)
        return made

    house.store.create = overtaken  # type: ignore[method-assign]
    job = (await house.gateway.submit(asking())).job
    await eventually(lambda: house.gateway._news.records.find(job.id).status.is_final)  # type: ignore[union-attr]
    assert (await house.gateway.get(job.id, None)).status is Status.COMPLETED


async def test_closing_leaves_no_task_behind(tmp_path: Path) -> None:
    before = asyncio.all_tasks()
    async with House(tmp_path).running() as house:
        job = await submitted(house)
        house.broker.estimates.clear()
        async with house.session.ws_connect("/api/v1/events") as socket:
            await socket.send_json({"type": "subscribe", "jobs": [job], "all": True, "system": True})
            await socket.receive()
            house.broker.queue_moved()
    await eventually(lambda: asyncio.all_tasks() <= before)
