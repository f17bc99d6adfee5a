"""The actors of one process under their supervisor: which there are says the role, how they are joined the topology."""

import asyncio
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from enum import Enum
from typing import Any

import zmq

from actors.broker import Broker, BrokerSettings
from actors.devices import DevicesSettings, find
from actors.leader import Leader, LeaderSettings
from actors.runner_process import RunnersSettings
from actors.stores.sweeper import Sweeper, SweeperSettings
from actors.supervisor import ChildSpec, Supervisor
from actors.worker import Worker, WorkerSettings
from actors.worker_name import default_name
from aigc import __version__
from aigc.core.errors import InputInvalid
from aigc.core.hosting.device import DeviceSettings
from aigc.core.hosting.residents import ResidentsSettings
from aigc.core.hosting.slot import SlotSettings
from aigc.core.hosting.turns import TurnsSettings
from aigc.core.ids import BootId, WorkerId
from aigc.core.messages import Forgotten, Generation
from aigc.core.model import Catalogue
from aigc.core.ports import DeviceProbe
from aigc.core.scheduling.settings import SchedulerSettings
from config.agreement import agreed
from config.reload import Reload
from config.settings import Settings
from config.wiring import GIB, Topology
from transport.curve import Authenticator
from web.app import WebSettings
from web.fetch import Fetcher, FetchSettings
from web.gateway import Gateway, GatewaySettings
from web.hub import StreamSettings
from web.intake import Intake, IntakeLimits
from web.server import WebServer

MIB = 1 << 20
HOUR_S = 3600.0
PREFETCH = 8
"""Leases that may wait at a worker beside the running ones; the scheduler uses them for very short jobs only."""


class Role(Enum):
    """What a process does."""

    BROKER = "broker"
    WORKER = "worker"
    WEB = "web"


ALL = (Role.BROKER, Role.WORKER, Role.WEB)


class House:
    """The actors of one process.

    Args:
        catalogue: what a broker here puts into force; the others ask it.
        listening: where a gateway here answers.
        standby: whether a broker here waits behind one that leads.
        again: reads the settings anew, for the catalogue that then comes into force; raises ConfigInvalid.
    """

    def __init__(
        self,
        topology: Topology,
        settings: Settings,
        roles: Sequence[Role] = ALL,
        *,
        catalogue: Catalogue | None = None,
        listening: socket.socket | None = None,
        standby: bool = False,
        again: Callable[[], Settings] | None = None,
    ) -> None:
        self.reread = Reload(settings, again or (lambda: settings), self.reload)
        """Brings into force what the files say now; for whoever asks."""
        self._topology, self._settings, self._roles = topology, settings, roles
        self._catalogue, self._listening, self._standby = catalogue, listening, standby
        self._context: zmq.Context[Any] = zmq.Context()
        self._opened = AsyncExitStack()
        self._owner = f"{socket.gethostname()}/{os.getpid()}/{_boot()}"
        self._workers: list[WorkerId] = []
        self._supervisor = Supervisor(list(self._children()))

    def _children(self) -> Sequence[ChildSpec]:
        # In this order: a broker listens before the others look for it.
        children: list[ChildSpec] = []
        if Role.BROKER in self._roles:
            if self._topology.here is None:
                raise InputInvalid(
                    "there are several places for a broker",
                    suggestion="name this one with --place",
                    where="broker.places",
                )
            children += [ChildSpec("broker", self._leader), ChildSpec("sweeper", self._sweeper)]
        if Role.WORKER in self._roles:
            probes = find(_devices(self._settings))
            self._workers = [worker_name(self._settings, number, len(probes)) for number in range(len(probes))]
            if self._settings.worker.name is None and Role.WEB not in self._roles:
                # Workers of other machines come to the same broker.
                self._workers = [default_name(socket.gethostname(), probe.sample(()).id) for probe in probes]
            for name, probe in zip(self._workers, probes, strict=True):
                children.append(ChildSpec(name, self._worker_maker(name, probe)))
        if Role.WEB in self._roles:
            children.append(ChildSpec("web", self._web))
        return children

    async def start(self) -> None:
        """The stores are open and all actors have started. What it raises says what to do."""
        topology = self._topology
        if Role.BROKER in self._roles or Role.WEB in self._roles:
            # The records' store first: it refuses a second server on the same folder before anything is touched.
            await topology.jobs.open()
            self._opened.push_async_callback(topology.jobs.close)
        topology.runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        if topology.keys is not None:
            gatekeeper = Authenticator(self._context, topology.keys)
            self._opened.callback(gatekeeper.close)
        await topology.assets.open()
        self._opened.push_async_callback(topology.assets.close)
        await self._supervisor.start()

    async def run(self) -> None:
        """Until an actor cannot be kept alive."""
        await self._supervisor.run()

    async def drain(self, budget_s: float) -> None:
        """Clients are let go and running jobs end, or are handed back; none counts as failed."""
        workers = [self._supervisor.living(name) for name in self._workers]
        await asyncio.gather(*(worker.drain(budget_s) for worker in workers if isinstance(worker, Worker)))
        # Last: until then clients hear how their jobs end.
        web = self._supervisor.living("web")
        if isinstance(web, WebServer):
            await web.drain(budget_s)

    def reload(self, catalogue: Catalogue) -> None:
        """Another catalogue is in force, and will be if this process leads later; so is the list of allowed keys."""
        self._catalogue = catalogue
        if self._topology.keys is not None:
            self._topology.keys.reload()
        if (broker := self._broker()) is not None:
            broker.reload()

    async def close(self) -> None:
        """All actors have ended, everything is durable."""
        await self._supervisor.close()
        await self._opened.aclose()
        self._context.destroy(linger=0)

    # Actors. Each life gets an id of its own.

    def _broker(self) -> Broker | None:
        leader = self._supervisor.living("broker")
        return leader.broker if isinstance(leader, Leader) else None

    def _leader(self) -> Leader:
        settings = LeaderSettings(owner=self._owner, lease_s=self._settings.broker.lease_s, standby=self._standby)
        return Leader(self._topology.jobs, settings, self._new_broker)

    def _new_broker(self, generation: Generation) -> Broker:
        topology, scheduling = self._topology, self._settings.scheduler
        here = topology.here or 0
        return Broker(
            self._context,
            BrokerSettings(
                address=topology.brokers[here],
                news_address=topology.news[here],
                takeover=topology.takeover,
                scheduler=SchedulerSettings(
                    alpha=scheduling.alpha, adoption_s=scheduling.adoption_s, queue_bound=self._settings.limits.queue
                ),
                link=topology.link,
                queue_bound=self._settings.limits.queue,
                agreed=agreed(self._settings),
            ),
            topology.jobs,
            lambda: self._catalogue or Catalogue((), ""),
            generation=generation,
            boot=_boot(),
            reread=self.reread,
        )

    def _sweeper(self) -> Sweeper:
        storage = self._settings.storage

        def generation() -> Generation | None:
            leader = self._supervisor.living("broker")
            return leader.generation if isinstance(leader, Leader) else None

        def forgotten(jobs: Any) -> None:
            if (broker := self._broker()) is not None:
                for job in jobs:
                    broker.publish(Forgotten(job))

        settings = SweeperSettings(
            completed_s=storage.keep_results_h * HOUR_S,
            failed_s=storage.keep_failed_h * HOUR_S,
            cancelled_s=storage.keep_failed_h * HOUR_S,
        )
        jobs = self._topology.jobs
        return Sweeper(jobs, self._topology.assets, settings, generation, clock=jobs.clock, forgotten=forgotten)

    def _worker_maker(self, name: WorkerId, probe: DeviceProbe) -> Callable[[], Worker]:
        told = self._settings.worker
        ladder = SlotSettings(interrupt_s=told.cancel_grace_s, terminate_s=told.cancel_grace_s)
        settings = WorkerSettings(
            brokers=self._topology.brokers,
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
            link=self._topology.link,
        )

        def make() -> Worker:
            return Worker(self._context, settings, self._topology.assets, probe, name=name, boot=_boot())

        return make

    def _web(self) -> WebServer:
        assert self._listening is not None
        settings, topology = self._settings, self._topology
        limits = IntakeLimits(
            image_bytes=int(settings.limits.image_mb * MIB),
            mesh_bytes=int(settings.limits.mesh_mb * MIB),
            max_edge=settings.limits.image_edge_px,
            keep_s=settings.storage.keep_uploads_h * HOUR_S,
        )
        fetch = FetchSettings(allowed_networks=tuple(settings.security.fetch_allow))
        gateway = Gateway(
            self._context,
            topology.brokers,
            topology.news,
            topology.jobs,
            topology.assets,
            fetch=Fetcher(Intake(topology.assets, limits), fetch),
            settings=GatewaySettings(
                queue_bound=settings.limits.queue, stream=StreamSettings(watchers=settings.limits.watchers)
            ),
            name="web",
            boot=_boot(),
            link=topology.link,
            clock=topology.jobs.clock,
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


def worker_name(settings: Settings, number: int, count: int = 2) -> WorkerId:
    """What the worker of that device is called; `count`: of how many."""
    name = settings.worker.name or "worker"
    return WorkerId(name if settings.worker.name and count == 1 else f"{name}-{number}")


def _devices(settings: Settings) -> DevicesSettings:
    worker = settings.worker
    return DevicesSettings(
        wanted=None if worker.devices == "auto" else tuple(worker.devices),
        memory_bytes=None if worker.memory_gb is None else int(worker.memory_gb * GIB),
        label=worker.name or "",
    )
