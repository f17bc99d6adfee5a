import asyncio
from typing import Any

import msgspec
import pytest

from aigc.core.errors import Unavailable
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Job, Status
from aigc.core.lifecycle import begin
from aigc.core.messages import Changed
from aigc.core.ports import JobPage, JobQuery
from tests.web.house_kit import House, eventually, submitted
from tests.web.stream_kit import MemorySink, read
from transport import Gap
from web.news import REPAIR_MARGIN_S
from web.submission import Reference, Submission
from web.times import instant


def asking(key: str) -> Submission:
    text = Reference(text="a chair")
    return Submission(feature="text_to_textured_mesh", inputs={"text": text}, idempotency_key=key)


def reads(house: House) -> list[JobId]:
    """The ids that are read from the store from now on."""
    found: list[JobId] = []
    get = house.store.get

    async def counted(job: JobId) -> Job | None:
        found.append(job)
        return await get(job)

    house.store.get = counted  # type: ignore[method-assign]
    return found


async def test_a_record_is_read_from_memory_while_all_news_are_heard(house: House) -> None:
    job = await submitted(house)
    found = reads(house)
    await house.broker.run(job)
    await eventually(lambda: house.gateway._news.records.find(job).status is Status.COMPLETED)  # type: ignore[union-attr]
    record = await house.gateway._news.read(job)
    assert record is not None
    assert (record.status, found) == (Status.COMPLETED, [])


async def test_old_news_that_come_after_the_end_change_nothing(house: House) -> None:
    job = await submitted(house)
    first = house.broker.jobs[job]
    await house.broker.run(job)
    news = house.gateway._news
    await eventually(lambda: news.records.find(job).status is Status.COMPLETED)  # type: ignore[union-attr]
    news.records.clear()
    house.broker.publish(Changed(first))
    last = await submitted(house)
    await eventually(lambda: news.records.find(last) is not None)
    assert await news.read(job) == house.broker.jobs[job]


async def test_what_was_listed_before_news_were_missed_is_listed_again(house: House) -> None:
    sink = MemorySink()
    news, listed = house.gateway._news, house.store.list
    house.gateway.hub.watch_everything(house.gateway.hub.join(sink, OwnerId("")))
    known = house.broker.jobs[await submitted(house)]
    job = msgspec.structs.replace(known, id=JobId("unheard"))
    await house.store.create(job, bound=9)
    house.broker.jobs[job.id] = job

    async def missed_meanwhile(query: JobQuery) -> JobPage:
        house.store.list = listed  # type: ignore[method-assign]
        page = await listed(query)
        await house.broker.run_silently(job.id)
        news._gap(Gap.MISSED)
        return page

    house.store.list = missed_meanwhile  # type: ignore[method-assign]
    news._gap(Gap.MISSED)
    await eventually(lambda: ("job.completed", 3) in sink.told)
    assert await news.read(job.id) == house.broker.jobs[job.id]


async def test_a_request_that_is_repeated_after_its_jobs_end_is_no_news(house: House) -> None:
    sink = MemorySink()
    house.gateway.hub.watch_everything(house.gateway.hub.join(sink, OwnerId("")))
    first = await house.gateway.submit(asking("k"))
    await house.broker.until(lambda: first.job.id in house.broker.jobs)
    await house.broker.run(first.job.id)
    await eventually(lambda: sink.told and sink.told[-1][0] == "job.completed")
    assert (await house.gateway.submit(asking("k"))).replayed
    await submitted(house)
    await eventually(lambda: sink.told[-1][0] == "job.queued")
    assert [number for _, number in sink.told] == [1, 2, 3, 1]


async def test_while_nobody_publishes_the_store_is_asked(house: House) -> None:
    job = await submitted(house)
    found = reads(house)
    house.broker._publisher.close()
    await eventually(lambda: not house.gateway._news.is_current)
    await house.broker.run_silently(job)
    record = await house.gateway._news.read(job)
    assert record is not None
    assert (record.status, found) == (Status.COMPLETED, [job])


async def test_a_record_that_was_read_before_news_were_missed_is_read_again(house: House) -> None:
    """Else a record from before the gap would stand in memory for ever."""
    job = await submitted(house)
    news = house.gateway._news
    news.records.clear()
    get, answers = house.store.get, []

    async def overtaken(wanted: JobId) -> Job | None:
        record = await get(wanted)
        if not answers:
            answers.append(record)
            await house.broker.run_silently(job)
            news.records.clear()
        return record

    house.store.get = overtaken  # type: ignore[method-assign]
    record = await news.read(job)
    assert record is not None
    assert record.status is Status.COMPLETED
    assert news.records.find(job) == record


async def test_a_job_that_is_not_there_is_none(house: House) -> None:
    assert await house.gateway._news.read(JobId("nope")) is None


async def test_repair_goes_on_until_the_store_answers(house: House) -> None:
    job = await submitted(house)
    sink = MemorySink()
    watcher = house.gateway.hub.join(sink, house.broker.jobs[job].owner)
    house.gateway.hub.watch(watcher, job, since=1)
    get, refusals = house.store.get, []

    async def broken(wanted: JobId) -> Any:
        if len(refusals) < 3:
            refusals.append(wanted)
            raise Unavailable("the disk is away", retry_after_s=0.01)
        return await get(wanted)

    house.store.get = broken  # type: ignore[method-assign]
    await house.broker.run_silently(job)
    house.broker.close()
    await house.start_broker()
    await eventually(lambda: len(sink.events) == 2)
    assert sink.told == [("job.started", 2), ("job.completed", 3)]
    assert len(refusals) == 3


async def test_a_job_that_was_deleted_unheard_is_told_as_deleted(house: House) -> None:
    job = await submitted(house)
    sink = MemorySink()
    watcher = house.gateway.hub.join(sink, house.broker.jobs[job].owner)
    house.gateway.hub.watch(watcher, job, since=1)
    await house.store.delete(house.broker._generation, [job])
    house.broker.close()
    await house.start_broker()
    await eventually(lambda: sink.events)
    assert sink.told == [("job.forgotten", 0)]


async def test_one_who_hears_everything_hears_of_jobs_that_came_unheard_but_not_of_old_ones_again(house: House) -> None:
    old = await submitted(house)
    await house.broker.run(old)
    await eventually(lambda: house.gateway._news.records.find(old).status is Status.COMPLETED)  # type: ignore[union-attr]
    house.now += 2 * REPAIR_MARGIN_S
    house.broker.queue_moved()
    await eventually(lambda: house.gateway._news._last_s > house.now - 1)
    sink = MemorySink()
    house.gateway.hub.watch_everything(house.gateway.hub.join(sink, OwnerId("")))
    house.broker._publisher.close()
    other = begin(msgspec.structs.replace(house.broker.jobs[old], id=JobId("other"), created_at=house.clock()))
    other = msgspec.structs.replace(other, status=Status.QUEUED, seq=1)
    await house.store.create(other, bound=9)
    house.broker.jobs[other.id] = other
    await house.broker.run_silently(other.id)
    house.broker.close()
    await house.start_broker()
    await eventually(lambda: sink.events)
    assert [(read(event)["job_id"], event.seq) for event in sink.events] == [("other", 1), ("other", 2), ("other", 3)]


async def test_one_who_hears_everything_is_told_if_more_was_missed_than_is_looked_at(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.news.REPAIR_JOBS", 2)
    mine, theirs = MemorySink(), MemorySink()
    for sink, owner in ((mine, OwnerId("")), (theirs, OwnerId("eve"))):
        house.gateway.hub.watch_everything(house.gateway.hub.join(sink, owner))
    house.broker._publisher.close()
    for _ in range(3):
        await house.broker.run_silently(await submitted(house))
    before = house.gateway._news._last_s
    house.broker.close()
    await house.start_broker()
    await eventually(lambda: any(kind == "gap" for kind, _ in mine.told))
    gap = next(read(event) for event in mine.events if event.type == "gap")
    assert instant(gap["after"], "") <= before < instant(gap["at"], "")
    await house.broker.run(await submitted(house))
    assert theirs.told == []


async def test_one_who_hears_everything_hears_of_an_end_once_though_news_were_missed_after_it(house: House) -> None:
    sink = MemorySink()
    house.gateway.hub.watch_everything(house.gateway.hub.join(sink, OwnerId("")))
    ended = await submitted(house)
    await house.broker.run(ended)
    await eventually(lambda: sink.told and sink.told[-1][0] == "job.completed")
    house.gateway.hub.watch(house.gateway.hub.join(MemorySink(), OwnerId("")), ended, since=3)
    house.broker._publisher.close()
    unheard = await submitted(house)
    await house.broker.run_silently(unheard)
    house.broker.close()
    await house.start_broker()
    await eventually(lambda: sink.told[-1][0] == "job.completed" and read(sink.events[-1])["job_id"] == unheard)
    numbers = [event.seq for event in sink.events if read(event)["job_id"] == ended]
    assert numbers == sorted(set(numbers))


async def test_a_wait_ends_with_its_limit_and_leaves_nothing(house: House) -> None:
    job = await submitted(house)
    record = house.broker.jobs[job]
    assert await house.gateway._news.wait(record, 0.001) is None
    assert house.gateway._news._waiters == {}


async def test_all_who_wait_for_a_job_hear_of_its_end(house: House) -> None:
    job = await submitted(house)
    record = house.broker.jobs[job]
    waiting = [asyncio.create_task(house.gateway._news.wait(record, 30)) for _ in range(10)]
    await eventually(lambda: len(house.gateway._news._waiters.get(job, ())) == 10)
    waiting[0].cancel()
    done = await house.broker.run(job)
    assert await asyncio.gather(*waiting[1:]) == [done] * 9
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    assert house.gateway._news._waiters == {}
