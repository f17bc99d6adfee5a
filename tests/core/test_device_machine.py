"""A device under any interleaving of its broker, its runners, its store and its clock, and what must hold throughout:

* processes only within reservations, reservations within what is usable, memory back only with the process;
* one task at a time per runner, and only for one that is loaded;
* every staging folder that was asked for is stored or dropped, once;
* every granted lease gets one last word, in the end, whatever happened;
* what is pinned and rests stays, unless an operator unloads it or drains the worker.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aigc.core.hosting.device import DeviceSettings
from aigc.core.hosting.residents import ResidentsSettings
from aigc.core.hosting.slot import AHEAD
from aigc.core.hosting.turns import TurnsSettings
from aigc.core.ids import ModelId
from aigc.core.job import Failure, Lease, Progress, Stage
from aigc.core.messages import (
    CancelLease,
    DrainWorker,
    Generation,
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseReturned,
    LeaseStopped,
    LoadModel,
    Order,
    PinModel,
    ResumeWorker,
    Settled,
    UnloadModel,
    WorkerHello,
)
from aigc.core.runner_events import (
    Connected,
    DeviceEvent,
    Drain,
    DropStaging,
    Interrupt,
    Kill,
    Measured,
    Prepare,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerId,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
    Silent,
    Spawn,
    Stored,
    StoreOutputs,
    StoringFailed,
    Terminate,
)
from tests.core.device_kit import GIB, World, finished, grant, lease, sample, spec

TOTAL = 10 * GIB
BATCH = {"a": 3}
"""Jobs that a model takes at once; others take one, and have more line up while their runs are brief."""
MODELS = (
    spec("a", memory_bytes=GIB, load_limit_s=60.0, batch=BATCH["a"]),
    spec("b", memory_bytes=4 * GIB, load_limit_s=60.0),
    spec("c", memory_bytes=6 * GIB, load_limit_s=60.0),
    spec("pin", memory_bytes=2 * GIB, load_limit_s=60.0, pinned=True),
)
LAST_WORDS = (LeaseFinished, LeaseFailed, LeaseStopped, LeaseReturned)


@dataclass
class Process:
    """A runner as the host knows it."""

    is_loaded: bool = False
    leases: list[Lease] = field(default_factory=list)
    """What it works on: one, or several of a model that takes a batch."""
    interrupted: set[Lease] = field(default_factory=set)
    is_doomed: bool = False
    """Broken, or got SIGTERM or SIGKILL: it may still speak, but it will not live."""


@dataclass
class Told:
    """What the broker knows about one lease that it granted."""

    words: list[Any] = field(default_factory=list)
    is_settled: bool = False


class Host:
    """The host and the broker around one device. Every `step` is chosen by one number alone, so that a failing
    sequence of numbers can be made shorter."""

    def __init__(self, slots: int, keep_alive_s: float | None) -> None:
        settings = DeviceSettings(
            turns=TurnsSettings(slots=slots),
            residents=ResidentsSettings(reserve_bytes=GIB, keep_alive_s=keep_alive_s, overdraw_bytes=0),
            quarantine_s=0.1,
        )
        self.slots = slots
        self.strangers = 0
        self.was_overtaken = False
        self.generation = Generation(1, "a")
        # The world's own welcome has begun to load the pinned model.
        self.processes = {RunnerId("pin-1"): Process()}
        self.staging: dict[Lease, str] = {}
        self.storing: list[Lease] = []
        self.granted: dict[Lease, Grant] = {}
        self.told: dict[Lease, Told] = {}
        self.is_listening = True
        self.pinned, self.released = {"pin"}, set[str]()
        """Residencies that nobody may evict, and of these those that an operator unloaded since they came."""
        self.is_draining = False
        self.random = Random(0)
        self.world = World(*MODELS, settings=settings, total=TOTAL)

    def step(self, number: int) -> None:
        """One thing happens, and everything that must hold still does."""
        self.random = Random(number)
        actions: dict[Callable[[], None], int] = {
            self.a_grant_comes: 8,
            self.the_broker_speaks: 5,
            self.an_operator_speaks: 2,
            self.a_runner_obliges: 14,
            self.a_runner_errs: 4,
            self.a_store_ends: 5,
            self.an_input_is_missing: 1,
            self.the_broker_comes_back: 1,
            self.the_broker_falls_silent: 1,
            self.time_passes: 4,
            self.strangers_come_and_go: 1,
        }
        self.random.choices(list(actions), list(actions.values()))[0]()
        self.check()

    # What the host and the broker do with effects.

    def do(self, event: DeviceEvent) -> None:
        self.follow(self.world.do(event))
        self.listen()

    def follow(self, effects: list[Any]) -> None:
        for effect in effects:
            match effect:
                case Spawn(runner=runner):
                    assert runner not in self.processes
                    ledger = self.world.device._residents.ledger
                    assert ledger.reserved <= TOTAL - GIB - self.strangers
                    self.processes[runner] = Process()
                    self.released.discard(residency(runner))
                case Run(runner=runner, lease=lease):
                    process = self.processes[runner]
                    assert process.is_loaded
                    assert len(process.leases) < BATCH.get(residency(runner), 1 + AHEAD)
                    assert not process.is_doomed
                    assert self.staging[lease] == "ready"
                    process.leases.append(lease)
                case Interrupt(runner=runner, lease=lease):
                    assert lease in self.processes[runner].leases
                    self.processes[runner].interrupted.add(lease)
                case Terminate(runner=runner) | Kill(runner=runner):
                    self.check_eviction(effect)
                    self.processes[runner].is_doomed = True
                case Prepare(lease=lease):
                    assert lease not in self.staging
                    self.staging[lease] = "ready"
                case StoreOutputs(lease=lease):
                    assert self.staging[lease] == "ready"
                    self.staging[lease] = "storing"
                    self.storing.append(lease)
                case DropStaging(lease=lease):
                    assert self.staging[lease] == "ready"
                    self.staging[lease] = "dropped"
                case other:
                    raise AssertionError(other)

    def check_eviction(self, effect: Terminate | Kill) -> None:
        process, name = self.processes[effect.runner], residency(effect.runner)
        is_at_rest = process.is_loaded and not process.leases and not process.is_doomed
        if isinstance(effect, Terminate) and is_at_rest and name in self.pinned:
            assert name in self.released or self.is_draining, f"{name} is pinned"

    def listen(self) -> None:
        for message in self.world.said():
            if isinstance(message, WorkerHello):
                open_leases = {lease for lease, told in self.told.items() if not told.is_settled}
                assert set(message.leases) == open_leases
                continue
            told = self.told.get(message.lease)
            if told is None:
                assert isinstance(message, LeaseStopped)  # the answer to a cancel of a lease that it never had
            elif isinstance(message, LAST_WORDS):
                if not told.is_settled:
                    told.words.append(message)
            else:
                assert not told.words, "news after the last word"

    # The broker.

    def a_grant_comes(self) -> None:
        if not self.is_listening:
            self.the_broker_comes_back()
        if sum(not told.words for told in self.told.values()) > self.slots + 2:
            return
        pick = self.random.choice
        granted = grant(
            pick(["a", "a", "b", "b", "c", "pin", "unknown"]),
            pick([1, 1, 2, 3, 4, 5, 6, 7]) * GIB,
            generation=self.generation,
            alone=pick([False, False, False, True]),
            evict=pick([(), (), ("a",), ("b", "a")]),
            time_left_s=pick([None, None, None, 15.0, 200.0]),
            stall_limit_s=40.0,
        )
        self.granted[granted.lease] = granted
        self.told[granted.lease] = Told()
        self.do(granted)

    def the_broker_speaks(self) -> None:
        if not self.granted:
            return
        of = self.random.choice(list(self.granted))
        granted, told = self.granted[of], self.told[of]
        running = [of for process in self.processes.values() for of in process.leases]
        what = self.random.choice(["settle", "settle", "cancel", "stop", "stop", "repeat", "stale", "unknown"])
        match what:
            case "stop" if running:
                self.do(CancelLease(self.generation, running[0], "asked for"))
            case "settle" if told.words:
                self.do(Settled(self.generation, (of,)))
                told.is_settled = True
            case "cancel":
                self.do(CancelLease(self.generation, of, "asked for"))
            case "unknown":
                self.do(CancelLease(self.generation, lease(), "stale"))
            case "repeat" | "stale" as what:
                generation = Generation(self.generation.number - (what == "stale"), "a")
                self.do(grant(granted.model, granted.need_bytes, of=of, generation=generation))

    def an_operator_speaks(self) -> None:
        name = ModelId(self.random.choice(["a", "b", "c", "pin", "unknown"]))
        number = self.generation
        evict = self.random.choice([(), ("a",)])
        orders: list[Order] = [
            LoadModel(number, name, self.random.choice([1, 4, 6, 12]) * GIB, evict),
            UnloadModel(number, name),
            PinModel(number, name, True),
            PinModel(number, name, False),
            DrainWorker(number),
            ResumeWorker(number),
            ResumeWorker(number),
        ]
        match order := self.random.choice(orders):
            case UnloadModel():
                self.released.add(name)
            case LoadModel():
                self.released.discard(name)
            case PinModel(is_pinned=True):
                self.pinned.add(name)
            case PinModel():
                self.pinned.discard(name)
            case DrainWorker() | ResumeWorker():
                self.is_draining = isinstance(order, DrainWorker)
        self.do(order)

    def the_broker_comes_back(self) -> None:
        self.do(Silent())
        self.do(Connected())
        self.is_listening = True
        if self.random.random() < 0.5:
            self.generation = Generation(self.generation.number + 1, "a")
        self.follow(self.world.welcome(self.generation))
        self.listen()

    def the_broker_falls_silent(self) -> None:
        self.is_listening = False
        self.do(Silent())

    # Runners and the store.

    def a_runner_obliges(self) -> None:
        if self.processes:
            self.oblige(self.random.choice(list(self.processes)))

    def a_runner_errs(self) -> None:
        if not self.processes:
            return
        runner = self.random.choice(list(self.processes))
        process = self.processes[runner]
        of = self.random.choice(process.leases) if process.leases else None
        match self.random.choice(["report", "report", "finish", "fail", "break", "die", "grow"]):
            case "report" if of:
                self.do(RunnerProgressed(runner, of, Stage.SAMPLING, Progress(0.5)))
            case "finish" if of:
                process.leases.remove(of)
                self.do(finished(runner, of))
            case "fail" | "break" as how if of:
                process.leases.remove(of)
                process.is_doomed = process.is_doomed or how == "break"
                self.do(RunnerFailed(runner, of, Failure("runner_crashed", "no"), broken=how == "break"))
            case "fail" | "break" if not process.is_loaded:
                self.do(RunnerFailed(runner, None, Failure("model_load_failed", "no"), broken=True))
            case "die":
                self.die(runner)
            case "grow":
                size = self.random.randint(1, 4) * GIB
                self.was_overtaken = True
                self.do(Measured(sample(TOTAL, self.strangers), {runner: size}))

    def a_store_ends(self) -> None:
        if self.storing:
            self.store(self.random.choice(self.storing), self.random.random() < 0.8)

    def an_input_is_missing(self) -> None:
        handed = {of for process in self.processes.values() for of in process.leases}
        if waiting := [of for of, state in self.staging.items() if state == "ready" and of not in handed]:
            self.do(StoringFailed(self.random.choice(waiting), Failure("storage_failed", "no input")))

    def oblige(self, runner: RunnerId) -> None:
        """The runner does what is expected of it."""
        process = self.processes[runner]
        if process.is_doomed:
            self.die(runner)
        elif not process.is_loaded:
            process.is_loaded = True
            self.do(RunnerConnected(runner, 7))
            self.do(RunnerLoaded(runner, 1.0, 0))
        elif process.leases:
            of = process.leases.pop(0)
            run_s = self.random.choice([0.001, 0.001, 1.0])
            self.do(
                RunnerStopped(runner, of, run_s) if of in process.interrupted else finished(runner, of, run_s=run_s)
            )

    def die(self, runner: RunnerId) -> None:
        del self.processes[runner]
        self.do(RunnerExited(runner, None, "SIGKILL"))

    def store(self, of: Lease, is_good: bool) -> None:
        self.storing.remove(of)
        if is_good:
            self.staging[of] = "stored"
            self.do(Stored(of, ()))
        else:
            self.staging[of] = "ready"
            self.do(StoringFailed(of, Failure("storage_failed", "no")))

    # The host.

    def time_passes(self) -> None:
        self.turn_the_clock(self.random.choice([0.01, 1.0, 3.0, 25.0, 70.0]))

    def turn_the_clock(self, seconds: float) -> None:
        self.follow(self.world.after(seconds))
        self.listen()

    def strangers_come_and_go(self) -> None:
        self.strangers = self.random.choice([0, 0, 1, 3, 6, 10]) * GIB
        self.was_overtaken = True
        self.do(Measured(sample(TOTAL, self.strangers, healthy=self.random.random() < 0.7)))

    # What must hold.

    def check(self) -> None:
        residents = self.world.device._residents
        assert {slot.runner for slot in residents} == set(self.processes)
        if not self.was_overtaken:
            assert residents.ledger.reserved <= TOTAL - GIB
        for told in self.told.values():
            assert len({repr(word) for word in told.words}) <= 1
        assert sum(bool(process.leases) for process in self.processes.values()) <= self.slots

    def finish(self) -> None:
        """When all do what is expected of them, every lease comes to its last word; a drain then leaves nothing."""
        self.the_broker_comes_back()
        self.strangers = 0
        self.do(Measured(sample(TOTAL)))
        for seconds in (*(12 * [1.0]), *(3 * [40.0]), *(6 * [1.0])):
            self.all_oblige(seconds)
        assert all(told.words or told.is_settled for told in self.told.values())
        assert set(self.staging.values()) <= {"stored", "dropped"}
        assert all(process.is_loaded for process in self.processes.values())
        self.is_draining = True
        self.do(Drain(50.0))
        self.all_oblige(1.0)
        assert self.world.device.is_drained
        assert not self.processes
        assert self.world.device._residents.ledger.reserved == 0

    def all_oblige(self, seconds: float) -> None:
        over = tuple(of for of, told in self.told.items() if told.words and not told.is_settled)
        self.do(Settled(self.generation, over))
        for of in over:
            self.told[of].is_settled = True
        for of in list(self.storing):
            self.store(of, True)
        for runner in list(self.processes):
            self.oblige(runner)
        self.turn_the_clock(seconds)


def residency(runner: RunnerId) -> str:
    return runner.rpartition("-")[0]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    slots=st.integers(1, 3),
    keep_alive_s=st.sampled_from([None, 20.0]),
    numbers=st.lists(st.integers(0, 2**32), min_size=50, max_size=100),
)
def test_under_any_interleaving_memory_holds_and_every_lease_has_one_last_word(
    slots: int, keep_alive_s: float | None, numbers: list[int]
):
    host = Host(slots, keep_alive_s)
    for number in numbers:
        host.step(number)
    host.finish()
