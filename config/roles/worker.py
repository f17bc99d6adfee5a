"""The role of a process that computes: a worker for each of its devices."""

import asyncio
import socket
from collections.abc import Callable

from actors.devices import DevicesSettings, find
from actors.runner_process import RunnersSettings
from actors.supervisor import ChildSpec
from actors.worker import Worker, WorkerSettings
from actors.worker_name import default_name
from aigc import __version__
from aigc.core.hosting.device import DeviceSettings
from aigc.core.hosting.residents import ResidentsSettings
from aigc.core.hosting.slot import SlotSettings
from aigc.core.hosting.turns import TurnsSettings
from aigc.core.ids import WorkerId
from aigc.core.ports import DeviceProbe
from config.agreement import agreed_of_worker
from config.logs import levels
from config.roles.site import GIB, Site, new_boot
from config.settings import Settings

PREFETCH = 8
"""Leases that may wait at a worker beside the running ones; the scheduler uses them for very short jobs only."""


class WorkerPart:
    """See `site.Part`.

    Args:
        has_company: whether workers of other machines may come to the same broker.
    Raises:
        InputInvalid: a device that is wanted is not there.
    """

    uses_records = False

    def __init__(self, site: Site, has_company: bool) -> None:
        self._site = site
        self._probes = find(_devices(site.settings))
        count = len(self._probes)
        self.names = [WorkerId(site.settings.worker.name_of(number, count)) for number in range(count)]
        if has_company and site.settings.worker.name is None:
            self.names = [default_name(socket.gethostname(), probe.sample(()).id) for probe in self._probes]

    def children(self) -> list[ChildSpec]:
        """See `site.Part`."""
        pairs = zip(self.names, self._probes, strict=True)
        return [ChildSpec(name, self._worker_maker(name, probe)) for name, probe in pairs]

    async def drain(self, budget_s: float) -> None:
        """See `site.Part`."""
        workers = [self._site.living(name) for name in self.names]
        await asyncio.gather(*(worker.drain(budget_s) for worker in workers if isinstance(worker, Worker)))

    def _worker_maker(self, name: WorkerId, probe: DeviceProbe) -> Callable[[], Worker]:
        told = self._site.settings.worker
        ladder = SlotSettings(interrupt_s=told.cancel_grace_s, terminate_s=told.cancel_grace_s)
        settings = WorkerSettings(
            brokers=self._site.topology.brokers,
            folder=self._site.topology.runtime / name,
            device=DeviceSettings(
                credit=told.slots + PREFETCH,
                turns=TurnsSettings(slots=told.slots),
                residents=ResidentsSettings(
                    reserve_bytes=int(told.reserve_gb * GIB), ladder=ladder, keep_alive_s=told.keep_loaded_s
                ),
                host=socket.gethostname(),
                version=__version__,
                agreed=agreed_of_worker(self._site.settings),
            ),
            # The store makes results durable when it publishes them, while the runner is at its next job already.
            runners=RunnersSettings(staging=self._site.topology.staging, threads=told.threads or 0, fsync=False),
            link=self._site.topology.link,
        )

        def make() -> Worker:
            return Worker(
                self._site.context,
                settings,
                self._site.topology.assets,
                probe,
                name=name,
                boot=new_boot(),
                set_level=levels.change,
            )

        return make


def _devices(settings: Settings) -> DevicesSettings:
    worker = settings.worker
    return DevicesSettings(
        wanted=None if worker.devices == "auto" else tuple(worker.devices),
        memory_bytes=None if worker.memory_gb is None else int(worker.memory_gb * GIB),
        label=worker.name or "",
    )
