"""One worker as the broker sees it.

What a worker tells is a second old and grants are under way, so the picture is what it told last, with the leases that
are out laid over it. The worker's own ledger decides; here it is only foreseen.
"""

import math
from collections.abc import Iterator

from msgspec import Struct

from aigc.core.ids import Now
from aigc.core.messages import Resident, WorkerBeat, WorkerHello, WorkerView
from aigc.core.scheduling.leases import Granted, Hands
from aigc.core.scheduling.waiting import Entry

IDLE, LOADING, RUNNING, STOPPING = "idle", "loading", "running", "stopping"


STORED_BESIDE = 16
"""Leases whose results are on their way to the store that a worker may have beside those that its credit is for."""

BURST = 32
"""Leases beyond its credit, and as many results on their way to the store, that a worker may have while all of its work
is brief: what goes to and fro then carries several of them at once."""

_ROUNDING = 1e-6


class Tenant(Struct, eq=False):
    """A residency on a device, as foreseen. Instants are monotonic seconds."""

    bytes: int
    state: str
    pinned: bool
    since: float
    """When it was first seen here."""
    used_at: float


class WorkerState:
    """One worker in one life.

    Args:
        held: its leases, a live view of the lease table.
        order: tells workers apart in indexes; grows.
    """

    def __init__(self, hello: WorkerHello, held: Hands, order: int) -> None:
        self.id, self.boot, self.order, self.held = hello.worker, hello.boot, order, held
        self.liveness = "alive"
        self.marks: dict[str, float] = {}
        """Residencies that it is not given until an instant, monotonic seconds."""
        self.troubles: dict[str, int] = {}
        """How often in a row a residency could not be taken here."""
        self.kept_for: Entry | None = None
        """A job that does not fit yet and for which it takes no other."""
        self._is_brief = False
        self.tenants: dict[str, Tenant] = {}
        self.residents: tuple[Resident, ...] = ()
        # What `measure` makes of all that:
        self.free = self.room = self.capacity = 0
        """Bytes: reserved by nobody; by nobody who works or is pinned; by nobody pinned."""
        self.busy: dict[str, float] = {}
        """Residencies that work, with the expected device-seconds of their leases."""
        self.beside: tuple[str, ...] = ()
        """Residencies that take one more lease, which then waits only for a moment."""
        self.has_slot = False
        """Whether a lease could start now."""
        self.greet(hello)

    def greet(self, hello: WorkerHello) -> None:
        """It introduced itself, for the first time or again."""
        self.slots, self.credit, self.host, self.version = hello.slots, hello.credit, hello.host, hello.version
        self.device, self.draining, self._told = hello.device, hello.draining, hello.residents
        self._agreed = hello.agreed
        self.liveness = "alive"

    def hear(self, beat: WorkerBeat) -> None:
        """It told how it is."""
        self.device, self.draining, self._told = beat.device, beat.draining, beat.residents
        self.liveness = "alive"

    @property
    def quarantined(self) -> str:
        """Why no job is given to it; empty: it gets jobs."""
        return "" if self.device.healthy else self.device.note or "the device is not healthy"

    @property
    def takes_jobs(self) -> bool:
        """Whether it may be given anything at all."""
        return self.liveness == "alive" and not self.draining and self.device.healthy

    @property
    def at_work(self) -> Iterator[Granted]:
        """Its leases that wait or run; the others need nothing of the device any more."""
        return (granted for granted in self.held.values() if not granted.is_storing)

    @property
    def is_open(self) -> bool:
        """Whether a lease could start now, and no job is waiting for the whole device to itself."""
        return self.has_slot and self.kept_for is None

    def is_at_rest(self, residency: str) -> bool:
        """Whether it is here, stays, and does nothing."""
        return residency not in self.busy and self.tenants[residency].state != STOPPING

    def can_hold(self, kinds: tuple[str, ...], residency: str, need_bytes: int) -> bool:
        """Whether such a model fits here once everybody who may leave has left."""
        if self.device.kind not in kinds or residency in self.marks:
            return False
        tenant = self.tenants.get(residency)
        own_bytes = tenant.bytes if tenant is not None and tenant.pinned else 0
        return need_bytes <= self.capacity + own_bytes

    def settle_in(self, now: float) -> None:
        """Its tenants are those that it told, with what is under way laid over them."""
        leaving = {name for granted in self.at_work if granted.started_at is None for name in granted.evicts}
        before, self.tenants, self.residents = self.tenants, {}, self._told
        for told in self._told:
            known = before.get(told.residency)
            state = STOPPING if told.residency in leaving else told.state
            since = known.since if known is not None else now
            used_at = known.used_at if known is not None else now - told.idle_s
            self.tenants[told.residency] = Tenant(told.bytes, state, told.pinned, since, used_at)
        for granted in self.at_work:
            self.take_in(granted, now)

    def take_in(self, granted: Granted, now: float) -> None:
        """A lease is under way: its model has or will have its place, and whom it evicts is leaving."""
        for name in granted.evicts if granted.started_at is None else ():
            if name in self.tenants:
                self.tenants[name].state = STOPPING
        if granted.demand is None:
            return
        tenant = self.tenants.get(granted.residency)
        if tenant is None:
            tenant = Tenant(granted.need_bytes, LOADING, granted.demand.spec.pinned, now, now)
            self.tenants[granted.residency] = tenant
        elif tenant.state in (IDLE, STOPPING):
            tenant.state = RUNNING if tenant.state == IDLE else LOADING
        tenant.bytes = max(tenant.bytes, granted.need_bytes)
        tenant.used_at = now

    def expect(self, residency: str, size: int, evict: tuple[str, ...], *, is_pinned: bool, now: float) -> None:
        """It was told to load this, and whom to let go for it."""
        for name in evict:
            self.tenants[name].state = STOPPING
        self.tenants[residency] = Tenant(size, LOADING, is_pinned, now, now)

    def arrive(self, granted: Granted) -> None:
        """The model of this lease is loaded, so whom it evicts has left."""
        for name in granted.evicts:
            if name in self.tenants and self.tenants[name].state == STOPPING:
                del self.tenants[name]

    def let_out(self, granted: Granted, now: float, *, is_gone: bool) -> None:
        """A lease is not at work any more; its model stays and rests, or `is_gone` with it."""
        name = granted.residency
        if name not in self.tenants or any([other.residency == name for other in self.held.work if other is not None]):
            return
        if is_gone:
            del self.tenants[name]
        else:
            self.tenants[name].state, self.tenants[name].used_at = IDLE, now

    def measure(self, prefetch_s: float, burst_s: float) -> None:
        """The derived fields follow. A lease may wait beside work of at most `prefetch_s` expected seconds; work of at
        most `burst_s` in all is brief (`BURST`)."""
        busy: dict[str, float] = {}
        seats: dict[str, float] = {}
        is_alone = False
        for demand, count in self.held.work.items():
            if demand is None:
                seats[""], busy[""] = count, math.inf
                continue
            name, share = demand.residency, count / demand.spec.batch
            seats[name] = seats.get(name, 0.0) + share
            busy[name] = busy.get(name, 0.0) + demand.profile.run_s * share
            is_alone = is_alone or demand.need.alone
        free = room = capacity = self.device.usable
        for name, tenant in self.tenants.items():
            if tenant.state == RUNNING and name not in busy:
                busy[name] = math.inf  # an attempt that is not ours any more and has not ended yet
            free -= tenant.bytes
            if tenant.pinned:
                capacity -= tenant.bytes
            if tenant.pinned or name in busy:
                room -= tenant.bytes
        # Strangers may have taken more than was left; what needs nothing fits all the same.
        self.free, self.room, self.capacity = max(0, free), max(0, room), max(0, capacity)
        self.busy = busy
        if busy:  # else what it had last tells what comes
            self._is_brief = sum(busy.values()) <= burst_s
        burst = BURST if self._is_brief else 0
        working = 0
        for taken in seats.values():
            working += math.ceil(taken - _ROUNDING)  # a batch works as one
        has_credit = working < self.credit + burst and len(self.held) < self.credit + STORED_BESIDE + 2 * burst
        takes_more = self.takes_jobs and has_credit and not is_alone
        self.has_slot = takes_more and len(busy) < self.slots
        # A model that takes several at once takes another while its batch is not full.
        self.beside = tuple(
            [
                name
                for name, work_s in busy.items()
                if work_s <= prefetch_s or 0.0 < seats.get(name, 0.0) < 1 - _ROUNDING
            ]
            if takes_more
            else ()
        )

    def view(self, now: Now) -> WorkerView:
        """As operators see it."""
        return WorkerView(
            id=self.id,
            boot=self.boot,
            liveness=self.liveness,
            device=self.device,
            residents=self.residents,
            leases=tuple(granted.view(now) for granted in self.held.values()),
            slots=self.slots,
            credit=self.credit,
            host=self.host,
            version=self.version,
            draining=self.draining,
            quarantined=self.quarantined,
            agreed=self._agreed,
        )
