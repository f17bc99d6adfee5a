"""Model switches and waiting: this scheduler against FIFO with LRU eviction, on the same traces.

    python -m bench.swaps            the whole set, 4 and 16 devices, with a plot
    python -m bench.swaps --quick    one seed

A *swap* is a load of a model. The *wait* of a job is the time from its submission to the first step of its run, loading
included. Goals (docs: P15): swaps at most 0.40 and the 95th percentile of the wait at most 0.30 of FIFO with LRU, and a job
overtaken only by jobs that came less than alpha times its load time after it.
"""

import heapq
import itertools
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aigc.core.effects import SendGrant
from aigc.core.ids import AttemptId, BootId, DeviceId, JobId, ModelId, Now, WorkerId
from aigc.core.job import Job
from aigc.core.lifecycle import begin
from aigc.core.messages import Device, Generation, Grant, LeaseFinished, LeaseStarted, Submit, WorkerHello
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.scheduler import Scheduler, SchedulerSettings
from bench.traces import DEVICE_BYTES, WORKLOADS, Trace, trace

DEVICES = (4, 16)
LOAD = 0.85
GOALS = (0.40, 0.30)
FIGURE = Path(__file__).parent / "figures" / "swaps.png"


class Outcome(NamedTuple):
    """What a policy made of a trace."""

    swaps: int
    waits_s: list[float]
    busy: float
    """Share of the devices' time spent on loading and running until the last arrival."""
    broken_bounds: int
    """Overtakings beyond the bound."""


def percentile(values: list[float], share: float) -> float:
    """The value that this share of the values does not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


class Slot:
    """One device that runs one job at a time."""

    def __init__(self) -> None:
        self.resident: dict[int, float] = {}
        """Models on it, with the instant of their last use."""
        self.free_at = 0.0


def fifo_lru(work: Trace) -> Outcome:
    """One queue, strictly in order. The head takes a free device: one that has its model, else one with room for it,
    else the one whose models rest longest, of which the least recently used leave."""
    slots = [Slot() for _ in range(work.devices)]
    swaps, waits, busy_s = 0, [], 0.0
    now = 0.0
    for job in work.arrivals:
        now = max(now, job.at, min(slot.free_at for slot in slots))
        free = [slot for slot in slots if slot.free_at <= now]
        model = work.models[job.model]

        def free_bytes(slot: Slot) -> int:
            return DEVICE_BYTES - sum(work.models[other].memory_bytes for other in slot.resident)

        slot = min(
            free,
            key=lambda slot: (
                job.model not in slot.resident,
                free_bytes(slot) < model.memory_bytes,
                max(slot.resident.values(), default=0.0),
            ),
        )
        load_s = 0.0
        if job.model not in slot.resident:
            while free_bytes(slot) < model.memory_bytes:
                del slot.resident[min(slot.resident, key=lambda other: slot.resident[other])]
            load_s, swaps = model.load_s, swaps + 1
        slot.free_at = slot.resident[job.model] = now + load_s + job.run_s
        waits.append(now + load_s - job.at)
        busy_s += load_s + job.run_s
    return Outcome(swaps, waits, busy_s / work.devices / max(slot.free_at for slot in slots), 0)


def ours(work: Trace, settings: SchedulerSettings) -> Outcome:
    """The real scheduler with workers that do exactly as they are told, at once."""
    return _Run(work, settings).outcome()


class _Run:
    def __init__(self, work: Trace, settings: SchedulerSettings) -> None:
        self._work, self._settings = work, settings
        specs = tuple(
            ModelSpec(
                id=ModelId(model.name),
                feature="bench",
                class_path="bench:Model",
                devices=("cuda",),
                memory_bytes=model.memory_bytes,
                load_s=model.load_s,
                run_s=model.run_s,
            )
            for model in work.models
        )
        self._numbers = {spec.id: n for n, spec in enumerate(specs)}
        ids = (AttemptId(f"attempt-{n}") for n in itertools.count())
        self._scheduler = Scheduler(settings, Catalogue(specs, "bench"), Generation(1, "bench"), lambda: next(ids))
        self._resident: dict[WorkerId, set[int]] = {}
        self._events: list[tuple[float, int, object]] = []
        self._count = itertools.count()
        self._waiting: dict[JobId, tuple[float, int]] = {}
        self._waits: list[float] = []
        self._swaps = self._broken = 0
        self._busy_s = self._end = 0.0

    def outcome(self) -> Outcome:
        """Run the trace to its end."""
        for n in range(self._work.devices):
            device = Device(id=DeviceId(f"cuda:{n}"), kind="cuda", total=DEVICE_BYTES, usable=DEVICE_BYTES)
            worker = WorkerId(f"worker-{n:02}")
            self._resident[worker] = set()
            self._apply(WorkerHello(worker, BootId("boot"), device, 1, 2, (), ()), 0.0)
        for n, job in enumerate(self._work.arrivals):
            self._push(job.at, n)
        while self._events:
            at, _, event = heapq.heappop(self._events)
            if isinstance(event, int):
                self._submit(event, at)
            else:
                self._apply(event, at)
            self._end = at
        return Outcome(self._swaps, self._waits, self._busy_s / self._work.devices / self._end, self._broken)

    def _push(self, at: float, event: object) -> None:
        heapq.heappush(self._events, (at, next(self._count), event))

    def _submit(self, number: int, at: float) -> None:
        model = self._work.models[self._work.arrivals[number].model]
        job = Job(id=JobId(f"job-{number}"), feature="bench", model=ModelId(model.name), created_at=at)
        self._waiting[job.id] = (at, self._work.arrivals[number].model)
        self._apply(Submit(begin(job)), at)

    def _apply(self, event: object, at: float) -> None:
        for effect in self._scheduler.apply(event, Now(at, at)):  # type: ignore[arg-type]
            if isinstance(effect, SendGrant):
                self._obey(effect.worker, effect.grant, at)

    def _obey(self, worker: WorkerId, grant: Grant, at: float) -> None:
        number = int(grant.lease.job.removeprefix("job-"))
        arrival = self._work.arrivals[number]
        del self._waiting[grant.lease.job]
        self._check_bound(arrival.at, worker)
        resident = self._resident[worker]
        load_s = 0.0
        if arrival.model not in resident:
            resident -= {self._numbers[ModelId(name)] for name in grant.evict}
            resident.add(arrival.model)
            load_s, self._swaps = self._work.models[arrival.model].load_s, self._swaps + 1
            held = sum(self._work.models[one].memory_bytes for one in resident)
            if held > DEVICE_BYTES:
                raise AssertionError(f"{worker} would hold {held} of {DEVICE_BYTES} bytes")
        self._waits.append(at + load_s - arrival.at)
        self._busy_s += load_s + arrival.run_s
        self._push(at + load_s, LeaseStarted(worker, grant.lease, load_s))
        finished = LeaseFinished(worker, grant.lease, (), {}, (), load_s, arrival.run_s, 0)
        self._push(at + load_s + arrival.run_s, finished)

    def _check_bound(self, submitted_at: float, worker: WorkerId) -> None:
        # Every waiting job would fit on every device here, so everyone who waits and came earlier is overtaken.
        for at, model in self._waiting.values():
            bound_s = self._settings.alpha * self._work.models[model].load_s
            self._broken += submitted_at - at > bound_s + 1e-6


def pairs(seeds: int, jobs: int, settings: SchedulerSettings) -> Iterator[tuple[Trace, Outcome, Outcome]]:
    """Every trace of the set with what FIFO and LRU, and what this scheduler, made of it."""
    for devices in DEVICES:
        for workload in WORKLOADS:
            for seed in range(seeds):
                work = trace(workload, devices, jobs=jobs, load=LOAD, seed=seed)
                yield work, fifo_lru(work), ours(work, settings)


if __name__ == "__main__":
    for work, base, mine in pairs(1, 2000, SchedulerSettings()):
        print(
            work.name,
            work.devices,
            "swaps",
            base.swaps,
            mine.swaps,
            round(mine.swaps / base.swaps, 2),
            "p95",
            round(percentile(base.waits_s, 0.95)),
            round(percentile(mine.waits_s, 0.95)),
            round(percentile(mine.waits_s, 0.95) / percentile(base.waits_s, 0.95), 2),
            "p50",
            round(statistics.median(base.waits_s)),
            round(statistics.median(mine.waits_s)),
            "busy",
            round(base.busy, 2),
            round(mine.busy, 2),
            "broken",
            mine.broken_bounds,
            "max",
            round(max(mine.waits_s)),
        )
