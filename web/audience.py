"""Connections that want the same and have heard the same: what they were told, and what they have still to hear.

It holds no queue of events. It holds, for each job, the number of the last line that was sent; what is missing follows
from the newest record, whose history has every line. So one who does not read costs no more than one who does, hears
the latest when it reads again, and misses no line: least of all the last one.

A connection begins as an audience of its own. As soon as two are due the same, whatever happens, they become one, and
are told together; who is behind the others, or wants something else, parts from them with a copy of what they knew.
"""

from collections.abc import Hashable

from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Job
from web.stories import FRESH, Event, Stories
from web.watcher import Watcher

FRAME_BYTES = 64 << 10
"""One send takes no more events than this; the rest follows when the reader has taken it."""


class Audience:
    """What one connection knows, or several.

    Args:
        watcher: the first one.
    """

    __slots__ = (
        "_key",
        "_pending",
        "_sent",
        "_volatile",
        "everything",
        "follows",
        "form",
        "is_marked",
        "jobs",
        "over",
        "system",
        "viewer",
        "watchers",
    )

    def __init__(self, watcher: Watcher) -> None:
        self.watchers = {watcher: None}
        """In the order in which they came."""
        self.form = watcher.sink.form
        self.viewer: OwnerId | None = watcher.viewer
        self.follows: OwnerId | None = watcher.viewer
        """Of whom it hears everything, if it does; None: of everybody."""
        self.jobs: set[JobId] = set()
        """Watched by name."""
        self.everything = False
        """Hears of all jobs of those whom it follows."""
        self.system = False
        """Hears of the server as a whole."""
        self.over: set[JobId] | None = None
        """Jobs whose end it has heard, kept while it is being shown where all stands: what is read for that may be from
        before that end. And a while longer, if it was shown what had ended: this gateway may yet hear of that."""
        self.is_marked = False
        """Stands in the hub's line of those who have something to hear."""
        self._key: Hashable = None
        self._sent: dict[JobId, int] = {}
        self._pending: dict[JobId, Job] = {}
        self._volatile: dict[tuple[str, JobId], Event] = {}

    @property
    def wants(self) -> Hashable:
        """What is the same for all who can be told together."""
        if self._key is None:
            self._key = (self.form, self.viewer, self.follows, self.everything, self.system, frozenset(self.jobs))
        return self._key

    def knows_as(self, other: "Audience") -> bool:
        """Both are due the same from now on, whatever comes; `wants` being equal."""
        is_settled = not (self.is_waiting or other.is_waiting) and self.over is other.over is None
        return is_settled and self._sent == other._sent

    def parted(self, watcher: Watcher) -> "Audience":
        """`watcher`, which is one of several here, by itself, with what it wants and knows."""
        del self.watchers[watcher]
        alone = Audience(watcher)
        alone.jobs, alone.everything, alone.system = set(self.jobs), self.everything, self.system
        alone.follows = self.follows
        alone._sent, alone._pending, alone._volatile = dict(self._sent), dict(self._pending), dict(self._volatile)
        return alone

    @property
    def is_waiting(self) -> bool:
        """There is something that it has not heard."""
        return bool(self._pending or self._volatile)

    @property
    def backlog(self) -> int:
        """Jobs of which it has not heard the latest."""
        return len(self._pending)

    def want(self, *, everything: bool | None = None, system: bool | None = None) -> None:
        """It hears of all jobs of those whom it follows, or of the server as a whole, from now on or no more."""
        self.everything = self.everything if everything is None else everything
        self.system = self.system if system is None else system
        self._key = None

    def follow(self, owner: OwnerId | None) -> None:
        """Whose jobs are everything."""
        self.follows = owner
        self._key = None

    def begin(self, job: JobId, since: int | None) -> None:
        """It watches this job by name: from the line after `since` on; None: beginning with a snapshot."""
        self.jobs.add(job)
        self._key = None
        self._sent[job] = FRESH if since is None else since
        if self.over is not None:
            self.over.discard(job)

    def end(self, job: JobId) -> None:
        """It watches this job no more."""
        self.jobs.discard(job)
        self._key = None
        self._sent.pop(job, None)
        self.skip(job)

    def skip(self, job: JobId) -> None:
        """What it has not heard of this job yet is void."""
        self._pending.pop(job, None)
        self._drop_passing(job)

    def show(self, job: Job) -> None:
        """It is to hear where this job stands, unless it hears of it already or has heard its end."""
        if self.over is None or job.id not in self.over:
            self._sent.setdefault(job.id, FRESH)
            self.offer(job)

    def offer(self, job: Job) -> None:
        """It is to hear what this record says, if that is news."""
        if self.over is not None and job.id in self.over:
            return
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
        if self._volatile:
            for kind in ("job.progress", "job.queue"):
                self._volatile.pop((kind, job), None)
