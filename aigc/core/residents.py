"""What is loaded on a device: runner slots, each within its reservation in the memory ledger."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import StrEnum

from aigc.core.ledger import MemoryLedger
from aigc.core.messages import Resident
from aigc.core.model import ModelSpec
from aigc.core.runner_events import RunnerId
from aigc.core.slot import RunnerSlot, SlotEffect, SlotSettings, SlotState


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
    """The runners of one device, at most one of each residency, and the memory that they may use.

    Args:
        reserve: bytes of the device that no model gets.
    """

    def __init__(self, settings: SlotSettings, reserve: int) -> None:
        self._settings = settings
        self._slots: dict[str, RunnerSlot] = {}
        self._runners: dict[RunnerId, RunnerSlot] = {}
        self._count = 0
        self._total = self._strangers = 0
        self.ledger = MemoryLedger(reserve)
        self.pinned: frozenset[str] = frozenset()
        """Residencies that are never evicted."""

    def __iter__(self) -> Iterator[RunnerSlot]:
        return iter(tuple(self._slots.values()))

    def __len__(self) -> int:
        return len(self._slots)

    def of(self, residency: str) -> RunnerSlot | None:
        """The runner of that residency, in whatever state."""
        return self._slots.get(residency)

    def runner(self, runner: RunnerId) -> RunnerSlot | None:
        """The slot of that process; None once it is gone."""
        return self._runners.get(runner)

    def measure(self, total: int, strangers: int) -> None:
        """The ledger follows the device. What a runner holds beyond its reservation counts as a stranger's."""
        self._total, self._strangers = total, strangers
        self._account()

    def load(self, spec: ModelSpec, size: int, now: float) -> list[SlotEffect] | None:
        """A runner of the model is loading within `size` bytes; None if there is no room for that."""
        if not self.ledger.reserve(spec.residency, size):
            return None
        self._count += 1
        slot = RunnerSlot(RunnerId(f"{spec.residency}-{self._count}"), spec, self._settings)
        self._slots[spec.residency] = self._runners[slot.runner] = slot
        return slot.load(now)

    def fit(self, slot: RunnerSlot, need: int) -> bool:
        """Whether the runner's reservation is enough for `need` bytes now; what it was never seen to use is given back."""
        held = self.ledger.held[slot.spec.residency]
        seen = max(slot.held_bytes, slot.peak_bytes)
        is_enough = self.ledger.resize(slot.spec.residency, max(need, min(held, seen)))
        self._account()
        return is_enough

    def forget(self, slot: RunnerSlot) -> None:
        """The process is gone and its memory free."""
        del self._slots[slot.spec.residency], self._runners[slot.runner]
        self.ledger.release(slot.spec.residency)
        self._account()

    def may_leave(self, slot: RunnerSlot, kept: Collection[str]) -> bool:
        """Whether the runner is of no use at the moment: it rests, or loads for nobody, and nobody holds it."""
        residency = slot.spec.residency
        is_free = slot.state in (SlotState.IDLE, SlotState.LOADING)
        return is_free and residency not in self.pinned and residency not in kept

    def make_room(
        self,
        residency: str,
        need: int,
        *,
        evict: Sequence[str],
        alone: bool,
        kept: Collection[str],
        wanted: Collection[str],
        now: float,
    ) -> tuple[Room, list[SlotEffect]]:
        """Whether `residency` may hold `need` bytes now, and what makes it so if not.

        Args:
            evict: who should leave first.
            alone: everybody else who may leave has to.
            kept: who may not leave, because a lease is being prepared or run with them.
            wanted: who leaves only if nobody else can, because a lease waits for them.
        """
        others = [slot for slot in self if slot.spec.residency != residency]
        free = [slot for slot in others if self.may_leave(slot, kept)]
        if alone and any(slot.spec.residency not in self.pinned or slot.state is not SlotState.IDLE for slot in others):
            return Room.COMING, _stop(free, now)
        more = need - self.ledger.held.get(residency, 0)
        if more <= 0 or more <= self.ledger.free:
            return Room.READY, []
        short = more - self.ledger.free - self._size_of(slot for slot in others if slot.state is SlotState.STOPPING)
        if short <= 0:
            return Room.COMING, []
        if leavers := self._leavers(free, short, evict, wanted):
            return Room.COMING, _stop(leavers, now)
        busy = (slot for slot in others if slot.lease is not None and slot.spec.residency not in self.pinned)
        return (Room.BUSY if short <= self._size_of([*free, *busy]) else Room.NEVER), []

    def view(self, now: float) -> tuple[Resident, ...]:
        """The residents as a worker tells them."""
        return tuple(
            Resident(
                residency=slot.spec.residency,
                state=slot.state.value,
                bytes=self.ledger.held[slot.spec.residency],
                pid=slot.pid,
                pinned=slot.spec.residency in self.pinned,
                idle_s=now - slot.idle_since if slot.state is SlotState.IDLE else 0.0,
                jobs_done=slot.jobs_done,
                load_s=slot.load_s,
            )
            for slot in self
        )

    def validate(self) -> None:
        """Raises AssertionError if memory and runners do not match."""
        self.ledger.validate()
        if set(self.ledger.held) != set(self._slots) or len(self._runners) != len(self._slots):
            raise AssertionError(f"reserved {dict(self.ledger.held)}, runners {list(self._runners)}")

    def _leavers(
        self, free: Sequence[RunnerSlot], short: int, evict: Sequence[str], wanted: Collection[str]
    ) -> list[RunnerSlot]:
        """Who of these leaves so that `short` bytes come free: nobody who need not; empty if all are not enough."""

        def rank(slot: RunnerSlot) -> tuple[bool, int, bool, float]:
            residency = slot.spec.residency
            hint = evict.index(residency) if residency in evict else len(evict)
            return residency not in evict, hint, residency in wanted, slot.idle_since

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

    def _account(self) -> None:
        overdrawn = sum(max(0, slot.held_bytes - self.ledger.held[slot.spec.residency]) for slot in self)
        self.ledger.measure(self._total, self._strangers + overdrawn)


def _stop(slots: Iterable[RunnerSlot], now: float) -> list[SlotEffect]:
    return [effect for slot in slots for effect in slot.stop(now)]
