"""When a waiting job will start, why it waits, and when the queue has room: honest guesses from what was learned."""

import heapq
from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate

from msgspec import Struct

from aigc.core.ids import JobId, ModelId
from aigc.core.messages import Estimate, WaitReason
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.remaining import left_s
from aigc.core.scheduling.waiting import Demand, Entry, PriorityClass
from aigc.core.scheduling.worker_state import WorkerState

GIB = 2**30
UNKNOWN_RETRY_S = 30.0
"""When to come again if nobody works, so that nothing can be foreseen."""
RETRY_LIMIT_S = 3600.0


class _Service(Struct):
    """Who could take a demand. Instants in seconds from now."""

    soonest_s: float
    """Until the first of them has a free slot; 0 if one has."""
    is_resident: bool
    reason: str
    """Why nobody could ever; empty if somebody could."""


class _Shares:
    """The queue of one class if its owners take turns: who has n of his own before him waits for n of each other."""

    def __init__(self, cls: PriorityClass) -> None:
        self._counts = sorted(queue.count for queue in cls.owners.values())
        self._sums = [0, *accumulate(self._counts)]

    def position(self, ahead: int) -> int:
        """Jobs of the class that are expected to start before one that has `ahead` of its owner's before it."""
        shorter = bisect_left(self._counts, ahead)
        return self._sums[shorter] + ahead * (len(self._counts) - shorter)


class Forecast:
    """One look at the queue; good as long as the books do not change."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._services: dict[int, _Service] = {}
        self._shares: dict[int, _Shares] = {}
        self._workers = [(worker, self._free_in_s(worker)) for worker in books.fleet if worker.takes_jobs]
        self._slots = sum(worker.slots for worker, _ in self._workers)

    def of(self, jobs: Iterable[JobId]) -> tuple[Estimate, ...]:
        """Where those of these jobs stand that wait; the others are left out."""
        found = (self._books.entries.get(job) for job in jobs)
        return tuple(
            self._estimate(entry)
            for entry in found
            if entry is not None and (entry.group is not None or entry.not_before is not None)
        )

    def reasons(self) -> tuple[WaitReason, ...]:
        """Why jobs wait, most of them first. Looks at what they need and not at each of them."""
        jobs: dict[str, int] = {}
        models: dict[str, dict[ModelId, None]] = {}

        def count(reason: str, model: ModelId, number: int) -> None:
            jobs[reason] = jobs.get(reason, 0) + number
            models.setdefault(reason, {})[model] = None

        for demand in self._books.waiting.demands():
            count(self._service(demand).reason or "waits for its turn", demand.need.model, demand.waiting)
        for entry in self._books.paused.values():
            count("is tried again after a pause", entry.job.model, 1)
        found = (WaitReason(reason, number, tuple(models[reason])) for reason, number in jobs.items())
        return tuple(sorted(found, key=lambda one: -one.jobs))

    def stranded(self) -> dict[str, int]:
        """By feature, how many jobs no worker could take now, however long they wait."""
        found: dict[str, int] = {}
        for demand in self._books.waiting.demands():
            if self._service(demand).reason:
                found[demand.spec.feature] = found.get(demand.spec.feature, 0) + demand.waiting
        return found

    def retry_after_s(self) -> float:
        """Seconds until the queue is expected to have room for one more job; at least 1."""
        books = self._books
        waiting = books.waiting.count + len(books.paused)
        surplus = waiting + 1 - books.settings.queue_bound
        if surplus <= 0:
            return 1.0
        work_s = sum(cls.work_s for cls in books.waiting.classes)
        if not self._slots or not books.waiting.count:
            return UNKNOWN_RETRY_S
        each_s = work_s / books.waiting.count / self._slots
        return min(RETRY_LIMIT_S, max(1.0, surplus * each_s))

    def _estimate(self, entry: Entry) -> Estimate:
        job = entry.job
        demand = entry.demand
        if entry.group is None or demand is None:
            pause_s = max(0.0, (entry.not_before or 0.0) - self._books.now.monotonic)
            return Estimate(job.id, 0, pause_s, None, _pause_reason(entry, pause_s))
        service = self._service(demand)
        cls = next(cls for cls in self._books.waiting.classes if cls.priority == job.priority)
        position = self._share(cls).position(self._books.waiting.ahead_of(entry))
        if service.reason:
            return Estimate(job.id, position, None, None, service.reason)
        # Work is taken from the front by all slots at once; the last of it is under way when this job's turn comes.
        before_s = sum(higher.work_s for higher in self._books.waiting.classes if higher.priority > job.priority)
        before_s += position * cls.work_s / cls.count
        start_s = service.soonest_s + before_s / max(1, self._slots)
        load_s = 0.0 if service.is_resident else demand.load.seconds
        done_s = start_s + load_s + demand.profile.run_s
        return Estimate(job.id, position, start_s, done_s, _reason(entry, position, service))

    def _share(self, cls: PriorityClass) -> _Shares:
        if cls.priority not in self._shares:
            self._shares[cls.priority] = _Shares(cls)
        return self._shares[cls.priority]

    def _service(self, demand: Demand) -> _Service:
        if demand.index not in self._services:
            self._services[demand.index] = self._look(demand)
        return self._services[demand.index]

    def _look(self, demand: Demand) -> _Service:
        need_bytes, spec = demand.profile.need_bytes, demand.spec
        able = [
            (worker, free_in_s)
            for worker, free_in_s in self._workers
            if worker.can_hold(spec.devices, demand.residency, need_bytes)
        ]
        if not able:
            return _Service(0.0, False, self._why_nobody(demand))
        soonest_s = min(free_in_s for _, free_in_s in able)
        is_resident = any(demand.residency in worker.tenants for worker, _ in able)
        return _Service(soonest_s, is_resident, "")

    def _free_in_s(self, worker: WorkerState) -> float:
        """Until a slot is free for one more: those that run end, then those that wait there take their turns."""
        if worker.is_open:
            return 0.0
        running: list[float] = []
        behind: list[float] = []
        for granted in worker.at_work:
            if granted.demand is not None:
                is_next = granted.started_at is None and len(running) >= worker.slots
                (behind if is_next else running).append(left_s(granted, granted.demand, self._books.now.monotonic))
        heapq.heapify(running)
        for turn_s in behind:
            heapq.heapreplace(running, running[0] + turn_s)
        return running[0] if running else 0.0

    def _why_nobody(self, demand: Demand) -> str:
        fleet, spec, need_bytes = self._books.fleet, demand.spec, demand.profile.need_bytes
        if not len(fleet):
            return "no worker is connected"
        kin = [worker for worker in fleet if worker.device.kind in spec.devices]
        if not kin:
            return f"no worker offers {spec.id}: it runs on {' or '.join(spec.devices)}"
        healthy = [worker for worker in kin if worker.takes_jobs]
        if not healthy:
            return f"no worker that offers {spec.id} takes jobs: {_states(kin)}"
        largest = max(worker.capacity for worker in healthy)
        if largest < need_bytes:
            return (
                f"waits for device memory: needs {need_bytes / GIB:.1f} GiB, largest has {largest / GIB:.1f} GiB usable"
            )
        return f"{spec.id} could not be taken by any worker just now and is tried again soon"


def _pause_reason(entry: Entry, pause_s: float) -> str:
    last = entry.job.failures[-1] if entry.job.failures else None
    return f"tried again in {pause_s:.0f} s" + (f" after: {last.message}" if last is not None else "")


def _reason(entry: Entry, position: int, service: _Service) -> str:
    if entry.held_device is not None:
        return f"next on {entry.held_device}, as soon as what runs there has ended"
    if position == 0:
        return "next; every device that can take it is busy"
    return "1 job before it" if position == 1 else f"{position} jobs before it"


def _states(workers: Iterable[WorkerState]) -> str:
    return ", ".join(
        f"{worker.id} {worker.quarantined or (_rest(worker) if worker.draining else f'is {worker.liveness}')}"
        for worker in workers
    )


def _rest(worker: WorkerState) -> str:
    return "drains" if worker.held else "is drained"
