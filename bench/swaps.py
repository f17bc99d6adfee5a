"""Model switches and waiting: this scheduler against FIFO with LRU eviction, on the same traces.

    python -m bench.swaps            the whole set, 4 and 16 devices, with a plot in bench/figures/swaps.png
    python -m bench.swaps --quick    one seed, no plot

A *swap* is a load of a model. The *wait* of a job is the time from its submission to the first step of its run,
loading included. The load is the share of the time for which running alone would keep the devices busy; loading comes
on top, which at 0.85 is more than FIFO can carry. So lower loads are shown too: there FIFO keeps up, hardly anybody
waits, and a policy that never lets a device rest while a job fits has little to choose from.

Goals at load 0.85, as medians over the set: swaps at most 0.40 and the 95th percentile of the wait at most 0.30 of
FIFO with LRU; and everywhere a job is overtaken only by jobs that came less than alpha times its load time after it.
"""

import argparse
import heapq
import itertools
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from aigc.core.effects import SendGrant
from aigc.core.ids import AttemptId, BootId, DeviceId, JobId, ModelId, Now, WorkerId
from aigc.core.job import Job
from aigc.core.lifecycle import begin
from aigc.core.messages import Device, Generation, Grant, LeaseFinished, LeaseStarted, Submit, WorkerHello
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.scheduling.scheduler import Scheduler, SchedulerSettings
from bench.traces import DEVICE_BYTES, WORKLOADS, Trace, trace

DEVICES = (4, 16)
LOAD = 0.85
LOADS = (LOAD, 0.65, 0.5)
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
        for effect in self._scheduler.apply([event], Now(at, at)):  # type: ignore[list-item]
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


class Row(NamedTuple):
    """One trace and what the two policies made of it."""

    work: Trace
    load: float
    fifo: Outcome
    ours: Outcome

    @property
    def swaps(self) -> float:
        """Ours over FIFO's."""
        return self.ours.swaps / self.fifo.swaps

    @property
    def wait(self) -> float:
        """95th percentile of the wait, ours over FIFO's."""
        return percentile(self.ours.waits_s, 0.95) / percentile(self.fifo.waits_s, 0.95)


def rows(load: float, seeds: int, jobs: int, settings: SchedulerSettings) -> Iterator[Row]:
    """The set of traces at one load."""
    for devices in DEVICES:
        for workload in WORKLOADS:
            for seed in range(seeds):
                work = trace(workload, devices, jobs=jobs, load=load, seed=seed)
                yield Row(work, load, fifo_lru(work), ours(work, settings))


def spread(values: Sequence[float]) -> str:
    """Median, and the range in which they all are."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def table(found: Sequence[Row]) -> None:
    """Print what came out, workload by workload and in all."""
    print(f"{'devices':8}{'workload':10}{'swaps, ours / FIFO':22}{'p95 wait, ours / FIFO':24}busy, FIFO and ours")
    for devices in DEVICES:
        for workload in WORKLOADS:
            those = [row for row in found if (row.work.devices, row.work.name) == (devices, workload)]
            busy = statistics.mean(row.fifo.busy for row in those), statistics.mean(row.ours.busy for row in those)
            swaps, waits = spread([row.swaps for row in those]), spread([row.wait for row in those])
            print(f"{devices:<8}{workload:10}{swaps:22}{waits:24}{busy[0]:.2f} {busy[1]:.2f}")
    print(f"{'':8}{'all':10}{spread([r.swaps for r in found]):22}{spread([r.wait for r in found]):24}")
    print(f"overtakings beyond the bound: {sum(row.ours.broken_bounds for row in found)}")


def verdict(found: Sequence[Row]) -> bool:
    """Whether the goals are reached, and say so."""
    figures = (statistics.median(row.swaps for row in found), statistics.median(row.wait for row in found))
    broken = sum(row.ours.broken_bounds for row in found)
    for name, figure, goal in zip(("swaps", "p95 wait"), figures, GOALS, strict=True):
        print(f"{name}: {figure:.2f}, goal {goal:.2f}: {'reached' if figure <= goal else 'MISSED'}")
    print(f"bound on overtaking: {'never broken' if not broken else f'BROKEN {broken} times'}")
    return not broken and all(figure <= goal for figure, goal in zip(figures, GOALS, strict=True))


def plot(found: Sequence[Row], path: Path) -> bool:
    """Ratios of every trace, and the waits of all jobs at the load of the goals; False without matplotlib."""
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.patches import Rectangle

    figure, (ratios, waits) = pyplot.subplots(1, 2, figsize=(12, 5), constrained_layout=True)
    _plot_ratios(ratios, found, Rectangle((0, 0), *GOALS, color="tab:blue", alpha=0.12))
    _plot_waits(waits, [row for row in found if row.load == LOAD])
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110)
    return True


def _plot_ratios(axes: Any, found: Sequence[Row], goals: Any) -> None:
    axes.add_patch(goals)
    axes.text(*GOALS, f" goals at load {LOAD}", color="tab:blue", fontsize=8, va="bottom", ha="right")
    for devices, marker in zip(DEVICES, "os", strict=True):
        for load, colour in zip(LOADS, ("tab:blue", "tab:orange", "tab:green"), strict=True):
            those = [row for row in found if (row.work.devices, row.load) == (devices, load)]
            swaps, waits = [row.swaps for row in those], [row.wait for row in those]
            axes.scatter(swaps, waits, marker=marker, c=colour, alpha=0.7, label=f"load {load}, {devices} devices")
    axes.axhline(1, color="grey", lw=0.5)
    axes.axvline(1, color="grey", lw=0.5)
    axes.set(xlim=(0, 1.25), ylim=(0, 1.25), xlabel="swaps, ours / FIFO+LRU", ylabel="p95 wait, ours / FIFO+LRU")
    axes.set_title("every trace (lower and further left is better)")
    axes.legend(fontsize=8, loc="upper left")


def _plot_waits(axes: Any, found: Sequence[Row]) -> None:
    for devices, style in zip(DEVICES, ("-", "--"), strict=True):
        for name, colour in (("FIFO+LRU", "tab:red"), ("ours", "tab:blue")):
            outcomes = [row.ours if name == "ours" else row.fifo for row in found if row.work.devices == devices]
            every = sorted(wait for outcome in outcomes for wait in outcome.waits_s)
            shares = [(n + 1) / len(every) for n in range(len(every))]
            shown = [max(1.0, wait) for wait in every]
            axes.plot(shown, shares, style, color=colour, label=f"{name}, {devices} devices")
    axes.axhline(0.95, color="grey", lw=0.5)
    axes.set(xscale="log", xlabel="wait, seconds (less than 1 s is shown as 1 s)", ylabel="share of the jobs")
    axes.set_title(f"waits at load {LOAD}")
    axes.legend(fontsize=8)


def main() -> int:
    """Print the tables; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one seed, the load of the goals only, no plot")
    parser.add_argument("--alpha", type=float, default=SchedulerSettings().alpha)
    arguments = parser.parse_args()
    settings = SchedulerSettings(alpha=arguments.alpha)
    found: list[Row] = []
    for load in LOADS[:1] if arguments.quick else LOADS:
        print(f"\nload {load}")
        here = list(rows(load, 1 if arguments.quick else 4, 2000, settings))
        table(here)
        found += here
    if not arguments.quick and plot(found, FIGURE):
        print(f"\nplot: {FIGURE.relative_to(Path.cwd()) if FIGURE.is_relative_to(Path.cwd()) else FIGURE}")
    print()
    return 0 if verdict([row for row in found if row.load == LOAD]) else 1


if __name__ == "__main__":
    sys.exit(main())
