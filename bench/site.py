"""The service in processes of its own, as units of several machines would run it: nobody begins a dead one again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from aigc.client import Client, Refused, Unreachable
from bench.harness import HERE, descendants, free_port, wait_for_port

BROKERS = ("broker-a", "broker-b")
WORKERS = ("left", "right")
PATIENCE_S = 60.0


def _model(class_path: str) -> dict[str, Any]:
    free = {"type": "object", "properties": {}, "additionalProperties": True}
    sizes = {"memory_gb": 0.05, "load_s": 0.2, "run_s": 1, "licence": "Apache-2.0"}
    return {"class": class_path, "path": [str(HERE.parent)], "parameters": free, **sizes}


MODELS = {"steps": _model("aigc.runner.noop:Noop"), "blocking": _model("bench.blocking:Blocking")}


class Site:
    """A Redis that syncs at every write, two brokers, a gateway, two workers; use as a context."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        redis = free_port()
        self._web = free_port()
        self.client = Client(f"http://127.0.0.1:{self._web}", timeout_s=PATIENCE_S, retry_s=0)
        (folder / "redis").mkdir()
        (folder / "models.yaml").write_text(yaml.safe_dump({"models": {"text_to_raw_mesh": MODELS}}))
        config = {
            "models": {"catalogue": "models.yaml"},
            "redis": {"enabled": True, "url": f"redis://127.0.0.1:{redis}/0", "durability": "always"},
            "storage": {"data_dir": str(folder / "data"), "run_dir": str(folder / "run"), "min_free_gb": 0},
            "worker": {"memory_gb": 4},
        }
        (folder / "system.yaml").write_text(yaml.safe_dump(config))
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        place = ["--port", str(redis), "--bind", "127.0.0.1", "--dir", str(folder / "redis")]
        self._redis = redis
        self._commands: dict[str, list[str]] = {"redis": ["redis-server", *place, *durable]}
        for name in BROKERS:
            self._commands[name] = self._aigc("broker", "--standby")
        self._commands["web"] = self._aigc("web", "--port", str(self._web))
        for name in WORKERS:
            self._commands[name] = self._aigc("worker", "--device", "cpu", "--name", name)

    def _aigc(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "aigc", *words, "--config", str(self._folder / "system.yaml")]

    def __enter__(self) -> "Site":
        try:
            self.start("redis")
            wait_for_port(self._redis)
            for name in self._commands:
                if name != "redis":
                    self.start(name)
            wait_for_port(self._web, PATIENCE_S)
            self.settle()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(self._processes):
            self.kill(name)

    def start(self, name: str, *, anew: bool = False) -> None:
        """It is on its way; with `anew` its log is empty."""
        with (self._folder / f"{name}.log").open("wb" if anew else "ab") as log:
            self._processes[name] = subprocess.Popen(
                self._commands[name], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=HERE.parent
            )

    def kill(self, name: str) -> None:
        """SIGKILL; what it started ends by itself, or not."""
        process = self._processes[name]
        below = descendants(process.pid) if name == "web" else []
        process.kill()
        process.send_signal(signal.SIGCONT)
        process.wait()
        for pid in below:  # gateways below their supervisor
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def freeze(self, name: str) -> None:
        """SIGSTOP."""
        self._processes[name].send_signal(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """SIGCONT."""
        self._processes[name].send_signal(signal.SIGCONT)

    def pid(self, name: str) -> int:
        """Of the process that was started last under that name."""
        return self._processes[name].pid

    def log(self, name: str) -> str:
        """What it has said."""
        return (self._folder / f"{name}.log").read_text(errors="replace")

    def leader(self) -> str:
        """The broker that leads."""
        (owner,) = [one["owner"] for one in self.client.system()["brokers"] if one["leads"]]
        return next(name for name in BROKERS if f"/{self.pid(name)}/" in owner)

    def settle(self) -> None:
        """Both brokers and both workers are there, and nothing is queued or runs."""

        def is_settled() -> bool:
            seen = self.client.system()
            alive = [one["id"] for one in seen["workers"] if one["liveness"] == "alive" and not one["leases"]]
            at_work = [one for one in seen["brokers"] if one["seen_s"] < 2]
            leading = [one for one in seen["brokers"] if one["leads"]]
            return sorted(alive) == sorted(WORKERS) and len(at_work) == len(BROKERS) and len(leading) == 1

        until(is_settled)


def until(condition: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """It holds; asked again and again. Raises TimeoutError."""
    limit = time.monotonic() + patience_s
    while True:
        with contextlib.suppress(Unreachable, Refused, ValueError, StopIteration):
            if condition():
                return
        if time.monotonic() > limit:
            raise TimeoutError("it never came")
        time.sleep(0.05)
