"""What all measurements share: servers in processes of their own, medians, tables."""

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from bench.usage import descendants

HERE = Path(__file__).parent

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
MODES = ("single", "multi")
Mode = Literal["single", "multi"]
JOB = {"feature": "text_to_raw_mesh", "model": "noop", "inputs": {"text": {"text": "x"}}}


class Service(NamedTuple):
    """A server under measurement."""

    port: int
    roots: tuple[int, ...]
    """Processes that were started; all others are below them."""

    @property
    def pids(self) -> list[int]:
        """All its processes."""
        return [pid for root in self.roots for pid in (root, *descendants(root))]

    def parts(self) -> dict[str, list[int]]:
        """Its processes by what they are: web, broker, worker, runner, redis; `serve` is most of them in one."""
        found: dict[str, list[int]] = {}
        for pid in self.pids:
            found.setdefault(_part(pid), []).append(pid)
        return found


@contextlib.contextmanager
def keep_folders() -> Iterator[None]:
    """Folders of servers that end within the block go when it ends.

    A file that was deleted makes new ones dearer for minutes: ext4 leaves its inode unused for a while and looks past
    it at each creation. So no system pays for what the one before it left.
    """
    global _kept
    with contextlib.ExitStack() as outermost:
        _kept = outermost
        try:
            yield
        finally:
            _kept = None


_kept: contextlib.ExitStack | None = None


@contextlib.contextmanager
def fresh_folder(disk: str | None = None) -> Iterator[Path]:
    """An empty folder, on that disk or where temporary files are; it goes with the block, or later (`keep_folders`)."""
    with contextlib.ExitStack() as opened:
        owner = opened if _kept is None else _kept
        yield Path(owner.enter_context(tempfile.TemporaryDirectory(prefix="aigc-bench-", dir=disk)))


@contextlib.contextmanager
def aigc_server(
    mode: Mode = "single", cpu: int | None = None, disk: str | None = None, **settings: Any
) -> Iterator[Service]:
    """The service with a model that does nothing, on an empty data folder.

    Args:
        mode: single is `aigc serve`; multi is `aigc up` with a Redis of its own that syncs its log every second.
        cpu: the core on which it has to stay.
        disk: where the data folder is made; None: the system's temporary folder.
    """
    with contextlib.ExitStack() as opened:
        folder = opened.enter_context(fresh_folder(disk))
        (folder / "models.yaml").write_text(yaml.safe_dump(CATALOGUE))
        config: dict[str, Any] = {
            "models": {"catalogue": "models.yaml"},
            "limits": {"queue": 1_000_000},
            "storage": {"min_free_gb": 0},
            "logging": {"level": "warning"},
            **settings,
        }
        roots: tuple[int, ...] = ()
        command = ["serve"]
        if mode == "multi":
            command = ["up", "--brokers", "1", "--device", "cpu"]
            redis = opened.enter_context(redis_server(cpu))
            config["redis"] = {"enabled": True, "url": redis.url}
            roots = (redis.pid,)
        (folder / "system.yaml").write_text(yaml.safe_dump(config))
        arguments = ["-m", "aigc", *command, "--config", str(folder / "system.yaml"), "--data", str(folder / "data")]
        service = opened.enter_context(started([*arguments, "--port", "0"], cpu))
        yield Service(service.port, (*service.roots, *roots))


@contextlib.contextmanager
def hello_server(cpu: int | None = None) -> Iterator[Service]:
    """An aiohttp application that parses a JSON POST and answers with JSON: the least that any HTTP service costs."""
    with started(["-m", "bench.hello"], cpu) as service:
        yield service


@contextlib.contextmanager
def started(arguments: Sequence[str], cpu: int | None = None) -> Iterator[Service]:
    """A Python process that prints its address as the last word of its first line."""
    with process([sys.executable, *arguments], cpu) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        if not line:
            raise RuntimeError("it ended before it listened; see above")
        yield Service(int(line.split()[-1].rsplit(":", 1)[1]), (child.pid,))


class Redis(NamedTuple):
    """A private server."""

    url: str
    pid: int


@contextlib.contextmanager
def redis_server(cpu: int | None = None) -> Iterator[Redis]:
    """An empty Redis whose append-only file is synced every second: a power cut may cost that second and no more."""
    port = free_port()
    with fresh_folder() as folder:
        durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        still = ["--loglevel", "warning", "--bind", "127.0.0.1"]
        with process(
            ["redis-server", "--port", str(port), "--dir", str(folder), *still, *durable], cpu, quiet=True
        ) as child:
            wait_for_port(port)
            yield Redis(f"redis://127.0.0.1:{port}/0", child.pid)


@contextlib.contextmanager
def process(
    command: Sequence[str], cpu: int | None = None, environment: dict[str, str] | None = None, *, quiet: bool = False
) -> Iterator["subprocess.Popen[str]"]:
    """A child that is ended, with all that it started, when the block ends. `quiet`: nobody hears what it says."""
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None else []
    child = subprocess.Popen(
        [*pinned, *command],
        stdout=subprocess.DEVNULL if quiet else subprocess.PIPE,
        stderr=subprocess.DEVNULL if quiet else None,
        text=True,
        cwd=HERE.parent,
        env={**os.environ, **environment} if environment else None,
    )
    try:
        yield child
    finally:
        below = descendants(child.pid)
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        for pid in below:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    """A port of this host that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, limit_s: float = 30.0) -> None:
    """Somebody listens there. Raises TimeoutError."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise TimeoutError(f"nobody listens on port {port}")


def _part(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "gone"
    if "aigc.runner" in words:
        return "runner"
    if "aigc" in words:
        return words[words.index("aigc") + 1]
    return "redis" if "redis-server" in words[0] else Path(words[0]).name


class Figure(NamedTuple):
    """A measurement over several rounds."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Figure":
        """Median and range of these rounds."""
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self}"

    def __format__(self, form: str) -> str:
        form = form or (",.0f" if self.median >= 1000 else ".3g")
        return f"{self.median:{form}} ({self.low:{form}} to {self.high:{form}})"


class Line(NamedTuple):
    """One thing that was measured, and what it should be."""

    number: str
    """Of the goal in the list that the project set itself; empty for what explains another line."""
    what: str
    reached: Figure
    goal: str = ""
    """`>= 8` or `<= 0.12`; empty where there is none."""

    @property
    def verdict(self) -> str:
        """Whether the goal is met, and by how much not."""
        if not self.goal:
            return ""
        sense, wanted = self.goal.split()
        factor = self.reached.median / float(wanted)
        if sense == ">=":
            factor = 1 / factor
        return "met" if factor <= 1 else f"missed by {factor:.2g} times"


def show(lines: Iterable[Line]) -> None:
    """Print them as a table."""
    for line in lines:
        row(line.number, line.what, line.reached, f"{line.goal:8} {line.verdict}" if line.goal else "-")


def row(name: str, what: str, reached: object, goal: str) -> None:
    """One line of the table."""
    print(f"{name:4} {what:62} {reached!s:>28}   goal {goal}", flush=True)


def keep(name: str, values: Any) -> None:
    """Write what was measured to results/NAME.json: figures only, nothing that names this machine."""
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(values, indent=2) + "\n")
