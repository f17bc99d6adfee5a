"""Who waits: open jobs by priority class, by owner, and by what they need, so that only the heads are ever looked at.

Waiting ── PriorityClass, 9 to 0 ── OwnerQueue, in order of turns ── Group, one per Demand ── Entry, oldest first
"""

import heapq
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from operator import attrgetter, itemgetter
from typing import NamedTuple

from msgspec import Struct

from aigc.core.ids import ModelId, OwnerId, WorkerId
from aigc.core.job import Job
from aigc.core.model import ModelSpec
from aigc.core.scheduling.estimates import LoadTime
from aigc.core.scheduling.fairness import Fairness
from aigc.core.scheduling.profiles import Profile
from aigc.core.scheduling.ranks import Ranks

SWEEP = 128
"""Demands remembered before those that nobody has are forgotten."""


class Need(NamedTuple):
    """What tells one job's demand from another's: equal needs fit on the same devices."""

    model: ModelId
    bucket: int
    """Size class of the work, see `profiles.bucket`."""
    alone: bool = False
    """Nothing else may run on the device: the second try after an out-of-memory."""
    avoid: WorkerId = WorkerId("")
    """Failed this job just now; somebody else shall have it."""


class Demand(Struct, eq=False):
    """A need with all that is known about it; shared by all jobs that have it."""

    need: Need
    spec: ModelSpec
    residency: str
    profile: Profile
    load: LoadTime
    index: int
    """Its bit in the masks of owners; given to another demand when nobody waits with this one."""
    waiting: int = 0


class Entry(Struct, eq=False):
    """An open job as the scheduler keeps it. Instants are monotonic seconds."""

    job: Job
    since: float
    """When it was submitted: what its age counts from, through all its attempts."""
    order: int
    """Tells apart what came at one instant; grows."""
    queued_at: float
    """Since when it waits this time."""
    demand: Demand | None = None
    """None only while its model is not in the catalogue."""
    group: "Group | None" = None
    """Where it waits; None while it is leased or waits out a back-off."""
    queue: "OwnerQueue | None" = None
    """The queue that numbered it."""
    rank: int = -1
    """Its number there."""
    work_s: float = 0.0
    """Expected device-seconds, as counted in its class."""
    kills: int = 0
    """Runners that its attempts took with them."""
    held_device: WorkerId | None = None
    """The worker that is kept from others until this job fits there."""
    not_before: float | None = None
    """End of its back-off."""
    deadline: float | None = None


class Group:
    """Jobs of one owner and class with one demand, oldest first."""

    __slots__ = ("_heap", "count", "demand", "queue")

    def __init__(self, demand: Demand, queue: "OwnerQueue") -> None:
        self.demand, self.queue = demand, queue
        self.count = 0
        self._heap: list[tuple[float, int, Entry]] = []

    def add(self, entry: Entry) -> None:
        """It waits here."""
        entry.group = self
        self.count += 1
        heapq.heappush(self._heap, (entry.since, entry.order, entry))

    def discard(self, entry: Entry) -> None:
        """It waits here no more; its place in the heap is cleared when it is met, or when half the heap is such."""
        entry.group = None
        self.count -= 1
        if len(self._heap) > 2 * self.count + 32:
            self._heap = [item for item in self._heap if item[2].group is self]
            heapq.heapify(self._heap)

    def head(self) -> Entry:
        """The oldest; there is one, or the group would be gone."""
        while self._heap[0][2].group is not self:
            heapq.heappop(self._heap)
        return self._heap[0][2]

    def members(self) -> Iterable[Entry]:
        """All of them, in no order."""
        return {item[1]: item[2] for item in self._heap if item[2].group is self}.values()

    def __iter__(self) -> Iterator[Entry]:
        seen = {item[1]: item[2] for item in sorted(self._heap, key=lambda item: item[:2]) if item[2].group is self}
        return iter(seen.values())


class OwnerQueue:
    """The waiting jobs of one owner in one class."""

    __slots__ = ("count", "groups", "mask", "owner", "ranks", "turn")

    def __init__(self, owner: OwnerId, turn: tuple[float, int]) -> None:
        self.owner = owner
        self.turn = turn
        """Sort key of its turn: fairness, then who came first."""
        self.groups: dict[int, Group] = {}
        self.mask = 0
        """Bits of the demands that wait here."""
        self.count = 0
        self.ranks = Ranks()


class PriorityClass:
    """The waiting jobs of one priority."""

    __slots__ = ("count", "mask", "owners", "priority", "sharing", "turns", "work_s")

    def __init__(self, priority: int) -> None:
        self.priority = priority
        self.owners: dict[OwnerId, OwnerQueue] = {}
        self.turns: list[tuple[float, int, OwnerQueue]] = []
        """Owners with waiting jobs, whose turn it is first."""
        self.sharing: dict[int, int] = {}
        """How many owners wait with a demand, by its index."""
        self.mask = 0
        self.count = 0
        self.work_s = 0.0
        """Expected device-seconds of all of them."""


class Waiting:
    """All waiting jobs. What the scheduler asks of it costs no more with a million jobs than with a hundred."""

    def __init__(self, fairness: Fairness) -> None:
        self._fairness = fairness
        self._classes: dict[int, PriorityClass] = {}
        self._arrivals = 0
        self._demands: dict[Need, Demand] = {}
        self._idle_bits: list[int] = []
        self._sweep_at = SWEEP
        self.classes: tuple[PriorityClass, ...] = ()
        """Classes in which somebody waits, highest first."""
        self.count = 0
        self.by_residency: dict[str, int] = {}

    def demand(self, need: Need, spec: ModelSpec, profile: Profile, load: LoadTime) -> Demand:
        """The one demand for this need; as long as somebody waits with it, it is the same object."""
        demand = self._demands.get(need)
        if demand is None:
            if len(self._demands) >= self._sweep_at:
                self._sweep()
            index = self._idle_bits.pop() if self._idle_bits else len(self._demands)
            demand = self._demands[need] = Demand(need, spec, spec.residency, profile, load, index)
        return demand

    def known(self, need: Need) -> Demand | None:
        """The demand for this need, if it is remembered."""
        return self._demands.get(need)

    def demands(self) -> tuple[Demand, ...]:
        """Every demand that somebody waits with."""
        return tuple(demand for demand in self._demands.values() if demand.waiting)

    def clear(self) -> list[Entry]:
        """Nobody waits and no demand is remembered; returns who waited, in the order of `entries`."""
        entries = list(self.entries())
        for entry in entries:
            self.discard(entry)
        self._demands.clear()
        self._idle_bits.clear()
        return entries

    def add(self, entry: Entry, demand: Demand, work_s: float) -> None:
        """It waits with this demand, for about `work_s` device-seconds of work."""
        job = entry.job
        cls = self._class(job.priority)
        queue = cls.owners.get(job.owner)
        if queue is None:
            self._arrivals += 1
            queue = cls.owners[job.owner] = OwnerQueue(job.owner, (self._fairness.key(job.owner), self._arrivals))
            insort(cls.turns, (*queue.turn, queue))
        group = queue.groups.get(demand.index)
        if group is None:
            group = queue.groups[demand.index] = Group(demand, queue)
            queue.mask |= 1 << demand.index
            cls.mask |= 1 << demand.index
            cls.sharing[demand.index] = cls.sharing.get(demand.index, 0) + 1
        group.add(entry)
        entry.demand, entry.work_s = demand, work_s
        entry.rank = queue.ranks.add(entry.rank if entry.queue is queue else -1)
        entry.queue = queue
        demand.waiting += 1
        queue.count += 1
        cls.count += 1
        cls.work_s += work_s
        self.count += 1
        self.by_residency[demand.residency] = self.by_residency.get(demand.residency, 0) + 1

    def discard(self, entry: Entry) -> None:
        """It waits no more."""
        group, job = entry.group, entry.job
        if group is None:
            return
        demand, queue, cls = group.demand, group.queue, self._classes[job.priority]
        group.discard(entry)
        queue.ranks.discard(entry.rank)
        demand.waiting -= 1
        queue.count -= 1
        cls.count -= 1
        cls.work_s = cls.work_s - entry.work_s if cls.count else 0.0
        self.count -= 1
        self.by_residency[demand.residency] -= 1
        if not self.by_residency[demand.residency]:
            del self.by_residency[demand.residency]
        if not group.count:
            self._drop_group(cls, queue, demand)
        if not queue.count:
            del cls.owners[queue.owner]
            del cls.turns[bisect_left(cls.turns, queue.turn, key=_turn)]
        if not cls.count:
            del self._classes[cls.priority]
            self._sort_classes()

    def charge(self, owner: OwnerId, seconds: float, now: float) -> None:
        """The owner used so many device-seconds (negative: fewer than thought), which may change whose turn it is."""
        self._fairness.charge(owner, seconds, now)
        for cls in self.classes:
            queue = cls.owners.get(owner)
            if queue is not None:
                del cls.turns[bisect_left(cls.turns, queue.turn, key=_turn)]
                queue.turn = (self._fairness.key(owner), queue.turn[1])
                insort(cls.turns, (*queue.turn, queue))

    def entries(self) -> Iterator[Entry]:
        """Everybody, class by class in order of turns."""
        for cls in self.classes:
            for *_, queue in cls.turns:
                for group in queue.groups.values():
                    yield from group

    def oldest(self) -> dict[str, float]:
        """By feature, since when its oldest job waits. Looks at the head of each group."""
        found: dict[str, float] = {}
        for cls in self.classes:
            for *_, queue in cls.turns:
                for group in queue.groups.values():
                    feature, since = group.demand.spec.feature, group.head().since
                    found[feature] = min(since, found.get(feature, since))
        return found

    def by_place(self) -> dict[tuple[str, int], int]:
        """How many wait, by feature and priority."""
        found: Counter[tuple[str, int]] = Counter()
        for cls in self.classes:
            for *_, queue in cls.turns:
                for group in queue.groups.values():
                    found[group.demand.spec.feature, cls.priority] += group.count
        return found

    def by_owner(self) -> dict[OwnerId, int]:
        """How many wait, by owner."""
        found: Counter[OwnerId] = Counter()
        for cls in self.classes:
            for *_, queue in cls.turns:
                found[queue.owner] += queue.count
        return found

    def by_turn(self) -> Iterator[Entry]:
        """Everybody in the order in which they are expected to start: class by class, owners by turns, oldest first."""
        for cls in self.classes:
            queues = (
                sorted(chain.from_iterable(group.members() for group in queue.groups.values()), key=_rank)
                for *_, queue in cls.turns
            )
            if len(cls.turns) == 1:
                yield from next(queues)
                continue
            turns = [(ahead, owner, entry) for owner, queue in enumerate(queues) for ahead, entry in enumerate(queue)]
            yield from (entry for *_, entry in sorted(turns, key=_turn_of))

    def ahead_of(self, entry: Entry) -> int:
        """How many of its owner's jobs in its class came before it."""
        return entry.group.queue.ranks.before(entry.rank) if entry.group is not None else 0

    def _sweep(self) -> None:
        idle = [demand for demand in self._demands.values() if not demand.waiting]
        for demand in idle:
            del self._demands[demand.need]
            self._idle_bits.append(demand.index)
        self._sweep_at = max(SWEEP, 2 * len(self._demands))

    def _drop_group(self, cls: PriorityClass, queue: OwnerQueue, demand: Demand) -> None:
        del queue.groups[demand.index]
        queue.mask &= ~(1 << demand.index)
        cls.sharing[demand.index] -= 1
        if not cls.sharing[demand.index]:
            del cls.sharing[demand.index]
            cls.mask &= ~(1 << demand.index)

    def _class(self, priority: int) -> PriorityClass:
        cls = self._classes.get(priority)
        if cls is None:
            cls = self._classes[priority] = PriorityClass(priority)
            self._sort_classes()
        return cls

    def _sort_classes(self) -> None:
        self.classes = tuple(sorted(self._classes.values(), key=lambda cls: -cls.priority))


_rank = attrgetter("rank")
_turn_of = itemgetter(0, 1)


def _turn(item: tuple[float, int, OwnerQueue]) -> tuple[float, int]:
    return item[:2]
