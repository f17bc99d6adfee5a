import asyncio
from pathlib import Path

import pytest

from aigc.core.errors import Unavailable
from aigc.core.ids import JobId, WorkerId
from aigc.core.job import Stage, Status
from aigc.core.messages import (
    AskQueue,
    CancelJob,
    ControlAnswer,
    ControlWorker,
    ForgetJob,
    GatewayHello,
    JobAnswer,
)
from tests.web.house_kit import House, eventually, submitted
from web.gateway import GatewaySettings


async def test_who_cancels_a_job_that_is_over_at_the_broker_already_hears_how_it_ended(house: House) -> None:
    job = await submitted(house)
    known = house.gateway._news.records.find(job)
    await house.broker.run_silently(job)
    house.gateway._news.records.put(known)  # type: ignore[arg-type]
    ended = house.broker.jobs.pop(job)
    assert await house.gateway.changes.cancel(job, None) == ended


async def test_a_job_that_the_broker_does_not_know_yet_is_not_denied(house: House) -> None:
    job = await submitted(house)
    del house.broker.jobs[job]
    with pytest.raises(Unavailable, match="does not know the job yet") as refused:
        await house.gateway.changes.move(job, None, 9)
    assert refused.value.retry_after_s
    # Its end can be asked for all the same: the broker finds the wish in the store beside the job.
    cancelled = await house.gateway.changes.cancel(job, None)
    assert cancelled.status is Status.QUEUED
    assert set(await house.store.cancel_requests()) == {job}


async def test_a_cancel_is_accepted_while_no_broker_lives_and_the_next_one_is_told_to_look(tmp_path: Path) -> None:
    async with House(tmp_path, GatewaySettings(ask_timeout_s=0.05)).running() as house:
        job = await submitted(house)
        house.broker.close()
        cancelled = await house.gateway.changes.cancel(job, None, "no more need")
        assert (cancelled.status, cancelled.stage) == (Status.QUEUED, Stage.WAITING), "nobody has begun to yet"
        assert await house.store.cancel_requests() == {job: "no more need"}
        broker = await house.start_broker()
        await broker.until(lambda: any(isinstance(message, GatewayHello) for message in broker.heard))


async def test_cancels_do_not_wait_for_a_broker_that_has_been_away_and_greet_it_once(tmp_path: Path) -> None:
    async with House(tmp_path, GatewaySettings(ask_timeout_s=0.05)).running() as house:
        jobs = [await submitted(house) for _ in range(3)]
        house.broker.close()
        await house.gateway.changes.cancel(jobs[0], None)
        await eventually(lambda: house.gateway.broker_silent_s > 0.05)
        asked, greeted = [], []
        link = house.gateway._link
        link.ask = lambda *_, **__: asked.append(1)  # type: ignore[method-assign, assignment]
        link._dealer.send = lambda *_, **__: greeted.append(1)  # type: ignore[method-assign, assignment]
        for job in jobs:
            await house.gateway.changes.cancel(job, None)
        assert set(await house.store.cancel_requests()) == set(jobs)
        assert not asked
        assert len(greeted) <= 1


async def test_a_job_that_ended_while_its_cancel_was_written_down_is_shown_as_it_ended(tmp_path: Path) -> None:
    async with House(tmp_path, GatewaySettings(ask_timeout_s=0.05)).running() as house:
        job = await submitted(house)
        request_cancel = house.store.request_cancel

        async def late(job: JobId, reason: str) -> bool:
            await house.broker.run_silently(job)
            house.gateway._news.records.clear()
            return await request_cancel(job, reason)

        house.store.request_cancel = late  # type: ignore[method-assign]
        house.broker.deaf.add(CancelJob)
        assert (await house.gateway.changes.cancel(job, None)).status is Status.COMPLETED
        assert await house.store.cancel_requests() == {}


async def test_a_change_waits_for_the_broker_that_follows_however_short_a_question_is(tmp_path: Path) -> None:
    async with House(tmp_path, GatewaySettings(ask_timeout_s=0.01, handover_s=60.0)).running() as house:
        job = await submitted(house)
        house.broker.close()
        changes = [
            asyncio.create_task(house.gateway.changes.move(job, None, 9)),
            asyncio.create_task(house.gateway.ask(ControlWorker(WorkerId("gpu-0"), "drain"), ControlAnswer)),
        ]
        with pytest.raises(Unavailable, match="no broker answers"):
            await house.gateway.queue(AskQueue())  # meanwhile a question's time is over
        assert not any(change.done() for change in changes)
        await house.start_broker()
        moved, _ = await asyncio.gather(*changes)
        assert moved.priority == 9


async def test_a_job_that_the_broker_deleted_before_it_ended_counts_as_deleted(house: House) -> None:
    job = await submitted(house)
    await house.broker.run(job)
    await house.gateway.wait(job, None, 60.0)
    house.broker._answers[ForgetJob] = lambda _: JobAnswer(None, refusal="there is no such job")
    assert (await house.gateway.changes.forget(job, None)).status is Status.COMPLETED
