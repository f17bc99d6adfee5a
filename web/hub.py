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
from web.audience import Audience
from web.audiences import Audiences
from web.signing import Sign, unsigned
from web.stories import Event, Stories, forgotten_event, gap_event, progress_event, queue_event, system_event
from web.watcher import Sink, Watcher

SENDS_PER_TURN = 500
"""A send is a system call of some 8 µs; after so many, others have their turn of the loop."""

NO_ROOM_BYTES = 64 << 10
"""A reader with so much unread gets nothing more until it reads."""

ENDS_S = 15.0
"""Whoever was shown a job's end is not told it again for so long: until this gateway has noticed that it missed news,
and has told what they were."""

log = structlog.get_logger(__name__)


class StreamSettings(Struct, frozen=True, kw_only=True):
    """How patient the stream is."""

    tick_s: float = 0.03
    """Progress of a job goes out once in this time; several jobs' in one send."""
    heartbeat_s: float = 15.0
    slow_limit_s: float = 10.0
    """A reader that takes nothing for so long is closed; it can resume."""
    watchers: int = 20_000
    watchers_each: int = 20_000
    """Of one account."""
    jobs_per_watcher: int = 4096


class Hub:
    """Who watches what. Runs on the loop that made it."""

    def __init__(self, settings: StreamSettings, sign: Sign = unsigned) -> None:
        self._sign = sign
        self.settings = settings
        self._loop = asyncio.get_running_loop()
        self._audiences = Audiences(SENDS_PER_TURN)
        self._owners: dict[JobId, OwnerId] = {}  # of open jobs that somebody hears of
        self._queued: set[JobId] = set()
        self._progress: dict[JobId, Progressed] = {}
        self._marked: deque[Audience] = deque()
        self._blocked: set[Watcher] = set()
        self._held: dict[str, int] = {}  # by account or address
        self._stories = Stories(sign)
        self._flush_due = False
        self._tick_due = False
        self._retry_due = False
        self._closed = False
        self._heartbeat = self._loop.call_later(settings.heartbeat_s, self._beat)

    def __len__(self) -> int:
        """How many watchers there are."""
        return len(self._audiences)

    def __contains__(self, watcher: Watcher) -> bool:
        """It has joined, and was not dismissed."""
        return watcher in self._audiences

    def streams(self) -> dict[str, int]:
        """How many watchers there are of each kind."""
        counts: dict[str, int] = {}
        for watcher in self._audiences:
            counts[watcher.sink.kind] = counts.get(watcher.sink.kind, 0) + 1
        return counts

    # Coming and going

    def join(self, sink: Sink, viewer: OwnerId | None, holder: str = "") -> Watcher:
        """A watcher that hears nothing yet; `viewer` and `holder`: see `Watcher`.

        Raises Unavailable if there are too many, or too many of that holder, or the server goes away.
        """
        if self._closed:
            raise Unavailable("the server is going away", code="going_away")
        if len(self._audiences) >= self.settings.watchers:
            raise Unavailable("too many event streams are open", retry_after_s=10.0, code="too_many_streams")
        if holder and self._held.get(holder, 0) >= self.settings.watchers_each:
            raise Unavailable(
                f"you have {self.settings.watchers_each} event streams open, and may have no more",
                retry_after_s=10.0,
                suggestion="watch many jobs on one WebSocket, and close what nobody reads",
                code="too_many_own_streams",
            )
        watcher = Watcher(sink, viewer, holder)
        self._audiences.join(watcher)
        self._held[holder] = self._held.get(holder, 0) + 1
        return watcher

    def leave(self, watcher: Watcher) -> None:
        """It hears nothing more and is forgotten. Twice does no harm."""
        if watcher in self._audiences:
            self._held[watcher.holder] -= 1
            if not self._held[watcher.holder]:
                del self._held[watcher.holder]
        self._audiences.leave(watcher)
        self._blocked.discard(watcher)
        if not self._audiences:
            self._owners.clear()
            self._queued.clear()
            self._progress.clear()

    def watch(self, watcher: Watcher, job: JobId, since: int | None = None) -> bool:
        """It hears of this job from the line after `since` on, or begins with a snapshot; `offer` brings the record.

        False: it watches as many jobs as it may.
        """
        audience = self._alone(watcher)
        if audience is None:
            return True
        if job not in audience.jobs and len(audience.jobs) >= self.settings.jobs_per_watcher:
            return False
        self._audiences.watch(audience, job, since)
        return True

    def unwatch(self, watcher: Watcher, job: JobId) -> None:
        """It hears no more of this job."""
        audience = self._alone(watcher)
        if audience is not None:
            self._audiences.unwatch(audience, job)

    def watch_everything(self, watcher: Watcher, *, wanted: bool = True) -> None:
        """It hears of every job of those whom it follows, those that are yet to come included."""
        audience = self._alone(watcher)
        if audience is not None:
            self._audiences.want(audience, everything=wanted)

    def follow(self, watcher: Watcher, owner: OwnerId | None) -> None:
        """Everything is that owner's from now on (None: everybody's), when it is watched the next time."""
        audience = self._alone(watcher)
        if audience is not None and audience.follows != owner:
            self._audiences.want(audience, everything=False)
            audience.follow(owner)

    def begin_showing(self, watcher: Watcher) -> None:
        """Pages of jobs are about to be read for one that hears everything; see `Audience.over`."""
        audience = self._alone(watcher)
        if audience is not None:
            audience.over = set(audience.over or ())

    def end_showing(self, watcher: Watcher, *, has_ended: bool = False) -> None:
        """They have been shown; `has_ended`: some that had ended, too."""
        audience = self._alone(watcher)
        if audience is None:
            return
        if has_ended:
            self._loop.call_later(ENDS_S, self._forget_over, watcher, audience.over)
        else:
            audience.over = None

    def _forget_over(self, watcher: Watcher, over: set[JobId] | None) -> None:
        audience = self._alone(watcher)
        if audience is not None and audience.over is over:  # else it is being shown all anew
            audience.over = None

    def watch_system(self, watcher: Watcher, *, wanted: bool = True) -> None:
        """It hears of devices and of the queue as a whole."""
        audience = self._alone(watcher)
        if audience is not None:
            self._audiences.want(audience, system=wanted)

    def release(self) -> None:
        """Every watcher is told that the server goes away. Who comes later is told by the next call."""
        for watcher in self._audiences:
            self.dismiss(watcher, 1001, "the server is going away; connect again and resume")

    def close(self) -> None:
        """Every watcher is told so, and no other may come. Twice does no harm."""
        self._closed = True
        self._heartbeat.cancel()
        self.release()

    # News

    @property
    def watched(self) -> list[JobId]:
        """Jobs that somebody watches by name, and open ones that somebody heard of."""
        return list(self._audiences.jobs | self._owners.keys())

    @property
    def waiting(self) -> list[JobId]:
        """Watched jobs that wait."""
        return list(self._queued)

    @property
    def owners(self) -> list[OwnerId | None]:
        """Owners of whom somebody hears everything; None: somebody hears everybody's."""
        return list(self._audiences.owners)

    @property
    def is_idle(self) -> bool:
        """Nobody has anything to hear that could be sent now."""
        return not self._flush_due

    @property
    def has_operators(self) -> bool:
        """Somebody hears of the server as a whole."""
        return bool(self._audiences.system)

    def changed(self, job: Job) -> None:
        """The newest record of a job."""
        if not self._audiences.by_watcher:
            return
        audiences = self._audiences.hearing(job.id, job.owner)
        self._track(job, is_heard=bool(audiences))
        for audience in list(audiences):
            self._offer(audience, job)

    def offer(self, watcher: Watcher, job: Job) -> None:
        """The watcher shall know what this record says, if it does not yet."""
        audience = self._alone(watcher)
        if audience is not None:
            self._track(job, is_heard=True)
            self._offer(audience, job)

    def show(self, watcher: Watcher, jobs: Iterable[Job]) -> None:
        """Snapshots of these jobs, for one that hears everything and has just come."""
        audience = self._alone(watcher)
        if audience is None:
            return
        for job in jobs:
            self._track(job, is_heard=True)
            audience.show(job)
        self._mark(audience)

    def shown(self, watcher: Watcher, kind: str, body: dict[str, Any]) -> None:
        """It hears this when it has heard all that it was shown; the latest of a kind replaces the one before."""
        audience = self._alone(watcher)
        if audience is not None:
            self._tell(audience, JobId(""), system_event(kind, body))

    def gap(self, watcher: Watcher, after: float, at: float) -> None:
        """One that hears everything is told that it is not told all of what happened between these times."""
        audience = self._alone(watcher)
        if audience is not None:
            self._tell_gap(audience, after, at)

    def missed(self, owner: OwnerId | None, after: float, at: float) -> None:
        """All that hear everything of this owner are told so."""
        for audience in self._audiences.following(owner):
            self._tell_gap(audience, after, at)

    def progressed(self, news: Progressed) -> None:
        """The latest of a running attempt; replaces what waits for the tick."""
        if news.job in self._audiences.jobs or news.job in self._owners:
            self._progress[news.job] = news
            if not self._tick_due:
                self._tick_due = True
                self._loop.call_later(self.settings.tick_s, self._tick)

    def forgotten(self, job: JobId) -> None:
        """The record was deleted."""
        event = forgotten_event(job)
        for audience in self._audiences.hearing(job, self._owners.get(job)):
            audience.skip(job)
            self._tell(audience, job, event)
        self._owners.pop(job, None)
        self._queued.discard(job)

    def moved(self, estimates: Iterable[Estimate]) -> None:
        """Where watched waiting jobs stand now."""
        for estimate in estimates:
            if estimate.job in self._queued:
                event = queue_event(estimate)
                for audience in self._audiences.hearing(estimate.job, self._owners.get(estimate.job)):
                    self._tell(audience, estimate.job, event)

    def place(self, watcher: Watcher, estimates: Iterable[Estimate]) -> None:
        """One watcher hears where its waiting jobs stand."""
        audience = self._alone(watcher)
        if audience is None:
            return
        for estimate in estimates:
            self._tell(audience, estimate.job, queue_event(estimate))

    def system(self, kind: str, body: dict[str, Any], plain: dict[str, Any] | None = None) -> None:
        """Something about the server as a whole, for those who asked; the latest of a kind replaces the one before.

        Args:
            plain: what those hear who may not see everybody's jobs; None: the same.
        """
        if self._audiences.system:
            event = system_event(kind, body)
            lesser = event if plain is None else system_event(kind, plain)
            for audience in self._audiences.system:
                self._tell(audience, JobId(""), event if audience.viewer is None else lesser)

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

    def _offer(self, audience: Audience, job: Job) -> None:
        audience.offer(job)
        if audience.backlog > self.settings.jobs_per_watcher:
            for watcher in list(audience.watchers):
                self.dismiss(watcher, 1013, "too slow; connect again and resume")
        elif audience.is_waiting:
            self._mark(audience)

    def _tell(self, audience: Audience, job: JobId, event: Event) -> None:
        audience.tell(job, event)
        self._mark(audience)

    def _tell_gap(self, audience: Audience, after: float, at: float) -> None:
        # Under its beginning, so that a second one does not take the first one's place.
        self._tell(audience, JobId(str(after)), gap_event(after, at))

    def _alone(self, watcher: Watcher) -> Audience | None:
        audience = self._audiences.alone(watcher)
        if audience is not None and audience.is_waiting:
            self._mark(audience)
        return audience

    # Going out

    def _mark(self, audience: Audience) -> None:
        if audience.is_marked or not audience.watchers:
            return
        audience.is_marked = True
        self._marked.append(audience)
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def _tick(self) -> None:
        self._tick_due = False
        progress, self._progress = self._progress, {}
        for job, news in progress.items():
            event = progress_event(news, self._sign)
            for audience in self._audiences.hearing(job, self._owners.get(job)):
                self._tell(audience, job, event)

    def _flush(self) -> None:
        sends = 0
        while self._marked and sends < SENDS_PER_TURN:
            audience = self._marked.popleft()
            audience.is_marked = False
            sends += self._serve(audience)
        if self._marked:
            self._loop.call_soon(self._flush)
        else:
            self._flush_due = False
            self._stories.clear()

    def _serve(self, audience: Audience) -> int:
        """Everybody in it who takes something is sent the next; who does not, parts from the others. How many sends."""
        for watcher in [one for one in audience.watchers if one.blocked_at is not None or _is_full(one)]:
            if not self._has_room(watcher) and watcher in audience.watchers:
                if len(audience.watchers) == 1:
                    return 0
                self._alone(watcher)
        events = audience.take(self._stories)
        sends = len(audience.watchers)
        if events:
            self._send(audience, events)
        if audience.is_waiting:
            self._mark(audience)
        elif audience.watchers:
            self._audiences.unite(audience)
        return sends

    def _send(self, audience: Audience, events: list[Event]) -> None:
        packed = None
        for watcher in list(audience.watchers):
            try:
                if packed is None:
                    packed = watcher.sink.pack(events)
                watcher.sink.send(packed)
            except Exception:
                # One connection's trouble must not silence all others.
                log.exception("watcher.failed")
                self.dismiss(watcher, 1011, "the server failed; connect again and resume")

    def _has_room(self, watcher: Watcher) -> bool:
        """True if its reader takes what it is sent; else it is blocked, or dismissed if that has lasted too long."""
        backlog = watcher.sink.backlog()
        if backlog is None:
            self.dismiss(watcher, 1006, "gone")
            return False
        if backlog <= NO_ROOM_BYTES:
            watcher.blocked_at = None
            return True
        now = self._loop.time()
        if watcher.blocked_at is None:
            watcher.blocked_at = now
        if now - watcher.blocked_at > self.settings.slow_limit_s:
            self.dismiss(watcher, 1013, "too slow; connect again and resume")
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
            self._mark(self._audiences.of(watcher))

    def dismiss(self, watcher: Watcher, code: int, reason: str) -> None:
        """It is told why, and hears nothing more."""
        self.leave(watcher)
        watcher.sink.close(code, reason)

    def _beat(self) -> None:
        self._heartbeat = self._loop.call_later(self.settings.heartbeat_s, self._beat)
        for watcher in self._audiences:
            if self._has_room(watcher):
                watcher.sink.heartbeat()


def _is_full(watcher: Watcher) -> bool:
    backlog = watcher.sink.backlog()
    return backlog is None or backlog > NO_ROOM_BYTES
