"""The catalogue in force: learned from the broker, remembered in the store for a gateway that finds no broker."""

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from aigc.core.errors import AigcError, Unavailable
from aigc.core.messages import AskCatalogue, CatalogueAnswer
from aigc.core.model import Catalogue
from aigc.core.ports import JobStore
from web.broker import BrokerLink

KEY = "gateway.catalogue"
"""The name under which the store keeps it."""

log = structlog.get_logger(__name__)


class KnownCatalogue:
    """What this gateway knows of the catalogue.

    Args:
        store: where the last one is kept.
        on_change: another catalogue is in force; gets it.
    """

    def __init__(self, store: JobStore, on_change: Callable[[Catalogue], None]) -> None:
        self._store = store
        self._on_change = on_change
        self._task: asyncio.Task[None] | None = None
        self._is_old = False
        self.value: Catalogue | None = None
        """None while no broker has ever told."""
        self.known = asyncio.Event()
        """Set once there is a value."""

    async def recall(self) -> None:
        """What an earlier gateway was told is in force until a broker tells."""
        try:
            kept = await self._store.recall(KEY)
            if kept is not None:
                self._use(msgspec.msgpack.decode(kept, type=Catalogue))
        except (AigcError, msgspec.MsgspecError) as error:
            log.warning("catalogue.unrecalled", reason=str(error))

    def learn(self, link: BrokerLink) -> None:
        """The broker is being asked; the answer comes into force when it comes."""
        self._is_old = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._learn(link), name="gateway catalogue")

    async def refresh(self, link: BrokerLink) -> None:
        """What the broker has is in force here, if it answers."""
        self.learn(link)
        if self._task is not None:
            await asyncio.shield(self._task)

    def close(self) -> None:
        """Nothing is asked any more."""
        if self._task is not None:
            self._task.cancel()

    async def _learn(self, link: BrokerLink) -> None:
        while self._is_old:
            self._is_old = False
            try:
                catalogue = (await link.ask(AskCatalogue(), CatalogueAnswer)).catalogue
            except Unavailable:
                return  # asked again as soon as a broker is heard
            if self.value is None or catalogue.digest != self.value.digest:
                self._use(catalogue)
                await self._remember(catalogue)

    async def _remember(self, catalogue: Catalogue) -> None:
        try:
            await self._store.remember(KEY, msgspec.msgpack.encode(catalogue))
        except AigcError as error:
            log.warning("catalogue.unremembered", reason=str(error))

    def _use(self, catalogue: Catalogue) -> None:
        self._on_change(catalogue)
        self.value = catalogue
        self.known.set()
        log.info("catalogue.used", digest=catalogue.digest, models=len(catalogue.models))
