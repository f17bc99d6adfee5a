"""All watchers of one gateway: news find their audience, and go out with the loop's turn or, progress, with a tick."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any

import structlog
from msgspec import Struct

from aigc.core.errors import Unavailable
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Job, Status
from aigc.core.messages import Estimate, Progressed
from web.stories import Event, Stories, forgotten_event, progress_event, queue_event, system_event
from web.watcher import Sink, Watcher

SENDS_PER_TURN = 500
"""A send is a system call of some 8 µs; after so many, others have their turn of the loop."""

NO_ROOM_BYTES = 64 << 10
"""A reader with so much unread gets nothing more until it reads."""

log = structlog.get_logger(__name__)


class StreamSettings(Struct, frozen=True, kw_only=True):
    """How patient the stream is."""

    tick_s: float = 0.03
    """Progress of a job goes out once in this time; several jobs' in one send."""
    heartbeat_s: float = 15.0
    slow_limit_s: float = 10.0
    """A reader that takes nothing for so long is closed; it can resume."""
    watchers: int = 20_000
    jobs_per_watcher: int = 4096


class Hub:
    """Who watches what. Runs on the loop that made it."""

    def __init__(self, settings: StreamSettings) -> None:
        self.settings = settings
        self._loop = asyncio.get_running_loop()
        self._watchers: set[Watcher] = set()
        self._by_job: dict[JobId, set[Watcher]] = {}
        self._by_owner: dict[OwnerId, set[Watcher]] = {}
        self._system: set[Watcher] = set()
        self._owners: dict[JobId, OwnerId] = {}  # of open jobs that somebody hears of
        self._queued: set[JobId] = set()
        self._progress: dict[JobId, Progressed] = {}
        self._marked: deque[Watcher] = deque()
        self._blocked: set[Watcher] = set()
        self._stories = Stories()
        self._flush_due = False
        self._tick_due = False
        self._retry_due = False
        self._closed = False
        self._heartbeat = self._loop.call_later(settings.heartbeat_s, self._beat)

    def __len__(self) -> int:
        """How many watchers there are."""
        return len(self._watchers)

    def streams(self) -> dict[str, int]:
        """How many watchers there are of each kind."""
        counts: dict[str, int] = {}
        for watcher in self._watchers:
            counts[watcher.sink.kind] = counts.get(watcher.sink.kind, 0) + 1
        return counts

    # Coming and going

    def join(self, sink: Sink, owner: OwnerId) -> Watcher:
        """A watcher that hears nothing yet. Raises Unavailable if there are too many, or the server goes away."""
        if self._closed:
            raise Unavailable("the server is going away", code="going_away")
        if len(self._watchers) >= self.settings.watchers:
            raise Unavailable("too many event streams are open", retry_after_s=10.0, code="too_many_streams")
        watcher = Watcher(sink, owner)
        self._watchers.add(watcher)
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """It hears nothing more and is forgotten. Twice does no harm."""
        for job in list(watcher.jobs):
            self.unwatch(watcher, job)
        self.watch_everything(watcher, wanted=False)
        for group in (self._watchers, self._blocked, self._system):
            group.discard(watcher)
        if not self._watchers:
            self._owners.clear()
            self._queued.clear()
            self._progress.clear()

    def watch(self, watcher: Watcher, job: JobId, since: int | None = None) -> bool:
        """It hears of this job from the line after `since` on, or begins with a snapshot; `offer` brings the record.

        False: it watches as many jobs as it may.
        """
        if job not in watcher.jobs and len(watcher.jobs) >= self.settings.jobs_per_watcher:
            return False
        watcher.begin(job, since)
        self._by_job.setdefault(job, set()).add(watcher)
        return True

    def unwatch(self, watcher: Watcher, job: JobId) -> None:
        """It hears no more of this job."""
        watcher.end(job)
        audience = self._by_job.get(job)
        if audience is not None:
            audience.discard(watcher)
            if not audience:
                del self._by_job[job]

    def watch_everything(self, watcher: Watcher, *, wanted: bool = True) -> None:
        """It hears of every job of its owner, those that are yet to come included."""
        watcher.everything = wanted
        audience = self._by_owner.setdefault(watcher.owner, set())
        (audience.add if wanted else audience.discard)(watcher)
        if not audience:
            del self._by_owner[watcher.owner]

    def watch_system(self, watcher: Watcher, *, wanted: bool = True) -> None:
        """It hears of devices and of the queue as a whole."""
        (self._system.add if wanted else self._system.discard)(watcher)

    def release(self) -> None:
        """Every watcher is told that the server goes away. Who comes later is told by the next call."""
        for watcher in list(self._watchers):
            self._dismiss(watcher, 1001, "the server is going away; connect again and resume")

    def close(self) -> None:
        """Every watcher is told so, and no other may come. Twice does no harm."""
        self._closed = True
        self._heartbeat.cancel()
        self.release()

    # News

    @property
    def watched(self) -> list[JobId]:
        """Jobs that somebody watches by name, and open ones that somebody heard of."""
        return list(self._by_job.keys() | self._owners.keys())

    @property
    def waiting(self) -> list[JobId]:
        """Watched jobs that wait."""
        return list(self._queued)

    @property
    def owners(self) -> list[OwnerId]:
        """Owners of whom somebody hears everything."""
        return list(self._by_owner)

    @property
    def has_operators(self) -> bool:
        """Somebody hears of the server as a whole."""
        return bool(self._system)

    def changed(self, job: Job) -> None:
        """The newest record of a job."""
        if not self._by_job and not self._by_owner:
            return
        audience = self._audience(job.id, job.owner)
        self._track(job, is_heard=bool(audience))
        for watcher in list(audience):
            self._offer(watcher, job)

    def offer(self, watcher: Watcher, job: Job) -> None:
        """The watcher shall know what this record says, if it does not yet."""
        self._track(job, is_heard=True)
        self._offer(watcher, job)

    def show(self, watcher: Watcher, jobs: Iterable[Job]) -> None:
        """Snapshots of these jobs, for one that hears everything and has just come."""
        for job in jobs:
            self._track(job, is_heard=True)
            watcher.show(job)
        self._mark(watcher)

    def progressed(self, news: Progressed) -> None:
        """The latest of a running attempt; replaces what waits for the tick."""
        if news.job in self._by_job or news.job in self._owners:
            self._progress[news.job] = news
            if not self._tick_due:
                self._tick_due = True
                self._loop.call_later(self.settings.tick_s, self._tick)

    def forgotten(self, job: JobId) -> None:
        """The record was deleted."""
        for watcher in self._audience(job, self._owners.get(job)):
            watcher.skip(job)
            self._tell(watcher, job, forgotten_event(job))
        self._owners.pop(job, None)
        self._queued.discard(job)

    def moved(self, estimates: Iterable[Estimate]) -> None:
        """Where watched waiting jobs stand now."""
        for estimate in estimates:
            if estimate.job in self._queued:
                event = queue_event(estimate)
                for watcher in self._audience(estimate.job, self._owners.get(estimate.job)):
                    self._tell(watcher, estimate.job, event)

    def place(self, watcher: Watcher, estimates: Iterable[Estimate]) -> None:
        """One watcher hears where its waiting jobs stand."""
        for estimate in estimates:
            self._tell(watcher, estimate.job, queue_event(estimate))

    def system(self, kind: str, body: dict[str, Any]) -> None:
        """Something about the server as a whole, for those who asked; the latest of a kind replaces the one before."""
        if self._system:
            event = system_event(kind, body)
            for watcher in self._system:
                self._tell(watcher, JobId(""), event)

    def _audience(self, job: JobId, owner: OwnerId | None) -> set[Watcher]:
        named = self._by_job.get(job)
        owners = self._by_owner.get(owner) if owner is not None else None
        if named and owners:
            return named | owners
        return named or owners or set()

    def _track(self, job: Job, *, is_heard: bool) -> None:
        """Whose an open job is and whether it waits: what news without a record need to find their audience."""
        if is_heard and not job.status.is_final:
            self._owners[job.id] = job.owner
        else:
            self._owners.pop(job.id, None)
        news = self._progress.get(job.id)
        if news is not None and (job.status is not Status.PROCESSING or news.attempt != job.attempt or not is_heard):
            del self._progress[job.id]
        if is_heard and job.status is Status.QUEUED:
            self._queued.add(job.id)
        else:
            self._queued.discard(job.id)

    def _offer(self, watcher: Watcher, job: Job) -> None:
        watcher.offer(job)
        if watcher.backlog > self.settings.jobs_per_watcher:
            self._dismiss(watcher, 1013, "too slow; connect again and resume")
        elif watcher.is_waiting:
            self._mark(watcher)

    def _tell(self, watcher: Watcher, job: JobId, event: Event) -> None:
        watcher.tell(job, event)
        self._mark(watcher)

    # Going out

    def _mark(self, watcher: Watcher) -> None:
        if watcher.is_marked or watcher in self._blocked or watcher not in self._watchers:
            return
        watcher.is_marked = True
        self._marked.append(watcher)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _tick(self) -> None:
        self._tick_due = False
        progress, self._progress = self._progress, {}
        for job, news in progress.items():
            event = progress_event(news)
            for watcher in self._audience(job, self._owners.get(job)):
                self._tell(watcher, job, event)

    def _flush(self) -> None:
        for _ in range(min(len(self._marked), SENDS_PER_TURN)):
            watcher = self._marked.popleft()
            watcher.is_marked = False
            try:
                self._serve(watcher)
            except Exception:
                # One connection's trouble must not silence all others.
                log.exception("watcher.failed")
                self._dismiss(watcher, 1011, "the server failed; connect again and resume")
        if self._marked:
            self._loop.call_soon(self._flush)
        else:
            self._flush_due = False
            self._stories.clear()

    def _serve(self, watcher: Watcher) -> None:
        if watcher not in self._watchers or not self._has_room(watcher):
            return
        events = watcher.take(self._stories)
        if events:
            watcher.sink.send(events)
        if watcher.is_waiting:
            self._mark(watcher)

    def _has_room(self, watcher: Watcher) -> bool:
        """True if its reader takes what it is sent; else it is blocked, or dismissed if that has lasted too long."""
        backlog = watcher.sink.backlog()
        if backlog is None:
            self._dismiss(watcher, 1006, "gone")
            return False
        if backlog <= NO_ROOM_BYTES:
            watcher.blocked_at = None
            return True
        now = self._loop.time()
        if watcher.blocked_at is None:
            watcher.blocked_at = now
        if now - watcher.blocked_at > self.settings.slow_limit_s:
            self._dismiss(watcher, 1013, "too slow; connect again and resume")
            return False
        self._blocked.add(watcher)
        if not self._retry_due:
            self._retry_due = True
            # A transport tells only its own protocol when there is room again, so the few blocked ones are asked.
            self._loop.call_later(min(0.1, self.settings.slow_limit_s / 4), self._retry)
        return False

    def _retry(self) -> None:
        self._retry_due = False
        blocked, self._blocked = self._blocked, set()
        for watcher in blocked:
            self._mark(watcher)

    def _dismiss(self, watcher: Watcher, code: int, reason: str) -> None:
        self.leave(watcher)
        watcher.sink.close(code, reason)

    def _beat(self) -> None:
        self._heartbeat = self._loop.call_later(self.settings.heartbeat_s, self._beat)
        for watcher in list(self._watchers):
            if self._has_room(watcher):
                watcher.sink.heartbeat()
