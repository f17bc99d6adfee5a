"""The actors of one process under their supervisor: which there are says the role, how they are joined the topology."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
import zmq

from actors.supervisor import Supervisor
from aigc.core.model import Catalogue
from config import lean
from config.deeds import note_signal
from config.reload import Reload
from config.roles.site import Part, Site
from config.settings import Settings
from config.tracing import exporter, nobody
from config.wiring import Topology
from transport import Authenticator, KeysInvalid

if TYPE_CHECKING:
    from config.roles.broker import BrokerPart


log = structlog.get_logger()


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
        origins: where settings come from, see `settings.Loaded`.
    Raises:
        InputInvalid: a device or a place is not there.
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
        origins: Mapping[str, str] | None = None,
    ) -> None:
        self.reread = Reload(settings, again or (lambda: settings), self.reload, partial(note_signal, settings))
        """Brings into force what the files say now; for whoever asks."""
        self._topology = topology
        self._context: zmq.Context[Any] = zmq.Context()
        self._opened = AsyncExitStack()
        self._leading: BrokerPart | None = None
        tells = "+".join(role.value for role in roles if role is not Role.WORKER)  # a broker tells of its workers
        export, self._send_spans = exporter(settings.tracing.endpoint, tells) if tells else nobody()
        self._site = Site(
            self._context, topology, settings, lambda name: self._supervisor.living(name), origins or {}, export
        )
        self._parts = list(self._made(roles, catalogue, listening, standby))
        self._supervisor = Supervisor([child for part in self._parts for child in part.children()])

    def _made(
        self, roles: Sequence[Role], catalogue: Catalogue | None, listening: socket.socket | None, standby: bool
    ) -> Iterator[Part]:
        # In this order: a broker listens before the others look for it. Imported here: a process takes half the memory
        # and half the time to start without what it does not need.
        if Role.BROKER in roles:
            from config.roles.broker import BrokerPart

            self._leading = BrokerPart(self._site, catalogue or Catalogue((), ""), standby, self.reread)
            yield self._leading
        if Role.WORKER in roles:
            from config.roles.worker import WorkerPart

            yield WorkerPart(self._site, has_company=Role.WEB not in roles)
        if Role.WEB in roles:
            lean.import_aiohttp()
            from config.roles.web import WebPart

            assert listening is not None
            yield WebPart(self._site, listening)

    async def start(self) -> None:
        """The stores are open and all actors have started. What it raises says what to do."""
        topology = self._topology
        self._opened.push_async_callback(asyncio.to_thread, self._send_spans)
        if any(part.uses_records for part in self._parts):
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
        """Running jobs end or are handed back, none counts as failed; then clients, who heard of it, are let go."""
        for part in self._parts:
            await part.drain(budget_s)

    def reload(self, catalogue: Catalogue) -> None:
        """Another catalogue is in force, and will be if this process leads later; so is the list of allowed keys."""
        if self._topology.keys is not None:
            try:
                self._topology.keys.reload()
            except KeysInvalid as error:
                log.error("keys.refused", reason=str(error), do="mend the file and reload again; nobody was cut off")
        if self._leading is not None:
            self._leading.reload(catalogue)

    async def close(self) -> None:
        """All actors have ended, everything is durable."""
        await self._supervisor.close()
        await self._opened.aclose()
        self._context.destroy(linger=0)
