"""Which actors live in this process, at which addresses, with which stores: the only file that knows the mode."""

import secrets
import socket
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

import zmq
from msgspec import Struct

from actors.broker import Broker, BrokerSettings
from actors.devices import DevicesSettings, find
from actors.runner_process import RunnersSettings
from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from actors.stores.sqlite import SqliteJobStore
from actors.stores.sweeper import Sweeper, SweeperSettings
from actors.supervisor import ChildSpec, Supervisor
from actors.worker import Worker, WorkerSettings
from aigc import __version__
from aigc.core.hosting.device import DeviceSettings
from aigc.core.hosting.residents import ResidentsSettings
from aigc.core.hosting.slot import SlotSettings
from aigc.core.hosting.turns import TurnsSettings
from aigc.core.ids import BootId, WorkerId
from aigc.core.messages import Forgotten, Generation
from aigc.core.model import Catalogue
from aigc.core.ports import AssetStore, DeviceProbe, JobStore
from aigc.core.scheduling.settings import SchedulerSettings
from config.settings import Settings
from transport import Address, LinkSettings
from web.app import WebSettings
from web.fetch import Fetcher, FetchSettings
from web.gateway import Gateway, GatewaySettings
from web.hub import StreamSettings
from web.intake import Intake, IntakeLimits
from web.server import WebServer

GIB = 1 << 30
MIB = 1 << 20
HOUR_S = 3600.0
PREFETCH = 8
"""Leases that may wait at a worker beside the running ones; the scheduler uses them for very short jobs only."""
SOCKET_PATH_BYTES = 60
"""Room that the names of sockets need below the runtime folder, of the 107 bytes that a path may have."""


class Topology(Struct, frozen=True):
    """Where the actors meet and where they keep things."""

    broker: Address
    news: Address
    jobs: JobStore
    assets: AssetStore
    staging: Path
    """Where the AssetStore makes staging folders; runners write beneath it."""
    runtime: Path
    """For sockets and scratch folders of this process."""


def single(settings: Settings) -> Topology:
    """Everything in one process: `inproc` sockets, SQLite and a folder."""
    data = settings.storage.folder
    assets = DirectoryAssetStore(
        data / "assets", DirectorySettings(min_free_bytes=int(settings.storage.min_free_gb * GIB))
    )
    return Topology(
        broker=Address.parse("inproc://broker"),
        news=Address.parse("inproc://news"),
        jobs=SqliteJobStore(data / "jobs.db"),
        assets=assets,
        staging=assets.folder,
        runtime=_runtime(data),
    )


class House:
    """The actors of one process under their supervisor."""

    def __init__(self, topology: Topology, settings: Settings, catalogue: Catalogue, listening: socket.socket) -> None:
        self._topology = topology
        self._settings = settings
        self._catalogue = catalogue
        self._listening = listening
        self._context: zmq.Context[Any] = zmq.Context()
        self._opened = AsyncExitStack()
        self._link = LinkSettings()
        probes = find(_devices(settings))
        self._workers = [WorkerId(f"worker-{number}") for number in range(len(probes))]
        self._supervisor = Supervisor(
            [
                ChildSpec("broker", self._broker),
                ChildSpec("sweeper", self._sweeper),
                *(
                    ChildSpec(name, self._worker_maker(name, probe))
                    for name, probe in zip(self._workers, probes, strict=True)
                ),
                ChildSpec("web", self._web),
            ]
        )

    async def start(self) -> None:
        """The stores are open and all actors have started. What it raises says what to do."""
        topology = self._topology
        # The records' store first: it refuses a second server on the same folder before anything is touched.
        await topology.jobs.open()
        self._opened.push_async_callback(topology.jobs.close)
        topology.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        await topology.assets.open()
        self._opened.push_async_callback(topology.assets.close)
        await self._supervisor.start()

    async def run(self) -> None:
        """Until an actor cannot be kept alive."""
        await self._supervisor.run()

    async def drain(self, budget_s: float) -> None:
        """Running jobs end or are handed back; none counts as failed."""
        for name in self._workers:
            worker = self._supervisor.living(name)
            if isinstance(worker, Worker):
                await worker.drain(budget_s)

    def reload(self, catalogue: Catalogue) -> None:
        """Another catalogue is in force."""
        self._catalogue = catalogue
        broker = self._supervisor.living("broker")
        if isinstance(broker, Broker):
            broker.reload()

    async def close(self) -> None:
        """All actors have ended, everything is durable."""
        await self._supervisor.close()
        await self._opened.aclose()
        self._context.destroy(linger=0)

    # Actors. Each life gets an id of its own.

    def _broker(self) -> Broker:
        scheduling = self._settings.scheduler
        return Broker(
            self._context,
            BrokerSettings(
                address=self._topology.broker,
                news_address=self._topology.news,
                scheduler=SchedulerSettings(
                    alpha=scheduling.alpha, adoption_s=scheduling.adoption_s, queue_bound=self._settings.limits.queue
                ),
                link=self._link,
                queue_bound=self._settings.limits.queue,
            ),
            self._topology.jobs,
            lambda: self._catalogue,
            boot=_boot(),
        )

    def _sweeper(self) -> Sweeper:
        storage = self._settings.storage

        def generation() -> Generation | None:
            broker = self._supervisor.living("broker")
            return broker.generation if isinstance(broker, Broker) and broker.generation.number else None

        def forgotten(jobs: Any) -> None:
            broker = self._supervisor.living("broker")
            if isinstance(broker, Broker):
                for job in jobs:
                    broker.publish(Forgotten(job))

        settings = SweeperSettings(
            completed_s=storage.keep_results_h * HOUR_S,
            failed_s=storage.keep_failed_h * HOUR_S,
            cancelled_s=storage.keep_failed_h * HOUR_S,
        )
        return Sweeper(self._topology.jobs, self._topology.assets, settings, generation, forgotten=forgotten)

    def _worker_maker(self, name: WorkerId, probe: DeviceProbe) -> Callable[[], Worker]:
        told = self._settings.worker
        ladder = SlotSettings(interrupt_s=told.cancel_grace_s, terminate_s=told.cancel_grace_s)
        settings = WorkerSettings(
            broker=self._topology.broker,
            folder=self._topology.runtime / name,
            device=DeviceSettings(
                credit=told.slots + PREFETCH,
                turns=TurnsSettings(slots=told.slots),
                residents=ResidentsSettings(
                    reserve_bytes=int(told.reserve_gb * GIB), ladder=ladder, keep_alive_s=told.keep_loaded_s
                ),
                host=socket.gethostname(),
                version=__version__,
            ),
            # The store makes results durable when it publishes them, while the runner is at its next job already.
            runners=RunnersSettings(staging=self._topology.staging, threads=told.threads or 0, fsync=False),
            link=self._link,
        )

        def make() -> Worker:
            return Worker(
                self._context,
                settings,
                self._topology.assets,
                probe,
                name=name,
                boot=_boot(),
            )

        return make

    def _web(self) -> WebServer:
        settings = self._settings
        limits = IntakeLimits(
            image_bytes=int(settings.limits.image_mb * MIB),
            mesh_bytes=int(settings.limits.mesh_mb * MIB),
            max_edge=settings.limits.image_edge_px,
            keep_s=settings.storage.keep_uploads_h * HOUR_S,
        )
        fetch = FetchSettings(allowed_networks=tuple(settings.security.fetch_allow))

        gateway = Gateway(
            self._context,
            self._topology.broker,
            self._topology.news,
            self._topology.jobs,
            self._topology.assets,
            fetch=Fetcher(Intake(self._topology.assets, limits), fetch),
            settings=GatewaySettings(
                queue_bound=settings.limits.queue, stream=StreamSettings(watchers=settings.limits.watchers)
            ),
            name="web",
            boot=_boot(),
            link=self._link,
        )

        web = WebSettings(
            data_path=str(settings.storage.folder),
            public_url=settings.server.public_url or "",
            limits=limits,
            origins=None if "*" in settings.security.cors_origins else frozenset(settings.security.cors_origins),
        )
        return WebServer(gateway, web, self._listening)


def _boot() -> BootId:
    return BootId(secrets.token_hex(6))


def _devices(settings: Settings) -> DevicesSettings:
    worker = settings.worker
    return DevicesSettings(
        wanted=None if worker.devices == "auto" else tuple(worker.devices),
        memory_bytes=None if worker.memory_gb is None else int(worker.memory_gb * GIB),
    )


def _runtime(data: Path) -> Path:
    """A folder for sockets: beside the data where the path is short enough, else in the system's temporary folder."""
    beside = data / "run"
    if len(str(beside).encode()) <= 107 - SOCKET_PATH_BYTES:
        return beside
    return Path(tempfile.gettempdir()) / f"aigc-{sha256(str(data).encode()).hexdigest()[:12]}"
