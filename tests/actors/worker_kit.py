"""What tests of the worker share: a broker's end of the link, a directory for assets, real runner processes."""

import asyncio
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import zmq

from actors.device_watch import WatchSettings
from actors.runner_process import RunnersSettings
from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from actors.worker import Worker, WorkerSettings
from aigc.core.hosting.device import DeviceSettings
from aigc.core.hosting.residents import ResidentsSettings
from aigc.core.hosting.slot import SlotSettings
from aigc.core.ids import AttemptId, BootId, DeviceId, JobId, ModelId, WorkerId
from aigc.core.job import Input, Lease
from aigc.core.messages import (
    CancelLease,
    Device,
    Generation,
    Grant,
    Settled,
    ToBroker,
    ToWorker,
    Welcome,
    WorkerBeat,
    WorkerHello,
)
from aigc.core.model import Catalogue, ModelSpec
from tests.runner.kit import is_alive
from transport import Address, Codec, Envelope, LinkSettings, Router

GIB = 1 << 30
RUNNER_MODELS = Path(__file__).parents[1] / "runner_models"
PATIENCE_S = 60
FIRST = Generation(1, "first")
_numbers = itertools.count(1)

M = TypeVar("M")


def model(name: str, class_path: str, **fields: Any) -> ModelSpec:
    """A small model of the test folder."""
    fields.setdefault("memory_bytes", GIB)
    return ModelSpec(id=ModelId(name), feature="test", class_path=class_path, path=(str(RUNNER_MODELS),), **fields)


MODELS = (
    model("noop", "aigc.runner.noop:Noop"),
    model("other", "aigc.runner.noop:Noop"),
    model("stepping", "stepping:Stepping"),
    model("hanging", "hanging:Hanging"),
    model("dying", "dying:Dying"),
)


def new_lease() -> Lease:
    """A lease that nobody has seen before."""
    number = next(_numbers)
    return Lease(JobId(f"job-{number}"), 1, AttemptId(f"attempt-{number}"))


class Probe:
    """A device that answers as the test says; `sees` are the processes that it was asked about."""

    def __init__(self, total: int = 4 * GIB) -> None:
        self.device = Device(id=DeviceId("cpu"), kind="cpu", total=total)
        self.sees: list[Sequence[int]] = []
        self.before: Callable[[], object] = lambda: None

    def sample(self, ours: Sequence[int], reserved: int = 0) -> Device:
        self.before()
        self.sees.append(tuple(ours))
        return self.device


class BrokerEnd:
    """A ROUTER that hears a worker and welcomes it; `until` waits for what it says."""

    def __init__(
        self, context: zmq.Context, address: Address, models: Sequence[ModelSpec], generation: Generation = FIRST
    ) -> None:
        self.peer = b""
        self._welcome = Welcome(generation, Catalogue(tuple(models), "digest"))
        self.said: list[Any] = []
        self._news: asyncio.Queue[Any] = asyncio.Queue()
        self.router: Router[ToWorker, ToBroker] = Router(
            context, address, Codec(ToBroker), self._hear, boot=f"broker-{next(_numbers)}"
        )

    def _hear(self, batch: list[tuple[bytes, Envelope[ToBroker]]]) -> None:
        for peer, envelope in batch:
            for message in envelope.messages:
                if isinstance(message, WorkerHello):
                    self.peer = peer
                    self.tell(self._welcome)
                self.said.append(message)
                self._news.put_nowait(message)

    def tell(self, message: ToWorker) -> None:
        self.router.send(self.peer, message)

    async def until(self, kind: type[M], where: Callable[[M], bool] = lambda _: True) -> M:
        """The next message of that kind; what comes before it is let pass."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self._news.get()
                if isinstance(message, kind) and where(message):
                    return message

    def of(self, kind: type[M]) -> list[M]:
        """All messages of that kind so far."""
        return [message for message in self.said if isinstance(message, kind)]


class WorkerHouse:
    """A worker, its broker's end and its store. Use as an async context; at its end no runner may be left."""

    def __init__(self, folder: Path, *, models: Sequence[ModelSpec] = MODELS, **settings: Any) -> None:
        self.context = zmq.Context()
        self.address = Address.parse(f"inproc://broker-{next(_numbers)}")
        self.assets = DirectoryAssetStore(folder / "assets", DirectorySettings(min_free_bytes=0))
        self.probe = Probe()
        self.models = models
        self.broker = BrokerEnd(self.context, self.address, models)
        device = settings.pop("device", None) or DeviceSettings(
            residents=ResidentsSettings(ladder=SlotSettings(interrupt_s=0.3, terminate_s=1.0))
        )
        self.settings = WorkerSettings(
            brokers=(self.address,),
            folder=folder / "run",
            device=device,
            runners=RunnersSettings(staging=self.assets.folder, fsync=False),
            link=settings.pop("link", None) or LinkSettings(),
            watch=settings.pop("watch", None) or WatchSettings(measure_s=0.05, rest_s=0.05),
            **settings,
        )
        self.levels: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.worker = self.new_worker()

    def new_worker(self) -> Worker:
        return Worker(
            self.context,
            self.settings,
            self.assets,
            self.probe,
            name=WorkerId("worker-0"),
            boot=BootId(f"boot-{next(_numbers)}"),
            set_level=lambda logger, level: self.levels.put_nowait((logger, level)),
        )

    async def __aenter__(self) -> "WorkerHouse":
        await self.assets.open()
        await self.worker.start()
        await self.broker.until(WorkerHello)
        return self

    async def __aexit__(self, *_: object) -> None:
        runners = self.worker._runners
        pids = [pid for below in (runners.pids() if runners else {}).values() for pid in below]
        await self.worker.close()
        self.broker.router.close()
        await self.assets.close()
        self.context.term()
        assert not [pid for pid in pids if is_alive(pid)]

    async def handed_over(self) -> None:
        """Every lease that is to run by now is at its runner: files that it waited for are there."""
        await self.worker._files.settle()

    def replace_broker(self) -> None:
        """The broker is gone and another one leads."""
        self.broker.router.close()
        self.broker = BrokerEnd(self.context, self.address, self.models, Generation(2, "second"))

    def grant(
        self, name: str = "noop", *, inputs: dict[str, Input] | None = None, need: int = GIB, **params: Any
    ) -> Lease:
        lease = new_lease()
        self.broker.tell(Grant(FIRST, lease, ModelId(name), "test", inputs or {}, params, "glb", need))
        return lease

    def cancel(self, lease: Lease) -> None:
        self.broker.tell(CancelLease(FIRST, lease, "asked for"))

    def settle(self, *leases: Lease) -> None:
        self.broker.tell(Settled(FIRST, leases))

    async def states(self, **wanted: str) -> WorkerBeat:
        """The next beat in which the residents are in these states, and no others are there."""
        return await self.broker.until(
            WorkerBeat, lambda beat: {one.residency: one.state for one in beat.residents} == wanted
        )

    def folders(self) -> list[Path]:
        """Staging folders that are in use."""
        kept = self.assets._staging._kept
        return [path for path in self.assets._files.workspace.folder.iterdir() if path.is_dir() and path not in kept]
