"""What the scheduler has learned of models, kept in the store from one broker's life to the next."""

import asyncio

import structlog

from aigc.core.errors import Unavailable
from aigc.core.ports import JobStore
from aigc.core.scheduling.scheduler import Scheduler

log = structlog.get_logger()

KEY = "learned"
"""Its name in the store."""


class Experience:
    """What one scheduler knows, and what of it the store has."""

    def __init__(self, scheduler: Scheduler, store: JobStore) -> None:
        self._scheduler, self._store = scheduler, store
        self._kept: bytes | None = None

    async def recall(self) -> None:
        """The scheduler knows what earlier ones learned. Call it before the scheduler's first event."""
        kept = await self._store.recall(KEY)
        if kept is not None:
            self._scheduler.restore_learned(kept)
        self._kept = kept or b""

    async def keep(self) -> None:
        """The store has what is known now; if it is away the log says so."""
        learned = self._scheduler.learned()
        # Who did not recall knows nothing: it would be forgotten what all before learned.
        if self._kept is None or learned == self._kept:
            return
        try:
            await self._store.remember(KEY, learned)
            self._kept = learned
        except Unavailable as error:
            log.warning("broker.unremembered", error=str(error))

    async def go_on_keeping(self, every_s: float) -> None:
        """Keep it so often, until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self.keep()
