"""One device of one worker, as a state machine without I/O: its memory, its runners, the leases that it holds.

    broker    Welcome, Grant, CancelLease, …   ─►                ─► Report                        broker
    runners   RunnerLoaded, RunnerFinished, …  ─►  Device.apply  ─► Spawn, Run, Interrupt, …      runners
    store     Stored, StoringFailed            ─►                ─► Prepare, StoreOutputs, …      store
    link, probe, clock                         ─►

`actors.worker` is the shell: it turns what happens into events, does what the effects say, in order, and calls
`apply([Tick()], now)` when `due` has come. What has happened by then is told at once: who begins and who leaves is
decided when all of it is known.

What holds after every call (`validate` checks it):
    * a runner process exists only within its reservation, and gives that back only when it is gone;
    * at most `slots` runners are being prepared or run, each for one lease, for a batch, or for a line of brief ones;
    * every granted lease gets exactly one last word, which is kept and said again until the broker has settled it;
    * what an older generation of the broker sends changes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from msgspec import Struct

from aigc.core import messages
from aigc.core.events import Tick
from aigc.core.hosting import last_words
from aigc.core.hosting.health import Health
from aigc.core.hosting.held import Held, LastWord, Phase
from aigc.core.hosting.holdings import Holdings
from aigc.core.hosting.residents import Residents, ResidentsSettings
from aigc.core.hosting.slot import Began, Ended, SlotEffect
from aigc.core.hosting.turns import Turns, TurnsSettings
from aigc.core.ids import BootId, Now, WorkerId
from aigc.core.job import Failure
from aigc.core.messages import (
    CancelLease,
    DrainWorker,
    Generation,
    Grant,
    LeaseProgress,
    LeaseRan,
    LeaseReturned,
    LeaseStopped,
    LoadModel,
    PinModel,
    ResumeWorker,
    RetireWorker,
    Settled,
    UnloadModel,
    Welcome,
    WorkerBeat,
    WorkerHello,
    WorkerMessage,
)
from aigc.core.model import ModelSpec
from aigc.core.runner_events import (
    Connected,
    DeviceEffect,
    DeviceEvent,
    Drain,
    DropStaging,
    Measured,
    Prepare,
    Report,
    Retire,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerId,
    RunnerLoaded,
    RunnerNews,
    RunnerProgressed,
    RunnerStopped,
    Silent,
    Stored,
    StoreOutputs,
    StoringFailed,
)

QUIET = frozenset({Connected, Silent, Settled, Stored, RunnerConnected, RunnerProgressed})
"""After these nobody can begin who could not before."""


class DeviceSettings(Struct, frozen=True, kw_only=True):
    """What can be told to a device. Times are seconds."""

    credit: int = 2
    """Leases that the broker may give at once; one more than slots hides the way to the broker."""
    progress_s: float = 0.05
    """Between two pieces of news of one lease."""
    repeat_s: float = 5.0
    """After which a last word that is not settled is said again."""
    quarantine_s: float = 10.0
    """How long no job is taken after an error that stays on the device; each further one doubles it."""
    turns: TurnsSettings = TurnsSettings()
    residents: ResidentsSettings = ResidentsSettings()
    host: str = ""
    version: str = ""
    agreed: dict[str, str] = {}
    """See `WorkerHello.agreed`."""


class Device:
    """The one door is `apply`: nothing else changes anything.

    Args:
        worker, boot: who speaks to the broker.
        sample: the device as first measured.
    """

    def __init__(self, settings: DeviceSettings, worker: WorkerId, boot: BootId, sample: messages.Device) -> None:
        self._settings, self._worker, self._boot = settings, worker, boot
        self._now = Now(0.0, 0.0)
        self._effects: list[DeviceEffect] = []
        self._holdings = Holdings(self._report, settings.repeat_s)
        self._residents = Residents(settings.residents)
        self._residents.measure(sample, {}, 0.0)
        self._turns = Turns(settings.turns, worker, self._holdings, self._residents, self._hand_back)
        self._health = Health(sample, settings.quarantine_s)
        self._is_draining = self._is_ending = False
        self._drain_at: float | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            Welcome: self._welcome,
            Grant: self._grant,
            CancelLease: self._cancel,
            DrainWorker: self._drain_or_resume,
            ResumeWorker: self._drain_or_resume,
            LoadModel: self._order,
            UnloadModel: self._order,
            PinModel: self._order,
            RetireWorker: self._retire,
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
        residents_due = self._residents.due(self._turns.wanted, self._now.monotonic)
        times = [self._drain_at, self._health.ends_at, self._holdings.due, residents_due]
        times += [held.expires_at for held in self._holdings if held.deadline is not None]
        return min((time for time in times if time is not None), default=None)

    def reserved(self, without: Collection[RunnerId] = ()) -> int:
        """Bytes that runners may hold together; those of `without` hold nothing any more."""
        ledger = self._residents.ledger
        gone = (slot.spec.residency for slot in map(self._residents.runner, without) if slot is not None)
        return ledger.reserved - sum(ledger.held[residency] for residency in gone)

    @property
    def is_idle(self) -> bool:
        """True when no lease is held, so that nothing would be lost if the worker ended."""
        return not self._holdings.leases

    @property
    def is_drained(self) -> bool:
        """True once a drain has left no runner, and a last word on every lease."""
        return self._is_draining and not len(self._residents) and all(held.last_word for held in self._holdings)

    def apply(self, events: Sequence[DeviceEvent], now: Now) -> list[DeviceEffect]:
        """What happened, in this order, is taken in. Do what is returned, in this order, then look at `due` again."""
        self._now = now
        is_quiet = True
        for event in events:
            self._handlers[type(event)](event)
            is_quiet = is_quiet and type(event) in QUIET
        if not is_quiet:
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
        serving = {lease: slot.runner for slot in self._residents for lease in slot.leases}
        is_said = all((held.last_word is not None) == (held.phase is Phase.OVER) for held in self._holdings)
        if self._turns.active > self._settings.turns.slots or running != serving or not is_said:
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
            self._residents.follow(message.catalogue, self._health.sample.kind)

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
        refusal = self._refusal if spec else f"this worker's catalogue has no model {grant.model}"
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

    def _drain_or_resume(self, message: DrainWorker | ResumeWorker) -> None:
        if not self._is_current(message.generation):
            return
        self._residents.has_news = True
        # A process that ends is not talked out of it.
        self._is_draining = self._is_ending or isinstance(message, DrainWorker)
        if not self._is_draining:
            self._health.release()

    def _retire(self, message: RetireWorker) -> None:
        if self._is_current(message.generation):
            self._effects.append(Retire(message.successor))

    def _order(self, message: LoadModel | UnloadModel | PinModel) -> None:
        if self._is_current(message.generation):
            self._residents.obey(message)

    # The host

    def _measured(self, event: Measured) -> None:
        self._health.measure(event.device)
        self._residents.has_news = True
        self._follow(self._residents.measure(event.device, event.held, self._now.monotonic))

    def _drain(self, event: Drain) -> None:
        self._is_draining = self._is_ending = self._residents.has_news = True
        self._drain_at = self._now.monotonic + event.budget_s

    def _tick(self, event: Tick) -> None:
        now = self._now.monotonic
        self._follow(self._residents.apply(event, now))
        self._holdings.tick(now)
        if self._health.tick(now):
            self._residents.has_news = True
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
            if isinstance(effect, Ended):
                self._ended(effect)
            elif isinstance(effect, Began):
                if held := self._holdings.get(effect.lease):
                    self._turns.begin(held, 0.0)
            else:
                self._effects.append(effect)

    def _ended(self, ended: Ended) -> None:
        if ended.is_sticky and ended.failure is not None:
            self._health.quarantine(ended.failure.message, self._now.monotonic)
            self._residents.has_news = True
        if ended.lease is None:
            for held in self._holdings:
                if held.is_open and held.runner == ended.runner:
                    self._conclude(held, ended)
        elif (one := self._holdings.get(ended.lease)) is not None and one.phase is Phase.RUNNING:
            self._conclude(one, ended)

    def _conclude(self, held: Held, ended: Ended) -> None:
        if ended.finished is not None:
            self._health.recover()
            self._turns.learn(held.spec.id, ended.longest_gap_s)
            for word in held.store(ended, LeaseRan(self._worker, held.lease, held.load_s)):
                self._holdings.tell(word)
            self._effects.append(StoreOutputs(held.lease, ended.finished.outputs))
        elif ended.is_unbegun:
            self._hand_back(held, "its runner ended before it came to it")
        elif ended.failure is not None:
            self._say_last(held, self._failed(held, ended.failure, ended))
        else:
            self._say_last(held, last_words.stopped(self._worker, held, ended))

    def _stored(self, event: Stored) -> None:
        held = self._holdings.get(event.lease)
        if held is None or held.ended is None or held.ended.finished is None or held.phase is not Phase.STORING:
            return
        last_word = last_words.finished(self._worker, held, held.ended, held.ended.finished, event.outputs)
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
        """Who may not begin is handed back, who need not stay leaves, who can begin does."""
        now, refusal = self._now.monotonic, self._refusal
        if refusal:
            for held in self._holdings:
                if held.is_open:
                    self._hand_back(held, refusal)
        kept = {held.spec.residency for held in self._holdings if held.is_active}
        self._follow(self._residents.retire(kept, self._turns.wanted, everybody=self._is_draining, now=now))
        if not refusal:
            self._follow(self._turns.advance(now))

    def _end(self, held: Held, last_word: LastWord) -> None:
        """Have an attempt end, with this as the last word once it has. Files that are being stored are not stopped."""
        if held.is_open:
            self._say_last(held, last_word)
        elif held.phase is Phase.RUNNING:
            held.ending = last_word
            if slot := self._residents.runner(held.runner):
                self._follow(slot.end(held.lease, self._now.monotonic))

    def _say_last(self, held: Held, last_word: LastWord) -> None:
        self._effects.append(DropStaging(held.lease))
        self._holdings.end(held, last_word, self._now.monotonic)

    def _hand_back(self, held: Held, reason: str) -> None:
        self._say_last(held, LeaseReturned(self._worker, held.lease, reason))

    # Words

    @property
    def _refusal(self) -> str:
        """Why no lease can begin here; empty if one can."""
        if self._is_draining:
            return "the worker takes no more jobs"
        complaint = self._health.complaint
        return f"the device gets no work: {complaint}" if complaint else ""

    def _failed(self, held: Held, failure: Failure, ended: Ended | None = None) -> LastWord:
        return last_words.failed(self._worker, held, failure, self._now.wall, ended)

    def _hello(self) -> WorkerHello:
        return WorkerHello(
            self._worker,
            self._boot,
            self._health.view(self._residents.ledger),
            self._settings.turns.slots,
            self._settings.credit,
            self._holdings.leases,
            self._residents.view(self._now.monotonic),
            self._settings.host,
            self._settings.version,
            self._is_draining,
            self._settings.agreed,
        )

    def _beat(self) -> WorkerBeat:
        return WorkerBeat(
            self._worker,
            self._boot,
            self._health.view(self._residents.ledger),
            self._residents.view(self._now.monotonic),
            self._is_draining,
            self._holdings.leases,
            tuple((residency, reason, count) for (residency, reason), count in self._residents.left.items()),
        )

    def _report(self, message: WorkerMessage) -> None:
        self._effects.append(Report(message))
