"""One lease in a worker's hands, from its grant until the broker says that its last word is settled."""

from enum import StrEnum

import msgspec

from aigc.core.job import Progress, Stage
from aigc.core.messages import (
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
)
from aigc.core.runner_events import RunnerFinished, RunnerId

LastWord = LeaseFinished | LeaseFailed | LeaseStopped | LeaseReturned
"""How a lease ends: exactly one of these is true of it, and it is said until it is settled."""


class Phase(StrEnum):
    """What is being done about a lease."""

    WAITING = "waiting"
    """Nothing yet; others come first."""
    PREPARING = "preparing"
    """It has a slot: room is being made for its model, or the model is loading."""
    RUNNING = "running"
    STORING = "storing"
    """The runner is free again; the files are on their way to the store."""
    OVER = "over"
    """Its last word was said, but not settled yet."""


class Held:
    """A lease, how far it is, and what is still to be said about it. Times are seconds on the caller's clock.

    Args:
        progress_s: pause between two pieces of news; of what happens within it only the latest is told.
    """

    def __init__(self, grant: Grant, residency: str, progress_s: float, now: float) -> None:
        self.grant, self.lease, self.residency = grant, grant.lease, residency
        self.phase = Phase.WAITING
        self.claimed_at = now
        """Since when it is prepared."""
        self.deadline = None if grant.time_left_s is None else now + grant.time_left_s
        self.runner: RunnerId | None = None
        """Whose loading it waits for."""
        self.started: LeaseStarted | None = None
        self.finished: RunnerFinished | None = None
        self.ending: LeaseStopped | LeaseReturned | LeaseFailed | None = None
        """The last word that is true once the runner has stopped as asked."""
        self.last_word: LastWord | None = None
        self.said_at = now
        """When anything was last said about it."""
        self.progress: LeaseProgress | None = None
        """The latest, told or not."""
        self._progress_s = progress_s
        self._is_untold = False

    @property
    def is_active(self) -> bool:
        """Whether it takes one of the worker's slots."""
        return self.phase in (Phase.PREPARING, Phase.RUNNING)

    @property
    def has_run(self) -> bool:
        """Whether its model has begun to work on it."""
        return self.phase in (Phase.RUNNING, Phase.STORING)

    @property
    def news_due(self) -> float | None:
        """When `news` has something to tell; None: not as things stand."""
        return self.said_at + self._progress_s if self._is_untold else None

    def take(self, progress: LeaseProgress) -> None:
        """This is the latest now; `news` will have it."""
        self.progress, self._is_untold = progress, self.phase is not Phase.OVER

    def enter(self, stage: Stage) -> None:
        """The latest news has another stage, and is no less far than before."""
        if self.progress is not None:
            self.take(msgspec.structs.replace(self.progress, stage=stage))

    def news(self, now: float) -> LeaseProgress | None:
        """What is to be told at this moment, at most once per pause."""
        due = self.news_due
        if due is None or now < due:
            return None
        self._is_untold, self.said_at = False, now
        return self.progress

    def claim(self, now: float) -> None:
        """It has a slot."""
        if self.phase is Phase.WAITING:
            self.phase, self.claimed_at = Phase.PREPARING, now

    def end(self, last_word: LastWord, now: float) -> None:
        """It is over; news that was not told yet never will be."""
        self.phase, self.last_word, self.said_at, self._is_untold = Phase.OVER, last_word, now, False
