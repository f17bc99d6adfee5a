"""What tests of runners share: a house of real runner processes, and ways to see that processes are gone."""

import asyncio
import os
import select
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import zmq

from actors.runner_process import Runners, RunnersSettings
from aigc.core.ids import AttemptId, JobId, ModelId
from aigc.core.job import Lease
from aigc.core.model import ModelSpec
from aigc.core.runner_events import RunnerEvent, RunnerExited, RunnerId, RunnerLoaded, RunnerProgressed, RunTask

MODELS = Path(__file__).parents[1] / "runner_models"
NOOP = "aigc.runner.noop:Noop"
PATIENCE_S = 60

E = TypeVar("E", bound=RunnerEvent)


class House:
    """`Runners` in a folder of their own. Use as an async context; at its end no process may be left."""

    def __init__(self, folder: Path, **settings) -> None:
        self.folder = folder
        self.staging = folder / "staging"
        self.staging.mkdir()
        self.events: list[RunnerEvent] = []
        self._news: asyncio.Queue[RunnerEvent] = asyncio.Queue()
        self._context = zmq.Context()
        device = settings.pop("device", "cpu")
        settings.setdefault("fsync", False)
        self.runners = Runners(
            self._context, folder / "run", device, RunnersSettings(staging=self.staging, **settings), self._hear
        )
        self._count = 0

    async def __aenter__(self) -> "House":
        await self.runners.start()
        return self

    async def __aexit__(self, *_) -> None:
        pids = [pid for each in self.runners.pids().values() for pid in each]
        await self.runners.close()
        self._context.term()
        assert not [pid for pid in pids if is_alive(pid)]

    def _hear(self, events: Sequence[RunnerEvent]) -> None:
        self.events += events
        for event in events:
            self._news.put_nowait(event)

    def spawn(self, class_path: str = NOOP, **spec) -> RunnerId:
        self._count += 1
        runner = RunnerId(f"model#{self._count}")
        spec.setdefault("path", (str(MODELS),))
        self.runners.spawn(runner, ModelSpec(id=ModelId("model"), feature="test", class_path=class_path, **spec))
        return runner

    async def loaded(self, class_path: str = NOOP, **spec) -> RunnerId:
        runner = self.spawn(class_path, **spec)
        await self.until(RunnerLoaded)
        return runner

    def run(self, runner: RunnerId, inputs: dict[str, str] | None = None, **params) -> Lease:
        self._count += 1
        lease = Lease(JobId("job"), self._count, AttemptId("attempt"))
        folder = self.staging / str(lease.attempt)
        folder.mkdir()
        self.runners.run(runner, RunTask(lease, ModelId("model"), inputs or {}, params, "glb", folder))
        return lease

    async def until(self, kind: type[E]) -> E:
        """The next event of that kind; others before it are let pass, but no death that was not waited for."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                event = await self._news.get()
                if isinstance(event, kind):
                    return event
                assert not isinstance(event, RunnerExited), event

    async def outcome(self, patience_s: float = PATIENCE_S) -> RunnerEvent:
        """The next event that is no progress."""
        async with asyncio.timeout(patience_s):
            while isinstance(event := await self._news.get(), RunnerProgressed):
                pass
            return event

    def of(self, kind: type[E]) -> list[E]:
        """All events of that kind so far."""
        return [event for event in self.events if isinstance(event, kind)]


def is_alive(pid: int) -> bool:
    """True if the process exists and has not ended (a zombie has)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def seconds_until_gone(pids: list[int]) -> float:
    """How long it took from now until the last of them had ended."""
    return await asyncio.to_thread(wait_until_gone, pids)


def wait_until_gone(pids: list[int]) -> float:
    """Blocks; see `seconds_until_gone`."""
    started = time.monotonic()
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            assert poll.poll(PATIENCE_S * 1000), f"process {pid} is still there"
        finally:
            os.close(handle)
    return time.monotonic() - started
