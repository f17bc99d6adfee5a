"""One lease in a worker's hands, from its grant until the broker says that its last word is settled."""

from enum import StrEnum

from aigc.core.hosting.slot import Ended
from aigc.core.messages import (
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
)
from aigc.core.model import ModelSpec
from aigc.core.runner_events import RunnerId

LastWord = LeaseFinished | LeaseFailed | LeaseStopped | LeaseReturned
"""How a lease ends: exactly one of these is true of it, and it is said until it is settled."""

Word = LastWord | LeaseStarted | LeaseProgress | LeaseRan
"""Whatever is said about a lease."""


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
    """Its last word was said, but is not settled yet."""


class Held:
    """A lease, how far it is, and what is still to be said about it. Times are seconds on the caller's clock.

    Args:
        spec: the granted model, as the catalogue had it then.
        progress_s: pause between two pieces of news; of what happens within it only the latest is told.
    """

    def __init__(self, grant: Grant, spec: ModelSpec, progress_s: float, now: float) -> None:
        self.grant, self.lease, self.spec = grant, grant.lease, spec
        self._enter(Phase.WAITING)
        self.claimed_at = now
        """Since when it has a slot."""
        self.deadline = None if grant.time_left_s is None else now + grant.time_left_s
        self.runner: RunnerId | None = None
        """The runner that loads for it or runs it."""
        self.started: LeaseStarted | None = None
        self.ran: LeaseRan | None = None
        self.ended: Ended | None = None
        """How its run ended, while its files are being stored."""
        self.ending: LastWord | None = None
        """The last word that will be true when the runner has stopped as it was asked to."""
        self.last_word: LastWord | None = None
        self.said_at = now
        """When anything was last said about it."""
        self.progress: LeaseProgress | None = None
        """The latest, told or not."""
        self._progress_s = progress_s
        self.is_untold = False
        """There is progress that was not told."""

    @property
    def load_s(self) -> float:
        """What its model took to load for it."""
        return self.started.load_s if self.started else 0.0

    @property
    def to_say(self) -> tuple[Word, ...]:
        """What somebody who has heard nothing of it must be told."""
        if self.last_word is not None:
            return (self.last_word,)
        return tuple(word for word in (self.started, self.progress, self.ran) if word is not None)

    @property
    def expires_at(self) -> float | None:
        """Its deadline, while there is anything that can be ended."""
        if self.deadline is None or self.ending is not None:
            return None
        return self.deadline if self.is_open or self.is_active else None

    @property
    def news_due(self) -> float | None:
        """When `news` has something to tell; None: not as things stand."""
        return self.said_at + self._progress_s if self.is_untold else None

    def claim(self, now: float) -> None:
        """It has a slot, from now on or already."""
        if self.phase is Phase.WAITING:
            self._enter(Phase.PREPARING)
            self.claimed_at = now

    def run(self, runner: RunnerId, started: LeaseStarted | None, now: float) -> None:
        """Its runner has it and works on it, or will next (not started); news about loading is old."""
        self._enter(Phase.RUNNING)
        self.runner, self.started, self.said_at = runner, started, now
        self.progress, self.is_untold = None, False

    def store(self, ended: Ended, ran: LeaseRan) -> tuple[Word, ...]:
        """It finished well; its files are on their way. Returns what to say: how far it was, if that is not known."""
        self._enter(Phase.STORING)
        self.ended, self.ran = ended, ran
        is_untold, self.is_untold = self.is_untold, False
        return (self.progress, ran) if is_untold and self.progress is not None else (ran,)

    def end(self, last_word: LastWord, now: float) -> None:
        """It is over; news that was not told yet never will be."""
        self._enter(Phase.OVER)
        self.last_word, self.said_at, self.is_untold = last_word, now, False

    def take(self, progress: LeaseProgress) -> None:
        """This is the latest now; `news` will have it."""
        self.progress, self.is_untold = progress, True

    def news(self, now: float) -> LeaseProgress | None:
        """What is to be told at this moment, at most once per pause."""
        due = self.news_due
        if due is None or now < due:
            return None
        self.is_untold, self.said_at = False, now
        return self.progress

    def _enter(self, phase: Phase) -> None:
        # Plain facts: each of them is asked for a dozen times per event and lease.
        self.phase = phase
        self.is_open = phase is Phase.WAITING or phase is Phase.PREPARING
        """Whether its model has not begun to work on it."""
        self.is_active = phase is Phase.PREPARING or phase is Phase.RUNNING
        """Whether it takes one of the worker's slots."""
