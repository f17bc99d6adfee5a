"""What becomes of a job when its attempt is over and did not complete it."""

from collections.abc import Callable, Sequence

from aigc.core.effects import Commit, Discard, Effect
from aigc.core.ids import JobId, WorkerId
from aigc.core.job import Stage, Status
from aigc.core.messages import LeaseReturned, LeaseStopped
from tests.core.scheduler_kit import Desk, only, spec


def test_a_failed_job_shows_the_evidence_of_all_its_attempts() -> None:
    desk = Desk(pause_s=0.0)
    desk.worker("one")
    job = desk.submit()
    for _ in range(3):
        desk.fail(job, "worker_lost")
        desk.after(60)
    record = desk.store[job]

    assert record.status is Status.FAILED
    assert [(one.code, one.attempt, one.worker) for one in record.failures] == [
        ("worker_lost", attempt, "one") for attempt in (1, 2, 3)
    ]
    assert record.failure is not None
    assert record.failure.message == "bad luck (attempt 3 of 3)"
    assert [line.kind for line in record.history] == [
        *("queued", "started", "retrying", "started", "retrying", "started", "failed")
    ]


def test_bad_input_is_not_tried_again() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.fail(job, "input_invalid", retryable=False)

    assert (desk.store[job].status, desk.store[job].attempt) == (Status.FAILED, 1)


def test_a_job_that_kills_two_runners_is_parked_with_both_stories() -> None:
    desk = Desk(pause_s=0.0)
    desk.worker()
    job = desk.submit(max_attempts=9)
    desk.fail(job, "runner_crashed", killed=True)
    desk.after(60)
    desk.fail(job, "runner_crashed", killed=True)
    record = desk.store[job]

    assert record.status is Status.FAILED
    assert len(record.failures) == 2
    assert record.failure is not None
    assert "took 2 runners with it" in record.failure.message


def test_the_runners_that_a_job_killed_are_counted_across_a_restart_of_the_broker() -> None:
    desk = Desk(pause_s=0.0)
    desk.worker()
    job = desk.submit(max_attempts=9)
    desk.fail(job, "runner_crashed", killed=True)
    desk = desk.successor(pause_s=0.0)
    desk.restore()
    desk.worker(leases=[desk.lease(job)])
    desk.after(60)
    desk.fail(job, "runner_crashed", killed=True)

    assert desk.store[job].status is Status.FAILED


def test_an_attempt_that_was_handed_back_does_not_count() -> None:
    desk = Desk(no_room_s=1.0)
    desk.worker()
    job = desk.submit()
    for _ in range(10):
        desk.apply(LeaseReturned(WorkerId("w"), desk.lease(job), "no room"))
        assert (desk.store[job].status, desk.store[job].stage) == (Status.QUEUED, Stage.WAITING)
        desk.after(600)

    assert (desk.store[job].attempt, desk.store[job].strikes) == (11, 0)


def test_whatever_a_cancelled_attempt_reports_the_job_is_cancelled() -> None:
    ends: dict[str, Callable[[Desk, JobId], Sequence[Effect]]] = {
        "stops": lambda desk, job: desk.apply(LeaseStopped(WorkerId("w"), desk.lease(job))),
        "finishes": lambda desk, job: desk.finish(job),
        "fails": lambda desk, job: desk.fail(job, "runner_crashed"),
        "comes back": lambda desk, job: desk.apply(LeaseReturned(WorkerId("w"), desk.lease(job), "drain")),
        "is lost": lambda desk, job: desk.lose(),
    }
    for name, end in ends.items():
        desk = Desk(spec("a"))
        desk.worker()
        job = desk.submit()
        desk.start(job)
        assert desk.cancel(job).cancelling
        assert desk.store[job].status is Status.PROCESSING, "not before the work has really stopped"
        effects = end(desk, job)

        assert desk.store[job].status is Status.CANCELLED, name
        assert desk.store[job].cancel_reason == "not wanted"
        assert only(effects, Discard) == [Discard(desk.lease(job))], name


def test_a_job_whose_attempt_was_stopped_by_nobody_waits_again() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.start(job)
    effects = desk.apply(LeaseStopped(WorkerId("w"), desk.lease(job)))

    assert [one.job.status for one in only(effects, Commit)] == [Status.QUEUED, Status.PROCESSING]
    assert desk.store[job].strikes == 0
