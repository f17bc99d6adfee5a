"""Levels of the log that operators have set, as the leading broker keeps them: in force for all who are there, for who
starts later, and for the broker that leads next."""

import asyncio

import structlog

from actors import told_levels
from actors.log_level import SetLogLevel
from actors.told_levels import HOLD_S, Held
from aigc.core.errors import AigcError, Unavailable
from aigc.core.ports import JobStore

log = structlog.get_logger()


class LevelsInForce:
    """Sets levels for a time.

    Args:
        store: where they outlive this broker.
        announce: all processes that are heard log from that level on, this one included.
    """

    def __init__(self, store: JobStore, announce: SetLogLevel, hold_s: float = HOLD_S) -> None:
        self._store, self._announce, self._hold_s = store, announce, hold_s
        self._held: dict[str, Held] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._is_untold = False

    def now(self) -> dict[str, str]:
        """Logger to level."""
        return {logger: held.level for logger, held in self._held.items()}

    async def recall(self) -> None:
        """What was set under earlier brokers is in force, as long as it would be under them. Raises Unavailable."""
        self._held = await told_levels.held(self._store)
        for logger, level in self.now().items():
            self._announce(logger, level)
        self._expire()

    def set(self, logger: str, level: str) -> None:
        """In force from now on, durable as soon as the store takes it."""
        self._held[logger] = Held(level, self._store.clock() + self._hold_s)
        self._announce(logger, level)
        self._keep()
        self._expire()

    def close(self) -> None:
        """Nothing is announced any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._keeping is not None:
            self._keeping.cancel()

    def _expire(self) -> None:
        """Those whose time is over are as configured, and the next one's end is waited for."""
        now = self._store.clock()
        over = [logger for logger, held in self._held.items() if held.until <= now]
        for logger in over:
            del self._held[logger]
            self._announce(logger, "")
        if over:
            self._keep()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._held:
            first = min(held.until for held in self._held.values())
            self._timer = asyncio.get_running_loop().call_later(first - now, self._expire)

    def _keep(self) -> None:
        self._is_untold = True
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.get_running_loop().create_task(self._kept(), name="broker levels")

    async def _kept(self) -> None:
        while self._is_untold:
            self._is_untold = False
            try:
                await told_levels.tell(self._store, self._held)
            except Unavailable as error:
                self._is_untold = True
                await asyncio.sleep(error.retry_after_s or 1.0)
            except AigcError as error:
                log.warning("levels.unkept", reason=str(error))
        # Again, for a gateway that asked the store in between and took the old ones from there.
        for logger, level in self.now().items():
            self._announce(logger, level)
