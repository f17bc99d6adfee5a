"""The scheduler: a state machine without I/O. Events go in by one door, what is to be done comes out.

    Submit, Asked, Restored …  ─► requests   ┐
    LeaseStarted, Finished …   ─► reports    ├─► Books ─► Commit, SendGrant, SendCancel, Publish, Answer, Discard
    WorkerHello, Beat, Lost …  ─► attendance │
    Tick                       ─► alarms     ┘

The broker applies what came, commits every `Commit` in one group, and only then lets the other effects out. So a crash
at any instant is a replay: the next scheduler is told `Restored` and the workers' `WorkerHello`, and goes on.
Nothing here reads a clock, draws a random number or iterates over a set: equal events give equal effects.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from aigc.core.effects import Effect
from aigc.core.events import (
    Asked,
    Event,
    NeverCreated,
    Reloaded,
    Restored,
    Tick,
    WorkerLost,
    WorkerSilent,
)
from aigc.core.ids import AttemptId, JobId, Now, OwnerId
from aigc.core.job import Job, Lease, Stage
from aigc.core.messages import (
    AskQueue,
    Estimate,
    Generation,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    LeaseView,
    Progressed,
    QueuePage,
    Submit,
    WaitReason,
    WorkerBeat,
    WorkerBye,
    WorkerHello,
    WorkerView,
)
from aigc.core.metrics import gauges
from aigc.core.metrics.tally import Row
from aigc.core.model import Catalogue
from aigc.core.scheduling import alarms, attendance, invariants, reports, requests
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.dispatch import settle
from aigc.core.scheduling.forecast import Forecast
from aigc.core.scheduling.queue_page import queue_page
from aigc.core.scheduling.remaining import known_left_s
from aigc.core.scheduling.settings import SchedulerSettings

__all__ = ["Scheduler", "SchedulerSettings"]

HANDLERS: dict[type, Callable[[Books, Any], None]] = {
    Submit: requests.submit,
    Asked: requests.ask,
    Restored: requests.restore,
    NeverCreated: requests.never_created,
    Reloaded: requests.reload,
    LeaseStarted: reports.started,
    LeaseProgress: reports.progressed,
    LeaseRan: reports.ran,
    LeaseFinished: reports.finished,
    LeaseFailed: reports.failed,
    LeaseStopped: reports.stopped,
    LeaseReturned: reports.returned,
    WorkerHello: attendance.hello,
    WorkerBeat: attendance.beat,
    WorkerBye: attendance.bye,
    WorkerSilent: attendance.silent,
    WorkerLost: attendance.lost,
    Tick: alarms.tick,
}


class Scheduler:
    """Decides what becomes of every open job. See `placement` for the policy and its bounds.

    Args:
        generation: of the broker that it decides for; stands in everything sent to workers.
        new_attempt_id: random ids that are never repeated.
    """

    def __init__(
        self,
        settings: SchedulerSettings,
        catalogue: Catalogue,
        generation: Generation,
        new_attempt_id: Callable[[], AttemptId],
    ) -> None:
        self._books = Books(settings, catalogue, generation, new_attempt_id)

    def apply(self, events: Iterable[Event], now: Now) -> list[Effect]:
        """These have happened, in this order; returns what is to be done, in order.

        Devices are given to those who wait when all of them are known: who is told of at once is decided at once.

        Raises:
            InvalidChange, InvariantBroken: a defect of ours. Some may be half applied: begin again from the store.
        """
        books = self._books
        books.begin(now)
        for event in events:
            HANDLERS[type(event)](books, event)
        return settle(books)

    def next_tick(self, now: Now) -> float | None:
        """The monotonic instant at which `Tick` is wanted; None: not as things stand. May be past."""
        return self._books.timers.next

    # What was learned.

    def learned(self) -> bytes:
        """What experience taught, to be kept in the store; changes only when something was learned."""
        return self._books.learned.dump()

    def restore_learned(self, data: bytes) -> bool:
        """Know what an earlier scheduler learned; call it before the first event. False: another version wrote it."""
        return self._books.learned.restore(data)

    def learned_view(self) -> dict[str, Any]:
        """For people: per model memory, load and run time."""
        return self._books.learned.view(self._books.catalogue.models)

    # What is going on.

    def __contains__(self, job: object) -> bool:
        """True for the id of an open job that is known."""
        return job in self._books.entries

    def job(self, job: JobId) -> Job | None:
        """The record of an open job, with its latest progress; None if it is finished or unknown."""
        entry = self._books.entries.get(job)
        return entry.job if entry is not None else None

    def progressed(self, job: JobId, now: Now) -> Progressed | None:
        """How far the job's attempt is, and how long it will go on; None if it has none."""
        granted = self._books.leases.of(job)
        if granted is None:
            return None
        stage, progress = granted.entry.job.stage, granted.entry.job.progress
        if stage is not Stage.WAITING:
            progress = msgspec.structs.replace(progress, left_s=known_left_s(granted, now.monotonic))
        return Progressed(job, granted.lease.attempt, stage, progress)

    def is_over(self, job: JobId) -> bool:
        """Whether it is known to have ended; ends of long ago, or of an earlier broker, are not."""
        return job in self._books.over

    def estimates(self, jobs: Iterable[JobId], now: Now) -> tuple[Estimate, ...]:
        """Where these jobs stand; those that do not wait are left out.

        A job that no worker could ever hold waits all the same, until its deadline if it has one: a worker may come.
        Its estimate says so in its reason.
        """
        self._books.now = now
        return Forecast(self._books).of(jobs)

    def queue_page(self, asked: AskQueue, now: Now) -> QueuePage:
        """Those who wait, as operators look at them."""
        self._books.now = now
        return queue_page(self._books, asked)

    def retry_after_s(self, now: Now) -> float:
        """Seconds until the queue is expected to have room."""
        self._books.now = now
        return Forecast(self._books).retry_after_s()

    @property
    def waiting_count(self) -> int:
        """How many jobs are queued."""
        return self._books.waiting.count + len(self._books.paused)

    def waiting_by_feature(self) -> dict[str, int]:
        """Jobs that wait for a device, by feature."""
        counts: dict[str, int] = {}
        for (feature, _), count in self._books.waiting.by_place().items():
            counts[feature] = counts.get(feature, 0) + count
        return counts

    def waiting_by_owner(self) -> dict[OwnerId, int]:
        """Jobs that wait for a device, by owner."""
        return dict(self._books.waiting.by_owner())

    def waiting_by_priority(self) -> dict[int, int]:
        """Jobs that wait for a device, by priority, highest first."""
        return {cls.priority: cls.count for cls in self._books.waiting.classes}

    def metrics(self, now: Now) -> tuple[Row, ...]:
        """How queue, workers and devices are now. Looks at heads of queues and not at each job."""
        self._books.now = now
        books, waiting = self._books, dict(self._books.waiting.by_place())
        ages = {feature: now.monotonic - since for feature, since in books.waiting.oldest().items()}
        for entry in books.paused.values():
            place, feature = (entry.job.feature, entry.job.priority), entry.job.feature
            waiting[place] = waiting.get(place, 0) + 1
            ages[feature] = max(now.monotonic - entry.since, ages.get(feature, 0.0))
        stranded = Forecast(books).stranded()
        return (
            *gauges.of_queue(waiting, ages, stranded, books.settings.queue_bound),
            *gauges.of_running(self.running(now)),
            *gauges.of_workers(self.workers(now)),
        )

    def reasons(self, now: Now) -> tuple[WaitReason, ...]:
        """Why jobs wait, and how many for each reason, most first."""
        self._books.now = now
        return Forecast(self._books).reasons()

    def leases(self) -> tuple[Lease, ...]:
        """Every lease that is out, oldest first."""
        return tuple(granted.lease for granted in self._books.leases.all())

    def running(self, now: Now) -> tuple[LeaseView, ...]:
        """Every lease that is out, as people see it, oldest first."""
        return tuple(granted.view(now) for granted in self._books.leases.all())

    def workers(self, now: Now) -> tuple[WorkerView, ...]:
        """Every worker, and those that were lost lately and have not come back."""
        return self._books.fleet.views(now)

    def story(self, job: JobId | None = None) -> str:
        """What happened to a job, or lately to all of them, in one line."""
        return self._books.story.of(job)

    def validate(self) -> None:
        """Raises InvariantBroken, with the story, if the books contradict themselves. Looks at everything."""
        invariants.check(self._books)
