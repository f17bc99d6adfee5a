"""What the tests of slots, residents and devices share: a clock to turn, specs, grants and leases."""

import itertools
from collections.abc import Sequence
from typing import Any

from aigc.core import messages
from aigc.core.events import Tick
from aigc.core.hosting.device import Device, DeviceSettings
from aigc.core.hosting.turns import TurnsSettings
from aigc.core.ids import AttemptId, BootId, DeviceId, JobId, ModelId, Now, WorkerId
from aigc.core.job import Lease
from aigc.core.messages import Generation, Grant, Welcome, WorkerBeat
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.runner_events import (
    Connected,
    DeviceEffect,
    DeviceEvent,
    Measured,
    Report,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFinished,
    RunnerId,
    RunnerLoaded,
    Spawn,
    Staged,
    Stored,
    StoreOutputs,
)

GIB = 2**30
WORKER, BOOT = WorkerId("worker-0"), BootId("boot")
FIRST = Generation(1, "a")
RESULT = Staged("mesh.glb", "model", "glb", "model/gltf-binary", 100, "0" * 64)
_numbers = itertools.count(1)


def lease() -> Lease:
    """A lease that nobody has seen before."""
    number = next(_numbers)
    return Lease(JobId(f"job-{number}"), 1, AttemptId(f"attempt-{number}"))


def spec(name: str, **fields: Any) -> ModelSpec:
    """A model that runs anywhere and loads within 900 s."""
    return ModelSpec(id=ModelId(name), feature="test", class_path="tests:Model", **fields)


def grant(model: str = "a", need: int = GIB, *, of: Lease | None = None, **fields: Any) -> Grant:
    """Permission to run `model` in `need` bytes."""
    return Grant(
        fields.pop("generation", FIRST),
        of or lease(),
        ModelId(model),
        "test",
        {},
        {},
        "glb",
        need,
        **fields,
    )


def sample(total: int = 16 * GIB, strangers: int = 0, **fields: Any) -> messages.Device:
    """A CPU with that much memory."""
    return messages.Device(id=DeviceId("cpu"), kind="cpu", total=total, strangers=strangers, **fields)


def finished(runner: RunnerId, of: Lease, **fields: Any) -> RunnerFinished:
    """The run of `of` ended well."""
    return RunnerFinished(runner, of, (RESULT,), {}, (), fields.pop("run_s", 1.0), fields.pop("peak_bytes", 0))


class World:
    """A device and a clock. `do` hands it one event and returns the effects, beats left out; `said` is what the broker
    heard since it was last looked at."""

    def __init__(
        self, *models: ModelSpec, settings: DeviceSettings | None = None, slots: int = 1, total: int = 16 * GIB
    ) -> None:
        self.models = models or (spec("a"), spec("b"), spec("c"))
        self.time = 100.0
        self.total = total
        settings = settings or DeviceSettings(turns=TurnsSettings(slots=slots), credit=slots + 1)
        self.device = Device(settings, WORKER, BOOT, sample(total))
        self.beats: list[WorkerBeat] = []
        self._said: list[Any] = []
        self.do(Connected())
        self.welcome()
        self.said()

    def welcome(self, generation: Generation = FIRST) -> list[DeviceEffect]:
        return self.do(Welcome(generation, Catalogue(tuple(self.models), "digest")))

    def do(self, *events: DeviceEvent) -> list[DeviceEffect]:
        effects = self.device.apply(events, Now(self.time, 1e9 + self.time))
        self.device.validate()
        told = [effect.message for effect in effects if isinstance(effect, Report)]
        self.beats += (message for message in told if isinstance(message, WorkerBeat))
        self._said += (message for message in told if not isinstance(message, WorkerBeat))
        return [effect for effect in effects if not isinstance(effect, Report)]

    def said(self) -> list[Any]:
        said, self._said = self._said, []
        return said

    def after(self, seconds: float) -> list[DeviceEffect]:
        """Everything that the passing of so much time brings about, each tick at the instant that was asked for."""
        end = self.time + seconds
        effects: list[DeviceEffect] = []
        while (due := self.device.due) is not None and due <= end:
            self.time = max(self.time, due)
            effects += self.do(Tick())
            assert self.device.due is None or self.device.due > self.time
        self.time = end
        return effects

    def loaded(self, model: str, need: int = GIB) -> RunnerId:
        """An idle runner of that model, by a job that has come and gone."""
        granted = grant(model, need)
        runner = self.running(granted)
        self.do(finished(runner, granted.lease))
        self.settle(granted.lease)
        self.said()
        return runner

    def running(self, granted: Grant) -> RunnerId:
        """The runner that works on this grant, after whatever that takes."""
        effects = self.do(granted)
        for effect in effects:
            if isinstance(effect, Spawn):
                self.do(RunnerConnected(effect.runner, 7))
                effects += self.do(RunnerLoaded(effect.runner, 1.0, 0))
        (runner,) = (effect.runner for effect in effects if isinstance(effect, Run))
        return runner

    def settle(self, of: Lease) -> None:
        """The files are stored, and the broker has heard it."""
        self.do(Stored(of, ()))
        self.do(messages.Settled(FIRST, (of,)))

    def gone(self, runner: RunnerId, **fields: Any) -> list[DeviceEffect]:
        return self.do(RunnerExited(runner, fields.pop("code", 0), **fields))

    def states(self) -> dict[str, str]:
        """Residencies and their states, as the latest beat tells them."""
        self.do(Measured(sample(self.total)))
        return {resident.residency: resident.state for resident in self.beats[-1].residents}


def kinds(effects: Sequence[object]) -> list[str]:
    """The names of the effects' or messages' classes."""
    return [type(effect).__name__ for effect in effects]


def stored(effects: Sequence[DeviceEffect]) -> list[Lease]:
    """Whose files are to be stored."""
    return [effect.lease for effect in effects if isinstance(effect, StoreOutputs)]
