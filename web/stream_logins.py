"""Streams outlive the request that began them: they end when the login by which they began has ended."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog

from aigc.core.errors import Unavailable
from aigc.core.ids import OwnerId
from web.identity import Identity
from web.keyring import Keyring

RECHECK_S = 10.0
"""How often it is looked whose login has ended."""

log = structlog.get_logger(__name__)


class StreamLogins:
    """The open streams of those who have logged in. What one sees was settled when it began, so it ends with that, too.

    Args:
        keyring: says whose token is still valid.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._ends: dict[tuple[str, OwnerId | None], set[Callable[[], None]]] = {}

    @contextmanager
    def open(self, asker: Identity, end: Callable[[], None]) -> Iterator[None]:
        """While a stream is open: `end` is called when its login has ended, or may see more or less than it did."""
        if asker.token is None:
            yield
            return
        login = asker.token.digest, asker.viewer
        ends = self._ends.setdefault(login, set())
        ends.add(end)
        try:
            yield
        finally:
            ends.discard(end)
            if not ends:
                self._ends.pop(login, None)

    async def look(self) -> None:
        """Streams whose login has ended are ended; those of whom it cannot be known now stay."""
        for (digest, viewer), ends in list(self._ends.items()):
            with suppress(Unavailable):
                holder = await self._keyring.holder_of(digest)
                if holder is None or holder.viewer != viewer:
                    for end in list(ends):
                        end()

    async def run(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                await self.look()
            except Exception:
                log.exception("streams.unchecked")
