"""What the client raises. Every error says what was wrong and, where it is known, what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aigc.client.records import Failure, Job


class ClientError(Exception):
    """Base of everything that the client raises."""

    suggestion: str = ""
    """What to do about it; empty where nobody knows."""
    request_id: str = ""
    """By which the server's log knows the request."""


class BadInput(ClientError, ValueError):
    """What was given cannot be sent: no such file, or nothing that an input may be. Nothing was asked of the server."""


class ServerAway(ClientError):
    """No server answers at the address, or the connection broke.

    Args:
        was_sent: the request may have arrived, and what it asked for may have been done.
    """

    def __init__(self, message: str, *, was_sent: bool = True) -> None:
        super().__init__(message)
        self.was_sent = was_sent


class Timeout(ClientError, TimeoutError):
    """It was not done in the time that the caller gave. A job goes on; its id is in `job_id`."""

    def __init__(self, message: str, job_id: str = "") -> None:
        super().__init__(message)
        self.job_id = job_id


class JobFailed(ClientError):
    """The job ended without a result; holds the job with its evidence: the reason, the log's end, earlier attempts."""

    def __init__(self, job: Job) -> None:
        error = job.error
        self.job = job
        self.code = error.code if error else job.status
        self.suggestion = error.suggestion if error else ""
        self.log_tail = error.log_tail if error else ""
        self.failures: list[Failure] = job.failures
        parts = [f"job {job.id} {job.status}" + (f": {error.message}" if error else ""), self.suggestion]
        super().__init__("\n".join(filter(None, parts)))


class JobCancelled(JobFailed):
    """The job was cancelled before it had a result."""


@dataclass(frozen=True)
class Field:
    """What is wrong with one field of a request."""

    pointer: str
    """JSON pointer into the body (`/params/seed`); a query parameter is written `?name`."""
    detail: str


class Refused(ClientError):
    """The server answered with an error, and nothing was changed. `problem` is its whole answer (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float | None = None) -> None:
        self.status = status
        self.problem = dict(problem)
        self.code = str(problem.get("code", ""))
        self.request_id = str(problem.get("request_id", ""))
        self.suggestion = str(problem.get("suggestion") or "")
        self.retry_after_s = retry_after_s if retry_after_s is not None else problem.get("retry_after_s")
        told = [error for error in problem.get("errors") or () if isinstance(error, Mapping)]
        self.fields = tuple(Field(str(one.get("pointer", "")), str(one.get("detail", ""))) for one in told)
        parts = [str(problem.get("detail") or problem.get("message") or f"HTTP {status}")]
        parts += [line for field in self.fields if (line := f"{field.pointer}: {field.detail}") not in parts[0]]
        if self.suggestion not in parts[0]:
            parts.append(self.suggestion)
        super().__init__("\n".join(parts))


class BadRequest(Refused):
    """What was asked is wrong, as `fields` say (400, 413, 415, 422)."""

    def about(self, what: str) -> BadRequest:
        """The same, said of this file."""
        detail = f"{what}: {self.problem.get('detail') or self.problem.get('message') or f'HTTP {self.status}'}"
        return BadRequest(self.status, {**self.problem, "detail": detail}, self.retry_after_s)


class Unauthorized(Refused):
    """The server wants a token, or does not know this one (401)."""


class Forbidden(Refused):
    """The token's owner may not do this (403)."""


class NotFound(Refused):
    """There is no such job, model, file or worker, or it is another's (404)."""


class Conflict(Refused):
    """It cannot be done as things are now (409)."""


class Busy(Refused):
    """Not now; `retry_after_s` says when (429, 503). The client has tried again already, as its budget allowed."""


class QueueFull(Busy):
    """As many jobs wait as may wait."""


class RateLimited(Busy):
    """The owner has asked for more than the server allows in this time."""


class Unavailable(Busy):
    """A part of the server is away (503)."""


class ServerFault(Refused):
    """The server failed at the request (5xx); its log has the reason under `request_id`."""


def refusal(status: int, problem: Mapping[str, Any], retry_after_s: float | None = None) -> Refused:
    """The error that an answer stands for."""
    code = problem.get("code")
    kinds: dict[int, type[Refused]] = {
        401: Unauthorized, 403: Forbidden, 404: NotFound, 409: Conflict, 503: Unavailable,
        429: QueueFull if code == "queue_full" else RateLimited,
    }  # fmt: skip
    kind = kinds.get(status, ServerFault if status >= 500 else BadRequest)
    return kind(status, problem, retry_after_s)


def failure(job: Job) -> JobFailed:
    """The error that a job without a result stands for."""
    return (JobCancelled if job.status == "cancelled" else JobFailed)(job)
