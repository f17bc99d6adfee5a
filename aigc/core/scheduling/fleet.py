"""All workers, with indexes by which one that could take a job is found without looking at the others."""

from bisect import bisect_left, insort
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from aigc.core.ids import BootId, Now, WorkerId
from aigc.core.messages import WorkerHello, WorkerView
from aigc.core.scheduling.leases import Hands
from aigc.core.scheduling.waiting import Entry
from aigc.core.scheduling.worker_state import WorkerState


class _Place(Struct, frozen=True):
    """Under what a worker stands in the indexes."""

    kind: str
    free: int
    room: int
    is_open: bool
    idle: tuple[str, ...]
    beside: tuple[str, ...]
    tenants: tuple[str, ...]


MISSING_S = 3600.0
"""How long a lost worker is shown."""
MISSING_KEPT = 64
RETIRED_KEPT = 4096


class Fleet:
    """All workers that are not lost, with indexes by which an open one is found without looking at the others.

    Args:
        prefetch_s: expected seconds that a lease may wait beside others of its model.
        burst_s: expected seconds of work, within which a worker may have more leases than its credit.
    """

    def __init__(self, prefetch_s: float, burst_s: float) -> None:
        self._prefetch_s, self._burst_s = prefetch_s, burst_s
        self._workers: dict[WorkerId, WorkerState] = {}
        self._by_order: dict[int, WorkerState] = {}
        self._places: dict[WorkerId, _Place] = {}
        self._free: dict[str, list[tuple[int, int]]] = {}
        self._room: dict[str, list[tuple[int, int]]] = {}
        self._idle: dict[str, dict[int, WorkerState]] = {}
        self._beside: dict[str, dict[int, WorkerState]] = {}
        self._retired: dict[tuple[WorkerId, BootId], None] = {}
        self._most: dict[tuple[str, ...], int] = {}
        self._joined = 0
        self.copies: dict[str, int] = {}
        """On how many devices a residency is."""
        self.kept: dict[WorkerId, WorkerState] = {}
        """Workers that are kept for one job."""
        self.relieved: dict[WorkerId, WorkerState] = {}
        """Workers that have less to do than the indexes say, see `catch_up`."""
        self.missing: dict[WorkerId, tuple[WorkerState, float]] = {}
        """Workers that were lost and have not come back, the latest ones, and when that was."""

    def __len__(self) -> int:
        return len(self._workers)

    def __iter__(self) -> Iterator[WorkerState]:
        return iter(tuple(self._workers.values()))

    def get(self, worker: WorkerId) -> WorkerState | None:
        """The worker, unless it is lost or never was."""
        return self._workers.get(worker)

    def living(self, worker: WorkerId, boot: BootId) -> WorkerState | None:
        """The worker, if it is in that life."""
        state = self._workers.get(worker)
        return state if state is not None and state.boot == boot else None

    def is_retired(self, worker: WorkerId, boot: BootId) -> bool:
        """Whether a later life of that worker has been seen: what this one says came late, or from a double."""
        return (worker, boot) in self._retired

    def join(self, hello: WorkerHello, held: Hands) -> WorkerState:
        """A worker is there that was not."""
        self._joined += 1
        worker = WorkerState(hello, held, self._joined)
        self._workers[worker.id] = self._by_order[worker.order] = worker
        self._most.clear()
        former, _ = self.missing.pop(worker.id, (worker, 0.0))
        if former.boot != worker.boot:
            self._retire(former)  # it may come back
        return worker

    def leave(self, worker: WorkerState, *, is_retired: bool = False) -> None:
        """It is there no more; retired if a new life of it was seen."""
        self.unkeep(worker)
        self._take_out(worker)
        del self._workers[worker.id], self._by_order[worker.order]
        self._most.clear()
        if is_retired:
            self._retire(worker)

    def lose(self, worker: WorkerState, now: float) -> None:
        """It is there no more, and is missed."""
        self.leave(worker)
        worker.liveness = "lost"
        recent = {name: lost for name, lost in self.missing.items() if now - lost[1] < MISSING_S}
        self.missing = dict([*recent.items(), (worker.id, (worker, now))][-MISSING_KEPT:])

    def forget(self, worker: WorkerId) -> bool:
        """It is missed no more; whether it was."""
        return self.missing.pop(worker, None) is not None

    def refresh(self, worker: WorkerState) -> None:
        """Something about it changed: its derived fields and the indexes follow."""
        capacity = worker.capacity
        worker.measure(self._prefetch_s, self._burst_s)
        if worker.capacity != capacity:
            self._most.clear()
        is_kept = worker.kept_for is not None
        is_open = worker.has_slot and not is_kept
        idle: tuple[str, ...] = ()
        if is_open:
            idle = tuple([name for name in worker.tenants if worker.is_at_rest(name)])
        beside = () if is_kept else worker.beside
        tenants = tuple(worker.tenants)
        place = _Place(worker.device.kind, worker.free, worker.room, is_open, idle, beside, tenants)
        if place != self._places.get(worker.id):
            self._take_out(worker)
            self._put_in(worker, place)

    def catch_up(self) -> None:
        """The indexes follow where workers were relieved: once, however many leases they were relieved of."""
        while self.relieved:
            worker = self.relieved.pop(next(iter(self.relieved)))
            if self._workers.get(worker.id) is worker:
                self.refresh(worker)

    def keep(self, worker: WorkerState, entry: Entry) -> None:
        """It takes nobody but this job, as soon as that fits."""
        worker.kept_for, entry.held_device = entry, worker.id
        self.kept[worker.id] = worker
        self.refresh(worker)

    def unkeep(self, worker: WorkerState) -> None:
        """It is kept for nobody."""
        if worker.kept_for is not None:
            worker.kept_for.held_device = None
            worker.kept_for = None
            del self.kept[worker.id]
            self.refresh(worker)

    def views(self, now: Now) -> tuple[WorkerView, ...]:
        """All of them as operators see them, then those that are missing."""
        lost = [
            msgspec.structs.replace(worker.view(now), lost_s=now.monotonic - lost_at)
            for worker, lost_at in self.missing.values()
            if now.monotonic - lost_at < MISSING_S
        ]
        return (*(worker.view(now) for worker in self._workers.values()), *lost)

    def most(self, kinds: tuple[str, ...]) -> int:
        """Bytes that any device of these kinds can give to one model; 0 if there is none."""
        found = self._most.get(kinds)
        if found is None:
            capacities = (worker.capacity for worker in self._workers.values() if worker.device.kind in kinds)
            found = self._most[kinds] = max(capacities, default=0)
        return found

    def has_open(self, kind: str) -> bool:
        """Whether any worker of that kind is open."""
        return bool(self._room.get(kind))

    def idle_with(self, residency: str) -> Iterator[WorkerState]:
        """Open workers on which it rests."""
        return iter(self._idle.get(residency, {}).values())

    def beside(self, residency: str) -> Iterator[WorkerState]:
        """Workers on which one more lease of it may wait for a moment."""
        return iter(self._beside.get(residency, {}).values())

    def with_free(self, kind: str, size: int) -> Iterator[WorkerState]:
        """Open workers of that kind with so much memory that nobody has reserved, the tightest first."""
        return self._from(self._free.get(kind, []), size)

    def with_room(self, kind: str, size: int) -> Iterator[WorkerState]:
        """Open workers of that kind that have so much if everybody idle leaves, the tightest first."""
        return self._from(self._room.get(kind, []), size)

    def _retire(self, worker: WorkerState) -> None:
        self._retired[(worker.id, worker.boot)] = None
        if len(self._retired) > RETIRED_KEPT:
            del self._retired[next(iter(self._retired))]

    def _from(self, index: list[tuple[int, int]], size: int) -> Iterator[WorkerState]:
        for place in range(bisect_left(index, (size, 0)), len(index)):
            yield self._by_order[index[place][1]]

    def _put_in(self, worker: WorkerState, place: _Place) -> None:
        self._places[worker.id] = place
        for name in place.tenants:
            self.copies[name] = self.copies.get(name, 0) + 1
        for name in place.beside:
            self._beside.setdefault(name, {})[worker.order] = worker
        if not place.is_open:
            return
        insort(self._free.setdefault(place.kind, []), (place.free, worker.order))
        insort(self._room.setdefault(place.kind, []), (place.room, worker.order))
        for name in place.idle:
            self._idle.setdefault(name, {})[worker.order] = worker

    def _take_out(self, worker: WorkerState) -> None:
        place = self._places.pop(worker.id, None)
        if place is None:
            return
        for name in place.tenants:
            self.copies[name] -= 1
        for name in place.beside:
            del self._beside[name][worker.order]
        if not place.is_open:
            return
        for index, size in ((self._free[place.kind], place.free), (self._room[place.kind], place.room)):
            del index[bisect_left(index, (size, worker.order))]
        for name in place.idle:
            del self._idle[name][worker.order]
