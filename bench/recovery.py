"""How long it takes until all is well again, as a client sees it: P12 and the figures for recovery.

python -m bench.recovery [--trials 100] [--long-trials 10] [--houses 2] [--only NAME ...]

Each trial harms an installation of separate processes (`bench.site`), waits until a client sees that what was disturbed
goes on, and repairs it. Nothing begins a dead process again meanwhile, so a killed worker is found by its silence.
"""

import argparse
import json
import math
import queue
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from os import kill
from pathlib import Path
from signal import SIGKILL
from typing import Any, NamedTuple

from aigc.client import FINAL, Refused, Unreachable
from bench.harness import HERE, descendants, keep, row
from bench.site import Site, until

FROZEN_S = 30.0
"""How long a leader is stopped."""


class Kind(NamedTuple):
    """One way to do harm."""

    what: str
    trial: Callable[[Site], float]
    """Returns seconds, or a count of what should not be."""
    goal: float
    is_long: bool = False
    unit: str = "s"


# Jobs


def submit(site: Site, model: str = "steps", **params: Any) -> str:
    """A job's id."""
    job: str = site.client.submit("text_to_raw_mesh", model=model, text="x", params=params)["id"]
    return job


class Running:
    """A job at work, and everything that is heard of it."""

    def __init__(self, site: Site, model: str = "steps", **params: Any) -> None:
        self.site = site
        self.id = submit(site, model, **(params or {"sleep_s": 600, "steps": 30_000}))
        self._events: Iterator[dict[str, Any]] = site.client.events(self.id)
        self.works(attempt=1)
        self.worker: str = site.client.job(self.id)["worker"]

    def works(self, attempt: int) -> float:
        """The instant at which its model is seen to work, in that attempt."""
        for event in self._events:
            if event.get("stage") == "sampling" and event.get("attempt") == attempt:
                return time.monotonic()
        raise AssertionError(f"{self.id} ended: {self.site.client.job(self.id)}")

    def ends(self) -> float:
        """The instant at which it is seen to have ended."""
        for event in self._events:
            if event["type"].removeprefix("job.") in FINAL:
                return time.monotonic()
        return time.monotonic()

    def cancel(self) -> float:
        """Seconds until it was seen to be cancelled."""
        began = time.monotonic()
        self.site.client.cancel(self.id)
        return self.ends() - began


# Trials


def runner_killed(site: Site) -> float:
    """SIGKILL to the process that holds the model."""
    job = Running(site)
    guard, model = descendants(site.pid(job.worker))[:2]
    assert guard != model
    began = time.monotonic()
    kill(model, SIGKILL)
    took = job.works(attempt=2) - began
    job.cancel()
    return took


def worker_killed(site: Site) -> float:
    """SIGKILL to the worker, which is not begun again."""
    job = Running(site)
    began = time.monotonic()
    site.kill(job.worker)
    took = job.works(attempt=2) - began
    job.cancel()
    site.start(job.worker)
    site.settle()
    return took


def worker_stopped(site: Site) -> float:
    """SIGSTOP to the worker: it answers nobody, and its runner goes on."""
    job = Running(site)
    began = time.monotonic()
    site.freeze(job.worker)
    took = job.works(attempt=2) - began
    job.cancel()
    site.thaw(job.worker)
    site.settle()
    return took


def leader_killed(site: Site) -> float:
    """SIGKILL to the leading broker; jobs that come meanwhile are accepted, and one of them is seen to run."""
    leader = site.leader()
    began = time.monotonic()
    site.kill(leader)
    job = Running(site)
    took = time.monotonic() - began
    job.cancel()
    site.start(leader)
    site.settle()
    return took


def leader_stopped(site: Site) -> float:
    """SIGSTOP to the leading broker under load, SIGCONT when another one has led for long: wrong writes."""
    stop = threading.Event()
    jobs: list[str] = []

    def load() -> None:
        while not stop.is_set():
            jobs.append(submit(site, sleep_s=random.uniform(0.0, 0.2), steps=4))
            stop.wait(0.1)

    loading = threading.Thread(target=load)
    loading.start()
    time.sleep(1.0)
    leader = site.leader()
    site.freeze(leader)
    time.sleep(FROZEN_S)
    successor = site.leader()
    assert successor != leader
    site.thaw(leader)
    until(lambda: "broker.deposed" in site.log(leader))
    time.sleep(1.0)
    stop.set()
    loading.join()
    wrong = sum(is_wrong(site.client.wait(job)) for job in jobs)
    assert site.leader() == successor
    site.kill(leader)
    site.start(leader, anew=True)
    site.settle()
    return wrong


def is_wrong(record: dict[str, Any]) -> bool:
    """Whether the history of a job shows the hand of a second writer."""
    kinds = [line["kind"] for line in record["history"]]
    numbers = [line["seq"] for line in record["history"]]
    is_once = record["status"] == "completed" and kinds.count("completed") == 1
    return not (
        is_once and numbers == list(range(1, record["seq"] + 1)) and kinds.count("started") == record["attempt"]
    )


def cooperative_cancel(site: Site) -> float:
    """A model that reports every 20 ms is cancelled."""
    return Running(site).cancel()


def native_cancel(site: Site) -> float:
    """A model that sits in native code is cancelled."""
    return Running(site, "blocking", ignored=0).cancel()


ACKNOWLEDGED: list[str] = []
LOST: list[str] = []
"""Jobs that were acknowledged while Redis was killed, and those of them that were not found; over all trials."""


def redis_restarted(site: Site) -> float:
    """SIGKILL to Redis under load, and a new one at once on the same files: until a job is accepted again."""
    stop = threading.Event()
    accepted: queue.SimpleQueue[tuple[float, str]] = queue.SimpleQueue()

    def load() -> None:
        while not stop.is_set():
            try:
                accepted.put((time.monotonic(), submit(site)))
            except (Refused, Unreachable):
                stop.wait(0.01)

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(random.uniform(0.3, 0.8))
    site.kill("redis")
    began = time.monotonic()
    site.start("redis")
    known: list[tuple[float, str]] = []
    while not known or known[-1][0] < began + 0.01:
        known.append(accepted.get(timeout=60))
    took = known[-1][0] - began
    stop.set()
    for thread in threads:
        thread.join()
    while not accepted.empty():
        known.append(accepted.get())
    for _, job in known:
        ACKNOWLEDGED.append(job)
        try:
            assert site.client.wait(job)["status"] == "completed"
        except Refused:
            LOST.append(job)
    site.settle()
    return took


KINDS = {
    "runner-killed": Kind("runner killed: its job runs again", runner_killed, 1.0),
    "worker-killed": Kind("worker killed: its job runs again elsewhere", worker_killed, 6.0),
    "worker-stopped": Kind("worker stopped (SIGSTOP): its job runs again elsewhere", worker_stopped, 20.0),
    "leader-killed": Kind("leading broker killed: the next job runs", leader_killed, 4.0),
    "leader-stopped": Kind(
        f"leader stopped {FROZEN_S:g} s and continued: stale writes accepted", leader_stopped, 0, True, ""
    ),
    "cancel": Kind("a cooperative model is cancelled", cooperative_cancel, 0.3),
    "cancel-native": Kind("a model blocked in native code is cancelled", native_cancel, 4.0),
    "redis-restarted": Kind("Redis killed and restarted under load: jobs are accepted", redis_restarted, 5.0),
}


def table(figures: dict[str, dict[str, Any]]) -> list[list[str]]:
    """A row for each way to do harm, and one for what Redis lost."""
    rows = [["What", "Trials", "p50", "p99", "Most", "Goal for p99"]]
    for name, kind in KINDS.items():
        if (found := figures.get(name)) is not None:
            told = [f"{found[each]:.3g} {kind.unit}".rstrip() for each in ("p50", "p99", "max")]
            rows.append([kind.what, str(found["n"]), *told, f"<= {kind.goal:g} {kind.unit}".rstrip()])
            if "lost" in found:
                rows.append(
                    ["the same: acknowledged jobs lost", str(found["acknowledged"]), "", "", str(found["lost"]), "0"]
                )
    return rows


def main() -> None:
    """Harm, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--long-trials", type=int, default=10)
    parser.add_argument("--houses", type=int, default=2, help="installations that are harmed side by side")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=list(KINDS))
    options = parser.parse_args()
    known = HERE / "results" / "recovery.json"
    # Of those that are not measured now the last figures stand.
    figures: dict[str, dict[str, Any]] = json.loads(known.read_text()) if known.is_file() else {}
    for name in options.only:
        kind = KINDS[name]
        trials = options.long_trials if kind.is_long else options.trials
        figures[name] = told(kind, measured(kind, trials, options.houses))
        if name == "redis-restarted":
            figures[name] |= {"lost": len(LOST), "acknowledged": len(ACKNOWLEDGED)}
            row("", "the same: acknowledged jobs lost", f"{len(LOST)} of {len(ACKNOWLEDGED)}", "0")
        keep("recovery", figures)


def measured(kind: Kind, trials: int, houses: int) -> list[float]:
    """What each trial took, over houses of their own."""
    left: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(trials):
        left.put(number)

    def work() -> list[float]:
        taken = []
        with tempfile.TemporaryDirectory(prefix="aigc-r") as folder, Site(Path(folder)) as site:
            cooperative_cancel(site)  # the first job of a house loads more than a model
            while not left.empty():
                try:
                    left.get_nowait()
                except queue.Empty:
                    break
                taken.append(kind.trial(site))
        return taken

    with ThreadPoolExecutor(houses) as pool:
        return [value for each in [pool.submit(work) for _ in range(min(houses, trials))] for value in each.result()]


def told(kind: Kind, values: list[float]) -> dict[str, Any]:
    """One line of the table, and the same as figures."""
    values = sorted(values)
    p99 = values[math.ceil(0.99 * len(values)) - 1]
    figure = {"n": len(values), "p50": statistics.median(values), "p99": p99, "max": values[-1], "goal": kind.goal}
    reached = f"N {len(values)}  p50 {figure['p50']:.3g}  p99 {p99:.3g}  max {values[-1]:.3g} {kind.unit}"
    row("", kind.what, reached, f"<= {kind.goal:g}")
    return figure


if __name__ == "__main__":
    main()
