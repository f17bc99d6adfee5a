"""A thread that takes calls in groups: the half of group commit that knows no database."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, TypeVar, cast

from actors.stores.outcomes import settle
from aigc.core.errors import Unavailable

T = TypeVar("T")
Call = Callable[[], object]
Future = asyncio.Future[Any]


class GroupThread:
    """Runs blocking calls away from the event loop; those made while a group is under way are the next group.

    One hop to the thread and one wake-up of the loop per group, however many wait. A tick's calls travel together,
    so that the tasks which one group wakes are not split over the next two. Calls run in the order they were made.

    Args:
        name: the thread's.
        run: given the calls of a group, in the thread; returns one outcome for each, an exception where it failed.
    """

    def __init__(self, name: str, run: Callable[[Sequence[Call]], Sequence[object]]) -> None:
        self._run = run
        self._loop = asyncio.get_running_loop()
        self._calls: list[Call] = []
        self._futures: list[Future] = []
        self._busy = False
        self._closed = False
        self._groups: SimpleQueue[tuple[list[Call], list[Future]] | None] = SimpleQueue()
        # A daemon: a program that ends without `close` must not hang; what was acknowledged is durable by then.
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Calls that have not been handed to the thread yet."""
        return len(self._calls)

    async def ask(self, call: Callable[[], T]) -> T:
        """What the call returned or raised, in the thread. A caller that is cancelled does not stop its call."""
        return cast(T, await self.enter(call))

    def enter(self, call: Call) -> Future:
        """The same for those who do not await it."""
        future = self._loop.create_future()
        if self._closed:
            stopping = "the server is stopping; try again when it is back"
            future.set_exception(Unavailable("the store is closed", suggestion=stopping))
            return future
        if not self._calls and not self._busy:
            self._loop.call_soon(self._hand_over)
        self._calls.append(call)
        self._futures.append(future)
        return future

    async def close(self) -> None:
        """Every call made before has been answered, and the thread is gone."""
        last = self.enter(lambda: None)
        self._closed = True
        with contextlib.suppress(Exception):  # its own outcome does not matter, only that all before it have theirs
            await last
        self._groups.put(None)
        await asyncio.to_thread(self._thread.join)

    def _hand_over(self) -> None:
        if self._calls and not self._busy:
            self._busy = True
            self._groups.put((self._calls, self._futures))
            self._calls, self._futures = [], []

    def _serve(self) -> None:
        while (group := self._groups.get()) is not None:
            calls, futures = group
            try:
                outcomes = self._run(calls)
            except Exception as error:  # noqa: BLE001 - told to everybody who waits; the thread must live on
                outcomes = [error] * len(calls)
            try:
                self._loop.call_soon_threadsafe(self._settle, futures, outcomes)
            except RuntimeError:  # the loop was closed without us: nobody waits any more
                return

    def _settle(self, futures: Sequence[Future], outcomes: Sequence[object]) -> None:
        self._busy = False
        settle(futures, outcomes)
        self._hand_over()
