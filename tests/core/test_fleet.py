"""Workers and the indexes in which they are found."""

import random

from aigc.core.ids import BootId, DeviceId, JobId, ModelId, Now, WorkerId
from aigc.core.job import Job
from aigc.core.messages import Device, Resident, WorkerHello
from aigc.core.scheduling.fleet import MISSING_KEPT, MISSING_S, Fleet
from aigc.core.scheduling.leases import Hands
from aigc.core.scheduling.waiting import Entry
from aigc.core.scheduling.worker_state import IDLE, WorkerState
from tests.core.scheduler_kit import GIB


def join(fleet: Fleet, name: str, gib: int = 24, kind: str = "cuda", **residents: int) -> WorkerState:
    device = Device(id=DeviceId(name), kind=kind, usable=gib * GIB)
    told = tuple(Resident(residency=one, state=IDLE, bytes=size * GIB) for one, size in residents.items())
    state = fleet.join(WorkerHello(WorkerId(name), BootId("1"), device, 1, 2, (), told), Hands())
    state.settle_in(0.0)
    fleet.refresh(state)
    return state


def entry() -> Entry:
    return Entry(Job(id=JobId("job-1"), feature="f", model=ModelId("m"), created_at=0.0), 0.0, 0, 0.0)


def test_open_workers_are_found_by_free_memory_the_tightest_first() -> None:
    fleet = Fleet(0.25, 0.02)
    for name, gib in (("large", 48), ("small", 8), ("middle", 24)):
        join(fleet, name, gib)
    join(fleet, "cpu", 64, "cpu")

    assert [one.id for one in fleet.with_free("cuda", 10 * GIB)] == ["middle", "large"]
    assert [one.id for one in fleet.with_free("cuda", 100 * GIB)] == []
    assert [one.id for one in fleet.with_free("cpu", 0)] == ["cpu"]


def test_room_counts_what_idle_models_hold_and_free_memory_does_not() -> None:
    fleet = Fleet(0.25, 0.02)
    join(fleet, "w", 24, a=20)

    assert list(fleet.with_free("cuda", 10 * GIB)) == []
    assert [one.id for one in fleet.with_room("cuda", 24 * GIB)] == ["w"]
    assert [one.id for one in fleet.idle_with("a")] == ["w"]
    assert fleet.copies == {"a": 1}


def test_a_worker_that_left_is_nowhere() -> None:
    fleet = Fleet(0.25, 0.02)
    state = join(fleet, "w", 24, a=20)
    fleet.keep(state, entry())
    fleet.leave(state)

    assert len(fleet) == 0
    assert list(fleet) == []
    assert fleet.get(state.id) is None
    assert list(fleet.with_room("cuda", 0)) == []
    assert list(fleet.idle_with("a")) == []
    assert fleet.kept == {}
    assert fleet.copies == {"a": 0}
    assert fleet.most(("cuda",)) == 0
    assert not fleet.is_retired(state.id, state.boot)


def test_a_kept_worker_is_not_found_until_it_is_kept_no_more() -> None:
    fleet, job = Fleet(0.25, 0.02), entry()
    state = join(fleet, "w", 24, a=20)
    fleet.keep(state, job)
    assert job.held_device == "w"
    assert (list(fleet.with_room("cuda", 0)), fleet.has_open("cuda")) == ([], False)

    fleet.unkeep(state)
    assert job.held_device is None
    assert fleet.has_open("cuda") and not fleet.has_open("cpu")
    assert [one.id for one in fleet.with_room("cuda", 0)] == ["w"]


def test_a_lost_worker_is_shown_until_it_comes_back_is_forgotten_or_an_hour_has_passed() -> None:
    fleet = Fleet(0.25, 0.02)
    lost, gone = join(fleet, "lost", 24), join(fleet, "gone", 24)
    fleet.lose(lost, 100.0)
    fleet.leave(gone)

    def shown(now: float) -> list[tuple[str, str, float]]:
        return [(view.id, view.liveness, view.lost_s) for view in fleet.views(Now(now, 0.0))]

    assert shown(107.0) == [("lost", "lost", 7.0)]
    assert shown(100.0 + MISSING_S) == []
    assert (fleet.forget(lost.id), fleet.forget(lost.id)) == (True, False)
    fleet.lose(join(fleet, "lost", 24), 200.0)
    join(fleet, "lost", 24)
    assert shown(201.0) == [("lost", "alive", 0.0)]


def test_of_the_lost_only_the_latest_are_kept() -> None:
    fleet = Fleet(0.25, 0.02)
    for number in range(MISSING_KEPT + 2):
        fleet.lose(join(fleet, f"w{number}", 24), float(number))

    assert list(fleet.missing) == [f"w{number}" for number in range(2, MISSING_KEPT + 2)]


def test_only_the_present_life_is_living_and_earlier_ones_are_retired() -> None:
    fleet = Fleet(0.25, 0.02)
    state = join(fleet, "w")

    assert fleet.living(state.id, BootId("1")) is state
    assert fleet.living(state.id, BootId("2")) is None
    fleet.leave(state, is_retired=True)
    assert fleet.is_retired(state.id, BootId("1"))


def test_where_a_worker_was_relieved_the_indexes_follow_when_a_device_is_sought() -> None:
    fleet = Fleet(0.25, 0.02)
    state, gone = join(fleet, "w", 24, a=20), join(fleet, "gone", 24)
    state.tenants.clear()
    for one in (state, gone):
        fleet.relieved[one.id] = one
    fleet.leave(gone)
    assert list(fleet.with_free("cuda", 24 * GIB)) == []

    fleet.catch_up()
    assert [one.id for one in fleet.with_free("cuda", 24 * GIB)] == ["w"]
    assert fleet.relieved == {}


def test_the_indexes_follow_whatever_changes() -> None:
    rng, fleet = random.Random(1), Fleet(0.25, 0.02)
    workers = [join(fleet, f"w{n}", rng.randrange(8, 48)) for n in range(20)]
    for _ in range(300):
        state = rng.choice(workers)
        residents = tuple(
            Resident(residency=name, state=IDLE, bytes=rng.randrange(4) * GIB) for name in rng.sample("abc", 2)
        )
        device = Device(id=state.device.id, kind="cuda", usable=rng.randrange(8, 48) * GIB)
        state.greet(WorkerHello(state.id, state.boot, device, 1, 2, (), residents, draining=rng.random() < 0.2))
        state.settle_in(0.0)
        fleet.refresh(state)
        needed = rng.randrange(30) * GIB
        takers = {one.id for one in workers if one.takes_jobs}
        assert {one.id for one in fleet.with_free("cuda", needed)} == {
            one.id for one in workers if one.id in takers and one.free >= needed
        }
        assert {one.id for one in fleet.with_room("cuda", needed)} == {
            one.id for one in workers if one.id in takers and one.room >= needed
        }
        assert fleet.most(("cpu", "cuda")) == max(one.capacity for one in workers)
        for name in "abc":
            assert {one.id for one in fleet.idle_with(name)} == {
                one.id for one in workers if one.id in takers and name in one.tenants
            }
            assert fleet.copies.get(name, 0) == sum(name in one.tenants for one in workers)
