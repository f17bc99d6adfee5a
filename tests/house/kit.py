"""A whole server as an operator starts it, in one process or in several, and a hand on its throat."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from aigc.client import Client, Unreachable

REPOSITORY = Path(__file__).parents[2]
TEST_MODELS = REPOSITORY / "tests" / "runner_models"
EXAMPLE = REPOSITORY / "config" / "model_template" / "models.yaml"
SAMPLES = REPOSITORY / "web" / "static" / "samples"

FREE = {"type": "object", "additionalProperties": True, "properties": {}}
"""A schema that lets everything through: test models check nothing."""


def test_catalogue() -> dict[str, Any]:
    """Entries for the misbehaving models, each under the feature text_to_raw_mesh."""

    def entry(class_path: str, **more: Any) -> dict[str, Any]:
        return {
            "class": class_path, "path": [str(TEST_MODELS)], "parameters": FREE, "memory_gb": 0.05, "load_s": 0.2,
            "run_s": 0.1, "licence": "Apache-2.0", **more,
        }  # fmt: skip

    models = {
        "noop": {**entry("aigc.runner.noop:Noop"), "parameters": "aigc.runner.noop:Noop"},
        "other": {**entry("aigc.runner.noop:Noop"), "parameters": "aigc.runner.noop:Noop"},
        "stepping": entry("stepping:Stepping"),
        "hanging": entry("hanging:Hanging", stall_limit_s=30),
        "dying": entry("dying:Dying"),
        "raising": entry("raising:Raising"),
        "returning": entry("returning:Returning"),
        "printing": entry("printing:Printing"),
        "telling": entry("telling:Telling"),
        "trespassing": entry("trespassing:Trespassing"),
        "forking": entry("forking:Forking"),
    }
    return {"models": {"text_to_raw_mesh": models}}


SERVE, UP = "serve", "up"
MODES = (SERVE, UP)
"""Ways to start everything: one process, or a supervisor with web, broker, worker and Redis as its children."""


def mainly(mode: str) -> list[Any]:
    """Modes for tests of what is the same code in both: this one in each run, any other with `make soak`."""
    return [mode, *(pytest.param(other, marks=pytest.mark.slow) for other in MODES if other != mode)]


class Gate:
    """Jobs that shall run as long as a test wants: `submit("stepping", gate=gate.path)` works until it is opened."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "gate"
        self._file.touch()

    @property
    def path(self) -> str:
        return str(self._file)

    def open(self) -> None:
        self._file.unlink(missing_ok=True)


ROLES = ("web", "broker", "worker", "redis")


class NotStarted(Exception):
    """The server ended before it announced itself; the text is its log."""


class Server:
    """`aigc serve` or `aigc up` on a free port over a data folder; killed and started again as a test likes."""

    def __init__(
        self,
        folder: Path,
        *,
        mode: str = SERVE,
        settings: dict[str, Any] | None = None,
        catalogue: dict[str, Any] | None = None,
        bundled: bool = False,
        prefix: Sequence[str] = (),
        arguments: Sequence[str] = (),
        python: str = sys.executable,
    ) -> None:
        """`prefix` is a program that starts it (`nice`), `arguments` go behind its own."""
        self.mode = mode
        # One broker starts faster than two; who wants another one to take over says so.
        few = () if mode == SERVE or "--brokers" in arguments else ("--brokers", "1")
        self._command, self._arguments = [*prefix, python, "-m", "aigc", mode], (*few, *arguments)
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "server.log"
        models = folder / "models.yaml"
        models.write_text(yaml.safe_dump(catalogue or test_catalogue()))
        named = {"extra": [str(models), str(EXAMPLE)]} if bundled else {"catalogue": str(models)}
        self.settings_file = folder / "system.yaml"
        self.settings_file.write_text(yaml.safe_dump({"models": named, "worker": {"memory_gb": 8}, **(settings or {})}))
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self, *, port: int = 0, **environment: str) -> "Server":
        command = [*self._command, "--config", str(self.settings_file), "--data", str(self.data), "--port", str(port)]
        command += self._arguments
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.folder,  # where no source lies
                env={**os.environ, **environment},
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline().split()
        if not line:
            self._reap()
            raise NotStarted(self.log.read_text()[-3000:])
        self.url = line[-1]
        return self

    @property
    def client(self) -> Client:
        # A test that asks one who is away, or busy, is to hear it.
        return Client(self.url, timeout_s=70, retry_s=0)

    @property
    def patient(self) -> Client:
        """One for tests in which something comes back: it asks again until it has an answer."""
        return Client(self.url, timeout_s=70)

    @property
    def pid(self) -> int:
        """The process that was started, and that signals from an operator go to."""
        assert self.process is not None
        return self.process.pid

    def pids(self, role: str) -> set[int]:
        """Processes that do this: one of `ROLES`, or `runner` for all that workers have begun.

        Where one process does everything it is the answer for every role that it has.
        """
        if role == "runner":
            return {below for worker in self.pids("worker") for below in descendants(worker)}
        if self.mode == SERVE:
            return {self.pid} - ({self.pid} if role == "redis" else set())
        return {pid for pid in children(self.pid) if role_of(pid) == role}

    def family(self) -> dict[str, set[int]]:
        """The processes of each role."""
        return {role: self.pids(role) for role in ROLES}

    def one(self, role: str) -> int:
        """The only process that does this."""
        (pid,) = self.pids(role)
        return pid

    def kill(self, role: str = "") -> None:
        """SIGKILL: no goodbye. Without a role the whole family, runners excepted: those end by themselves or not."""
        if role:
            self._signal(role, signal.SIGKILL)
            return
        family = set() if self.mode == SERVE else set(children(self.pid))
        assert self.process is not None
        self.process.kill()  # first, or it would begin the others again
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._reap()
        assert gone(family, within_s=60)

    def freeze(self, role: str) -> None:
        """SIGSTOP: it does nothing until it is thawed."""
        self._signal(role, signal.SIGSTOP)

    def thaw(self, role: str) -> None:
        """SIGCONT."""
        self._signal(role, signal.SIGCONT)

    def stop(self) -> int:
        """SIGTERM, and what it ended with."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def ended(self) -> int:
        """What it ended with, once it has by itself."""
        return self._reap()

    def _signal(self, role: str, number: signal.Signals) -> None:
        for pid in self.pids(role):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _reap(self) -> int:
        assert self.process is not None and self.process.stdout is not None
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.process = None
        return code

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        if self.process is not None:
            self.kill()

    def submit(self, model: str = "noop", text: str = "x", **params: Any) -> dict[str, Any]:
        return self.client.submit("text_to_raw_mesh", model=model, text=text, params=params)

    def until(self, job: str, status: str, timeout_s: float = 60) -> dict[str, Any]:
        """The job once it has that status; waits on its events, not on a clock."""
        for event in self.client.events(job):
            record = event.get("job") or {}
            if record.get("status") == status or event["type"] == f"job.{status}":
                return self.client.job(job)
            if event["type"] == "job.progress" and status == "processing":
                return self.client.job(job)
        record = self.client.job(job)
        assert record["status"] == status, record
        return record


House = Callable[..., Server]
"""Makes servers of one mode: takes what `Server` takes, but the mode."""


def children(pid: int) -> list[int]:
    """Processes that this one has begun, or that were left to it."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def descendants(pid: int) -> set[int]:
    """Every process below it."""
    found: set[int] = set()
    todo = children(pid)
    while todo:
        below = todo.pop()
        found.add(below)
        todo += children(below)
    return found


def role_of(pid: int) -> str:
    """What a process of `aigc up` does; empty for one that has just ended."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ""
    if "redis-server" in words[0]:
        return "redis"
    return words[words.index("aigc") + 1] if "aigc" in words else ""


def gone(pids: set[int], within_s: float) -> bool:
    """True once none of them lives; False if one still does after that time."""
    limit = time.monotonic() + within_s
    while time.monotonic() < limit:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return not any(alive(pid) for pid in pids)


def eventually(condition: Callable[[], object], within_s: float = 60.0) -> None:
    """Return once it holds. For what no event tells; fails where it does not hold in that time."""
    limit = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def answers(client: Client) -> bool:
    try:
        client.health()
    except Unreachable:
        return False
    return True
