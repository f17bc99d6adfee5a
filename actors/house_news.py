"""News of the house as a whole on its way to watchers: what its devices do, and that its queue moved."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence

from aigc.core.events import Event
from aigc.core.ids import Now
from aigc.core.messages import QueueMoved, Submit, Telemetry
from aigc.core.scheduling.scheduler import Scheduler

ESTIMATES_S = 5.0
"""Estimates follow what runs says of how far it is: while jobs wait they are told anew so often."""


class HouseNews:
    """Tells at once after a pause, so that what an operator did is seen; then at most once in `every_s`.

    Args:
        tell: called on the loop.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        now: Callable[[], Now],
        tell: Callable[[Telemetry | QueueMoved], None],
        every_s: float,
    ) -> None:
        self._scheduler, self._now, self._tell, self._every_s = scheduler, now, tell, every_s
        self._timer: asyncio.TimerHandle | None = None
        self._has_telemetry = False
        self._shown_waiting = -1
        self._told_at = self._moved_at = -math.inf

    def applied(self, events: Sequence[Event]) -> None:
        """The scheduler has taken these in: what they changed is told soon."""
        self._has_telemetry = self._has_telemetry or not all(isinstance(event, Submit) for event in events)
        is_due = self._has_telemetry or self._scheduler.waiting_count != self._shown_waiting
        if is_due and self._timer is None:
            pause_s = max(0.0, self._told_at + self._every_s - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(pause_s, self._flush)

    def close(self) -> None:
        """Nothing is told any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _flush(self) -> None:
        self._timer, self._told_at = None, time.monotonic()
        if self._has_telemetry:
            self._has_telemetry = False
            self._tell(Telemetry(self._scheduler.workers(self._now())))
        waiting = self._scheduler.waiting_count
        if waiting != self._shown_waiting or (waiting and self._told_at - self._moved_at >= ESTIMATES_S):
            self._shown_waiting, self._moved_at = waiting, self._told_at
            self._tell(QueueMoved(waiting))
