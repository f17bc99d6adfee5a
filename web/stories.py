"""What watchers are told, as JSON: durable lines of a job's history, snapshots, and news that pass.

Every event is an object with a `type`. Durable ones have the job's `seq`, by which a reader resumes; the others have
none. The last line of a job's history brings the whole job.
"""

from typing import Any, NamedTuple

import msgspec

from aigc.core.ids import JobId
from aigc.core.job import Change, Job
from aigc.core.messages import Estimate, Progressed
from web import urls
from web.signing import Sign, unsigned
from web.views import job_view, progress_view, queue_view, rfc3339

FRESH = -1
"""As the number of the last line that was sent: begin with a snapshot."""

KEPT = 4096
"""Encoded stories kept for the watchers of one moment."""

_encode = msgspec.json.Encoder().encode


class Event(NamedTuple):
    """One thing to tell."""

    type: str
    data: bytes
    """A JSON object in one line."""
    seq: int = 0
    """Number of the line that it ends with; 0 for what is not durable."""
    is_final: bool = False
    """Nothing more will happen to this job."""


class Stories:
    """Tells a job's story from any line on, encoded once for all who hear the same part of it."""

    def __init__(self, sign: Sign = unsigned) -> None:
        self._sign = sign
        self._told: dict[tuple[JobId, int, int], list[Event]] = {}

    def story(self, job: Job, sent: int) -> list[Event]:
        """The lines after `sent`; a snapshot after `FRESH`, or where older lines are no longer in the history."""
        key = (job.id, job.seq, sent)
        story = self._told.get(key)
        if story is None:
            lines = [line for line in job.history if line.seq > sent]
            if sent == FRESH or not lines or lines[0].seq != sent + 1:
                story = [snapshot(job, self._sign)]
            else:
                story = [line_event(line, job, self._sign) for line in lines]
            if len(self._told) >= KEPT:
                self._told.clear()
            self._told[key] = story
        return story

    def clear(self) -> None:
        """The moment has passed; nothing is kept."""
        self._told.clear()


def snapshot(job: Job, sign: Sign = unsigned) -> Event:
    """Where the job stands, whatever the reader knew before."""
    at = rfc3339(job.history[-1].at if job.history else job.created_at)
    body = {"type": "job.snapshot", "job_id": job.id, "seq": job.seq, "at": at, "job": job_view(job, sign=sign)}
    return Event("job.snapshot", _encode(body), job.seq, job.status.is_final)


def line_event(line: Change, job: Job, sign: Sign = unsigned) -> Event:
    """One line of the history; the last one brings the job as it stands after it."""
    kind = f"job.{line.kind}"
    body = {"type": kind, "job_id": job.id, "seq": line.seq, "at": rfc3339(line.at), "detail": line.detail}
    is_last = line.seq == job.seq
    if is_last:
        body["job"] = job_view(job, sign=sign)
    return Event(kind, _encode(body), line.seq, is_last and job.status.is_final)


def progress_event(news: Progressed, sign: Sign = unsigned) -> Event:
    """How far a running attempt is."""
    body = {
        "type": "job.progress",
        "job_id": news.job,
        "attempt": news.attempt,
        "stage": news.stage.value,
        "progress": progress_view(news.progress, news.job, sign),
    }
    return Event("job.progress", _encode(body))


def queue_event(estimate: Estimate) -> Event:
    """Where a waiting job stands."""
    body = {"type": "job.queue", "job_id": estimate.job, "queue": queue_view(estimate)}
    return Event("job.queue", _encode(body))


def forgotten_event(job: JobId) -> Event:
    """The job's record was deleted."""
    return Event("job.forgotten", _encode({"type": "job.forgotten", "job_id": job}), is_final=True)


def gap_event(after: float, at: float) -> Event:
    """Between these two times jobs may have come and ended of which the reader is told nothing; a list has them."""
    body = {"type": "gap", "after": rfc3339(after), "at": rfc3339(at)}
    return Event("gap", _encode(body | {"list": f"{urls.JOBS}?created_after={body['after']}"}))


def system_event(kind: str, body: dict[str, Any]) -> Event:
    """Something about the server as a whole."""
    return Event(kind, _encode({"type": kind, **body}))
