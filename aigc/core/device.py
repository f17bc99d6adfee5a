"""One device of one worker, as a state machine without I/O: its memory, its runners, the leases that it holds.

    broker    Welcome, Grant, CancelLease, …   ─►                ─► Report                        broker
    runners   RunnerLoaded, RunnerFinished, …  ─►  Device.apply  ─► Spawn, Run, Interrupt, …      runners
    store     Stored, StoringFailed            ─►                ─► Prepare, StoreOutputs, …      store
    link, probe, clock                         ─►

`actors.worker` is the shell: it turns what happens into events, does what the effects say, in order, and calls
`apply(Tick(), now)` when `due` has come.

What holds after every event (`validate` checks it):
    * a runner process exists only within its reservation, and gives that back only when it is gone;
    * at most `slots` leases are being prepared or run, each by a runner of its own;
    * every granted lease gets exactly one last word, which is kept and said again until the broker has settled it;
    * what an older generation of the broker sends changes nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from aigc.core import messages
from aigc.core.events import Tick
from aigc.core.held import Held, LastWord, Phase
from aigc.core.holdings import Holdings
from aigc.core.ids import BootId, Now, WorkerId
from aigc.core.job import Failure, Progress, Stage
from aigc.core.messages import (
    CancelLease,
    DrainWorker,
    Generation,
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    Settled,
    UnloadModel,
    Welcome,
    WorkerBeat,
    WorkerHello,
    WorkerMessage,
)
from aigc.core.model import ModelSpec
from aigc.core.residents import Residents, ResidentsSettings, Room, gib
from aigc.core.runner_events import (
    Connected,
    DeviceEffect,
    DeviceEvent,
    Drain,
    DropStaging,
    Measured,
    Prepare,
    Report,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerLoaded,
    RunnerNews,
    RunnerProgressed,
    RunnerStopped,
    Silent,
    Stored,
    StoreOutputs,
    StoringFailed,
)
from aigc.core.slot import Ended, RunnerSlot, SlotEffect, SlotState


class DeviceSettings(Struct, frozen=True, kw_only=True):
    """What can be told to a device. Times are seconds."""

    slots: int = 1
    """Jobs that run at once."""
    credit: int = 2
    """Leases that the broker may give at once; one more than slots hides the way to the broker."""
    stall_floor_s: float = 30.0
    """No silence shorter than this is a stall, whatever a grant says."""
    gap_factor: float = 3.0
    """Nor is one shorter than this many of the longest silence in a run of the model that ended well."""
    progress_s: float = 0.05
    """Between two pieces of news of one lease."""
    repeat_s: float = 5.0
    """After which a last word that is not settled is said again."""
    quarantine_s: float = 300.0
    """How long no job is taken after an error that stays on the device (`device_error`)."""
    residents: ResidentsSettings = ResidentsSettings()
    host: str = ""
    version: str = ""


class Device:
    """The one door is `apply`: nothing else changes anything.

    Args:
        worker, boot: who speaks to the broker.
        sample: the device as first measured.
    """

    def __init__(self, settings: DeviceSettings, worker: WorkerId, boot: BootId, sample: messages.Device) -> None:
        self._settings, self._worker, self._boot, self._sample = settings, worker, boot, sample
        self._now = Now(0.0, 0.0)
        self._effects: list[DeviceEffect] = []
        self._holdings = Holdings(self._report, settings.repeat_s)
        self._residents = Residents(settings.residents)
        self._residents.measure(sample, {}, 0.0)
        self._gaps: dict[str, float] = {}
        self._quarantine: tuple[float, str] | None = None
        self._is_draining = False
        self._drain_at: float | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            Welcome: self._welcome,
            Grant: self._grant,
            CancelLease: self._cancel,
            DrainWorker: self._drain_worker,
            UnloadModel: self._unload,
            Settled: self._settle,
            Connected: self._connected,
            Silent: self._silent,
            Drain: self._drain,
            Measured: self._measured,
            Tick: self._tick,
            Stored: self._stored,
            StoringFailed: self._storing_failed,
            RunnerProgressed: self._progressed,
            RunnerConnected: self._runner,
            RunnerLoaded: self._runner,
            RunnerFinished: self._runner,
            RunnerFailed: self._runner,
            RunnerStopped: self._runner,
            RunnerExited: self._runner,
        }

    @property
    def due(self) -> float | None:
        """When the next `Tick` is needed, on the monotonic clock; None: not until something happens."""
        times = [self._drain_at, self._holdings.due, self._residents.due(self._wanted(), self._now.monotonic)]
        times += (held.expires_at for held in self._holdings)
        if self._quarantine is not None:
            times.append(self._quarantine[0])
        return min((time for time in times if time is not None), default=None)

    @property
    def is_idle(self) -> bool:
        """True when no lease is held, so that nothing would be lost if the worker ended."""
        return not self._holdings.leases

    @property
    def is_drained(self) -> bool:
        """True once a drain has left no runner, and a last word on every lease."""
        return self._is_draining and not len(self._residents) and all(held.last_word for held in self._holdings)

    def apply(self, event: DeviceEvent, now: Now) -> list[DeviceEffect]:
        """What happened is taken in. Do what is returned, in this order, then look at `due` again."""
        self._now = now
        self._handlers[type(event)](event)
        self._advance()
        if self._residents.has_news:
            self._residents.has_news = False
            if self._holdings.is_heard:
                self._report(self._beat())
        effects, self._effects = self._effects, []
        return effects

    def validate(self) -> None:
        """Raises AssertionError if anything that the module's text promises does not hold."""
        self._residents.validate()
        running = {held.lease: held.runner for held in self._holdings if held.phase is Phase.RUNNING}
        serving = {slot.lease: slot.runner for slot in self._residents if slot.lease is not None}
        active = sum(held.is_active for held in self._holdings)
        is_said = all((held.last_word is not None) == (held.phase is Phase.OVER) for held in self._holdings)
        if active > self._settings.slots or running != serving or not is_said:
            story = {held.lease.job: held.phase.value for held in self._holdings}
            raise AssertionError(f"{story}, runners serve {serving}")

    # The broker

    def _connected(self, _: Connected) -> None:
        self._holdings.is_heard = False
        self._report(self._hello())

    def _silent(self, _: Silent) -> None:
        self._holdings.is_heard = False

    def _welcome(self, message: Welcome) -> None:
        if self._holdings.welcome(message.generation, self._now.monotonic):
            self._residents.follow(message.catalogue, self._sample.kind)

    def _is_current(self, generation: Generation) -> bool:
        known = self._holdings.generation
        is_current = self._holdings.is_current(generation)
        if self._holdings.generation != known:
            self._report(self._hello())  # a new leader on the old link
        return is_current

    def _grant(self, grant: Grant) -> None:
        if not self._is_current(grant.generation) or self._holdings.is_settled(grant.lease):
            return
        if known := self._holdings.get(grant.lease):
            if known.last_word is not None:
                self._holdings.tell(known.last_word)
            return
        spec = self._residents.spec(grant.model)
        refusal = self._refusal() if spec else f"this worker's catalogue has no model {grant.model}"
        spec = spec or ModelSpec(id=grant.model, feature=grant.feature, class_path="")
        held = Held(grant, spec, self._settings.progress_s, self._now.monotonic)
        self._holdings.add(held)
        self._effects.append(Prepare(grant.lease, grant.inputs))
        if refusal:
            self._hand_back(held, refusal)

    def _cancel(self, message: CancelLease) -> None:
        if not self._is_current(message.generation):
            return
        held = self._holdings.get(message.lease)
        stopped = LeaseStopped(self._worker, message.lease)
        if held is None:
            # Over long ago, or its cancel overtook its grant: in either case it shall not begin any more.
            self._holdings.bar(message.lease)
            self._holdings.tell(stopped)
        elif held.last_word is not None:
            self._holdings.tell(held.last_word)
        else:
            self._end(held, stopped)

    def _settle(self, message: Settled) -> None:
        if self._is_current(message.generation):
            self._holdings.settle(message.leases)

    def _drain_worker(self, message: DrainWorker) -> None:
        if self._is_current(message.generation):
            self._is_draining = self._residents.has_news = True

    def _unload(self, message: UnloadModel) -> None:
        if self._is_current(message.generation):
            self._residents.unload(message.residency)

    # The host

    def _measured(self, event: Measured) -> None:
        self._sample, self._residents.has_news = event.device, True
        self._follow(self._residents.measure(event.device, event.held, self._now.monotonic))

    def _drain(self, event: Drain) -> None:
        self._is_draining = self._residents.has_news = True
        self._drain_at = self._now.monotonic + event.budget_s

    def _tick(self, event: Tick) -> None:
        now = self._now.monotonic
        self._follow(self._residents.apply(event, now))
        self._holdings.tick(now)
        if self._quarantine is not None and now >= self._quarantine[0]:
            self._quarantine, self._residents.has_news = None, True
        for held in self._holdings:
            if held.expires_at is not None and now >= held.expires_at:
                failure = Failure("deadline_exceeded", "the time that the job had is over", "give it more time")
                self._end(held, self._failed(held, failure))
        if self._drain_at is not None and now >= self._drain_at:
            self._drain_at = None
            for held in self._holdings:
                if held.phase is Phase.RUNNING and held.ending is None:
                    self._end(held, LeaseReturned(self._worker, held.lease, "the worker ends and could not wait"))

    # Runners and the store

    def _runner(self, event: RunnerNews) -> None:
        self._follow(self._residents.apply(event, self._now.monotonic))

    def _progressed(self, event: RunnerProgressed) -> None:
        self._runner(event)
        held = self._holdings.get(event.lease)
        if held is not None and held.phase is Phase.RUNNING and held.runner == event.runner:
            held.take(LeaseProgress(self._worker, event.lease, event.stage, event.progress))
            self._holdings.tell_news(held, self._now.monotonic)

    def _follow(self, effects: Iterable[SlotEffect]) -> None:
        for effect in effects:
            if not isinstance(effect, Ended):
                self._effects.append(effect)
            elif effect.lease is None:
                self._load_failed(effect)
            else:
                self._ended(effect, self._holdings.get(effect.lease))

    def _load_failed(self, ended: Ended) -> None:
        for held in self._holdings:
            if held.is_open and held.runner == ended.runner and ended.failure is not None:
                self._say_last(held, self._failed(held, ended.failure, ended))

    def _ended(self, ended: Ended, held: Held | None) -> None:
        if held is None or held.phase is not Phase.RUNNING:
            return
        if ended.finished is not None:
            model = held.spec.id
            slot = self._residents.runner(ended.runner)
            self._gaps[model] = max(self._gaps.get(model, 0.0), slot.longest_gap_s if slot else 0.0)
            held.store(ended)
            self._effects.append(StoreOutputs(held.lease, ended.finished.outputs))
        elif ended.failure is not None:
            if ended.failure.code == "device_error":
                self._quarantine = (self._now.monotonic + self._settings.quarantine_s, ended.failure.message)
                self._residents.has_news = True
            self._say_last(held, self._failed(held, ended.failure, ended))
        else:
            last_word = held.ending or LeaseStopped(self._worker, held.lease)
            if isinstance(last_word, LeaseStopped | LeaseFailed):
                last_word = msgspec.structs.replace(last_word, run_s=ended.run_s)
            self._say_last(held, last_word)

    def _stored(self, event: Stored) -> None:
        held = self._holdings.get(event.lease)
        if held is None or held.ended is None or held.ended.finished is None or held.phase is not Phase.STORING:
            return
        ended, finished = held.ended, held.ended.finished
        load_s = held.started.load_s if held.started else 0.0
        last_word = LeaseFinished(
            self._worker,
            held.lease,
            event.outputs,
            finished.info,
            finished.warnings,
            load_s,
            ended.run_s,
            ended.peak_bytes,
        )
        self._holdings.end(held, last_word, self._now.monotonic)

    def _storing_failed(self, event: StoringFailed) -> None:
        held = self._holdings.get(event.lease)
        if held is None or held.phase is Phase.OVER:
            return
        if held.phase is Phase.RUNNING and held.runner is not None:
            self._runner(RunnerFailed(held.runner, held.lease, event.failure))  # its inputs: it was handed nothing
        else:
            self._say_last(held, self._failed(held, event.failure, held.ended))

    # Leases

    def _advance(self) -> None:
        """Whoever can begin does, in the order of the grants; runners that nobody needs leave."""
        now = self._now.monotonic
        kept = {held.spec.residency for held in self._holdings if held.is_active}
        self._follow(self._residents.retire(kept, self._wanted(), everybody=self._is_draining, now=now))
        if refusal := self._refusal():
            for held in self._holdings:
                if held.is_open:
                    self._hand_back(held, refusal)
            return
        waiting = [held for held in self._holdings if held.is_open]
        for held in sorted(waiting, key=lambda held: held.phase is Phase.WAITING):
            if held.phase is Phase.WAITING and not self._has_slot():
                return
            if not self._begin(held):
                return
        self._follow(self._residents.preload(now))

    def _has_slot(self) -> bool:
        active = [held for held in self._holdings if held.is_active]
        return len(active) < self._settings.slots and not any(held.grant.alone for held in active)

    def _begin(self, held: Held) -> bool:
        """False if nobody who was granted later may begin: what memory comes free is this one's."""
        residency = held.spec.residency
        slot = self._residents.of(residency)
        if slot is not None and slot.state in (SlotState.RUNNING, SlotState.STOPPING):
            return True
        if slot is not None and slot.state is SlotState.LOADING:
            return self._await_loading(held, slot)
        kept = {other.spec.residency for other in self._holdings if other.is_active and other is not held}
        now = self._now.monotonic
        room, effects = self._residents.make_room(held.grant, residency, kept, self._wanted(), now)
        self._follow(effects)
        if room is Room.NEVER:
            self._hand_back(held, self._no_room(held))
            return True
        if room is Room.BUSY:
            return False
        held.claim(now)
        if room is Room.COMING:
            return False
        if slot is not None:
            self._run(held, slot)
        else:
            self._follow(self._residents.load(held.spec, held.grant.need_bytes, now))
            if loading := self._residents.of(residency):
                self._await_loading(held, loading)
        return True

    def _await_loading(self, held: Held, slot: RunnerSlot) -> bool:
        is_taken = any(other.is_open and other.runner == slot.runner for other in self._holdings if other is not held)
        if not is_taken and held.runner != slot.runner:
            held.claim(self._now.monotonic)
            held.runner = slot.runner
            held.take(LeaseProgress(self._worker, held.lease, Stage.LOADING_MODEL, Progress()))
        return True

    def _run(self, held: Held, slot: RunnerSlot) -> None:
        grant, now = held.grant, self._now.monotonic
        self._residents.fit(slot, grant.need_bytes)
        load_s = max(0.0, slot.loaded_at - max(slot.spawned_at, held.claimed_at))
        held.run(slot.runner, LeaseStarted(self._worker, held.lease, load_s), now)
        learned = self._settings.gap_factor * self._gaps.get(held.spec.id, 0.0)
        limit = max(self._settings.stall_floor_s, grant.stall_limit_s, learned)
        task = Run(slot.runner, held.lease, held.spec.id, grant.inputs, grant.params, grant.output_format)
        self._follow(slot.run(task, limit, now))
        if held.started is not None:
            self._holdings.tell(held.started)

    def _end(self, held: Held, last_word: LastWord) -> None:
        """Have an attempt end, with this as the last word once it has. Files that are being stored are not stopped."""
        if held.is_open:
            self._say_last(held, last_word)
        elif held.phase is Phase.RUNNING:
            held.ending = last_word
            if slot := self._residents.runner(held.runner):
                self._follow(slot.end(self._now.monotonic))

    def _say_last(self, held: Held, last_word: LastWord) -> None:
        self._effects.append(DropStaging(held.lease))
        self._holdings.end(held, last_word, self._now.monotonic)

    def _hand_back(self, held: Held, reason: str) -> None:
        self._say_last(held, LeaseReturned(self._worker, held.lease, reason))

    # Words

    def _wanted(self) -> set[str]:
        return {held.spec.residency for held in self._holdings if held.phase is Phase.WAITING}

    def _refusal(self) -> str:
        """Why no lease can begin here; empty if one can."""
        if self._is_draining:
            return "the worker takes no more jobs"
        view = self._view()
        return "" if view.healthy else f"the device is not healthy: {view.note}"

    def _no_room(self, held: Held) -> str:
        usable = self._residents.ledger.usable
        return f"{held.spec.id} needs {gib(held.grant.need_bytes)}; {gib(usable)} are usable here, some of it pinned or taken"

    def _failed(self, held: Held, failure: Failure, ended: Ended | None = None) -> LeaseFailed:
        at = msgspec.structs.replace(failure, attempt=held.lease.attempt, worker=self._worker, at=self._now.wall)
        load_s = held.started.load_s if held.started else 0.0
        if ended is None:
            return LeaseFailed(self._worker, held.lease, at, False, load_s)
        return LeaseFailed(self._worker, held.lease, at, ended.killed_runner, load_s, ended.run_s, ended.peak_bytes)

    def _view(self) -> messages.Device:
        ledger, note = self._residents.ledger, self._sample.note
        if self._quarantine is not None:
            note = f"in quarantine after: {self._quarantine[1]}"
        return msgspec.structs.replace(
            self._sample,
            usable=ledger.usable,
            reserved=ledger.reserved,
            healthy=self._sample.healthy and self._quarantine is None,
            note=note,
        )

    def _hello(self) -> WorkerHello:
        return WorkerHello(
            self._worker,
            self._boot,
            self._view(),
            self._settings.slots,
            self._settings.credit,
            self._holdings.leases,
            self._residents.view(self._now.monotonic),
            self._settings.host,
            self._settings.version,
            self._is_draining,
        )

    def _beat(self) -> WorkerBeat:
        residents = self._residents.view(self._now.monotonic)
        return WorkerBeat(self._worker, self._boot, self._view(), residents, self._is_draining)

    def _report(self, message: WorkerMessage) -> None:
        self._effects.append(Report(message))
