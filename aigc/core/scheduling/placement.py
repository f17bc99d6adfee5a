"""Which job goes to which device: `age − α · switch_cost`, and what follows from it.

Within the highest class and the owner whose turn it is, the pair of job and device with the highest
`age − α · cost` is taken, where the cost is 0 if the model is resident and the learned load time if it is not. As all
ages grow alike, that is the pair with the lowest *rank* `submitted_at + α · cost`, which does not change with time.

**The bound.** Let a job K be placed on a device while J, of the same owner and class, waits and could go there.
Then K's rank was lower: `submitted(K) + α·cost(K) ≤ submitted(J) + α·cost(J)`. Costs are at least 0, and cost(J) is at
most the load time of J's model, so `submitted(K) − submitted(J) ≤ α·(cost(J) − cost(K)) ≤ α·load(J)`: a job is
overtaken only by jobs that came less than `α · load_time` after it. The reload time of what must leave decides *where*
a job goes, not *which* job goes, or the bound would depend on what happens to be resident.

**No starvation.** "Could go there" includes a job that fits on the device, but not while others run there: it takes
part with the rank that it would have. If it wins, the free slot is kept for it: the device takes nothing but that job
(or one of a higher class) until what runs there has ended. So the bound holds for big jobs as for small ones up to the
moment when a device is kept for them, and from then on they wait for the at most `slots − 1` attempts that run there.
A job has one device kept for it at most. A job that no device can hold at all waits without keeping anything.

**No head-of-line blocking.** A device that is open and not kept never rests while a job waits that fits there.
"""

import math
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from msgspec import Struct

from aigc.core.scheduling.estimates import Learned
from aigc.core.scheduling.eviction import Candidate, victims
from aigc.core.scheduling.fleet import Fleet
from aigc.core.scheduling.waiting import Demand, Entry, OwnerQueue, Waiting
from aigc.core.scheduling.worker_state import IDLE, LOADING, STOPPING, WorkerState

COMPARED = 32
"""Open devices that are compared when somebody has to leave on each of them."""


class Offer(NamedTuple):
    """What a device has for a demand."""

    is_ready: bool
    """False: not while what runs there runs."""
    cost_s: float
    """Seconds that count against the job: 0 if its model is resident, else its load time."""


class Choice(Struct, frozen=True):
    """What is to be done with an open device."""

    entry: Entry
    is_ready: bool
    """True: it starts here. False: the device is kept for it."""


def offer(worker: WorkerState, demand: Demand) -> Offer | None:
    """What the worker has for the demand; None: nothing that waiting here for what runs here would change."""
    name, need, need_bytes = demand.residency, demand.need, demand.profile.need_bytes
    if need.avoid == worker.id or not worker.can_hold(demand.spec.devices, name, need_bytes):
        return None
    tenant = worker.tenants.get(name)
    if name in worker.busy:
        waits_beside = name in worker.beside and not need.alone and tenant is not None and need_bytes <= tenant.bytes
        if not waits_beside and worker.has_slot and not need.alone:
            return None  # it is not a slot that is missing but its runner, and keeping a slot would not hurry that
        return Offer(waits_beside, 0.0)
    is_resident = tenant is not None and tenant.state in (IDLE, LOADING)
    room = worker.room + (tenant.bytes if tenant is not None and tenant.pinned else 0)
    is_ready = worker.has_slot and need_bytes <= room and not (need.alone and worker.held)
    return Offer(is_ready, 0.0 if is_resident else demand.load.seconds)


class _Walk:
    """One look through the waiting jobs, in the order of their turn, for one device."""

    def __init__(self, worker: WorkerState, alpha: float) -> None:
        self._worker, self._alpha = worker, alpha
        self._offers: dict[int, Offer] = {}
        self._closed = 0
        """Bits of demands that are not to be looked at again."""
        self.claim: Entry | None = None
        """The first in turn that would have gone before the others of its owner, if it fitted now."""
        self._claim_rank = math.inf

    def concerns(self, mask: int) -> bool:
        """Whether any of these demands is still to be looked at."""
        return bool(mask & ~self._closed)

    def best_of(self, queue: OwnerQueue) -> Entry | None:
        """The owner's job with the lowest rank that could start now, if the claim does not go before it."""
        best = blocked = None
        best_rank = blocked_rank = math.inf
        for index, group in queue.groups.items():
            if self._closed >> index & 1:
                continue
            found = self._offers.get(index) or self._look(index, group.demand)
            if found is None or (not found.is_ready and self.claim is not None):
                self._closed |= 1 << index
                continue
            head = group.head()
            rank = head.since + self._alpha * found.cost_s
            if found.is_ready:
                if rank < best_rank or (rank == best_rank and best is not None and head.order < best.order):
                    best, best_rank = head, rank
            elif rank < blocked_rank and head.held_device in (None, self._worker.id):
                blocked, blocked_rank = head, rank
        if self.claim is None and blocked is not None and blocked_rank < best_rank:
            self.claim, self._claim_rank = blocked, blocked_rank
        if best is not None and self._claim_rank < best_rank:
            return self.claim
        return best

    def _look(self, index: int, demand: Demand) -> Offer | None:
        found = offer(self._worker, demand)
        if found is not None:
            self._offers[index] = found
        return found


class Placement:
    """The decisions about jobs and devices; they change nothing.

    Args:
        alpha: seconds of age that a second of switch cost is worth.
        min_stay_s: a model that is resident for less is evicted only if nothing else suffices.
    """

    def __init__(self, waiting: Waiting, fleet: Fleet, learned: Learned, *, alpha: float, min_stay_s: float) -> None:
        self._waiting, self._fleet, self._learned = waiting, fleet, learned
        self._alpha, self._min_stay_s = alpha, min_stay_s

    def choose(self, worker: WorkerState) -> Choice | None:
        """Which waiting job this worker shall have now, or be kept for. It must not be kept for any."""
        if not worker.has_slot and not any(name in self._waiting.by_residency for name in worker.beside):
            return None
        walk = _Walk(worker, self._alpha)
        for cls in self._waiting.classes:
            if not walk.concerns(cls.mask):
                continue
            for *_, queue in cls.turns:
                if not walk.concerns(queue.mask):
                    continue
                best = walk.best_of(queue)
                if best is not None:
                    is_ready = best is not walk.claim
                    return Choice(best, is_ready) if is_ready or worker.has_slot else None
                if walk.claim is not None and not worker.has_slot:
                    return None  # only the very next job of a device may wait beside what runs there
        return None

    def find(self, demand: Demand, now: float) -> WorkerState | None:
        """The open worker where the demand costs least, or else one where it may wait beside its like for a moment.

        Kinds of device are tried in the order in which the model names them.
        """
        self._fleet.catch_up()
        for kind in demand.spec.devices:
            if not self._fleet.has_open(kind):
                continue
            worker = (
                _first_ready(self._of_kind(self._fleet.idle_with(demand.residency), kind), demand)
                or _first_ready(self._fleet.with_free(kind, demand.profile.need_bytes), demand)
                or self._cheapest(kind, demand, now)
            )
            if worker is not None:
                return worker
        return _first_ready(self._fleet.beside(demand.residency), demand)

    def evicted(self, worker: WorkerState, demand: Demand, now: float) -> tuple[Candidate, ...] | None:
        """Who leaves so that the demand fits; None: not even if every idle model does."""
        tenant = worker.tenants.get(demand.residency)
        own_bytes = tenant.bytes if tenant is not None else 0
        short = demand.profile.need_bytes - own_bytes - worker.free
        if short <= 0:
            return ()
        candidates = [
            Candidate(
                residency=name,
                bytes=other.bytes,
                reload_s=self._learned.reload_s(name) if other.state != STOPPING else 0.0,
                expected_use=self._expected_use(name, now),
                last_used=other.used_at,
                is_settled=now - other.since >= self._min_stay_s,
            )
            for name, other in worker.tenants.items()
            if name != demand.residency and name not in worker.busy and not other.pinned
        ]
        return victims(candidates, short)

    def switch_cost(self, worker: WorkerState, demand: Demand, now: float) -> float:
        """Seconds that the worker would spend before the demand's model can take its first step, and on bringing back
        what left for it.

        Zero if it is resident; its learned load time if it fits; plus the reload time of what must leave if it does
        not, as far as that is expected to be wanted again; `math.inf` if it does not fit even with all idle ones gone.
        """
        found = offer(worker, demand)
        if found is None or not found.is_ready:
            return math.inf
        leaving = self.evicted(worker, demand, now)
        if leaving is None:
            return math.inf
        return found.cost_s + sum(one.reload_s * min(1.0, one.expected_use) for one in leaving)

    def _cheapest(self, kind: str, demand: Demand, now: float) -> WorkerState | None:
        roomy = self._fleet.with_room(kind, demand.profile.need_bytes)
        ready = islice((worker for worker in roomy if _is_ready(worker, demand)), COMPARED)
        return min(ready, key=lambda worker: self.switch_cost(worker, demand, now), default=None)

    def _of_kind(self, workers: Iterator[WorkerState], kind: str) -> Iterator[WorkerState]:
        return (worker for worker in workers if worker.device.kind == kind)

    def _expected_use(self, residency: str, now: float) -> float:
        wanted = self._waiting.by_residency.get(residency, 0) + self._learned.popularity(residency, now)
        return wanted / max(1, self._fleet.copies.get(residency, 1))


def _is_ready(worker: WorkerState, demand: Demand) -> bool:
    found = offer(worker, demand)
    return found is not None and found.is_ready


def _first_ready(workers: Iterator[WorkerState], demand: Demand) -> WorkerState | None:
    return next((worker for worker in workers if _is_ready(worker, demand)), None)
