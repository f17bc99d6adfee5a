"""A real store, for tests of what brokers keep in it."""

from actors.stores.sqlite import SqliteJobStore
from aigc.core.errors import Unavailable


class KeepingStore(SqliteJobStore):
    """It can be told to be away, counts what it was given to keep, and has a clock that a test moves."""

    away = False
    given = 0
    now = 1_800_000_000.0

    def clock(self) -> float:
        return self.now

    async def remember(self, name: str, value: bytes) -> None:
        if self.away:
            raise Unavailable("away", retry_after_s=0.01)
        self.given += 1
        await super().remember(name, value)
