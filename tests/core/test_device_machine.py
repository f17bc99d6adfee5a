"""A device under any interleaving of its broker, its runners, its store and its clock, and what must hold throughout:

* processes only within reservations, reservations within what is usable, memory back only with the process;
* one task at a time per runner, and only for one that is loaded;
* every staging folder that was asked for is stored or dropped, once;
* every granted lease gets one last word, in the end, whatever happened.
"""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aigc.core.device import DeviceSettings
from aigc.core.job import Failure, Lease, Progress, Stage
from aigc.core.messages import (
    CancelLease,
    Generation,
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseReturned,
    LeaseStopped,
    Settled,
    UnloadModel,
    WorkerHello,
)
from aigc.core.residents import ResidentsSettings
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
from aigc.core.turns import TurnsSettings
from tests.core.device_kit import GIB, World, finished, grant, lease, sample, spec

TOTAL = 10 * GIB
MODELS = (
    spec("a", memory_bytes=GIB, load_limit_s=60.0),
    spec("b", memory_bytes=4 * GIB, load_limit_s=60.0),
    spec("c", memory_bytes=6 * GIB, load_limit_s=60.0),
    spec("pin", memory_bytes=2 * GIB, load_limit_s=60.0, pinned=True),
)
LAST_WORDS = (LeaseFinished, LeaseFailed, LeaseStopped, LeaseReturned)


@dataclass
class Process:
    """A runner as the host knows it."""

    is_loaded: bool = False
    lease: Lease | None = None
    is_interrupted: bool = False
    is_doomed: bool = False
    """Got SIGTERM or SIGKILL: it may still speak, but it will not live."""


@dataclass
class Told:
    """What the broker knows about one lease that it granted."""

    words: list[Any] = field(default_factory=list)
    is_settled: bool = False


class DeviceMachine(RuleBasedStateMachine):
    """The host and the broker around one device."""

    @initialize(slots=st.integers(1, 3), keep_alive_s=st.sampled_from([None, 20.0]))
    def begin(self, slots: int, keep_alive_s: float | None) -> None:
        residents = ResidentsSettings(reserve_bytes=GIB, keep_alive_s=keep_alive_s, overdraw_bytes=0)
        self.slots = slots
        self.strangers = 0
        self.was_overtaken = False
        self.generation = Generation(1, "a")
        self.processes: dict[RunnerId, Process] = {}
        self.staging: dict[Lease, str] = {}
        self.storing: list[Lease] = []
        self.granted: dict[Lease, Grant] = {}
        self.told: dict[Lease, Told] = {}
        self.is_listening = True
        self.world = World(
            *MODELS, settings=DeviceSettings(turns=TurnsSettings(slots=slots), residents=residents), total=TOTAL
        )
        self.world.device.validate()
        self.follow(self.world.do(Measured(sample(TOTAL))))
        # The world's own welcome has begun to load the pinned model.
        self.processes.setdefault(RunnerId("pin-1"), Process())

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
                case Run(runner=runner, lease=lease):
                    process = self.processes[runner]
                    assert process.is_loaded
                    assert process.lease is None
                    assert not process.is_doomed
                    assert self.staging[lease] == "ready"
                    process.lease, process.is_interrupted = lease, False
                case Interrupt(runner=runner, lease=lease):
                    assert self.processes[runner].lease == lease
                    self.processes[runner].is_interrupted = True
                case Terminate(runner=runner) | Kill(runner=runner):
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

    @rule(
        model=st.sampled_from(["a", "b", "c", "pin", "unknown"]),
        need=st.integers(1, 11),
        alone=st.booleans(),
        evict=st.lists(st.sampled_from("abc"), max_size=2),
        time_left_s=st.sampled_from([None, 15.0, 200.0]),
    )
    def grants(self, model: str, need: int, alone: bool, evict: list[str], time_left_s: float | None) -> None:
        if not self.is_listening or sum(not told.words for told in self.told.values()) > self.slots + 2:
            return
        granted = grant(
            model,
            need * GIB,
            generation=self.generation,
            alone=alone,
            evict=tuple(evict),
            time_left_s=time_left_s,
            stall_limit_s=40.0,
        )
        self.granted[granted.lease] = granted
        self.told[granted.lease] = Told()
        self.do(granted)

    @precondition(lambda self: self.granted)
    @rule(data=st.data(), is_stale=st.booleans())
    def repeats_a_grant(self, data: st.DataObject, is_stale: bool) -> None:
        granted = self.granted[data.draw(st.sampled_from(list(self.granted)))]
        number = self.generation.number - is_stale
        self.do(grant(granted.model, granted.need_bytes, of=granted.lease, generation=Generation(number, "a")))

    @precondition(lambda self: self.granted)
    @rule(data=st.data())
    def cancels(self, data: st.DataObject) -> None:
        self.do(CancelLease(self.generation, data.draw(st.sampled_from(list(self.granted))), "asked for"))

    @rule()
    def cancels_what_nobody_knows(self) -> None:
        self.do(CancelLease(self.generation, lease(), "stale"))

    @rule(residency=st.sampled_from(["a", "b", "c", "pin"]))
    def unloads(self, residency: str) -> None:
        self.do(UnloadModel(self.generation, residency))

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def settles(self, data: st.DataObject) -> None:
        of = data.draw(st.sampled_from(list(self.told)))
        heard = bool(self.told[of].words)
        if heard:
            self.do(Settled(self.generation, (of,)))
            self.told[of].is_settled = True

    @rule(is_new=st.booleans())
    def comes_back(self, is_new: bool) -> None:
        self.do(Silent())
        self.do(Connected())
        self.is_listening = True
        if is_new:
            self.generation = Generation(self.generation.number + 1, "a")
        self.follow(self.world.welcome(self.generation))
        self.listen()

    @rule()
    def falls_silent(self) -> None:
        self.is_listening = False
        self.do(Silent())

    # Runners and the store.

    def living(self, draw: Any, **conditions: Any) -> tuple[RunnerId, Process] | None:
        found = [
            runner
            for runner, process in self.processes.items()
            if all(bool(getattr(process, name)) == wanted for name, wanted in conditions.items())
        ]
        if not found:
            return None
        runner = draw(st.sampled_from(list(found)))
        return runner, self.processes[runner]

    @rule(data=st.data())
    def a_runner_loads(self, data: st.DataObject) -> None:
        if found := self.living(data.draw, is_loaded=False):
            runner, process = found
            process.is_loaded = True
            self.do(RunnerConnected(runner, 7))
            self.do(RunnerLoaded(runner, 1.0, 0))

    @rule(data=st.data())
    def a_load_fails(self, data: st.DataObject) -> None:
        if found := self.living(data.draw, is_loaded=False):
            self.do(RunnerFailed(found[0], None, Failure("model_load_failed", "no"), broken=True))

    @rule(data=st.data())
    def a_model_reports(self, data: st.DataObject) -> None:
        if (found := self.living(data.draw, lease=True)) and found[1].lease:
            self.do(RunnerProgressed(found[0], found[1].lease, Stage.SAMPLING, Progress(0.5)))

    @rule(data=st.data())
    def a_model_finishes(self, data: st.DataObject) -> None:
        if (found := self.living(data.draw, lease=True)) and found[1].lease:
            of, found[1].lease = found[1].lease, None
            self.do(finished(found[0], of))

    @rule(data=st.data(), is_broken=st.booleans())
    def a_model_fails(self, data: st.DataObject, is_broken: bool) -> None:
        if (found := self.living(data.draw, lease=True)) and found[1].lease:
            of, found[1].lease = found[1].lease, None
            self.do(RunnerFailed(found[0], of, Failure("model_error", "no"), broken=is_broken))

    @rule(data=st.data())
    def a_model_obeys(self, data: st.DataObject) -> None:
        if (found := self.living(data.draw, lease=True, is_interrupted=True)) and found[1].lease:
            of, found[1].lease = found[1].lease, None
            self.do(RunnerStopped(found[0], of, 1.0))

    @rule(data=st.data())
    def a_runner_dies(self, data: st.DataObject) -> None:
        if found := self.living(data.draw):
            del self.processes[found[0]]
            self.do(RunnerExited(found[0], None, "SIGKILL"))

    @precondition(lambda self: self.storing)
    @rule(data=st.data(), is_good=st.booleans())
    def a_store_ends(self, data: st.DataObject, is_good: bool) -> None:
        of = data.draw(st.sampled_from(list(self.storing)))
        self.storing.remove(of)
        if is_good:
            self.do(Stored(of, ()))
            self.staging[of] = "stored"
        else:
            self.staging[of] = "ready"
            self.do(StoringFailed(of, Failure("storage_failed", "no")))

    @rule(data=st.data())
    def an_input_is_missing(self, data: st.DataObject) -> None:
        handed = {process.lease for process in self.processes.values()}
        open_leases = [of for of, state in self.staging.items() if state == "ready" and of not in handed]
        if open_leases:
            of = data.draw(st.sampled_from(list(open_leases)))
            self.do(StoringFailed(of, Failure("storage_failed", "no input")))

    # The host.

    @rule(seconds=st.sampled_from([0.01, 1.0, 3.0, 25.0, 100.0]))
    def time_passes(self, seconds: float) -> None:
        self.follow(self.world.after(seconds))
        self.listen()

    @rule(strangers=st.integers(0, 10), is_healthy=st.booleans())
    def strangers_come_and_go(self, strangers: int, is_healthy: bool) -> None:
        self.strangers = strangers * GIB
        self.was_overtaken = True
        self.do(Measured(sample(TOTAL, self.strangers, healthy=is_healthy)))

    @precondition(lambda self: self.processes)
    @rule(data=st.data(), size=st.integers(0, 12))
    def a_runner_is_measured(self, data: st.DataObject, size: int) -> None:
        runner = data.draw(st.sampled_from(list(self.processes)))
        self.do(Measured(sample(TOTAL, self.strangers), {runner: size * GIB}))

    # What must hold.

    @invariant()
    def every_process_has_its_memory(self) -> None:
        if not hasattr(self, "world"):
            return
        residents = self.world.device._residents
        assert {slot.runner for slot in residents} == set(self.processes)
        assert set(residents.ledger.held) == {slot.spec.residency for slot in residents}
        if not self.was_overtaken:
            assert residents.ledger.reserved <= TOTAL - GIB

    @invariant()
    def a_lease_has_one_last_word(self) -> None:
        for told in getattr(self, "told", {}).values():
            assert len({repr(word) for word in told.words}) <= 1

    @invariant()
    def no_more_runs_than_slots(self) -> None:
        assert sum(process.lease is not None for process in getattr(self, "processes", {}).values()) <= getattr(
            self, "slots", 0
        )

    def teardown(self) -> None:
        """In the end everything is over: the broker listens, files are stored, processes obey or die."""
        if not hasattr(self, "world"):
            return
        self.comes_back(False)
        self.strangers_come_and_go(0, True)
        self.do(Drain(50.0))
        for _ in range(400):
            if self.world.device.is_drained and not self.storing:
                break
            for of in list(self.storing):
                self.storing.remove(of)
                self.do(Stored(of, ()))
                self.staging[of] = "stored"
            for runner, process in list(self.processes.items()):
                if process.is_doomed:
                    del self.processes[runner]
                    self.do(RunnerExited(runner, None, "SIGKILL"))
            self.time_passes(1.0)
        assert self.world.device.is_drained
        assert not self.processes
        assert self.world.device._residents.ledger.reserved == 0
        for of, told in self.told.items():
            assert told.words or told.is_settled, f"{of} has no last word"
        assert set(self.staging.values()) <= {"stored", "dropped"}


DeviceMachine.TestCase.settings = settings(
    max_examples=200, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDeviceMachine = DeviceMachine.TestCase
