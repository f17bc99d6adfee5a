"""A worker's shell in virtual time, around the real `Device`: its link, its runner processes, its files."""

import random
from typing import TYPE_CHECKING

from aigc.core import messages
from aigc.core.events import Tick
from aigc.core.hosting.device import Device, DeviceSettings
from aigc.core.hosting.residents import ResidentsSettings
from aigc.core.hosting.turns import TurnsSettings
from aigc.core.ids import AssetKey, BootId, DeviceId, JobId, WorkerId
from aigc.core.job import Failure, Lease, Output, Progress, Stage
from aigc.core.messages import CancelLease, Grant, ToWorker, Welcome
from aigc.core.model import ModelSpec
from aigc.core.runner_events import (
    Connected,
    DeviceEffect,
    DeviceEvent,
    Interrupt,
    Kill,
    Measured,
    Prepare,
    Report,
    Retire,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerId,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
    Spawn,
    Staged,
    Stored,
    StoreOutputs,
    StoringFailed,
    Terminate,
)
from tests.simulation.fates import DEAF, ERROR, GLUTTON, HUNGRY, INVALID, NO_STORE, POISON, SILENT

if TYPE_CHECKING:
    from tests.simulation.house import House

REPORT_S = 10.0
"""Between two reports of a long run, less than any stall limit."""
RESULT = Staged("mesh.glb", "model", "glb", "model/gltf-binary", 100, "0" * 64)


class Host:
    """A machine with one device; a worker runs on it, and after that one's death another."""

    def __init__(self, name: str, total: int, slots: int) -> None:
        self.worker = WorkerId(name)
        self.total, self.slots = total, slots
        self.boots = 0


class Process:
    """One runner process."""

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.lease: Lease | None = None
        """What it works on."""
        self.line: list[Run] = []
        """What it will work on next."""
        self.is_deaf = False


class Worker:
    """One life of a worker."""

    def __init__(self, house: "House", host: Host) -> None:
        self._house, self._clock, self._rng, self.host = house, house.clock, house.rng, host
        host.boots += 1
        self.id, self.boot = host.worker, BootId(f"{host.worker} boot {host.boots}")
        settings = DeviceSettings(
            credit=host.slots + 1,
            progress_s=0.2,
            turns=TurnsSettings(slots=host.slots),
            residents=ResidentsSettings(reserve_bytes=0),
        )
        self.device = Device(settings, self.id, self.boot, self._sample())
        self.is_alive, self._is_stopped = True, False
        self._missed: list[DeviceEvent] = []
        self._processes: dict[RunnerId, Process] = {}
        self._tick_at: float | None = None
        self._is_welcome = self._must_reconnect = False
        self._connected_at = -1.0
        self.reconnect()
        self._clock.after(self._rng.random(), self._measure)

    def die(self) -> None:
        """SIGKILL: its runners die with it."""
        self.is_alive = False
        self._processes.clear()

    def stop(self) -> None:
        """SIGSTOP: runners go on, and what they say waits."""
        self._is_stopped = True

    def resume(self) -> None:
        """SIGCONT."""
        self._is_stopped = False
        missed, self._missed = self._missed, []
        self._feed(*missed)
        if self._must_reconnect:
            self.reconnect()

    def lose_runner(self, rng: random.Random) -> None:
        """SIGKILL to one of its runners."""
        if self._processes:
            self._exit(rng.choice(list(self._processes)), "SIGKILL")

    # The link.

    def reconnect(self) -> None:
        """A fresh link to whoever leads now; tried again until it is welcomed."""
        self._must_reconnect = self._is_stopped
        if self.is_alive and not self._is_stopped and self._clock.time - self._connected_at > 0.5:
            self._is_welcome, self._connected_at = False, self._clock.time
            self._feed(Connected())
            self._clock.after(2.0, self._insist)

    def hear(self, message: ToWorker) -> None:
        """A message of a broker has arrived."""
        self._is_welcome |= isinstance(message, Welcome)
        if isinstance(message, Grant):
            self._house.checks.granted(self, message)
        elif isinstance(message, CancelLease):
            self._house.checks.cancels += 1
        self._feed(message)

    def _insist(self) -> None:
        if not self._is_welcome and not self._is_stopped:
            self.reconnect()
        elif not self._is_welcome:
            self._clock.after(2.0, self._insist)

    def _report(self, message: messages.WorkerMessage) -> None:
        broker = self._house.broker
        if broker is not None:
            self._house.network.send(broker.hear, self, message)

    # The device.

    def _feed(self, *events: DeviceEvent) -> None:
        if not self.is_alive:
            return
        if self._is_stopped:
            self._missed += events
            return
        effects = self.device.apply(events, self._clock.now)
        if self._house.step() % self._house.check_every == 0:
            self.device.validate()
        for effect in effects:
            self._do(effect)
        due = self.device.due
        if due is not None and (self._tick_at is None or due < self._tick_at):
            self._tick_at = due
            self._clock.after(max(0.0, due - self._clock.time), self._tick, due)

    def _tick(self, at: float) -> None:
        if self._tick_at == at:
            self._tick_at = None
            self._feed(Tick())

    def _measure(self) -> None:
        if self.is_alive:
            self._feed(Measured(self._sample()))
            self._clock.after(1.0, self._measure)

    def _sample(self) -> messages.Device:
        return messages.Device(id=DeviceId(f"device of {self.id}"), kind="cuda", total=self.host.total)

    def _do(self, effect: DeviceEffect) -> None:
        match effect:
            case Report(message=message):
                self._report(message)
            case Spawn(runner=runner, spec=spec):
                self._processes[runner] = Process(spec)
                self._clock.after(spec.load_s * self._rng.uniform(0.8, 1.2), self._load, runner)
            case Run():
                self._run(effect)
            case Interrupt(runner=runner, lease=lease):
                self._clock.after(self._rng.uniform(0.01, 0.3), self._interrupt, runner, lease)
            case Terminate(runner=runner):
                self._clock.after(0.05, self._exit, runner, "SIGTERM")
            case Kill(runner=runner):
                self._clock.after(0.01, self._exit, runner, "SIGKILL")
            case StoreOutputs(lease=lease):
                self._clock.after(self._rng.uniform(0.001, 0.05), self._store, lease)
            case Retire():
                self._house.retire(self)
            case Prepare():
                pass

    # Runners.

    def _load(self, runner: RunnerId) -> None:
        process = self._processes.get(runner)
        if process is None:
            return
        self._feed(RunnerConnected(runner, 1))
        if process.spec.id == "broken":
            failure = Failure("model_load_failed", "no module named nowhere")
            self._feed(RunnerFailed(runner, None, failure, broken=True))
        else:
            self._feed(RunnerLoaded(runner, process.spec.load_s, 0))

    def _run(self, task: Run) -> None:
        process = self._processes.get(task.runner)
        if process is None:
            return
        if process.lease is not None:
            process.line.append(task)
            return
        self._house.checks.started(self.id, task.lease)
        process.lease, process.is_deaf = task.lease, task.params["fate"] == DEAF
        run_s = task.params["run_s"]
        if task.params["fate"] in (SILENT, DEAF):
            return
        if run_s > 0.3:
            self._clock.after(min(run_s / 2, REPORT_S), self._progress, task.runner, task.lease)
        self._clock.after(run_s, self._end, task)

    def _progress(self, runner: RunnerId, lease: Lease) -> None:
        if self._is_running(runner, lease):
            self._feed(RunnerProgressed(runner, lease, Stage.SAMPLING, Progress(0.5)))
            self._clock.after(REPORT_S, self._progress, runner, lease)

    def _end(self, task: Run) -> None:
        runner, lease, fate = task.runner, task.lease, task.params["fate"]
        process = self._processes.get(runner)
        if process is None or process.lease != lease:
            return
        if fate == POISON:
            return self._exit(runner, "SIGSEGV")
        self._go_on(process)
        failure = self._failure(fate, lease.job)
        if failure is not None:
            self._feed(RunnerFailed(runner, lease, failure, task.params["run_s"]))
        else:
            peak = process.spec.memory_bytes * 9 // 10
            self._feed(RunnerFinished(runner, lease, (RESULT,), {}, (), task.params["run_s"], peak))
        return None

    def _failure(self, fate: str, job: JobId) -> Failure | None:
        if fate == INVALID:
            return Failure("input_invalid", "the image is empty")
        if fate == ERROR:
            return Failure("model_error", "division by zero")
        if fate == GLUTTON or (fate == HUNGRY and self._house.checks.is_first(fate, job)):
            return Failure("out_of_memory", "tried to allocate too much", retryable=True)
        return None

    def _go_on(self, process: Process) -> None:
        process.lease = None
        if process.line:
            self._run(process.line.pop(0))

    def _interrupt(self, runner: RunnerId, lease: Lease) -> None:
        process = self._processes.get(runner)
        if process is None:
            return
        if self._is_running(runner, lease) and not process.is_deaf:
            self._go_on(process)
            self._feed(RunnerStopped(runner, lease))
        elif any(task.lease == lease for task in process.line):
            process.line = [task for task in process.line if task.lease != lease]
            self._feed(RunnerStopped(runner, lease))

    def _exit(self, runner: RunnerId, signal: str) -> None:
        if self._processes.pop(runner, None) is not None:
            self._feed(RunnerExited(runner, None, signal))

    def _is_running(self, runner: RunnerId, lease: Lease) -> bool:
        process = self._processes.get(runner)
        return process is not None and process.lease == lease

    # Files.

    def _store(self, lease: Lease) -> None:
        if not self.is_alive:
            return
        if self._house.checks.fate(lease.job) == NO_STORE and self._house.checks.is_first(NO_STORE, lease.job):
            self._feed(StoringFailed(lease, Failure("storage_failed", "the disk is full", retryable=True)))
            return
        key = AssetKey(f"jobs/{lease.job}/{lease.id}/mesh.glb")
        self._house.checks.files.add(key)
        self._feed(Stored(lease, (Output("mesh.glb", "model", key, "glb", "model/gltf-binary", 100, "0" * 64),)))
