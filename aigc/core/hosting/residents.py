"""What is loaded on a device: at most one runner of each residency, each within its reservation of memory."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from aigc.core.events import Tick
from aigc.core.hosting.ledger import MemoryLedger
from aigc.core.hosting.slot import RunnerSlot, SlotEffect, SlotSettings, SlotState
from aigc.core.hosting.wishes import Claim, Wish, Wishes
from aigc.core.job import Failure
from aigc.core.messages import Device, LoadModel, PinModel, Resident, UnloadModel
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.runner_events import RunnerId, RunnerNews


class ResidentsSettings(Struct, frozen=True, kw_only=True):
    """Sizes are bytes, times seconds."""

    reserve_bytes: int = 0
    """Memory that no model gets."""
    ladder: SlotSettings = SlotSettings()
    keep_alive_s: float | None = None
    """An idle model is unloaded after so long; None: only when its memory is needed."""
    preload_pause_s: float = 30.0
    """After a pinned model failed to load or died, before it is loaded again unasked."""
    overdraw_factor: float = 1.5
    """A runner that holds more than this many of its reservation, and `overdraw_bytes` more, is killed."""
    overdraw_bytes: int = 512 << 20


class Room(StrEnum):
    """Whether a model may be loaded, or grow, now."""

    READY = "ready"
    COMING = "coming"
    """What is in the way was told to leave."""
    BUSY = "busy"
    """What is in the way still works."""
    NEVER = "never"
    """Not even if everything left that may leave."""


class Residents:
    """The runners of one device and the memory that they may use. Calls return what is to be done next, in order."""

    def __init__(self, settings: ResidentsSettings) -> None:
        self._settings = settings
        self._slots: dict[str, RunnerSlot] = {}
        self._runners: dict[RunnerId, RunnerSlot] = {}
        self._count = 0
        self._total = self._strangers = 0
        self._specs: dict[str, ModelSpec] = {}
        self._wishes = Wishes(settings.preload_pause_s)
        self._leaving: set[RunnerId] = set()
        self._lent: dict[RunnerId, int] = {}
        """What runners that run alone go back to when they are done."""
        self.ledger = MemoryLedger(settings.reserve_bytes)
        self.left: dict[tuple[str, str], int] = {}
        """How often each residency was told to go, and why; one that died is no matter of ours."""
        self.has_news = False
        """Set when the broker should hear of a change at once; whoever tells it clears it."""

    def __iter__(self) -> Iterator[RunnerSlot]:
        return iter(tuple(self._slots.values()))

    def __len__(self) -> int:
        return len(self._slots)

    def of(self, residency: str) -> RunnerSlot | None:
        """The runner of that residency, in whatever state."""
        return self._slots.get(residency)

    def runner(self, runner: RunnerId | None) -> RunnerSlot | None:
        """The slot of that process; None once it is gone."""
        return self._runners.get(runner) if runner else None

    def spec(self, model: str) -> ModelSpec | None:
        """The model as the catalogue has it."""
        return self._specs.get(model)

    def follow(self, catalogue: Catalogue, kind: str) -> None:
        """This catalogue is in force. Its pinned models for a device of this kind will be loaded unasked;
        what runs under another entry than it has now leaves when it rests."""
        self._specs = {spec.id: spec for spec in catalogue.models}
        self._wishes.follow(catalogue, kind)
        self._leaving.update(slot.runner for slot in self if self._specs.get(slot.spec.id) != slot.spec)

    def measure(self, sample: Device, held: Mapping[RunnerId, int], now: float) -> list[SlotEffect]:
        """The accounts follow what the probe saw. A runner that took far more than it reserved is killed."""
        self._total, self._strangers = sample.total, sample.strangers
        for runner, size in held.items():
            if slot := self._runners.get(runner):
                slot.hold(size)
        self._account()
        return [effect for slot in self for effect in self._restrain(slot, now)]

    def apply(self, event: RunnerNews | Tick, now: float) -> list[SlotEffect]:
        """What a runner did is taken in, or for all of them what time did; a process that is gone is forgotten."""
        slots = tuple(self) if isinstance(event, Tick) else filter(None, [self._runners.get(event.runner)])
        return [effect for slot in slots for effect in self._step(slot, event, now)]

    def load(self, spec: ModelSpec, size: int, now: float) -> list[SlotEffect]:
        """A runner of the model is loading within `size` bytes; nothing happens if there is no room for that."""
        if not self.ledger.reserve(spec.residency, size):
            return []
        self._count += 1
        slot = RunnerSlot(RunnerId(f"{spec.residency}-{self._count}"), spec, self._settings.ladder)
        self._slots[spec.residency] = self._runners[slot.runner] = slot
        self._wishes.begun(spec.residency)
        self.has_news = True
        return slot.load(now)

    def fit(self, slot: RunnerSlot, need: int, *, alone: bool = False) -> bool:
        """Whether the runner may use `need` bytes from now on; what it was never seen to use beyond that goes back.

        Args:
            alone: it may use all that is free besides, until the run is over: its need is not known well.
        """
        residency = slot.spec.residency
        before = self.ledger.held[residency]
        size = max(need, min(before, slot.peak_bytes))
        if size == before and not alone:
            return True
        is_granted = self.ledger.resize(residency, size)
        self._account()
        if alone and is_granted and self.ledger.free > 0:
            self._lent[slot.runner] = size
            self.ledger.resize(residency, size + self.ledger.free)
        return is_granted

    def obey(self, order: LoadModel | UnloadModel | PinModel) -> None:
        """An operator's wish is known; what follows from it is done by `retire`, `load_asked` and `preload`.

        What is unloaded leaves when it rests. A model that the catalogue does not have is not wished for.
        """
        self.has_news = True
        if isinstance(order, UnloadModel):
            self._wishes.drop(order.residency)
            if slot := self._slots.get(order.residency):
                self._leaving.add(slot.runner)
            return
        spec = self._specs.get(order.model)
        if spec is None:
            return
        if isinstance(order, PinModel):
            self._wishes.pin(spec, is_pinned=order.is_pinned)
        elif not self._is_kept(spec):
            self._wishes.ask(Wish(spec, order.need_bytes, order.evict))

    def make_room(
        self, claim: Claim, residency: str, kept: Collection[str], wanted: Collection[str], now: float
    ) -> tuple[Room, list[SlotEffect]]:
        """Whether `residency` may hold what the claim needs now, and what makes it so if not.

        Args:
            kept: who may not leave, because a lease is being prepared or run with them.
            wanted: who leaves only if nobody else can, because a lease waits for them.
        """
        others = [slot for slot in self if slot.spec.residency != residency]
        free = [slot for slot in others if self._may_leave(slot, kept)]
        if claim.alone and any(not self._is_pinned(slot) or slot.state is not SlotState.IDLE for slot in others):
            return Room.COMING, self._stop(free, "alone", now)
        more = claim.need_bytes - self.ledger.held.get(residency, 0)
        if more <= 0 or more <= self.ledger.free:
            return Room.READY, []
        short = more - self.ledger.free - self._size_of(slot for slot in others if slot.state is SlotState.STOPPING)
        if short <= 0:
            return Room.COMING, []
        if leavers := self._leavers(free, short, claim.evict, wanted):
            return Room.COMING, self._stop(leavers, "room", now)
        later = [slot for slot in others if not self._is_pinned(slot) and slot.state is not SlotState.STOPPING]
        return (Room.BUSY if short <= self._size_of(later) else Room.NEVER), []

    def retire(
        self, kept: Collection[str], wanted: Collection[str], *, everybody: bool, now: float
    ) -> list[SlotEffect]:
        """Who was unloaded, is outdated or has been idle for too long is told to go; on a drain all who rest."""
        resting = [
            slot
            for slot in self
            if slot.state in (SlotState.IDLE, SlotState.LOADING) and slot.spec.residency not in kept
        ]
        if everybody:
            return self._stop(resting, "drained", now)
        asked = [slot for slot in resting if slot.runner in self._leaving]
        idle = [slot for slot in resting if slot not in asked and self._expires_at(slot, wanted) <= now]
        return self._stop(asked, "asked", now) + self._stop(idle, "idle", now)

    def load_asked(self, kept: Collection[str], wanted: Collection[str], now: float) -> list[SlotEffect]:
        """Loads that were asked for have begun, one after the other, as far as there is room or can be made."""
        effects: list[SlotEffect] = []
        for wish in self._wishes.asked(self._slots):
            room, leaving = self.make_room(wish, wish.spec.residency, kept, wanted, now)
            effects += leaving
            if room is Room.NEVER:
                self._wishes.refuse(wish.spec.residency)
            elif room is Room.READY:
                effects += self.load(wish.spec, wish.need_bytes, now)
            else:
                break
        return effects

    def preload(self, now: float) -> list[SlotEffect]:
        """Pinned models that are not there are loading, as far as there is room without an eviction."""
        if self._wishes.asked(self._slots):
            return []  # what is free is about to be taken
        absent = self._wishes.absent(self._slots, now)
        return [effect for spec in absent for effect in self.load(spec, spec.memory_bytes, now)]

    def due(self, wanted: Collection[str], now: float) -> float | None:
        """When time changes something here."""
        times = [slot.due for slot in self if slot.due is not None]
        times += (self._expires_at(slot, wanted) for slot in self)
        times += self._wishes.due(self._slots, now)
        soonest = min(times, default=math.inf)
        return soonest if soonest < math.inf else None

    def view(self, now: float) -> tuple[Resident, ...]:
        """The residents as a worker tells them."""
        return tuple(
            Resident(
                residency=residency,
                state=slot.state.value,
                bytes=max(slot.held_bytes, self.ledger.held[residency]),
                pid=slot.pid,
                pinned=self._wishes.is_pinned(residency),
                idle_s=now - slot.idle_since if slot.state is SlotState.IDLE else 0.0,
                jobs_done=slot.jobs_done,
                load_s=slot.load_s,
            )
            for residency, slot in self._slots.items()
        )

    def validate(self) -> None:
        """Raises AssertionError if memory and runners do not match."""
        self.ledger.validate()
        if set(self.ledger.held) != set(self._slots) or len(self._runners) != len(self._slots):
            raise AssertionError(f"reserved {dict(self.ledger.held)}, runners {list(self._runners)}")

    def _step(self, slot: RunnerSlot, event: RunnerNews | Tick, now: float) -> list[SlotEffect]:
        before = slot.state
        effects = slot.apply(event, now)
        if slot.state is SlotState.GONE:
            self._forget(slot, now)
        elif before is SlotState.LOADING and slot.state is not before:
            self._account()
            self.has_news = True
        elif slot.state is SlotState.IDLE and (size := self._lent.pop(slot.runner, None)) is not None:
            self.ledger.resize(slot.spec.residency, max(size, slot.peak_bytes))
            self._account()
            self.has_news = True
        return effects

    def _forget(self, slot: RunnerSlot, now: float) -> None:
        residency = slot.spec.residency
        del self._slots[residency], self._runners[slot.runner]
        self._leaving.discard(slot.runner)
        self._lent.pop(slot.runner, None)
        self.ledger.release(residency)
        self._account()
        self._wishes.lost(residency, now)
        self.has_news = True

    def _restrain(self, slot: RunnerSlot, now: float) -> list[SlotEffect]:
        reserved = self.ledger.held[slot.spec.residency]
        limit = max(reserved * self._settings.overdraw_factor, reserved + self._settings.overdraw_bytes)
        if slot.held_bytes <= limit:
            return []
        fault = Failure(
            "out_of_memory",
            f"the runner of {slot.spec.residency} held {gib(slot.held_bytes)}, {gib(reserved)} were reserved",
            "raise memory_bytes of the model in the catalogue, or send a smaller input",
            retryable=True,
        )
        return slot.abort(fault, now)

    def _stop(self, slots: Iterable[RunnerSlot], reason: str, now: float) -> list[SlotEffect]:
        effects: list[SlotEffect] = []
        for slot in slots:
            if going := slot.stop(now):
                effects += going
                self.left[slot.spec.residency, reason] = self.left.get((slot.spec.residency, reason), 0) + 1
        self.has_news = self.has_news or bool(effects)
        return effects

    def _may_leave(self, slot: RunnerSlot, kept: Collection[str]) -> bool:
        """Whether it rests, or loads for nobody, and nobody holds it."""
        is_free = slot.state in (SlotState.IDLE, SlotState.LOADING)
        return is_free and not self._is_pinned(slot) and slot.spec.residency not in kept

    def _is_kept(self, spec: ModelSpec) -> bool:
        """Whether it is there to stay; an earlier wish that it leave is void, unless its entry is outdated."""
        slot = self._slots.get(spec.residency)
        if slot is None or slot.state is SlotState.STOPPING or self._specs.get(slot.spec.id) != slot.spec:
            return False
        self._leaving.discard(slot.runner)
        return True

    def _is_pinned(self, slot: RunnerSlot) -> bool:
        return self._wishes.is_pinned(slot.spec.residency)

    def _leavers(
        self, free: Sequence[RunnerSlot], short: int, evict: Sequence[str], wanted: Collection[str]
    ) -> list[RunnerSlot]:
        """Who of these leaves so that `short` bytes come free: nobody who need not; empty if all are not enough."""

        def rank(slot: RunnerSlot) -> tuple[int, bool, float]:
            residency = slot.spec.residency
            hint = evict.index(residency) if residency in evict else len(evict)
            return hint, residency in wanted, slot.idle_since

        leavers: list[RunnerSlot] = []
        for slot in sorted(free, key=rank):
            if self._size_of(leavers) < short:
                leavers.append(slot)
        for slot in leavers[::-1]:
            others = [other for other in leavers if other is not slot]
            if self._size_of(others) >= short:
                leavers = others
        return leavers if self._size_of(leavers) >= short else []

    def _size_of(self, slots: Iterable[RunnerSlot]) -> int:
        """What comes free when these are gone."""
        return sum(max(slot.held_bytes, self.ledger.held[slot.spec.residency]) for slot in slots)

    def _expires_at(self, slot: RunnerSlot, wanted: Collection[str]) -> float:
        """When the runner has been idle for too long."""
        keep_s = self._settings.keep_alive_s
        is_needed = slot.spec.residency in wanted or self._is_pinned(slot)
        if keep_s is None or slot.state is not SlotState.IDLE or is_needed:
            return math.inf
        return slot.idle_since + keep_s

    def _account(self) -> None:
        """What runners hold beyond their reservations is given to nobody, until it is reserved or gone."""
        overdrawn = sum(max(0, slot.held_bytes - self.ledger.held[slot.spec.residency]) for slot in self)
        self.ledger.measure(self._total, self._strangers, overdrawn)


def gib(size: int) -> str:
    """A size for people."""
    return f"{size / 2**30:.1f} GiB"
