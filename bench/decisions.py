"""What a decision of the scheduler costs: CPU time of `apply`, with long queues and many devices.

    python -m bench.decisions            both sizes of P13, the no-op job, and memory per queued job
    python -m bench.decisions --small    without the million

CPU time of the thread is measured, so other processes disturb little. Goals: the 99th percentile at most 1 ms with
10,000 queued jobs and 64 devices, at most 10 ms with 1,000,000 and 10,000; a no-op job at most 60 µs in all.
"""

import argparse
import gc
import itertools
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aigc.core.effects import Effect, SendGrant
from aigc.core.events import Asked, Event, Tick
from aigc.core.ids import AttemptId, BootId, DeviceId, JobId, ModelId, Now, OwnerId, WorkerId
from aigc.core.job import Job, Lease
from aigc.core.lifecycle import begin
from aigc.core.messages import (
    CancelJob,
    Device,
    Generation,
    LeaseFinished,
    LeaseStarted,
    Resident,
    Submit,
    WorkerBeat,
    WorkerHello,
)
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.scheduling.scheduler import Scheduler, SchedulerSettings

GIB = 2**30
MODELS, OWNERS = 40, 1000
SIZES = (0, 10_000, 1_000_000, 50_000_000)
"""Bytes of input: four classes, so 160 different demands wait."""
BOOT = BootId("boot")


class Size(NamedTuple):
    """One row of P13."""

    queued: int
    devices: int
    goal_ms: float


ROWS = (Size(10_000, 64, 1.0), Size(1_000_000, 10_000, 10.0))


class Stand:
    """A scheduler with a queue and busy workers, and a stopwatch around its door."""

    def __init__(self, specs: Sequence[ModelSpec], seed: int) -> None:
        ids = itertools.count()
        self.rng = random.Random(seed)
        self.scheduler = Scheduler(
            SchedulerSettings(queue_bound=2_000_000),
            Catalogue(tuple(specs), "bench"),
            Generation(1, "bench"),
            lambda: AttemptId(f"attempt-{next(ids)}"),
        )
        self.specs = specs
        self.at = 0.0
        self.out: dict[WorkerId, list[Lease]] = {}
        self.took_us: dict[str, list[float]] = {}
        self._jobs = itertools.count()

    def apply(self, event: Event) -> list[Effect]:
        """The event, timed under its name; leases that come out are noted."""
        now = Now(self.at, 1e9 + self.at)
        begun = time.thread_time_ns()
        effects = self.scheduler.apply([event], now)
        self.took_us.setdefault(type(event).__name__, []).append((time.thread_time_ns() - begun) / 1000)
        for effect in effects:
            if isinstance(effect, SendGrant):
                self.out.setdefault(effect.worker, []).append(effect.grant.lease)
        return effects

    def job(self) -> Job:
        """A job of somebody for something."""
        rng = self.rng
        job = Job(
            id=JobId(f"job-{next(self._jobs)}"),
            feature="bench",
            model=rng.choice(self.specs).id,
            created_at=1e9 + self.at,
            owner=OwnerId(f"owner-{rng.randrange(OWNERS)}"),
            priority=rng.choice((3, 5, 5, 5, 8)),
            input_size=rng.choice(SIZES),
        )
        return begin(job)

    def beat(self, worker: WorkerId) -> WorkerBeat:
        """What a worker says every second."""
        residents = tuple(Resident(residency=f"model-{n}", state="idle", bytes=6 * GIB) for n in range(3))
        return WorkerBeat(worker, BOOT, _device(worker), residents)


def decisions(size: Size, events: int, seed: int = 0) -> dict[str, list[float]]:
    """Microseconds of CPU per event of each kind, in a steady state with that many jobs and devices."""
    specs = [
        ModelSpec(
            id=ModelId(f"model-{n}"),
            feature="bench",
            class_path="bench:Model",
            memory_bytes=(4 + n % 20) * GIB,
            load_s=5.0 + n % 30,
            run_s=5.0 + n % 50,
        )
        for n in range(MODELS)
    ]
    stand = Stand(specs, seed)
    for n in range(size.devices):
        worker = WorkerId(f"worker-{n}")
        stand.apply(WorkerHello(worker, BOOT, _device(worker), 1, 2, (), ()))
    for _ in range(size.queued + size.devices):
        stand.at += 1e-4
        stand.apply(Submit(stand.job()))
    gc.collect()
    gc.freeze()
    stand.took_us.clear()
    workers = list(stand.out)
    for _ in range(events):
        _turn(stand, workers)
    gc.unfreeze()
    return stand.took_us


def _turn(stand: Stand, workers: Sequence[WorkerId]) -> None:
    rng = stand.rng
    stand.at += rng.expovariate(100.0)
    worker = rng.choice(workers)
    if stand.out[worker]:
        lease = stand.out[worker].pop(0)
        load_s, run_s = rng.choice((0.0, 10.0)), rng.uniform(5.0, 50.0)
        stand.apply(LeaseStarted(worker, lease, load_s))
        stand.apply(LeaseFinished(worker, lease, (), {}, (), load_s, run_s, rng.randrange(4, 20) * GIB))
    job = stand.job()
    stand.apply(Submit(job))
    stand.apply(stand.beat(rng.choice(workers)))
    if rng.random() < 0.1:
        stand.apply(Asked(None, CancelJob(job.id, "")))
    if rng.random() < 0.1:
        stand.apply(Tick())


def noop(jobs: int) -> float:
    """Microseconds of CPU that one job costs the scheduler from submission to completion, one at a time."""
    spec = ModelSpec(id=ModelId("noop"), feature="bench", class_path="bench:Noop", memory_bytes=GIB, run_s=0.001)
    stand = Stand([spec], 0)
    worker = WorkerId("worker")
    stand.apply(WorkerHello(worker, BOOT, _device(worker), 1, 2, (), ()))
    stand.took_us.clear()
    for _ in range(jobs):
        stand.at += 0.01
        stand.apply(Submit(stand.job()))
        lease = stand.out[worker].pop()
        stand.apply(LeaseStarted(worker, lease, 0.0))
        stand.apply(LeaseFinished(worker, lease, (), {}, (), 0.0, 0.001, GIB))
    return sum(statistics.median(took) for took in stand.took_us.values())


def bytes_per_job(jobs: int) -> float:
    """Memory of one queued job in the scheduler, its record included."""
    spec = ModelSpec(id=ModelId("noop"), feature="bench", class_path="bench:Noop", memory_bytes=GIB)
    stand = Stand([spec], 0)
    tracemalloc.start()
    for _ in range(jobs):
        stand.scheduler.apply([Submit(stand.job())], Now(stand.at, stand.at))
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / jobs


def _device(worker: WorkerId) -> Device:
    return Device(id=DeviceId(f"device of {worker}"), kind="cuda", total=24 * GIB, usable=24 * GIB)


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def _spread(measure: Callable[[], float], rounds: int) -> str:
    values = [measure() for _ in range(rounds)]
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f} in {rounds} rounds)"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="leave out the million queued jobs")
    arguments = parser.parse_args()
    print(f"no-op job: {_spread(lambda: noop(5000), 5)} µs of CPU (goal 60)")
    print(f"memory per queued job: {bytes_per_job(20_000):.0f} bytes (goal 2048)")
    for size in ROWS[:1] if arguments.small else ROWS:
        took = decisions(size, events=5000)
        every = [one for kind in took.values() for one in kind]
        print(f"\n{size.queued:,} queued, {size.devices:,} devices: µs of CPU per event (goal p99 {size.goal_ms} ms)")
        for name, values in [*took.items(), ("all", every)]:
            p50, p99 = statistics.median(values), _percentile(values, 0.99)
            print(f"  {name:14} {len(values):6} events  p50 {p50:7.1f}  p99 {p99:8.1f}  max {max(values):9.1f}")


if __name__ == "__main__":
    main()
