"""What all measurements share: servers in processes of their own, CPU and memory as the kernel counts them, medians."""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")

CATALOGUE = {
    "models": {
        "text_to_raw_mesh": {
            "noop": {
                "class": "bench.stopwatch:Stopwatch",
                "path": [str(HERE.parent)],
                "parameters": {"type": "object", "properties": {}, "additionalProperties": True},
                "memory_gb": 0.05,
                "load_s": 0.2,
                "run_s": 0.01,
                "licence": "Apache-2.0",
            }
        }
    }
}
JOB = {"feature": "text_to_raw_mesh", "model": "noop", "inputs": {"text": {"text": "x"}}}


class Service(NamedTuple):
    """A server under measurement."""

    url: str
    port: int
    pid: int

    @property
    def pids(self) -> list[int]:
        """The process and everything below it."""
        return [self.pid, *descendants(self.pid)]


@contextlib.contextmanager
def aigc_server(cpu: int | None = None, **settings: Any) -> Iterator[Service]:
    """`aigc serve` with a model that does nothing, on an empty data folder."""
    with tempfile.TemporaryDirectory(prefix="aigc-bench-") as name:
        folder = Path(name)
        (folder / "models.yaml").write_text(yaml.safe_dump(CATALOGUE))
        config = {
            "models": {"catalogue": "models.yaml"},
            "limits": {"queue": 1_000_000},
            "storage": {"min_free_gb": 0},
            "logging": {"level": "warning"},
            **settings,
        }
        (folder / "system.yaml").write_text(yaml.safe_dump(config))
        arguments = ["-m", "aigc", "serve", "--config", str(folder / "system.yaml"), "--data", str(folder / "data")]
        with started([*arguments, "--port", "0"], cpu) as service:
            yield service


@contextlib.contextmanager
def hello_server(cpu: int | None = None) -> Iterator[Service]:
    """An aiohttp application that parses a JSON POST and answers with JSON: the least that any HTTP service costs."""
    with started(["-m", "bench.hello"], cpu) as service:
        yield service


@contextlib.contextmanager
def started(arguments: Sequence[str], cpu: int | None) -> Iterator[Service]:
    """A Python process that prints its address as the last word of its first line."""
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
    child = subprocess.Popen([*pinned, sys.executable, *arguments], stdout=subprocess.PIPE, text=True, cwd=HERE.parent)
    try:
        assert child.stdout is not None
        url = child.stdout.readline().split()[-1]
        yield Service(url, int(url.rsplit(":", 1)[1]), child.pid)
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def descendants(pid: int) -> list[int]:
    """Every process below `pid`."""
    found = []
    todo = [pid]
    while todo:
        parent = todo.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                below = [int(child) for child in task.read_text().split()]
                found += below
                todo += below
    return found


def cpu_s(pids: Sequence[int]) -> float:
    """CPU seconds that these processes have used."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICKS


def pss_mb(pids: Sequence[int]) -> float:
    """Proportional set size in MB: shared pages are split among those who share them."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024


class Figure(NamedTuple):
    """A measurement over several rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Median and range of these rounds."""
        return cls(statistics.median(values), min(values), max(values))

    def __format__(self, form: str) -> str:
        form = form or ".3g"
        return f"{self.median:{form}} ({self.low:{form}}-{self.high:{form}})"


def row(name: str, what: str, reached: object, goal: str) -> None:
    """One line of the table."""
    print(f"{name:4} {what:62} {reached!s:>28}   goal {goal}", flush=True)


def keep(name: str, values: Any) -> None:
    """Write what was measured to figures/NAME.json."""
    folder = HERE / "figures"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(values, indent=2) + "\n")
