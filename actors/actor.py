"""What every actor is to its supervisor."""

import asyncio
from typing import Protocol


class Actor(Protocol):
    """One owner of state on the event loop. A supervisor calls `start`, then `run`, then `close`, each once."""

    async def start(self) -> None:
        """Take up work: sockets are bound when it returns. If it raises, `close` is called all the same."""

    async def run(self) -> None:
        """Return when the work is over (a drain, a lost leadership); raise what makes the actor useless."""

    async def close(self) -> None:
        """Give back everything that is held, also after a half-done start. Must not raise."""


class Fate:
    """The end of an actor whose work happens in callbacks: they report here what must end it.

    A callback that raised may have left state half-changed; the actor is then ended and begun again from the store,
    rather than kept in a state that nobody foresaw.
    """

    def __init__(self) -> None:
        self._end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, reason: BaseException) -> None:
        """`settled` raises this; the first call counts."""
        if not self._end.done():
            self._end.set_exception(reason)

    def finish(self) -> None:
        """`settled` returns; the first call counts."""
        if not self._end.done():
            self._end.set_result(None)

    @property
    def is_settled(self) -> bool:
        """True once the actor's end is decided."""
        return self._end.done()

    async def settled(self) -> None:
        """Wait for the end."""
        await asyncio.shield(self._end)
