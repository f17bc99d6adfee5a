"""Who waits gets a device."""

from aigc.core.ids import BootId, WorkerId
from aigc.core.job import Stage, Status
from aigc.core.messages import LeaseFinished, Submit, WorkerBeat
from tests.core.scheduler_kit import GIB, Desk, sent, spec

W = WorkerId("w")


def test_a_worker_that_comes_is_filled() -> None:
    desk = Desk(spec("a"), spec("b"))
    jobs = [desk.submit("a"), desk.submit("b")]

    assert sent(desk.worker(slots=2)) == jobs


def test_a_finished_job_makes_room_for_the_next_in_the_same_event() -> None:
    desk = Desk()
    desk.worker()
    first, second = desk.submit(), desk.submit()

    assert sent(desk.finish(first)) == [second]


def test_a_higher_class_goes_first_and_a_lower_one_fills_what_is_left() -> None:
    desk = Desk(spec("a"), spec("big", 40))
    low, high, impossible = desk.submit(priority=1), desk.submit(priority=8), desk.submit("big", priority=9)
    assert sent(desk.worker()) == [high]

    assert sent(desk.finish(high)) == [low]
    assert desk.store[impossible].status is Status.QUEUED


def test_of_what_comes_at_once_the_first_in_turn_has_the_device_that_became_free() -> None:
    desk = Desk()
    desk.worker()
    first, low = desk.submit(), desk.submit(priority=1)
    over = LeaseFinished(W, desk.lease(first), (), {}, (), 0.0, 1.0, 0)
    high = desk.job(priority=8)

    assert sent(desk.apply(over, Submit(high))) == [high.id]
    assert desk.store[low].status is Status.QUEUED


def test_a_job_that_comes_with_the_end_of_its_like_finds_the_model_at_rest() -> None:
    desk = Desk(spec("a", 10, load_s=60.0))
    for name in ("w1", "w2"):
        desk.worker(name)
    first = desk.submit()
    worker = desk.where(first)
    over = LeaseFinished(worker, desk.lease(first), (), {}, (), 60.0, 1.0, 0)
    desk.apply(over, Submit(like := desk.job()))

    assert desk.where(like.id) == worker, "on the other one it would be loaded again"


def test_owners_take_turns_however_many_jobs_one_of_them_has() -> None:
    desk = Desk(spec("a", run_s=10.0))
    flood = [desk.submit(owner="flood") for _ in range(20)]
    desk.worker()
    other = [desk.submit(owner="other") for _ in range(3)]
    order = []
    for _ in range(7):
        (job,) = desk.running()
        desk.after(10)
        desk.finish(job, run_s=10.0)
        order.append("other" if job in other else "flood")

    assert order == ["flood", "other", "flood", "other", "flood", "other", "flood"]
    assert desk.store[flood[-1]].status is Status.QUEUED


def test_fairness_is_in_device_seconds_not_in_jobs() -> None:
    desk = Desk(spec("long", run_s=40.0, load_s=0.0), spec("short", run_s=10.0, load_s=0.0))
    desk.worker()
    for _ in range(3):
        desk.submit("long", owner="a")
    for _ in range(12):
        desk.submit("short", owner="b")
    seconds = {"a": 0.0, "b": 0.0}
    for _ in range(9):
        (job,) = desk.running()
        run_s = 40.0 if desk.store[job].model == "long" else 10.0
        desk.after(run_s)
        desk.finish(job, run_s=run_s)
        seconds[desk.store[job].owner] += run_s

    assert abs(seconds["a"] - seconds["b"]) <= 40.0


def test_a_failed_job_waits_out_its_pause_and_then_goes_to_another_worker() -> None:
    desk = Desk(pause_s=2.0, avoid_s=30.0)
    desk.worker("one")
    job = desk.submit()
    desk.fail(job, "runner_stalled")
    desk.worker("two")

    assert (desk.store[job].status, desk.store[job].stage) == (Status.QUEUED, Stage.RETRYING)
    assert sent(desk.after(1.9)) == []
    assert sent(desk.after(0.2)) == [job]
    assert desk.where(job) == "two"


def test_where_there_is_no_other_worker_the_same_one_tries_again() -> None:
    desk = Desk(spec("a", 10), pause_s=2.0)
    desk.worker("one")
    desk.worker("small", 4)
    job = desk.submit()
    desk.fail(job, "runner_stalled")

    assert sent(desk.after(2.0)) == [job]
    assert desk.where(job) == "one"


def test_a_worker_is_not_shunned_for_ever() -> None:
    desk = Desk(pause_s=1.0, avoid_s=10.0)
    desk.worker("one")
    job = desk.submit()
    desk.worker("two")
    busy = desk.submit()
    desk.fail(job, "runner_stalled")

    assert sent(desk.after(10.9)) == []
    assert sent(desk.after(0.2)) == [job]
    assert desk.where(job) == "one"
    assert busy in desk.running()


def test_a_job_that_needs_less_than_was_thought_starts_where_it_fits_now() -> None:
    desk = Desk(spec("a", 20))
    desk.worker("large", 24)
    desk.worker("small", 12)
    first, second = desk.submit(), desk.submit()
    assert desk.running() == [first]
    desk.submit()

    effects = desk.finish(first, peak_bytes=8 * GIB)

    assert len(sent(effects)) == 2
    assert {desk.where(job) for job in desk.running()} == {"large", "small"}
    assert second in desk.running()


def test_a_job_of_a_model_that_no_worker_can_hold_waits_for_one_that_can() -> None:
    desk = Desk(spec("a", 40))
    desk.worker("small", 24)
    job = desk.submit()

    assert sent(desk.worker("large", 48)) == [job]


def test_memory_that_strangers_give_back_is_used() -> None:
    desk = Desk(spec("a", 20))
    desk.worker("w", 16)
    job = desk.submit()
    hello = desk.workers[WorkerId("w")]
    device = type(hello.device)(id=hello.device.id, kind="cuda", total=24 * GIB, usable=24 * GIB)

    assert sent(desk.apply(WorkerBeat(WorkerId("w"), BootId("1"), device, ()))) == [job]
