"""What operators want of models and workers: begun at once on a worker, or refused with the reason.

The answer says what was begun; how it goes on is seen in what the workers tell. A worker's own ledger decides in the
end: a load that it has no room for any more, since a job came first, waits there until it has.
"""

from collections.abc import Iterable

from aigc.core.effects import SendOrder
from aigc.core.messages import (
    ControlAnswer,
    ControlModel,
    ControlWorker,
    DrainWorker,
    LoadModel,
    Order,
    PinModel,
    ResumeWorker,
    Step,
    UnloadModel,
)
from aigc.core.model import ModelSpec
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.eviction import Candidate
from aigc.core.scheduling.waiting import Demand, Need
from aigc.core.scheduling.worker_state import LOADING, STOPPING, WorkerState

UNKNOWN, CONFLICT, UNAVAILABLE = "unknown", "conflict", "unavailable"
GIB = 2**30


def control_model(books: Books, wish: ControlModel) -> ControlAnswer:
    """The model is being loaded, unloaded, pinned or freed where that was wanted; pinning loads what is not there."""
    spec = books.specs.get(wish.model)
    if spec is None:
        return ControlAnswer(refusal=f"there is no model {wish.model}", code=UNKNOWN)
    workers = tuple(books.fleet)
    if wish.worker:
        workers = tuple(worker for worker in workers if worker.id == wish.worker)
        if not workers:
            return _no_worker(books, wish.worker)
    if wish.action in ("unload", "unpin"):
        free = _unload if wish.action == "unload" else _unpin
        steps = [free(books, worker, spec) for worker in workers]
        return ControlAnswer(tuple(step for step in steps if step.is_begun or wish.worker))
    if not workers:
        return ControlAnswer(refusal="no worker is connected", code=UNAVAILABLE)
    keep = _pin if wish.action == "pin" else _leave_be
    there = [worker for worker in workers if _is_there(worker, spec.residency)]
    if there:
        return ControlAnswer(tuple(keep(books, worker, spec) for worker in there))
    return _load(books, workers, spec, is_pinned=wish.action == "pin")


def control_worker(books: Books, wish: ControlWorker) -> ControlAnswer:
    """The worker takes no more jobs, or takes them again; or a lost one is shown no more."""
    worker = books.fleet.get(wish.worker)
    if wish.action == "forget":
        if worker is not None:
            refusal = f"{wish.worker} is connected; drain it and end its process, then it leaves by itself"
            return ControlAnswer(refusal=refusal, code=CONFLICT)
        if not books.fleet.forget(wish.worker):
            return _no_worker(books, wish.worker)
        return ControlAnswer((Step(wish.worker, True, "is forgotten"),))
    if worker is None:
        return _no_worker(books, wish.worker)
    step = _drain(books, worker) if wish.action == "drain" else _resume(books, worker)
    books.touch(worker)
    return ControlAnswer((step,))


# Models.


def _load(books: Books, workers: Iterable[WorkerState], spec: ModelSpec, *, is_pinned: bool) -> ControlAnswer:
    demand = Demand(
        Need(spec.id, 0), spec, spec.residency, books.learned.usual(spec), books.learned.load(spec), index=-1
    )
    able: list[tuple[float, int, int, int, WorkerState, tuple[Candidate, ...]]] = []
    obstacles = []
    for worker in workers:
        leaving = books.placement.evicted(worker, demand, books.now.monotonic)
        if obstacle := _obstacle(worker, demand, leaving):
            obstacles.append(f"{worker.id} {obstacle}")
        elif leaving is not None:
            cost_s = sum(one.reload_s * min(1.0, one.expected_use) for one in leaving)
            # Where the least is lost; then, as everywhere, where it fits the tightest.
            able.append((cost_s, len(leaving), worker.free, worker.order, worker, leaving))
    if not able:
        return ControlAnswer(refusal=f"{spec.id} cannot be loaded: {'; '.join(obstacles)}", code=CONFLICT)
    *_, worker, leaving = min(able)
    evict = tuple(one.residency for one in leaving)
    worker.expect(spec.residency, demand.profile.need_bytes, evict, is_pinned=is_pinned, now=books.now.monotonic)
    _send(books, worker, LoadModel(books.generation, spec.id, demand.profile.need_bytes, evict))
    if is_pinned:
        _send(books, worker, PinModel(books.generation, spec.id, True))
    books.touch(worker)
    left = f" after {', '.join(evict)} has left" if evict else ""
    seconds = demand.load.seconds
    return ControlAnswer((Step(worker.id, True, f"loads{left}, in about {seconds:.{int(seconds < 10)}f} s"),))


def _obstacle(worker: WorkerState, demand: Demand, leaving: tuple[Candidate, ...] | None) -> str:
    """Why the worker cannot load the model now; empty if it can."""
    if worker.liveness != "alive":
        return "is not heard at the moment"
    if worker.draining:
        return "drains; resume it first"
    if worker.quarantined:
        return f"gets no work: {worker.quarantined}"
    if worker.device.kind not in demand.spec.devices:
        return f"is a {worker.device.kind}, the model runs on {' or '.join(demand.spec.devices)}"
    need_bytes = demand.profile.need_bytes
    if need_bytes > worker.capacity:
        pinned = sum(tenant.bytes for tenant in worker.tenants.values() if tenant.pinned)
        less = f", {pinned / GIB:.1f} GiB of it pinned" if pinned else ""
        usable = worker.device.usable
        return f"has {usable / GIB:.1f} GiB usable{less}; the model needs {need_bytes / GIB:.1f} GiB"
    if leaving is None:
        return f"has no room while {', '.join(worker.busy)} is at work there"
    return ""


def _is_there(worker: WorkerState, residency: str) -> bool:
    tenant = worker.tenants.get(residency)
    return tenant is not None and tenant.state != STOPPING


def _leave_be(books: Books, worker: WorkerState, spec: ModelSpec) -> Step:
    is_loading = worker.tenants[spec.residency].state == LOADING
    return Step(worker.id, False, "loads already" if is_loading else "is loaded already")


def _pin(books: Books, worker: WorkerState, spec: ModelSpec) -> Step:
    tenant = worker.tenants[spec.residency]
    # Also a load: an unload that the worker was asked for a moment ago is void.
    _send(books, worker, LoadModel(books.generation, spec.id, tenant.bytes))
    _send(books, worker, PinModel(books.generation, spec.id, True))
    was_pinned, tenant.pinned = tenant.pinned, True
    books.touch(worker)
    return Step(worker.id, not was_pinned, "is pinned already" if was_pinned else "is pinned")


def _unpin(books: Books, worker: WorkerState, spec: ModelSpec) -> Step:
    tenant = worker.tenants.get(spec.residency)
    _send(books, worker, PinModel(books.generation, spec.id, False))
    if tenant is None or not tenant.pinned:
        return Step(worker.id, False, "is not pinned")
    tenant.pinned = False
    books.touch(worker)
    return Step(worker.id, True, "is not pinned any more; it leaves when its memory is needed")


def _unload(books: Books, worker: WorkerState, spec: ModelSpec) -> Step:
    name = spec.residency
    _send(books, worker, UnloadModel(books.generation, name))  # also where it is not, or not yet: it shall not come
    if not _is_there(worker, name):
        return Step(worker.id, False, "is leaving already" if name in worker.tenants else "is not loaded")
    if name in worker.busy:
        return Step(worker.id, True, "leaves when its job has ended")
    worker.tenants[name].state = STOPPING
    books.touch(worker)
    return Step(worker.id, True, "leaves")


# Workers.


def _drain(books: Books, worker: WorkerState) -> Step:
    is_begun, worker.draining = not worker.draining, True
    _send(books, worker, DrainWorker(books.generation))
    count = sum(granted.started_at is not None for granted in worker.held.values())
    still = f"; {count} {'job still runs' if count == 1 else 'jobs still run'}" if count else ""
    return Step(worker.id, is_begun, ("takes no more jobs" if is_begun else "drains already") + still)


def _resume(books: Books, worker: WorkerState) -> Step:
    is_begun, worker.draining = bool(worker.draining or worker.quarantined), False
    _send(books, worker, ResumeWorker(books.generation))
    return Step(worker.id, is_begun, "takes jobs again" if is_begun else "takes jobs")


def _no_worker(books: Books, name: str) -> ControlAnswer:
    if name in books.fleet.missing:
        return ControlAnswer(refusal=f"{name} is lost; it is used again when it comes back", code=CONFLICT)
    known = ", ".join(worker.id for worker in books.fleet)
    others = f"; there are {known}" if known else "; none is connected"
    return ControlAnswer(refusal=f"there is no worker {name}{others}", code=UNKNOWN)


def _send(books: Books, worker: WorkerState, order: Order) -> None:
    books.out.append(SendOrder(worker.id, worker.boot, order))
