"""Leases come and go."""

from aigc.core.effects import Commit, Discard, SendCancel, SendGrant
from aigc.core.events import Restored
from aigc.core.ids import BootId, WorkerId
from aigc.core.job import Input, Progress, Stage, Status
from aigc.core.messages import CancelLease, Generation, Grant, LeaseProgress, LeaseStopped, Resident, Submit
from tests.core.scheduler_kit import GIB, Desk, only, sent, spec, stopped


def test_a_grant_is_recorded_before_it_is_sent_and_tells_all_that_is_needed() -> None:
    desk = Desk(spec("a", 4, stall_limit_s=77.0))
    desk.worker()
    job = desk.job("a", inputs={"text": Input("a chair")}, params={"seed": 1}, output_format="obj")
    effects = desk.apply(Submit(job))
    record = desk.store[job.id]

    assert [type(effect) for effect in effects] == [Commit, SendGrant]
    assert (record.status, record.stage, record.attempt) == (Status.PROCESSING, Stage.LOADING_MODEL, 1)
    assert record.lease is not None
    assert only(effects, SendGrant) == [
        SendGrant(
            WorkerId("w"),
            BootId("1"),
            Grant(
                generation=Generation(1, "g"),
                lease=record.lease,
                model=job.model,
                feature="feature of a",
                inputs={"text": Input("a chair")},
                params={"seed": 1},
                output_format="obj",
                need_bytes=4 * GIB,
                stall_limit_s=77.0,
            ),
        )
    ]


def test_every_attempt_has_a_higher_number_and_an_id_of_its_own() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    first = desk.lease(job)
    desk.fail(job, "worker_lost")
    second = desk.lease(job)

    assert (first.attempt, second.attempt) == (1, 2)
    assert first.id != second.id


def test_a_job_on_a_resident_model_does_not_say_that_it_loads() -> None:
    desk = Desk(spec("a"))
    desk.worker(residents=(Resident(residency="a", state="idle", bytes=GIB),))

    assert desk.store[desk.submit()].stage is Stage.PREPROCESSING


def test_a_job_that_is_leased_ahead_says_that_it_waits_and_where_until_it_begins() -> None:
    desk = Desk(spec("a", run_s=0.1))
    desk.worker(credit=2)
    first, ahead = desk.submit(), desk.submit()
    record = desk.store[ahead]

    assert (record.status, record.stage, record.progress.message) == (Status.PROCESSING, Stage.WAITING, "next on w")
    desk.start(first)
    desk.finish(first, run_s=0.1)
    desk.start(ahead)
    begun = desk.scheduler.job(ahead)
    assert begun is not None
    assert (begun.stage, begun.progress.message) == (Stage.PREPROCESSING, "")


def test_the_time_left_is_the_deadline_or_the_run_limit_whichever_is_nearer() -> None:
    desk = Desk(spec("free"), spec("limited", run_limit_s=50.0))
    desk.worker("one")
    desk.worker("two")
    desk.worker("three")
    at = desk.now.wall

    assert desk.grants[desk.submit("free", deadline_at=at + 20.0)].time_left_s == 20.0
    assert desk.grants[desk.submit("limited", deadline_at=at + 80.0)].time_left_s == 50.0
    assert desk.grants[desk.submit("limited")].time_left_s == 50.0
    desk.worker("four")
    assert desk.grants[desk.submit("free")].time_left_s is None


def test_waiting_is_timed_over_all_attempts() -> None:
    desk = Desk(pause_s=4.0)
    job = desk.submit()
    desk.after(3)
    desk.worker()
    assert desk.store[job].timings.queued_s == 3.0
    desk.after(10)
    desk.fail(job, "runner_stalled")
    desk.after(4)

    assert desk.store[job].timings.queued_s == 7.0


def test_an_attempt_is_asked_to_end_once_in_the_record_and_again_on_the_wire() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    first = desk.cancel(job)
    desk.out.clear()
    second = desk.cancel(job)

    assert first.cancelling
    assert second == first
    assert only(desk.out, Commit) == []
    assert only(desk.out, SendCancel) == [
        SendCancel(WorkerId("w"), BootId("1"), CancelLease(Generation(1, "g"), desk.lease(job), "not wanted"))
    ]


def test_a_stale_lease_that_runs_is_stopped_and_one_that_has_ended_is_swept() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    stale = desk.lease(job)
    desk.fail(job, "worker_lost")

    effects = desk.apply(LeaseProgress(WorkerId("w"), stale, Stage.SAMPLING, Progress(0.5)))
    assert stopped(effects) == [stale]
    assert desk.apply(LeaseStopped(WorkerId("w"), stale)) == [Discard(stale)]


def test_the_accepted_result_is_never_swept() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.finish(job)

    assert desk.finish(job) == [], "its last word is repeated until it is settled"
    successor = desk.successor()
    successor.apply(Restored(()))
    successor.worker(leases=(desk.lease(job),))
    assert only(successor.finish(job), Discard) == [], "an earlier broker accepted it"


def test_a_grant_that_did_not_arrive_is_sent_once_more() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()

    assert sent(desk.worker()) == [job], "the same life does not list it"
    assert desk.store[job].attempt == 1
    assert sent(desk.worker()) == [job]
    assert desk.store[job].attempt == 2
    assert desk.store[job].strikes == 0


def test_an_owner_is_charged_what_was_used() -> None:
    desk = Desk(spec("a", run_s=30, load_s=10))
    desk.worker()
    job = desk.submit(owner="ann")
    fairness = desk.scheduler._books.waiting._fairness
    assert fairness.usage("ann", desk.time) == 40.0  # type: ignore[arg-type]

    desk.finish(job, run_s=3.0)
    assert fairness.usage("ann", desk.time) == 3.0  # type: ignore[arg-type]
