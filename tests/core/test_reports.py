"""What workers report about leases."""

import msgspec
import pytest

from aigc.core.effects import Commit, Effect, Publish
from aigc.core.ids import AssetKey, AttemptId, WorkerId
from aigc.core.job import Output, Progress, Stage, Status, Timings
from aigc.core.messages import LeaseFinished, LeaseProgress, LeaseRan, LeaseReturned, LeaseStarted, Progressed
from aigc.core.scheduling.worker_state import STORED_BESIDE
from tests.core.scheduler_kit import GIB, Desk, only, sent, spec

RESULT = Output("mesh.glb", "model", AssetKey("jobs/1/1/mesh.glb"), "glb", "model/gltf-binary", 100, "0" * 64)
W = WorkerId("w")


def news(desk: Desk, job: str, fraction: float, stage: Stage = Stage.SAMPLING) -> list[Progressed | None]:
    lease = desk.grants[job].lease  # type: ignore[index]
    return told(desk, desk.apply(LeaseProgress(W, lease, stage, Progress(fraction))))


def told(desk: Desk, effects: list[Effect]) -> list[Progressed | None]:
    return [desk.scheduler.progressed(effect.job, desk.now) for effect in only(effects, Publish)]


def test_a_result_completes_its_job_with_all_that_was_reported() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.start(job, load_s=9.0)
    finished = LeaseFinished(W, desk.lease(job), (RESULT,), {"seed": 7}, ("no texture",), 9.0, 30.0, 5 * GIB)
    desk.apply(finished)
    record = desk.store[job]

    assert (record.status, record.stage, record.lease) == (Status.COMPLETED, Stage.NONE, None)
    assert (record.outputs, record.info, record.warnings) == ((RESULT,), {"seed": 7}, ("no texture",))
    assert (record.timings, record.peak_bytes) == (Timings(0.0, 9.0, 30.0), 5 * GIB)
    assert record.progress.fraction == 1.0
    assert desk.scheduler.job(job) is None


def test_the_result_of_a_stale_attempt_is_not_accepted() -> None:
    desk = Desk(pause_s=0.0)
    desk.worker()
    job = desk.submit()
    stale = desk.lease(job)
    desk.fail(job, "worker_lost")
    assert desk.lease(job).attempt == 2

    effects = desk.apply(LeaseFinished(W, stale, (RESULT,), {}, (), 0.0, 1.0, 0))
    assert only(effects, Commit) == []
    assert desk.store[job].status is Status.PROCESSING


@pytest.mark.parametrize(
    "forgery", [{"id": AttemptId("another")}, {"attempt": 2}, {"attempt": 0}], ids=["id", "later number", "number"]
)
def test_a_lease_counts_only_if_number_and_id_are_equal(forgery: dict[str, object]) -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    lease = msgspec.structs.replace(desk.lease(job), **forgery)
    desk.apply(LeaseFinished(W, lease, (RESULT,), {}, (), 0.0, 1.0, 0))

    assert desk.store[job].status is Status.PROCESSING


def test_the_result_of_a_lease_that_another_worker_holds_is_not_accepted() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.apply(LeaseFinished(WorkerId("thief"), desk.lease(job), (RESULT,), {}, (), 0.0, 1.0, 0))

    assert desk.store[job].status is Status.PROCESSING


def test_a_result_that_comes_twice_counts_once() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.finish(job)
    seq = desk.store[job].seq

    assert only(desk.finish(job), Commit) == []
    assert desk.store[job].seq == seq


def test_watchers_hear_of_progress_without_a_write() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    effects = desk.start(job)
    assert [type(effect) for effect in effects] == [Publish]

    assert news(desk, job, 0.5) == [Progressed(job, 1, Stage.SAMPLING, Progress(0.5))]
    current = desk.scheduler.job(job)
    assert current is not None
    assert (current.stage, current.progress.fraction, current.seq) == (Stage.SAMPLING, 0.5, 2)


def test_who_stores_a_result_takes_the_next_job_meanwhile() -> None:
    desk = Desk()
    desk.worker()
    first, second = desk.submit(), desk.submit()
    desk.start(first)
    assert sent(desk.out) == [first]

    assert sent(desk.apply(LeaseRan(W, desk.lease(first), 0.0))) == [second]
    assert desk.apply(LeaseRan(W, desk.lease(first), 0.0)) == []
    assert desk.store[first].status is Status.PROCESSING
    desk.finish(first)
    assert desk.store[first].status is Status.COMPLETED


def test_a_worker_whose_store_is_slow_takes_no_more_than_may_be_on_its_way() -> None:
    desk = Desk()
    desk.worker()
    jobs = [desk.submit() for _ in range(40)]
    for job in jobs:
        if job in desk.grants:
            desk.apply(LeaseRan(W, desk.lease(job), 0.0))

    held = len(desk.running())
    assert STORED_BESIDE <= held <= STORED_BESIDE + 2
    assert sent(desk.finish(jobs[0])) == [jobs[held]]


def test_a_result_that_is_being_stored_is_shown_so_and_still_ends_as_it_was_asked_to() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    news(desk, job, 0.5)

    effects = desk.apply(LeaseRan(W, desk.lease(job), 0.0))
    assert told(desk, effects) == [Progressed(job, 1, Stage.STORING, Progress(0.5))]
    desk.cancel(job)
    desk.finish(job)
    assert desk.store[job].status is Status.CANCELLED


def test_progress_never_goes_back_within_an_attempt() -> None:
    desk = Desk(pause_s=0.0)
    desk.worker()
    job = desk.submit()
    news(desk, job, 0.6)

    assert news(desk, job, 0.4) == []
    desk.fail(job, "worker_lost")
    assert news(desk, job, 0.1) == [Progressed(job, 2, Stage.SAMPLING, Progress(0.1))]


def test_a_cancelling_job_stays_cancelling_whatever_it_reports() -> None:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.cancel(job)

    assert news(desk, job, 0.9) == []
    assert desk.start(job) == []
    current = desk.scheduler.job(job)
    assert current is not None
    assert current.stage is Stage.CANCELLING


def test_a_start_that_is_reported_twice_is_learned_once() -> None:
    desk = Desk(spec("a", load_s=10.0))
    desk.worker()
    job = desk.submit()
    desk.start(job, load_s=4.0)
    desk.start(job, load_s=4.0)

    assert desk.scheduler.learned_view()["a"]["loads"] == 1
    assert desk.scheduler.learned_view()["a"]["load_s"] == 4.0


def test_a_load_is_learned_though_the_start_was_not_heard() -> None:
    desk = Desk(spec("a", load_s=10.0))
    desk.worker()
    job = desk.submit()
    desk.apply(LeaseFinished(W, desk.lease(job), (RESULT,), {}, (), 4.0, 1.0, 0))

    assert desk.scheduler.learned_view()["a"]["load_s"] == 4.0


def test_memory_is_learned_and_asked_for_next_time() -> None:
    desk = Desk(spec("a", 10))
    desk.worker()
    first, second = desk.submit(), desk.submit()
    assert desk.grants[first].need_bytes == 10 * GIB
    desk.finish(first, peak_bytes=4 * GIB)

    assert desk.grants[second].need_bytes == int(4 * GIB * 1.1)


def test_after_an_out_of_memory_the_job_is_alone_with_twice_the_memory() -> None:
    desk = Desk(spec("a", 8), spec("b", 4))
    desk.worker("w", 24, slots=2)
    job, neighbour = desk.submit("a"), desk.submit("b")
    desk.fail(job, "out_of_memory")
    assert desk.running() == [neighbour], "it waits until the device is free"
    desk.submit("b")
    desk.finish(neighbour)
    for waiting in desk.running():
        if waiting != job:
            desk.finish(waiting)

    assert desk.running() == [job]
    grant = desk.grants[job]
    assert grant.alone
    assert abs(grant.need_bytes - 16 * GIB) < 8
    assert grant.evict == ("b",)
    other = desk.submit("b")
    assert desk.running() == [job]
    assert sent(desk.finish(job)) == [other]


def test_a_second_out_of_memory_fails_the_job() -> None:
    desk = Desk(spec("a", 8))
    desk.worker("w", 24)
    job = desk.submit()
    desk.fail(job, "out_of_memory", peak=9 * GIB)
    assert abs(desk.grants[job].need_bytes - 11.25 * GIB) < 8
    desk.fail(job, "out_of_memory")

    failure = desk.store[job].failure
    assert failure is not None
    assert failure.code == "out_of_memory"
    assert desk.store[job].attempt == 2


def test_a_need_is_never_raised_beyond_what_the_largest_device_has() -> None:
    desk = Desk(spec("a", 20))
    desk.worker("w", 24)
    job = desk.submit()
    desk.fail(job, "out_of_memory")

    assert desk.running() == [job]
    assert desk.grants[job].need_bytes <= 24 * GIB


def test_a_model_that_did_not_load_is_left_alone_on_that_worker_for_a_while() -> None:
    desk = Desk(spec("a"), spec("b"), mark_s=5.0, pause_s=0.0)
    desk.worker()
    job, other = desk.submit("a"), desk.submit("b")
    effects = desk.fail(job, "model_load_failed")
    assert sent(effects) == [other], "other models are not affected"
    desk.finish(other)

    assert "could not be taken by any worker just now" in desk.reason(job)
    assert sent(desk.after(4.9)) == []
    assert sent(desk.after(0.2)) == [job]


def test_the_pause_of_a_model_that_does_not_load_doubles_until_it_does() -> None:
    desk = Desk(spec("a"), mark_s=4.0, pause_s=0.0)
    desk.worker()
    jobs = [desk.submit() for _ in range(3)]
    desk.fail(jobs[0], "model_load_failed", retryable=False)
    assert sent(desk.after(4)) == [jobs[1]]
    desk.fail(jobs[1], "model_load_failed", retryable=False)
    assert sent(desk.after(7.9)) == []
    assert sent(desk.after(0.2)) == [jobs[2]]

    desk.start(jobs[2])
    again = desk.submit()
    desk.fail(jobs[2], "model_load_failed", retryable=False)
    assert sent(desk.after(4)) == [again]


def test_a_worker_that_hands_back_is_not_asked_again_at_once() -> None:
    desk = Desk(spec("a"), spec("b"), no_room_s=1.0)
    desk.worker()
    job = desk.submit("a")

    assert sent(desk.apply(LeaseReturned(W, desk.lease(job), "no room"))) == []
    other = desk.submit("b")
    assert desk.running() == [other]
    desk.finish(other)
    assert sent(desk.after(1.1)) == [job]


def test_a_run_limit_ends_the_attempt() -> None:
    desk = Desk(spec("a", run_limit_s=20.0))
    desk.worker()
    job = desk.submit()
    desk.after(15)
    desk.start(job)
    desk.after(19)
    assert desk.store[job].stage is not Stage.CANCELLING
    desk.after(2)
    assert desk.store[job].stage is Stage.CANCELLING
    desk.apply(LeaseStarted(W, desk.lease(job), 0.0))
    desk.finish(job)

    failure = desk.store[job].failure
    assert failure is not None
    assert failure.code == "deadline_exceeded"
