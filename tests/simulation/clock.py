"""Time that passes when it is told to."""

import heapq
from collections.abc import Callable
from typing import Any

from aigc.core.ids import Now

EPOCH = 1_700_000_000.0


class Clock:
    """Calls things at their instants, earliest first; equal instants in the order in which they were set."""

    def __init__(self) -> None:
        self.time = 0.0
        self.wall_offset = EPOCH
        """Added to the time it gives the wall clock; a jump of the wall clock changes it."""
        self._calls: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0

    @property
    def now(self) -> Now:
        """This instant on both clocks."""
        return Now(self.time, self.time + self.wall_offset)

    def after(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        """Call it when so many seconds have passed."""
        self._count += 1
        heapq.heappush(self._calls, (self.time + seconds, self._count, call, arguments))

    def run(self, until: float, is_over: Callable[[], bool] = lambda: False) -> None:
        """Let time pass up to an instant, or until it is over."""
        calls = self._calls
        while calls and calls[0][0] <= until and not is_over():
            self.time, _, call, arguments = heapq.heappop(calls)
            call(*arguments)
        if not is_over():
            self.time = max(self.time, until)
