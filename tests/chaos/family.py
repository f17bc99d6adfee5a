"""All processes of a run: what they are, how they are found, how they are brought up and ended."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import yaml

from config import parent
from config.parent import PARENT
from tests.chaos.links import Link
from tests.chaos.plan import BROKERS, GATEWAYS, LEADER, STANDBY, WORKERS
from tests.chaos.processes import Process
from tests.house.kit import children, descendants, role_of, test_catalogue
from tests.redis_kit import free_port

MARK = "AIGC_CHAOS"
"""In the environment of all that is begun here, so that what is left of it can be found."""

_PROGRAM = (sys.executable, "-I", parent.__file__, shutil.which("redis-server") or "redis-server", "--port", "0")
_DURABLY = ("--appendonly", "yes", "--appendfsync", "always", "--save", "", "--shutdown-timeout", "0")
REDIS = _PROGRAM + _DURABLY

DEVICE = "fake:0.12"
"""Has room for two of the test models, so that they push each other out."""


class Family(ABC):
    """What the faults, the clients and the survey need to know of it.

    Args:
        folder: for data, settings and logs.
        sockets: for sockets; its path is short.
    """

    def __init__(self, folder: Path, sockets: Path, seed: int) -> None:
        self.folder, self.sockets = folder, sockets
        self.data, self.logs = folder / "data", folder / "logs"
        self.logs.mkdir()
        self.leader: int | None = None
        """Process id of the leading broker, as it was last told."""
        self._links: dict[str, Link] = {}
        self._dice = Random(f"family {seed}")
        # Should the run be killed, they end too.
        self._environment = {MARK: str(folder), PARENT: str(os.getpid()), "P3D_LOGGING__FORMAT": "json"}
        self._settings = folder / "system.yaml"
        self._settings.write_text(yaml.safe_dump(self._setting()))

    @property
    @abstractmethod
    def urls(self) -> list[str]:
        """Where clients may go."""

    @property
    @abstractmethod
    def redis(self) -> Path:
        """Redis' own socket."""

    @abstractmethod
    async def start(self) -> None:
        """All were begun."""

    @abstractmethod
    async def stop(self) -> dict[str, int]:
        """All but Redis have ended in order; the exit codes."""

    @abstractmethod
    async def end(self) -> None:
        """Redis has ended too."""

    @abstractmethod
    def roles(self) -> dict[str, int]:
        """The process of each name, of those that live."""

    def link(self, name: str) -> Link:
        """The link of that name. Raises KeyError where there is none."""
        return self._links[name]

    def heal(self) -> None:
        """All links are whole."""
        for link in self._links.values():
            link.heal()

    def find(self, target: str) -> int | None:
        """The process that a fault of that target hits now; None if there is none."""
        roles = self.roles()
        brokers = [pid for name, pid in roles.items() if name.startswith("broker")]
        if target in (LEADER, STANDBY):
            fitting = [pid for pid in brokers if (pid == self.leader) == (target == LEADER)]
            return self._dice.choice(fitting or brokers) if brokers else None
        if target.startswith("runner of "):
            worker = roles.get(target.removeprefix("runner of "))
            below = sorted(descendants(worker)) if worker else []
            return self._dice.choice(below) if below else None
        return roles.get(target)

    def everything(self) -> list[int]:
        """Every process that was begun here, or by those, and still lives."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_ours(pid)]

    def _process(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> Process:
        log = self.logs / f"{name}.log"
        return Process(name, command, {**self._environment, **environment}, log, self._dice)

    def _is_ours(self, pid: int) -> bool:
        if pid == os.getpid():
            return False
        told = [f"{MARK}={self.folder}\0".encode(), os.fsencode(self.sockets) + b"/", os.fsencode(self.folder) + b"/"]
        with contextlib.suppress(OSError):
            place = Path(f"/proc/{pid}")
            text = (place / "environ").read_bytes() + (place / "cmdline").read_bytes()
            text += os.fsencode(os.readlink(place / "cwd")) + b"/"
            return any(word in text for word in told)
        return False

    def _setting(self) -> dict[str, Any]:
        catalogue = test_catalogue()
        noop = catalogue["models"]["text_to_raw_mesh"]["noop"]
        catalogue["models"]["image_to_raw_mesh"] = {"pictured": noop}
        (self.folder / "models.yaml").write_text(yaml.safe_dump(catalogue))
        return {
            "models": {"catalogue": "models.yaml"},
            "storage": {"data_dir": str(self.data), "min_free_gb": 0},
            "worker": {"drain_s": 2, "cancel_grace_s": 0.5, "reserve_gb": 0},
        }


class Spread(Family):
    """Each process is begun and kept by us, and has links of its own to what it needs."""

    def __init__(self, folder: Path, sockets: Path, seed: int) -> None:
        super().__init__(folder, sockets, seed)
        self._shared = sockets / "run"
        self._shared.mkdir()
        (self.data / "redis").mkdir(parents=True)
        self._ports = [free_port() for _ in range(GATEWAYS)]
        redis = [*REDIS, "--unixsocket", str(self.redis), "--dir", str(self.data / "redis")]
        self._processes = {"redis": self._process("redis", redis, {})}
        for number in range(BROKERS):
            self._ours(f"broker-{number}", "broker", "--standby", run=self._shared)
        for number in range(WORKERS):
            name = f"worker-{number}"
            self._ours(name, "worker", "--device", f"{DEVICE}#{number}", "--name", name)
        for number, port in enumerate(self._ports):
            self._ours(f"web-{number}", "web", "--port", str(port))

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{port}" for port in self._ports]

    @property
    def redis(self) -> Path:
        return self._shared / "redis.sock"

    async def start(self) -> None:
        for link in self._links.values():
            await link.open()
        for process in self._processes.values():
            await process.start()

    async def stop(self) -> dict[str, int]:
        codes: dict[str, int] = {}
        for role in ("web", "worker", "broker"):
            names = [name for name in self._processes if name.startswith(role)]
            ended = await asyncio.gather(*(self._processes[name].stop() for name in names))
            codes |= dict(zip(names, ended, strict=True))
        return codes

    async def end(self) -> None:
        await asyncio.gather(*(process.kill() for process in self._processes.values()))
        for link in self._links.values():
            await link.close()

    def roles(self) -> dict[str, int]:
        found = {name: process.pid for name, process in self._processes.items() if process.pid is not None}
        for name in [name for name in found if name.startswith("web")]:
            for child in children(found[name]):
                found[f"gateway of {name}"] = child
        return found

    def _ours(self, name: str, *arguments: str, run: Path | None = None) -> None:
        """A process of ours. Unless `run` is where the brokers meet, it has a folder of its own with links to there."""
        own = self.sockets / name
        own.mkdir()
        services = ["redis"] if arguments[0] != "worker" else []
        services += [] if run else ["broker", "news"]
        for service in services:
            socket = "redis.sock" if service == "redis" else service
            self._links[f"{name} to {service}"] = Link(own / socket, self._shared / socket)
        environment = {
            "P3D_REDIS__ENABLED": "true",
            "P3D_REDIS__URL": f"unix://{own}/redis.sock",
            "P3D_REDIS__DURABILITY": "always",
            "P3D_STORAGE__RUN_DIR": str(run or own),
        }
        command = (sys.executable, "-m", "aigc", *arguments, "--config", str(self._settings))
        self._processes[name] = self._process(name, command, environment)


class Supervised(Family):
    """`aigc up`, whose supervisor keeps the others; it is never hit itself."""

    def __init__(self, folder: Path, sockets: Path, seed: int) -> None:
        super().__init__(folder, sockets, seed)
        self._port = free_port()
        self._supervisor: asyncio.subprocess.Process | None = None
        self._redis: Process | None = None

    @property
    def urls(self) -> list[str]:
        return [f"http://127.0.0.1:{self._port}"] * 2

    @property
    def redis(self) -> Path:
        return self.sockets / "redis.sock"

    async def start(self) -> None:
        command = [sys.executable, "-m", "aigc", "up", "--config", str(self._settings), "--port", str(self._port)]
        command += ["--brokers", str(BROKERS), "--workers", str(GATEWAYS)]
        for number in range(WORKERS):
            command += ["--device", f"{DEVICE}#{number}"]
        with (self.logs / "up.log").open("a") as log:
            self._supervisor = await asyncio.create_subprocess_exec(
                *command,
                env={**os.environ, **self._environment, "P3D_STORAGE__RUN_DIR": str(self.sockets)},
                stdout=log,
                stderr=log,
                cwd=self.logs,
            )

    async def stop(self) -> dict[str, int]:
        assert self._supervisor is not None
        with contextlib.suppress(ProcessLookupError):
            self._supervisor.send_signal(signal.SIGTERM)
        code = await self._supervisor.wait()
        # It ended its Redis too; the survey needs one to look at the records.
        redis = [*REDIS, "--unixsocket", str(self.redis), "--dir", str(self.data / "redis")]
        self._redis = self._process("redis", redis, {})
        await self._redis.start()
        return {"up": code}

    async def end(self) -> None:
        if self._redis is not None:
            await self._redis.kill()
        if self._supervisor is not None and self._supervisor.returncode is None:
            self._supervisor.kill()
            await self._supervisor.wait()

    def roles(self) -> dict[str, int]:
        assert self._supervisor is not None
        found: dict[str, int] = {}
        for child in sorted(children(self._supervisor.pid)):
            role = role_of(child)
            if role == "redis":
                found[role] = child
            elif role:
                number = sum(name.startswith(f"{role}-") for name in found)
                found[f"{role}-{number}"] = child
        return found | {f"gateway of {name}": pid for name, pid in found.items() if name.startswith("web")}
