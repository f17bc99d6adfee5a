"""What gateways and the store bring."""

import msgspec
import pytest

from aigc.core.effects import Answer, Commit, SendCancel
from aigc.core.events import NeverCreated, Reloaded, Restored
from aigc.core.ids import JobId
from aigc.core.job import Job, Stage, Status
from aigc.core.messages import CancelAnswer, Submit
from aigc.core.model import Catalogue
from tests.core.scheduler_kit import Desk, only, sent, spec, stopped


def test_a_job_that_is_known_or_over_is_not_taken_again() -> None:
    desk = Desk()
    desk.worker()
    job = desk.job()
    desk.apply(Submit(job))
    assert desk.apply(Submit(job)) == []
    desk.finish(job.id)

    assert desk.apply(Submit(job)) == []
    assert desk.apply(Restored((job,))) == []


def test_a_submission_changes_nothing_in_the_record_until_it_starts() -> None:
    desk = Desk()

    assert desk.apply(Submit(desk.job())) == []
    assert desk.scheduler.waiting_count == 1


def test_a_waiting_job_is_cancelled_at_once() -> None:
    desk = Desk()
    job = desk.submit()
    answer = desk.cancel(job)

    assert answer == CancelAnswer(desk.store[job], cancelling=False)
    assert desk.store[job].status is Status.CANCELLED
    assert desk.scheduler.waiting_count == 0
    assert sent(desk.worker()) == []


def test_a_job_in_its_back_off_is_cancelled_at_once() -> None:
    desk = Desk(pause_s=5.0)
    desk.worker()
    job = desk.submit()
    desk.fail(job, "runner_stalled")

    assert desk.cancel(job).job == desk.store[job]
    assert desk.store[job].status is Status.CANCELLED
    assert desk.after(60) == []


def test_the_record_of_a_cancel_is_durable_before_it_is_answered() -> None:
    desk = Desk()
    desk.worker()
    running, waiting = desk.submit(), desk.submit()
    for job in (running, waiting):
        desk.out.clear()
        desk.cancel(job)
        kinds = [type(effect) for effect in desk.out]
        assert kinds.index(Commit) < kinds.index(Answer)


def test_who_cancels_what_is_over_or_unknown_is_told_so() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.finish(job)

    assert desk.cancel(job) == CancelAnswer(None)
    assert desk.cancel(JobId("nobody")) == CancelAnswer(None)
    assert desk.store[job].status is Status.COMPLETED


def test_a_waiting_job_moves_to_another_class_and_keeps_its_age() -> None:
    desk = Desk()
    first = desk.submit(priority=3)
    desk.after(5)
    desk.submit(priority=5)
    answer = desk.move(first, 5)

    assert (answer.refusal, answer.job) == ("", desk.store[first])
    assert desk.store[first].history[-1].detail == "3 -> 5"
    assert sent(desk.worker()) == [first]


def test_a_job_in_its_back_off_moves_too() -> None:
    desk = Desk(pause_s=5.0)
    desk.worker()
    job = desk.submit(priority=3)
    desk.fail(job, "runner_stalled")
    desk.move(job, 8)
    desk.submit(priority=5)
    desk.submit(priority=5)

    assert desk.store[job].priority == 8
    desk.after(5)
    (running,) = desk.running()
    assert sent(desk.finish(running)) == [job]


@pytest.mark.parametrize(("priority", "words"), [(5, "the job runs already"), (10, "priority 10 is not one of 0 to 9")])
def test_what_cannot_be_moved_is_refused_with_the_reason(priority: int, words: str) -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit(priority=3)
    answer = desk.move(job, priority)

    assert answer.refusal == words
    assert answer.job == desk.store[job]
    assert desk.move(JobId("nobody"), 1).refusal == "no open job has this id"


def test_a_move_to_the_same_class_changes_nothing() -> None:
    desk = Desk()
    job = desk.submit(priority=3)

    assert desk.move(job, 3).job == desk.store[job]
    assert desk.store[job].seq == 1


def test_restored_jobs_wait_in_the_order_of_their_creation() -> None:
    desk = Desk()
    jobs = []
    for _ in range(5):
        desk.after(1)
        jobs.append(desk.submit())
    successor = desk.successor()
    successor.apply(Restored(tuple(desk.store[job] for job in reversed(jobs))))
    successor.worker()
    order = []
    for _ in jobs:
        (job,) = successor.running()
        successor.finish(job)
        order.append(job)

    assert order == jobs


def test_a_restored_lease_waits_for_its_worker_which_goes_on() -> None:
    desk = Desk()
    desk.worker("one")
    job = desk.submit()
    desk.start(job)
    successor = desk.successor(adoption_s=30.0)
    assert successor.restore() == []
    successor.worker("two")
    assert successor.running() == [job]

    assert successor.worker("one", leases=[desk.lease(job)]) == []
    successor.finish(job)
    assert successor.store[job].status is Status.COMPLETED
    assert successor.store[job].attempt == 1


def test_a_restored_cancel_goes_on() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.cancel(job)
    successor = desk.successor()
    successor.restore()

    assert stopped(successor.worker(leases=[desk.lease(job)])) == [desk.lease(job)]
    successor.finish(job)
    assert successor.store[job].status is Status.CANCELLED


def test_a_job_that_was_never_created_leaves_without_a_trace() -> None:
    desk = Desk()
    desk.worker()
    granted, waiting = desk.submit(), desk.submit()
    effects = desk.apply(NeverCreated((waiting, JobId("nobody"))))
    assert effects == []

    effects = desk.apply(NeverCreated((granted,)))
    assert only(effects, Commit) == []
    assert [effect.cancel.lease for effect in only(effects, SendCancel)] == [desk.lease(granted)]
    assert desk.scheduler.leases() == ()


def test_a_job_that_was_created_after_all_is_taken() -> None:
    desk = Desk()
    job = desk.job()
    desk.apply(Submit(job))
    desk.apply(NeverCreated((job.id,)))
    desk.apply(Restored((job,)))

    assert sent(desk.worker()) == [job.id]


def test_waiting_jobs_of_a_model_that_left_fail_and_running_ones_go_on() -> None:
    desk = Desk(spec("a"), spec("b"))
    desk.worker()
    running, waiting, other = desk.submit("a"), desk.submit("a"), desk.submit("b")
    effects = desk.apply(Reloaded(Catalogue((spec("b"),), "new")))

    failed = desk.store[waiting]
    assert failed.status is Status.FAILED
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.message) == (
        "model_removed",
        "the model a is not in the catalogue any more",
    )
    assert [effect.job.id for effect in only(effects, Commit)] == [waiting]
    assert sent(desk.finish(running)) == [other]
    assert desk.store[running].status is Status.COMPLETED


def test_a_running_job_whose_model_left_is_not_tried_again() -> None:
    desk = Desk(spec("a"), spec("b"))
    desk.worker()
    job = desk.submit("a")
    desk.apply(Reloaded(Catalogue((spec("b"),), "new")))
    desk.fail(job, "worker_lost")

    failure = desk.store[job].failure
    assert failure is not None
    assert failure.code == "model_removed"
    assert desk.store[job].failures[0].code == "worker_lost"


def test_a_new_catalogue_is_used_at_once() -> None:
    desk = Desk(spec("a", 40))
    desk.worker("w", 24)
    job = desk.submit("a")

    assert sent(desk.apply(Reloaded(Catalogue((spec("a", 20),), "new")))) == [job]


def test_a_new_catalogue_lets_a_model_be_tried_again_that_could_not_be_loaded() -> None:
    desk = Desk(mark_s=100.0, pause_s=0.0)
    desk.worker()
    job = desk.submit()
    desk.fail(job, "model_load_failed")
    assert desk.running() == []

    assert sent(desk.apply(Reloaded(Catalogue((spec("a"),), "new")))) == [job]


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_jump_of_the_wall_clock_changes_neither_order_nor_deadlines(jump_s: float) -> None:
    desk = Desk()
    late = desk.submit(deadline_at=desk.now.wall + 50.0)
    desk.after(10)
    desk.wall_offset += jump_s
    young = desk.submit()
    desk.after(39)
    assert desk.store[late].status is Status.QUEUED
    desk.after(2)

    assert desk.store[late].status is Status.FAILED
    assert sent(desk.worker()) == [young]


def test_hosts_that_disagree_about_the_time_change_neither_order_nor_deadlines() -> None:
    desk = Desk()
    slow = msgspec.structs.replace(
        desk.job(), created_at=desk.now.wall - 300.0, deadline_at=desk.now.wall - 300.0 + 60.0
    )
    first = desk.submit()
    desk.after(1)
    desk.apply(Submit(slow))
    desk.worker()

    assert desk.running() == [first]
    desk.after(58)
    assert desk.scheduler.job(slow.id) is not None
    desk.after(2)
    assert desk.scheduler.job(slow.id) is None


def test_a_deadline_survives_a_restart_and_a_clock_that_was_set_back() -> None:
    desk = Desk()
    job = desk.submit(deadline_at=desk.now.wall + 60.0)
    desk.after(20)
    successor = desk.successor()
    successor.restore()
    successor.after(39)
    assert successor.store[job].status is Status.QUEUED
    successor.after(2)
    assert successor.store[job].status is Status.FAILED

    again = Desk()
    again.wall_offset -= 3600.0
    again.apply(Restored((desk_job(desk, job),)))
    again.after(61)
    assert again.store[job].status is Status.FAILED


def desk_job(desk: Desk, job: JobId) -> Job:
    """The record as it was when it was created."""
    return msgspec.structs.replace(
        desk.store[job], status=Status.QUEUED, stage=Stage.WAITING, failure=None, history=desk.store[job].history[:1]
    )
