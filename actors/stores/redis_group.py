"""Group commit on the event loop: calls that are made while a group is under way are the next group."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Any, Generic, TypeVar

from actors.stores.outcomes import settle
from aigc.core.errors import AigcError, Unavailable

C = TypeVar("C")
Future = asyncio.Future[Any]


class RedisGroup(Generic[C]):
    """Hands calls over in groups, in the order they were made; a tick's calls travel together.

    Args:
        run: given the calls of a group; returns one outcome for each, an exception where it failed.
        limit: calls in one group.
    """

    def __init__(self, run: Callable[[Sequence[C]], Awaitable[Sequence[object]]], limit: int) -> None:
        self._run = run
        self._limit = limit
        self._calls: deque[tuple[C, Future]] = deque()
        self._serving: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """Calls that have not been handed over yet."""
        return len(self._calls)

    def ask(self, call: C) -> "asyncio.Future[Any]":
        """What comes of the call. A caller that is cancelled does not stop its call."""
        if self._closed:
            raise Unavailable("the store is closed", suggestion="the server is stopping; try again when it is back")
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        self._calls.append((call, future))
        if self._serving is None:
            self._serving = loop.create_task(self._serve(), name="redis group")
        return future

    async def close(self) -> None:
        """Every call made before has its outcome."""
        self._closed = True
        if self._serving is not None:
            await asyncio.wait({self._serving})  # waiting for it must not cancel it

    async def _serve(self) -> None:
        while self._calls:
            group = [self._calls.popleft() for _ in range(min(len(self._calls), self._limit))]
            try:
                outcomes = await self._run([call for call, _ in group])
            except Exception as error:  # noqa: BLE001 - told to everybody who waits
                # Each gets its own: an exception collects the traces of all who raise it.
                outcomes = [copy(error) if isinstance(error, AigcError) else error for _ in group]
            settle([future for _, future in group], outcomes)
        self._serving = None
