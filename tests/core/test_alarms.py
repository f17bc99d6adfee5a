"""What is done when an instant has come."""

from aigc.core.events import NeverCreated, Restored
from aigc.core.ids import WorkerId
from aigc.core.job import Stage, Status
from aigc.core.messages import LeaseStopped, Submit
from tests.core.scheduler_kit import Desk, sent, spec, stopped


def test_a_job_whose_deadline_passes_before_it_starts_has_failed() -> None:
    desk = Desk()
    job = desk.submit(deadline_at=desk.now.wall + 10.0)
    assert desk.after(9.9) == []
    desk.after(0.2)
    record = desk.store[job]

    assert record.status is Status.FAILED
    assert record.failure is not None
    assert (record.failure.code, record.failure.message) == (
        "deadline_exceeded",
        "the deadline passed before the job could start",
    )


def test_a_job_whose_deadline_passes_while_it_runs_is_stopped_and_has_failed_then() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit(deadline_at=desk.now.wall + 10.0)
    desk.start(job)

    assert stopped(desk.after(10)) == [desk.lease(job)]
    assert (desk.store[job].status, desk.store[job].stage) == (Status.PROCESSING, Stage.CANCELLING)
    desk.apply(LeaseStopped(WorkerId("w"), desk.lease(job)))
    record = desk.store[job]
    assert record.status is Status.FAILED
    assert record.failure is not None
    assert record.failure.message == "the job was ended because its deadline has passed"


def test_a_deadline_decides_the_end_also_across_a_restart_of_the_broker() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit(deadline_at=desk.now.wall + 10.0)
    desk.after(11)
    successor = desk.successor()
    successor.restore()
    successor.worker(leases=[desk.lease(job)])
    successor.finish(job)

    assert successor.store[job].status is Status.FAILED


def test_a_cancel_before_the_deadline_stays_a_cancel() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit(deadline_at=desk.now.wall + 10.0)
    desk.cancel(job)
    desk.after(20)
    desk.apply(LeaseStopped(WorkerId("w"), desk.lease(job)))

    assert desk.store[job].status is Status.CANCELLED


def test_a_deadline_passes_in_a_back_off_too() -> None:
    desk = Desk(pause_s=50.0)
    desk.worker()
    job = desk.submit(deadline_at=desk.now.wall + 10.0)
    desk.fail(job, "runner_stalled")
    desk.after(10)

    assert desk.store[job].status is Status.FAILED
    assert desk.after(100) == []


def test_a_deadline_of_a_finished_job_changes_nothing() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit(deadline_at=desk.now.wall + 10.0)
    desk.finish(job)

    assert desk.after(20) == []


def test_the_run_limit_of_an_earlier_attempt_does_not_end_a_later_one() -> None:
    desk = Desk(spec("a", run_limit_s=20.0), pause_s=0.0)
    desk.worker()
    job = desk.submit()
    desk.start(job)
    desk.after(15)
    desk.fail(job, "worker_lost")
    desk.start(job)

    assert stopped(desk.after(10)) == []
    assert stopped(desk.after(10)) == [desk.lease(job)]


def test_the_next_tick_is_the_next_instant_at_which_something_is_due() -> None:
    desk = Desk()
    assert desk.scheduler.next_tick(desk.now) is None
    desk.submit(deadline_at=desk.now.wall + 10.0)
    desk.submit(deadline_at=desk.now.wall + 5.0)

    assert desk.scheduler.next_tick(desk.now) == desk.time + 5.0
    desk.after(5)
    assert desk.scheduler.next_tick(desk.now) == desk.time + 5.0


def test_a_mark_that_was_renewed_is_not_lifted_early() -> None:
    desk = Desk(spec("short", run_s=0.1), mark_s=4.0)
    desk.worker()
    first, beside, waiting = desk.submit(), desk.submit(), desk.submit()
    desk.fail(first, "model_load_failed", retryable=False)
    desk.after(1)
    desk.fail(beside, "model_load_failed", retryable=False)

    assert sent(desk.after(7.9)) == []
    assert sent(desk.after(0.2)) == [waiting]


def test_the_end_of_a_pause_that_is_not_the_jobs_any_more_changes_nothing() -> None:
    desk = Desk(pause_s=5.0)
    desk.worker()
    job = desk.job()
    desk.apply(Submit(job))
    desk.fail(job.id, "runner_crashed")
    desk.apply(NeverCreated((job.id,)))
    desk.apply(Restored((job,)))
    assert desk.running() == [job.id]

    assert desk.after(10) == []
    assert desk.running() == [job.id]
