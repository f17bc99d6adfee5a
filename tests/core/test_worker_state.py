"""One worker, as foreseen."""

from typing import Any

from aigc.core.ids import AttemptId, BootId, DeviceId, JobId, ModelId, Now, WorkerId
from aigc.core.job import Job, Lease
from aigc.core.messages import Device, Resident, WorkerBeat, WorkerHello
from aigc.core.scheduling.estimates import Learned
from aigc.core.scheduling.leases import Granted, Hands
from aigc.core.scheduling.waiting import Demand, Entry, Need
from aigc.core.scheduling.worker_state import BURST, IDLE, LOADING, RUNNING, STOPPING, STORED_BESIDE, WorkerState
from tests.core.scheduler_kit import GIB, spec

W, BOOT = WorkerId("w"), BootId("1")
LEARNED = Learned()


def device(gib: float = 24, **fields: Any) -> Device:
    return Device(id=DeviceId("d"), kind="cuda", total=24 * GIB, usable=int(gib * GIB), **fields)


def resident(name: str, gib: int, state: str = IDLE, **fields: Any) -> Resident:
    return Resident(residency=name, state=state, bytes=gib * GIB, **fields)


def worker(*residents: Resident, slots: int = 1, credit: int = 2) -> WorkerState:
    state = WorkerState(WorkerHello(W, BOOT, device(), slots, credit, (), residents), Hands(), 1)
    state.settle_in(0.0)
    state.measure(0.25, 0.02)
    return state


def grant(state: WorkerState, model: str, gib: int, *, run_s: float = 30.0, batch: int = 1, **fields: Any) -> Granted:
    found = spec(model, gib, run_s=run_s, batch=batch)
    need = Need(found.id, 0, fields.pop("alone", False))
    demand = Demand(need, found, found.residency, Learned().profile(found, 0), LEARNED.load(found), 0)
    job = Job(id=JobId(f"job of {model} {len(state.held)}"), feature="f", model=ModelId(model), created_at=0.0)
    lease = Lease(job.id, 1, AttemptId("x"))
    granted = Granted(Entry(job, 0.0, 0, 0.0), lease, demand, W, 0.0, gib * GIB, boot=BOOT, **fields)
    state.held.take(granted)
    state.take_in(granted, 1.0)
    state.measure(0.25, 0.02)
    return granted


def test_memory_is_free_reachable_or_out_of_reach() -> None:
    state = worker(resident("idle", 6), resident("pinned", 4, pinned=True))
    grant(state, "a", 5)

    assert (state.free, state.room, state.capacity) == (9 * GIB, 15 * GIB, 20 * GIB)
    assert state.can_hold(("cuda",), "b", 20 * GIB)
    assert not state.can_hold(("cuda",), "b", 20 * GIB + 1)
    assert state.can_hold(("cuda",), "pinned", 24 * GIB), "its own place counts"
    assert not state.can_hold(("cpu",), "b", 1)


def test_strangers_make_nothing_negative() -> None:
    state = worker(resident("idle", 20))
    state.hear(WorkerBeat(W, BOOT, device(10), (resident("idle", 20),)))
    state.settle_in(1.0)
    state.measure(0.25, 0.02)

    assert (state.free, state.room, state.capacity) == (0, 10 * GIB, 10 * GIB)


def test_a_lease_takes_a_slot_and_its_model_a_place() -> None:
    state = worker(resident("b", 10), slots=2)
    grant(state, "a", 5)
    assert (state.tenants["a"].state, state.has_slot) == (LOADING, True)
    grant(state, "b", 10)

    assert (state.tenants["b"].state, state.has_slot) == (RUNNING, False)
    assert list(state.busy) == ["a", "b"]


def test_who_is_evicted_is_leaving_until_the_model_has_come() -> None:
    state = worker(resident("old", 20))
    granted = grant(state, "a", 15, evicts=("old",))
    assert state.tenants["old"].state == STOPPING
    state.hear(WorkerBeat(W, BOOT, device(), (resident("old", 20),)))
    state.settle_in(2.0)
    assert state.tenants["old"].state == STOPPING, "the beat was sent before the grant arrived"

    granted.started_at = 3.0
    state.arrive(granted)
    assert list(state.tenants) == ["a"]


def test_a_model_rests_when_its_lease_is_over_or_is_gone_with_it() -> None:
    state = worker()
    granted = grant(state, "a", 5)
    state.held.drop(granted)
    state.let_out(granted, 2.0, is_gone=False)
    assert state.tenants["a"].state == IDLE

    state.let_out(granted, 2.0, is_gone=True)
    assert state.tenants == {}


def test_a_model_with_another_lease_does_not_rest() -> None:
    state = worker(credit=3)
    first, _ = grant(state, "a", 5), grant(state, "a", 5)
    state.held.drop(first)
    state.let_out(first, 2.0, is_gone=True)

    assert state.tenants["a"].state == LOADING


def test_a_lease_may_wait_beside_short_work_within_the_credit() -> None:
    state = worker(credit=3)
    grant(state, "short", 5, run_s=0.1)
    assert list(state.beside) == ["short"]
    grant(state, "short", 5, run_s=0.1)
    assert list(state.beside) == ["short"]
    grant(state, "short", 5, run_s=0.1)
    assert list(state.beside) == []

    long = worker(credit=3)
    grant(long, "long", 5, run_s=1.0)
    assert long.beside == ()


def test_a_worker_has_more_leases_than_its_credit_while_all_of_them_are_brief() -> None:
    state = worker(credit=2)
    for _ in range(2 + BURST):
        assert not state.held or state.beside == ("short",)
        grant(state, "short", 5, run_s=0.02 / (2 * BURST))
    assert state.beside == ()

    slower = worker(credit=2)
    for _ in range(3):
        grant(slower, "a", 5, run_s=0.007)
    assert slower.beside == ()


def test_a_lease_whose_result_is_being_stored_takes_neither_slot_nor_credit() -> None:
    state = worker()
    for _ in range(STORED_BESIDE):
        granted = grant(state, "a", 5, alone=True)
        assert not state.has_slot
        state.held.let_out(granted)
        state.let_out(granted, 2.0, is_gone=False)
        state.measure(0.25, 0.02)
        assert (state.has_slot, state.tenants["a"].state) == (True, IDLE)
    state.settle_in(3.0)
    state.measure(0.25, 0.02)
    assert state.busy == {}

    grant(state, "a", 5, run_s=0.1)
    assert state.beside == ("a",)
    grant(state, "a", 5, run_s=0.1)
    assert state.beside == ()


def test_nothing_runs_beside_a_lease_that_is_alone() -> None:
    state = worker(slots=2, credit=5)
    grant(state, "a", 5, alone=True, run_s=0.1)

    assert (state.has_slot, state.beside) == (False, ())


def test_an_attempt_that_is_not_ours_any_more_takes_its_slot_until_it_has_ended() -> None:
    state = worker(resident("stale", 5, RUNNING))
    assert not state.has_slot

    state.hear(WorkerBeat(W, BOOT, device(), (resident("stale", 5),)))
    state.settle_in(1.0)
    state.measure(0.25, 0.02)
    assert state.has_slot


def test_a_worker_takes_jobs_if_it_is_alive_healthy_and_not_draining() -> None:
    state = worker()
    assert state.takes_jobs
    state.liveness = "suspect"
    assert not state.takes_jobs
    state.hear(WorkerBeat(W, BOOT, device(), (), draining=True))
    assert not state.takes_jobs
    state.hear(WorkerBeat(W, BOOT, device(healthy=False), ()))
    assert not state.takes_jobs
    assert state.quarantined == "the device is not healthy"
    state.hear(WorkerBeat(W, BOOT, device(), ()))
    assert state.takes_jobs


def test_what_it_was_told_to_load_counts_before_it_says_so_and_whom_that_evicts_is_leaving() -> None:
    state = worker(resident("a", 6), resident("b", 6))
    state.expect("c", 14 * GIB, ("a",), is_pinned=True, now=2.0)
    state.measure(0.25, 0.02)

    assert {name: tenant.state for name, tenant in state.tenants.items()} == {"a": STOPPING, "b": IDLE, "c": LOADING}
    assert (state.free, state.room, state.capacity) == (0, 10 * GIB, 10 * GIB)


def test_people_see_what_it_told_and_what_it_holds() -> None:
    state = worker(resident("idle", 6))
    granted = grant(state, "a", 5)
    view = state.view(Now(5.0, 1000.0))

    assert (view.id, view.boot, view.liveness, view.slots, view.credit) == (W, BOOT, "alive", 1, 2)
    assert [lease.lease for lease in view.leases] == [granted.lease]
    assert view.residents == (resident("idle", 6),)


def test_a_model_that_takes_several_at_once_is_offered_more_until_its_batch_is_full() -> None:
    state = worker(resident("a", 5), credit=2)
    offered = []
    for _ in range(4):
        grant(state, "a", 5, batch=3)
        offered.append("a" in state.beside)

    assert offered == [True, True, False, False]
    assert not state.has_slot
    assert state.busy["a"] == 40.0, "four runs of 30 s, three at a time"
