"""What operators see of the queue."""

from typing import Any

import msgspec

from aigc.core.ids import JobId, OwnerId
from aigc.core.messages import AskQueue, QueuePage
from tests.core.scheduler_kit import Desk, spec


def page(desk: Desk, **asked: Any) -> QueuePage:
    return desk.scheduler.queue_page(AskQueue(**asked), desk.now)


def ids(desk: Desk, **asked: Any) -> list[JobId]:
    return [one.job for one in page(desk, **asked).jobs]


def test_the_queue_is_shown_by_who_starts_first_in_pages_with_the_place_and_reason_of_each() -> None:
    desk = Desk()
    flood = [desk.submit(owner="flood") for _ in range(10)]
    late = [desk.submit(owner="late") for _ in range(2)]
    high = desk.submit(owner="late", priority=9)

    assert ids(desk)[:5] == [high, flood[0], late[0], flood[1], late[1]]
    found = page(desk, offset=3, limit=2)
    assert (found.total, [one.job for one in found.jobs]) == (13, [flood[1], late[1]])
    assert [one.estimate for one in found.jobs] == list(desk.scheduler.estimates([flood[1], late[1]], desk.now))


def test_the_queue_is_narrowed_and_ordered_as_asked() -> None:
    desk = Desk(spec("a"), spec("b"))
    first, second, third = desk.submit("b", owner="x"), desk.submit("a", owner="y"), desk.submit("b", owner="y")

    assert ids(desk, owner=OwnerId("y")) == [second, third]
    assert ids(desk, model="b") == [first, third]
    assert ids(desk, words="FEATURE OF A") == [second]
    assert ids(desk, words=str(third)) == [third]
    assert ids(desk, order="age", is_reversed=True) == [third, second, first]
    assert ids(desk, order="model") == [second, first, third]
    assert page(desk, owner=OwnerId("nobody")) == QueuePage(0, ())


def test_a_job_that_pauses_is_in_the_queue_and_one_that_runs_is_not() -> None:
    desk = Desk(pause_s=8.0)
    desk.worker()
    job = desk.submit()
    assert ids(desk) == []

    desk.fail(job, "runner_stalled")
    (one,) = page(desk).jobs
    assert (one.job, one.estimate.reason) == (job, "tried again in 8 s after: bad luck")


def test_a_job_is_called_what_its_owner_calls_it_else_by_its_text_its_file_or_what_it_makes() -> None:
    desk = Desk()
    job = desk.scheduler.job(desk.submit())
    assert job is not None
    record = msgspec.to_builtins(job)

    def name(**fields: Any) -> str:
        return msgspec.convert(record | fields, type(job)).name

    text, file = {"text": "a red\nchair "}, {"asset": "k", "filename": "cat.png"}
    assert name(metadata={"name": "mine"}, inputs={"text": text}) == "mine"
    assert name(metadata={}, inputs={"image": file, "text": text}) == "a red chair"
    assert name(metadata={}, inputs={"image": file}) == "cat.png"
    assert name(metadata={}, inputs={}, feature="auto_rig") == "auto rig"
