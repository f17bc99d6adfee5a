"""What is due when: one heap of instants, whose entries are checked when they ring instead of being taken out."""

import heapq
from enum import StrEnum
from typing import NamedTuple

from aigc.core.ids import JobId, WorkerId
from aigc.core.job import Lease


class Alarm(StrEnum):
    """What an instant was set for."""

    DEADLINE = "deadline"
    """A job must be over."""
    RELEASE = "release"
    """A job that waits out its back-off may be tried again."""
    FORGIVE = "forgive"
    """A job may go to the worker again that failed it."""
    ADOPTION = "adoption"
    """The worker of a restored lease should have been heard."""
    RUN_LIMIT = "run_limit"
    """An attempt has run as long as its model may."""
    UNMARK = "unmark"
    """A model may be tried again on a worker that could not take it."""


class Timer(NamedTuple):
    """One instant and its subject; the subject may have changed since, whoever is rung looks first."""

    at: float
    """Monotonic seconds."""
    order: int
    alarm: Alarm
    subject: JobId | WorkerId
    detail: Lease | str | int = ""


class Timers:
    """Instants that a `Tick` is wanted for, earliest first; equal ones in the order in which they were set."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._count = 0

    def set(self, at: float, alarm: Alarm, subject: JobId | WorkerId, detail: Lease | str | int = "") -> None:
        """Ring at `at`, monotonic seconds."""
        self._count += 1
        heapq.heappush(self._heap, Timer(at, self._count, alarm, subject, detail))

    def due(self, now: float) -> Timer | None:
        """Take out the next timer whose instant has come."""
        return heapq.heappop(self._heap) if self._heap and self._heap[0].at <= now else None

    @property
    def next(self) -> float | None:
        """The earliest instant, or None."""
        return self._heap[0].at if self._heap else None
