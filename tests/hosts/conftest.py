import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.kit import Host, Hosts, unsupported
from transport.keys import KeyFolder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def supported() -> None:
    if reason := unsupported():
        pytest.skip(reason)


@pytest.fixture
def hosts(supported: None) -> Iterator[Hosts]:
    """Three machines: two for brokers, one for workers."""
    with Hosts("broker", "standby", "gpu") as made:
        yield made


class Told:
    """A talker's process and all that it has reported, in order."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.log: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            self.log.append(json.loads(line))
            self._changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """`condition` holds; it is looked at after each report."""
        async with asyncio.timeout(60):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def says(self, *, since: int = 0, **values: Any) -> None:
        """A report with these values has come, after the first `since`."""
        await self.until(lambda: any(values.items() <= line.items() for line in self.log[since:]))

    def tell(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())

    async def asks(self, command: str, answer: str) -> dict[str, Any]:
        """The report that has `answer` in it and comes after `command`."""
        known = len(self.log)
        self.tell(command)
        await self.until(lambda: any(answer in line for line in self.log[known:]))
        return next(line for line in self.log[known:] if answer in line)

    def got(self, name: str = "") -> list[int]:
        """The numbers of the messages that came, of the peer of that name or of all."""
        ours = [line for line in self.log if "got" in line and line.get("peer", line.get("name", "")).startswith(name)]
        return [number for line in ours for number in line["got"]]

    def verdicts(self, name: str = "") -> list[str]:
        """What was thought of the peer of that name, or by the one of that name of its router, in order."""
        ours = [line for line in self.log if "verdict" in line]
        return [line["verdict"] for line in ours if line.get("peer", line.get("name", "")).startswith(name)]

    async def close(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reading


class Site:
    """Machines with keys that know each other, and the talkers on them, which have `lost_s` of patience."""

    lost_s = 1.6

    def __init__(self, hosts: Hosts, folder: Path) -> None:
        self.hosts, self._folder = hosts, folder
        self.keys = {name: KeyFolder(folder / name) for name in ("broker", "standby", "gpu", "stranger")}
        for keys in self.keys.values():
            keys.new()
        for name in ("broker", "standby"):
            self.keys[name].allow("gpu", self.keys["gpu"].public())
        self._talkers: list[Told] = []

    def place(self, name: str) -> tuple[str, str]:
        """Where the broker on that machine listens, and its key."""
        return f"tcp://{self.hosts[name].address}:7843", self.keys[name].public()

    async def listen(self, name: str = "broker") -> Told:
        return await self._talk(self.hosts[name], "listen", *self.place(name), str(self._folder / name))

    async def connect(self, name: str, *places: str, keys: str = "gpu") -> Told:
        """Dealers on the machine for workers, called `name` (several with commas between), to brokers at `places`."""
        known = [word for place in places or ("broker",) for word in self.place(place)]
        return await self._talk(self.hosts["gpu"], "connect", name, str(self._folder / keys), *known)

    async def _talk(self, host: Host, *arguments: str) -> Told:
        process = await asyncio.create_subprocess_exec(
            *host.command(sys.executable, "-m", "tests.hosts.talker", str(self.lost_s), *arguments),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        told = Told(process)
        self._talkers.append(told)
        await told.says(ready=True)
        return told

    async def close(self) -> None:
        for talker in self._talkers:
            await talker.close()


@pytest.fixture
async def site(hosts: Hosts, tmp_path: Path) -> AsyncIterator[Site]:
    made = Site(hosts, tmp_path)
    yield made
    await made.close()
