"""One connection that hears news: what it was told, and what it has still to hear.

It holds no queue of events. It holds, for each job, the number of the last line that it was sent; what is missing
follows from the newest record, whose history has every line. So a watcher that does not read costs no more than one
that does, hears the latest when it reads again, and misses no line: least of all the last one.
"""

from collections.abc import Sequence
from typing import Protocol

from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Job
from web.stories import FRESH, Event, Stories

FRAME_BYTES = 64 << 10
"""One send takes no more events than this; the rest follows when the reader has taken it."""


class Sink(Protocol):
    """The writing end of a connection. Nothing here waits."""

    kind: str
    """`websocket`, `sse`."""

    def backlog(self) -> int | None:
        """Bytes that were sent and not yet taken by the other side; None if it is gone."""

    def send(self, events: Sequence[Event]) -> None:
        """These events leave, in order."""

    def heartbeat(self) -> None:
        """A sign of life leaves."""

    def close(self, code: int, reason: str) -> None:
        """The connection ends, with a WebSocket close code and a reason where its protocol has them."""


class Watcher:
    """What one connection knows.

    Args:
        sink: where its events go.
        owner: whose jobs it may hear of.
    """

    __slots__ = (
        "_pending",
        "_sent",
        "_volatile",
        "blocked_at",
        "everything",
        "is_marked",
        "jobs",
        "over",
        "owner",
        "sink",
    )

    def __init__(self, sink: Sink, owner: OwnerId) -> None:
        self.sink = sink
        self.owner = owner
        self.jobs: set[JobId] = set()
        """Watched by name."""
        self.everything = False
        """Hears of all jobs of its owner."""
        self.over: set[JobId] | None = None
        """Jobs whose end it has heard, kept while it is being shown those that were open when it came: a page of these
        may have been read before that end."""
        self.is_marked = False
        """Stands in the hub's line of those who have something to hear."""
        self.blocked_at: float | None = None
        """Since when it takes nothing, on the loop's clock."""
        self._sent: dict[JobId, int] = {}
        self._pending: dict[JobId, Job] = {}
        self._volatile: dict[tuple[str, JobId], Event] = {}

    @property
    def is_waiting(self) -> bool:
        """There is something that it has not heard."""
        return bool(self._pending or self._volatile)

    @property
    def backlog(self) -> int:
        """Jobs of which it has not heard the latest."""
        return len(self._pending)

    def begin(self, job: JobId, since: int | None) -> None:
        """It watches this job by name: from the line after `since` on; None: beginning with a snapshot."""
        self.jobs.add(job)
        self._sent[job] = FRESH if since is None else since

    def end(self, job: JobId) -> None:
        """It watches this job no more."""
        self.jobs.discard(job)
        self._sent.pop(job, None)
        self.skip(job)

    def skip(self, job: JobId) -> None:
        """What it has not heard of this job yet is void."""
        self._pending.pop(job, None)
        self._drop_passing(job)

    def show(self, job: Job) -> None:
        """It is to hear where this job stands, unless it hears of it already or has heard its end."""
        if self.over is not None and job.id in self.over:
            return
        self._sent.setdefault(job.id, FRESH)
        self.offer(job)

    def offer(self, job: Job) -> None:
        """It is to hear what this record says, if that is news."""
        known = self._pending.get(job.id)
        # One that hears everything begins a job that is new to it with the first line.
        sent = known.seq if known else self._sent.setdefault(job.id, 0)
        if job.seq > sent:
            self._pending[job.id] = job
            # Lines leave first: what passed before this one, perhaps of an earlier attempt, would be told after it.
            self._drop_passing(job.id)

    def tell(self, job: JobId, event: Event) -> None:
        """It is to hear this; the latest of a type and job replaces the one before."""
        self._volatile[event.type, job] = event

    def take(self, stories: Stories) -> list[Event]:
        """What goes out in one send; counts as heard. The rest stays."""
        events: list[Event] = []
        size = 0
        if self._pending:
            pending, self._pending = self._pending, {}
            for job in pending.values():
                if size >= FRAME_BYTES:
                    self._pending[job.id] = job
                    continue
                story = stories.story(job, self._sent.get(job.id, FRESH))
                size += sum(len(event.data) for event in story)
                events += story
                self._heard(job)
        if self._volatile and not self._pending:
            events += self._volatile.values()
            self._volatile.clear()
        return events

    def _heard(self, job: Job) -> None:
        if job.status.is_final and job.id not in self.jobs:
            self._sent.pop(job.id, None)  # else one that hears everything would remember every job there ever was
            if self.over is not None:
                self.over.add(job.id)
        else:
            self._sent[job.id] = job.seq

    def _drop_passing(self, job: JobId) -> None:
        for kind in ("job.progress", "job.queue"):
            self._volatile.pop((kind, job), None)
