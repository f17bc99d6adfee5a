"""Whose turn it is on a device: which lease begins, on which runner, and who leaves to make room for it."""

from collections.abc import Callable

from msgspec import Struct

from aigc.core.hosting.held import Held, Phase
from aigc.core.hosting.holdings import Holdings
from aigc.core.hosting.residents import Residents, Room, gib
from aigc.core.hosting.slot import RunnerSlot, SlotEffect, SlotState
from aigc.core.ids import WorkerId
from aigc.core.job import Progress, Stage
from aigc.core.messages import LeaseProgress, LeaseStarted
from aigc.core.runner_events import Run


class TurnsSettings(Struct, frozen=True, kw_only=True):
    """Times are seconds."""

    slots: int = 1
    """Jobs that run at once."""
    stall_floor_s: float = 30.0
    """No silence shorter than this is a stall, whatever a grant says."""
    gap_factor: float = 3.0
    """Nor is one shorter than this many of the longest silence in a run of the model that ended well."""


class Turns:
    """The rules by which leases begin. They do so in the order of their grants, with two exceptions: who waits for a
    runner that is at work lets others pass; who needs memory lets nobody pass, so that it comes to its turn.

    A lease whose model rests begins in the same call in which it was granted, or in which the runner came to rest.

    Args:
        hand_back: ends a lease that cannot begin here, with the reason.
    """

    def __init__(
        self,
        settings: TurnsSettings,
        worker: WorkerId,
        holdings: Holdings,
        residents: Residents,
        hand_back: Callable[[Held, str], None],
    ) -> None:
        self._settings, self._worker = settings, worker
        self._holdings, self._residents, self._hand_back = holdings, residents, hand_back
        self._gaps: dict[str, float] = {}
        self._is_alone = False
        """Whether somebody is at work who wants the device for itself; as `advance` finds it, and leaves it."""

    @property
    def wanted(self) -> set[str]:
        """Residencies for which a lease waits."""
        return {held.spec.residency for held in self._holdings if held.is_open}

    @property
    def active(self) -> int:
        """How many slots are taken."""
        return len({held.spec.residency for held in self._holdings if held.is_active})

    def learn(self, model: str, gap_s: float) -> None:
        """A run of the model ended well though it was silent for so long."""
        self._gaps[model] = max(self._gaps.get(model, 0.0), gap_s)

    def advance(self, now: float) -> list[SlotEffect]:
        """Whoever can begin has begun; what an operator asked for is loading, and what is pinned if nobody waits."""
        effects: list[SlotEffect] = []
        has_slots = True
        self._is_alone = self._wants_it_alone()
        for held in sorted((held for held in self._holdings if held.is_open), key=_rank):
            if (slot := self._to_join(held, now)) is not None:
                self._claim(held, now)
                effects += self._run(held, slot, now)
                continue
            if held.phase is Phase.WAITING and not self._has_slot():
                has_slots = False
                break
            if not self._begin(held, effects, now):
                return effects
        if self._is_alone:
            return effects
        kept = {held.spec.residency for held in self._holdings if held.is_active}
        effects += self._residents.load_asked(kept, self.wanted, now)
        if has_slots:
            effects += self._residents.preload(now)
        return effects

    def _has_slot(self) -> bool:
        return self.active < self._settings.slots and not self._is_alone

    def _to_join(self, held: Held, now: float) -> RunnerSlot | None:
        """The runner that is at work and takes this lease too: as one more of its batch, or as the next in line."""
        slot = self._residents.of(held.spec.residency) if held.lease.attempt == 1 else None
        if slot is None or not slot.may_join(now) or held.grant.alone or self._is_alone:
            return None
        fits = held.grant.need_bytes <= self._residents.ledger.held[held.spec.residency]
        return slot if fits else None

    def _wants_it_alone(self) -> bool:
        return any(held.grant.alone for held in self._holdings if held.is_active)

    def _claim(self, held: Held, now: float) -> None:
        held.claim(now)
        self._is_alone = self._is_alone or held.grant.alone

    def _begin(self, held: Held, effects: list[SlotEffect], now: float) -> bool:
        """False if nobody who was granted later may begin: what memory comes free is this one's."""
        residency = held.spec.residency
        slot = self._residents.of(residency)
        if slot is not None and slot.state is SlotState.LOADING:
            self._await(held, slot, now)
            return True
        if slot is not None and slot.state is not SlotState.IDLE:
            return True
        kept = {other.spec.residency for other in self._holdings if other.is_active and other is not held}
        room, leaving = self._residents.make_room(held.grant, residency, kept, self.wanted, now)
        effects += leaving
        if room is Room.NEVER:
            self._hand_back(held, self._no_room(held))
            self._is_alone = self._wants_it_alone()
            return True
        if room is Room.BUSY:
            return False
        self._claim(held, now)
        if room is Room.COMING:
            return False
        if slot is not None:
            effects += self._run(held, slot, now)
        else:
            effects += self._residents.load(held.spec, held.grant.need_bytes, now)
            if loading := self._residents.of(residency):
                self._await(held, loading, now)
        return True

    def _await(self, held: Held, slot: RunnerSlot, now: float) -> None:
        """The lease gets the loading runner when it is ready, unless another one came first."""
        is_taken = any(other.is_open and other.runner == slot.runner for other in self._holdings)
        if not is_taken:
            self._claim(held, now)
            held.runner = slot.runner
            held.take(LeaseProgress(self._worker, held.lease, Stage.LOADING_MODEL, Progress()))
            self._holdings.tell_news(held, now)

    def _run(self, held: Held, slot: RunnerSlot, now: float) -> list[SlotEffect]:
        grant = held.grant
        self._residents.fit(slot, grant.need_bytes, alone=grant.alone)
        held.run(slot.runner, None, now)
        if not slot.is_lining_up:
            self.begin(held, max(0.0, slot.loaded_at - max(slot.spawned_at, held.claimed_at)))
        learned = self._settings.gap_factor * self._gaps.get(held.spec.id, 0.0)
        limit = max(self._settings.stall_floor_s, grant.stall_limit_s, learned)
        trace = grant.origin.attempt(held.lease.id)
        task = Run(slot.runner, held.lease, held.spec.id, grant.inputs, grant.params, grant.output_format, trace)
        return slot.run(task, limit, now)

    def begin(self, held: Held, load_s: float) -> None:
        """Its runner works on it, and that is told."""
        held.started = LeaseStarted(self._worker, held.lease, load_s)
        self._holdings.tell(held.started)

    def _no_room(self, held: Held) -> str:
        usable = gib(self._residents.ledger.usable)
        return f"{held.spec.id} needs {gib(held.grant.need_bytes)}; {usable} are usable here, less what is pinned"


def _rank(held: Held) -> tuple[bool, bool]:
    """Who has a runner comes first, for others may wait until it is done; then who has a slot; then by age."""
    return held.runner is None, held.phase is Phase.WAITING
