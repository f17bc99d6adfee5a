"""When and why."""

import statistics

import pytest

from aigc.core.ids import JobId, ModelId
from aigc.core.job import Progress, Stage
from aigc.core.messages import LeaseProgress, WaitReason
from tests.core.scheduler_kit import Desk, spec


def reasons(desk: Desk) -> list[str]:
    return [one.reason for one in desk.scheduler.estimates(desk.waiting(), desk.now)]


def test_without_workers_nothing_can_be_foreseen() -> None:
    desk = Desk()
    job = desk.submit()
    (estimate,) = desk.scheduler.estimates([job], desk.now)

    assert (estimate.start_s, estimate.done_s, estimate.reason) == (None, None, "no worker is connected")


def test_the_reason_says_what_is_missing() -> None:
    desk = Desk(spec("big", 24), spec("cpu only", devices=("cpu",)), spec("fits", 4))
    desk.worker("w", 15.7)
    for model in ("big", "cpu only", "fits", "fits", "fits", "fits"):
        desk.submit(model)

    assert reasons(desk) == [
        "waits for device memory: needs 24.0 GiB, largest has 15.7 GiB usable",
        "no worker offers cpu only: it runs on cpu",
        "2 jobs before it",
        "3 jobs before it",
        "4 jobs before it",
    ]


def test_the_next_job_is_told_so_and_a_job_in_its_pause_when_it_goes_on() -> None:
    desk = Desk(pause_s=8.0)
    desk.worker()
    job = desk.submit()
    waiting = desk.submit()
    assert desk.reason(waiting) == "next; every device that can take it is busy"

    desk.fail(job, "runner_stalled")
    assert desk.reason(job) == "tried again in 8 s after: bad luck"
    (estimate,) = desk.scheduler.estimates([job], desk.now)
    assert estimate.start_s == 8.0


def test_jobs_that_do_not_wait_are_left_out() -> None:
    desk = Desk()
    desk.worker()
    running, waiting = desk.submit(), desk.submit()

    assert [one.job for one in desk.scheduler.estimates([running, waiting, running], desk.now)] == [waiting]


def test_positions_are_of_one_class_and_fair_among_owners() -> None:
    desk = Desk()
    flood = [desk.submit(owner="flood") for _ in range(10)]
    late = [desk.submit(owner="late") for _ in range(2)]
    high = desk.submit(owner="late", priority=9)

    def position(job: str) -> int:
        (estimate,) = desk.scheduler.estimates([job], desk.now)  # type: ignore[list-item]
        return estimate.position

    assert [position(job) for job in late] == [0, 2]
    assert [position(flood[n]) for n in (0, 1, 5)] == [0, 2, 7]
    assert position(high) == 0


def test_an_estimated_start_is_near_the_truth() -> None:
    desk = Desk(spec("a", run_s=10.0, load_s=4.0), spec("b", run_s=20.0, load_s=4.0))
    for name in ("one", "two"):
        desk.worker(name, 24)
    jobs = [desk.submit("a" if n % 3 else "b") for n in range(60)]
    begun = desk.time
    told = {one.job: one for one in desk.scheduler.estimates(jobs, desk.now)}
    starts = dict.fromkeys(desk.running(), begun)
    while desk.running():
        ends = {job: starts[job] + (10.0 if desk.store[job].model == "a" else 20.0) for job in desk.running()}
        job = min(ends, key=lambda one: ends[one])
        desk.after(max(0.0, ends[job] - desk.time))
        desk.start(job)
        desk.finish(job, run_s=ends[job] - starts[job])
        for one in desk.running():
            starts.setdefault(one, desk.time)
    errors = [abs(one.start_s - (starts[job] - begun)) for job, one in told.items() if one.start_s is not None]

    assert len(errors) == 58
    assert statistics.median(errors) < 40.0, "of some 400 seconds"
    assert max(errors) < 120.0


def start_s(desk: Desk, job: JobId) -> float | None:
    (estimate,) = desk.scheduler.estimates([job], desk.now)
    return estimate.start_s


def progress(desk: Desk, job: JobId, fraction: float) -> None:
    news = LeaseProgress(desk.where(job), desk.lease(job), Stage.SAMPLING, Progress(fraction))
    desk.apply(news)


def test_the_start_follows_how_far_the_running_job_says_that_it_is() -> None:
    desk = Desk(spec("a", run_s=100.0), spec("b", run_s=1.0))
    desk.worker()
    job = desk.submit()
    desk.start(job)
    desk.after(50.0)
    waiting = desk.submit("b")
    assert start_s(desk, waiting) == 50.0, "it has said nothing, so what its like took counts"
    progress(desk, job, 0.25)
    assert start_s(desk, waiting) == 75.0
    desk.after(150.0)
    progress(desk, job, 0.5)
    assert start_s(desk, waiting) == 200.0, "it took 200 s for one half, whatever its like took"
    desk.after(300.0)
    progress(desk, job, 1.0)
    assert start_s(desk, waiting) == 0.0


def test_who_is_leased_ahead_comes_before_who_waits() -> None:
    desk = Desk(spec("a", run_s=0.2), spec("b", run_s=1.0))
    desk.worker(credit=2)
    desk.start(desk.submit())
    ahead = desk.submit()

    assert desk.store[ahead].lease is not None
    assert start_s(desk, desk.submit("b")) == pytest.approx(0.4)


def test_why_jobs_wait_is_counted_for_what_they_need() -> None:
    desk = Desk(spec("big", 24), spec("cpu only", devices=("cpu",)), spec("fits", 4), pause_s=8.0)
    desk.worker("w", 15.7)
    running = desk.submit("fits")
    for model in ("big", "big", "fits", "fits", "fits", "cpu only"):
        desk.submit(model)
    desk.fail(running, "runner_stalled")
    found = desk.scheduler.reasons(desk.now)

    assert found == (
        WaitReason("waits for its turn", 2, (ModelId("fits"),)),
        WaitReason("waits for device memory: needs 24.0 GiB, largest has 15.7 GiB usable", 2, (ModelId("big"),)),
        WaitReason("no worker offers cpu only: it runs on cpu", 1, (ModelId("cpu only"),)),
        WaitReason("is tried again after a pause", 1, (ModelId("fits"),)),
    )
    assert sum(one.jobs for one in found) == desk.scheduler.waiting_count


def test_done_is_start_and_loading_and_running() -> None:
    desk = Desk(spec("a", run_s=10.0), spec("b", 24, run_s=20.0, load_s=7.0))
    desk.worker()
    desk.submit("a")
    (estimate,) = desk.scheduler.estimates([desk.submit("b")], desk.now)

    assert estimate.start_s == 20.0, "the job before it loads ten seconds and runs ten"
    assert estimate.done_s == 47.0


def test_with_room_in_the_queue_a_client_may_come_at_once() -> None:
    desk = Desk(queue_bound=5)
    for _ in range(4):
        desk.submit()

    assert desk.scheduler.retry_after_s(desk.now) == 1.0


@pytest.mark.parametrize(("devices", "expected"), [(1, 60.0), (2, 30.0), (0, 30.0)])
def test_a_full_queue_says_when_it_is_expected_to_have_room(devices: int, expected: float) -> None:
    desk = Desk(spec("a", run_s=60.0), queue_bound=5)
    for n in range(devices):
        desk.worker(f"w{n}")
    for _ in range(5 + devices):
        desk.submit()

    assert desk.scheduler.retry_after_s(desk.now) == pytest.approx(expected)


def test_retry_after_has_an_upper_limit() -> None:
    desk = Desk(spec("a", run_s=1e6), queue_bound=5)
    desk.worker()
    for _ in range(10):
        desk.submit()

    assert desk.scheduler.retry_after_s(desk.now) == 3600.0
