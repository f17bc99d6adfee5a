"""Which job goes where, the bound on overtaking, and that nobody starves or blocks."""

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc.core.messages import Resident, Submit
from aigc.core.scheduling.placement import offer
from tests.core.scheduler_kit import GIB, Desk, sent, spec


def test_a_job_goes_where_its_model_is_resident() -> None:
    desk = Desk(spec("a", 4), spec("b", 4))
    desk.worker("one", residents=(Resident(residency="b", state="idle", bytes=4 * GIB),))
    desk.worker("two", residents=(Resident(residency="a", state="idle", bytes=4 * GIB),))

    assert desk.where(desk.submit("a")) == "two"
    assert desk.where(desk.submit("b")) == "one"


def test_a_job_goes_to_the_tightest_device_that_has_room() -> None:
    desk = Desk(spec("small", 4), spec("large", 20))
    desk.worker("roomy", 24)
    desk.worker("tight", 6)

    assert desk.where(desk.submit("small")) == "tight"
    assert desk.where(desk.submit("large")) == "roomy"


def test_a_model_is_loaded_where_the_least_is_lost() -> None:
    desk = Desk(spec("new", 20), spec("dear", 20, load_s=60), spec("cheap", 20, load_s=5))
    desk.worker("one", residents=(Resident(residency="dear", state="idle", bytes=20 * GIB),))
    desk.worker("two", residents=(Resident(residency="cheap", state="idle", bytes=20 * GIB),))
    for model in ("dear", "cheap"):
        desk.finish(desk.submit(model))

    job = desk.submit("new")

    assert desk.where(job) == "two"
    assert desk.grants[job].evict == ("cheap",)


def test_a_job_for_a_resident_model_overtakes_within_the_bound_only() -> None:
    desk = Desk(spec("a", 20, load_s=10), spec("b", 20, load_s=10), alpha=2.0)
    desk.worker()
    running = desk.submit("a")
    desk.after(1)
    other = desk.submit("b")
    desk.after(19)
    young = desk.submit("a")
    desk.after(2)
    too_young = desk.submit("a")
    desk.start(running)

    assert sent(desk.finish(running)) == [young]
    desk.start(young)
    assert sent(desk.finish(young)) == [other]
    assert desk.running() == [other]
    assert sent(desk.finish(other)) == [too_young]


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("submit"), st.integers(0, 3), st.floats(0.0, 30.0)),
            st.tuples(st.just("finish"), st.integers(0, 2), st.floats(0.0, 30.0)),
        ),
        min_size=20,
        max_size=120,
    ),
    alpha=st.sampled_from([0.0, 1.0, 20.0]),
)
def test_a_job_is_overtaken_only_by_jobs_younger_than_alpha_times_its_load(
    steps: list[tuple[str, int, float]], alpha: float
) -> None:
    loads = (1.0, 3.0, 8.0, 20.0)
    desk = Desk(*(spec(f"m{n}", 10, load_s=load_s) for n, load_s in enumerate(loads)), alpha=alpha)
    for name in ("one", "two", "three"):
        desk.worker(name, 24)
    submitted: dict[Any, tuple[float, int]] = {}
    waiting: dict[Any, tuple[float, int]] = {}
    for what, which, seconds in steps:
        desk.after(seconds)
        if what == "submit":
            job = desk.job(f"m{which}")
            submitted[job.id] = waiting[job.id] = (desk.time, which)
            granted = sent(desk.apply(Submit(job)))
        elif which < len(desk.running()):
            granted = sent(desk.finish(desk.running()[which]))
        else:
            continue
        for job_id in granted:
            del waiting[job_id]
            for at, model in waiting.values():
                assert submitted[job_id][0] - at <= alpha * loads[model] + 1e-9


def test_a_job_that_fits_starts_at_once_though_older_ones_wait() -> None:
    desk = Desk(spec("big", 100), spec("a"))
    desk.worker("w", 24)
    desk.submit("big")

    job = desk.submit("a")

    assert desk.running() == [job]


def test_a_busy_model_does_not_block_another_device() -> None:
    desk = Desk(spec("a"), spec("b"))
    desk.worker("one")
    desk.worker("two")
    first, second, third = desk.submit("a"), desk.submit("b"), desk.submit("a")

    assert desk.running() == [first, second]
    assert sent(desk.finish(second)) == [third]


def test_a_device_with_two_slots_is_kept_for_a_big_job_that_has_waited_long_enough() -> None:
    desk = Desk(spec("small", 10, load_s=1), spec("other", 10, load_s=1), spec("big", 20, load_s=1), alpha=10.0)
    desk.worker("w", 24, slots=2)
    first, second = desk.submit("small"), desk.submit("other")
    desk.after(1)
    big = desk.submit("big")
    desk.after(9)
    within = desk.submit("small")
    desk.after(5)
    beyond = desk.submit("small")

    assert sent(desk.finish(first)) == [within]
    assert sent(desk.finish(within)) == [], "the slot is kept for the big job"
    assert "next on w" in desk.reason(big)
    assert sent(desk.finish(second)) == [big]
    assert sent(desk.finish(big)) == [beyond]


def test_a_kept_device_takes_a_job_of_a_higher_class() -> None:
    desk = Desk(spec("small", 10, load_s=0), spec("other", 10), spec("big", 20, load_s=0), alpha=0.0)
    desk.worker("w", 24, slots=2)
    first = desk.submit("small")
    desk.submit("other")
    desk.submit("big")
    desk.after(1)
    desk.submit("small")
    assert sent(desk.finish(first)) == []

    urgent = desk.submit("small", priority=9)

    assert urgent in desk.running()


def test_a_kept_device_is_free_again_when_its_job_is_cancelled() -> None:
    desk = Desk(spec("small", 10, load_s=0), spec("other", 10), spec("big", 20, load_s=0), alpha=0.0)
    desk.worker("w", 24, slots=2)
    first = desk.submit("small")
    desk.submit("other")
    big = desk.submit("big")
    desk.after(1)
    waiting = desk.submit("small")
    desk.finish(first)

    desk.cancel(big)

    assert waiting in desk.running()


def test_a_big_job_does_not_starve_under_a_stream_of_small_ones() -> None:
    desk = Desk(spec("small", 10, load_s=2), spec("other", 10, load_s=2), spec("big", 20, load_s=5), alpha=2.0)
    desk.worker("w", 24, slots=2)
    running = [desk.submit("small"), desk.submit("other")]
    big = desk.submit("big")
    for turn in itertools.count():
        desk.after(1)
        desk.submit("small" if turn % 2 else "other")
        running = [job for job in desk.running() if job != big]
        if big in desk.running():
            break
        desk.finish(running[0])
        assert turn < 15, "the bound is 10 seconds, and two more until both slots are free"


def test_no_slot_is_kept_for_a_job_whose_runner_is_what_is_missing() -> None:
    desk = Desk(spec("a", 4), spec("b", 4), alpha=0.0)
    desk.worker("w", 24, slots=2)
    desk.submit("a")
    desk.submit("a")
    desk.after(5)

    job = desk.submit("b")

    assert job in desk.running()


def test_a_short_job_waits_beside_its_like_and_a_long_one_does_not() -> None:
    desk = Desk(spec("short", run_s=0.01), spec("long", run_s=30))
    desk.worker("one")
    desk.submit("short")
    beside = desk.submit("short")
    assert beside in desk.running()

    desk.lose("one")
    desk = Desk(spec("short", run_s=0.01), spec("long", run_s=30))
    desk.worker("one")
    desk.submit("long")
    desk.submit("long")
    assert len(desk.running()) == 1


def test_nobody_waits_beside_while_an_older_job_is_next_for_the_device() -> None:
    desk = Desk(spec("short", run_s=0.01), spec("other"), alpha=0.0)
    desk.worker()
    first = desk.submit("short")
    other = desk.submit("other")
    desk.after(1)
    desk.submit("short")

    assert desk.running() == [first]
    assert sent(desk.finish(first)) == [other]


def test_nobody_waits_beside_while_it_is_another_owners_turn() -> None:
    desk = Desk(spec("short", run_s=0.01), spec("other"))
    desk.worker()
    first = desk.submit("short", owner="busy")
    fresh = desk.submit("other", owner="fresh")
    desk.submit("short", owner="busy")

    assert desk.running() == [first]
    assert sent(desk.finish(first)) == [fresh]


def test_a_worker_gets_no_more_leases_than_its_credit() -> None:
    desk = Desk(spec("short", run_s=0.021))
    desk.worker(credit=5)
    for _ in range(10):
        desk.submit()

    assert len(desk.running()) == 5


def test_a_model_runs_on_the_kind_of_device_that_it_names_first() -> None:
    desk = Desk(spec("a", devices=("cuda", "cpu")), spec("b", devices=("cpu",)))
    desk.worker("slow", kind="cpu")
    desk.worker("fast", kind="cuda")

    assert desk.where(desk.submit("a")) == "fast"
    assert desk.where(desk.submit("b")) == "slow"


def test_models_of_a_family_share_a_residency() -> None:
    desk = Desk(spec("a", 20, family="f"), spec("b", 20, family="f"), spec("c", 20))
    desk.worker("one", residents=(Resident(residency="c", state="idle", bytes=20 * GIB),))
    desk.worker("two", residents=(Resident(residency="f", state="idle", bytes=20 * GIB),))

    assert desk.where(desk.submit("b")) == "two"


def test_a_pinned_model_is_not_evicted() -> None:
    desk = Desk(spec("a", 20))
    desk.worker(residents=(Resident(residency="c", state="idle", bytes=10 * GIB, pinned=True),))

    job = desk.submit("a")

    assert desk.running() == []
    assert "needs 20.0 GiB, largest has 14.0 GiB usable" in desk.reason(job)


@pytest.mark.parametrize(("resident", "expected"), [("a", 0.0), ("", 10.0), ("b", 10.0 + 3.0)])
def test_the_switch_cost_is_loading_and_the_reloading_of_what_leaves(resident: str, expected: float) -> None:
    desk = Desk(spec("a", 20, load_s=10), spec("b", 20, load_s=3))
    residents = (Resident(residency=resident, state="idle", bytes=20 * GIB),) if resident else ()
    desk.worker(residents=residents)
    books = desk.scheduler._books
    desk.submit("b", priority=0)
    for job in desk.running():
        desk.finish(job)
    if resident != "b":
        desk.worker(boot="2", residents=residents)
    (worker,) = books.fleet
    demand = books.demand_of(desk.job("a"))
    assert demand is not None

    assert books.placement.switch_cost(worker, demand, desk.time) == pytest.approx(expected)


def test_the_switch_cost_of_what_does_not_fit_is_infinite() -> None:
    desk = Desk(spec("a", 30))
    desk.worker("w", 24)
    books = desk.scheduler._books
    (worker,) = books.fleet
    demand = books.demand_of(desk.job("a"))
    assert demand is not None

    assert books.placement.switch_cost(worker, demand, 0.0) == math.inf
    assert offer(worker, demand) is None
