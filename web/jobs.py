"""The generic jobs API: submit, read, list, wait, cancel, move, try again, forget."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from aiohttp import hdrs, web
from msgspec import Meta, Struct

from aigc.core.errors import NotAllowed
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.ports import JobQuery
from web import urls
from web.accepted import AcceptedText
from web.audit import note_if_other
from web.gateway import Gateway
from web.problem import FieldError, FieldsInvalid
from web.requests import JSON_BYTES, Body, fresh, listed_for, number, owner_of, reply, viewer_of
from web.search import search
from web.submission import Reference, Submission, Submitted
from web.views import job_view

WAIT_LIMIT_S = 60.0
"""A request waits no longer for a job's end."""

PAGE_LIMIT = 500

HIGHEST = 5
"""Priority that one may ask for who shares the server with others; it is also what is given unless asked for."""

YOUNG_S = 0.2
"""Where a job waits is not asked for in its first moments: most have begun before the answer would come."""

_PREFER_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d+)")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

Name = Annotated[str, Meta(max_length=128)]
Word = Annotated[str, Meta(min_length=1, max_length=64)]


class InputRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One input: exactly one of `text`, `url`, `job`, or an upload's id under any of its three names."""

    text: str | None = None
    upload: str | None = None
    asset: str | None = None
    file_id: str | None = None
    url: str | None = None
    job: str | None = None
    output: Name = "model"

    def reference(self) -> Reference:
        """The same in one name for each thing."""
        uploads = [name for name in (self.upload, self.asset, self.file_id) if name is not None]
        if len(uploads) > 1:
            return Reference()  # no source at all: refused like any other number but one
        upload = uploads[0] if uploads else None
        return Reference(text=self.text, upload=upload, url=self.url, job=self.job, output=self.output)


class JobRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client may ask for."""

    feature: Name = ""
    """May be left out where `model` says enough."""
    task: Name = ""
    """Another name for `feature`."""
    model: Name | None = None
    inputs: Annotated[dict[Word, InputRequest | str], Meta(max_length=16)] = {}
    params: Annotated[dict[str, Any], Meta(max_length=256)] = {}
    output_format: Name | None = None
    priority: Annotated[float, Meta(ge=0, le=9, multiple_of=1)] = 5
    tags: Annotated[tuple[Word, ...], Meta(max_length=32)] = ()
    metadata: Annotated[dict[Word, Annotated[str, Meta(max_length=512)]], Meta(max_length=32)] = {}
    deadline_s: Annotated[float, Meta(gt=0, le=30 * 86400)] | None = None


class MoveRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be changed at a waiting job."""

    priority: Annotated[float, Meta(ge=0, le=9, multiple_of=1)]


class RetryRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a job is tried again."""

    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] | None = None


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The routes below `/jobs`, but for its event stream and files."""
    jobs = Jobs(gateway)
    one = f"{urls.JOBS}/{{id}}"
    return [
        web.post(urls.JOBS, jobs.create),
        web.get(urls.JOBS, jobs.index),
        web.get(one, jobs.show),
        web.patch(one, jobs.move),
        web.delete(one, jobs.remove),
        web.post(f"{one}/cancel", jobs.cancel),
        web.post(f"{one}/retry", jobs.retry),
    ]


class Jobs:
    """Handlers of the jobs API."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._create = Body(JobRequest, JSON_BYTES)
        self._move = Body(MoveRequest)
        self._retry = Body(RetryRequest)
        self._text = AcceptedText(gateway.sign)

    async def create(self, request: web.Request) -> web.Response:
        """202 and the whole job; with `?wait=` or `Prefer: wait=` 200 if it is finished in time."""
        wanted = await self._create.read(request)
        wait_s = _wait_s(request)
        submitted = await self._gateway.submit(_submission(wanted, request))
        return await self._accepted(submitted, wait_s)

    async def index(self, request: web.Request) -> web.Response:
        """One page of the owner's jobs, newest first."""
        query = JobQuery(
            owner=listed_for(request),
            status=_status(request),
            feature=request.query.get("feature", ""),
            tag=request.query.get("tag", ""),
            created_from=_instant(request, "created_after"),
            created_to=_instant(request, "created_before"),
            limit=int(number(request, "limit", 50, 1, PAGE_LIMIT)),
            cursor=request.query.get("cursor", ""),
        )
        words = request.query.get("words", "").strip()
        page = await search(self._gateway.list, query, words) if words else await self._gateway.list(query)
        waiting = [job.id for job in page.jobs if job.status is Status.QUEUED]
        estimates = await self._gateway.estimates(waiting) if waiting else {}
        body = {
            "jobs": [job_view(job, estimates.get(job.id), self._gateway.sign) for job in page.jobs],
            "total": page.total if not words else None,
            "next_cursor": page.next_cursor or None,
        }
        headers = {}
        if page.next_cursor:
            following = request.rel_url.update_query(cursor=page.next_cursor)
            headers["Link"] = f'<{following}>; rel="next"'
        return reply(body, headers=headers)

    async def show(self, request: web.Request) -> web.Response:
        """The job, at once or, with `?wait=`, when it is finished."""
        job, viewer = _job_id(request), viewer_of(request)
        found = await self._gateway.wait(job, viewer, _wait_s(request))
        return fresh(await self._view(found))

    async def move(self, request: web.Request) -> web.Response:
        """The waiting job with its new priority."""
        wanted = await self._move.read(request)
        _check_priority(wanted.priority, request)
        moved = await self._gateway.changes.move(_job_id(request), viewer_of(request), int(wanted.priority))
        return reply(await self._view(moved))

    async def cancel(self, request: web.Request) -> web.Response:
        """The job as it is now: cancelled, finished before, or about to stop. Asking twice does no harm."""
        found = await self._gateway.changes.cancel(_job_id(request), viewer_of(request))
        await note_if_other(request, "job.cancelled", found.id, found.owner)
        return reply(await self._view(found), 200 if found.status.is_final else 202)

    async def retry(self, request: web.Request) -> web.Response:
        """202 and a new job like this one, with another seed."""
        wanted = await self._retry.read(request) if request.can_read_body else RetryRequest()
        submitted = await self._gateway.retry(_job_id(request), viewer_of(request), wanted.seed)
        return await self._accepted(submitted, _wait_s(request))

    async def remove(self, request: web.Request) -> web.Response:
        """The finished job as it was; its record and files are gone."""
        job = await self._gateway.changes.forget(_job_id(request), viewer_of(request))
        await note_if_other(request, "job.deleted", job.id, job.owner)
        return reply(job_view(job, sign=self._gateway.sign))

    async def _accepted(self, submitted: Submitted, wait_s: float) -> web.Response:
        job = submitted.job
        if wait_s:
            job = await self._gateway.wait(job.id, job.owner, wait_s)
        headers: dict[str, str] = {hdrs.LOCATION: urls.job_url(job.id)}
        if submitted.replayed:
            headers["Idempotency-Replayed"] = "true"
        if job.status.is_final:
            return reply(job_view(job, sign=self._gateway.sign), 200, headers)
        headers[hdrs.RETRY_AFTER] = "1"
        return reply(self._text.text(job) if job.seq == 1 else job_view(job, sign=self._gateway.sign), 202, headers)

    async def _view(self, job: Job) -> dict[str, Any]:
        if job.status is not Status.QUEUED or self._gateway.age_s(job) < YOUNG_S:
            return job_view(job, sign=self._gateway.sign)
        return job_view(job, (await self._gateway.estimates([job.id])).get(job.id), self._gateway.sign)


def _submission(wanted: JobRequest, request: web.Request) -> Submission:
    _check_priority(wanted.priority, request)
    if wanted.task and wanted.feature not in ("", wanted.task):
        raise FieldsInvalid([FieldError("/task", f"says {wanted.task}, but /feature says {wanted.feature}")])
    feature = wanted.feature or wanted.task
    if not feature and not wanted.model:
        raise FieldsInvalid([FieldError("/feature", "is required")], suggestion="GET /api/v1/features lists them")
    key = request.headers.get("Idempotency-Key", "")
    if key and not _KEY.fullmatch(key):
        raise FieldsInvalid([FieldError("Idempotency-Key", "must be 1 to 255 visible ASCII characters")])
    return Submission(
        feature=feature,
        model=wanted.model or "",
        inputs={name: _reference(given) for name, given in wanted.inputs.items()},
        params=wanted.params,
        output_format=wanted.output_format or "",
        priority=int(wanted.priority),
        tags=wanted.tags,
        metadata=wanted.metadata,
        deadline_s=wanted.deadline_s,
        owner=owner_of(request),
        idempotency_key=key,
    )


def _check_priority(priority: float, request: web.Request) -> None:
    """Raises NotAllowed where somebody would pass all others who share the server."""
    if priority > HIGHEST and viewer_of(request) is not None:
        raise NotAllowed(
            f"a priority above {HIGHEST} is for operators", where="/priority", suggestion=f"send {HIGHEST} or less"
        )


def _reference(given: InputRequest | str) -> Reference:
    """A bare string is a URL if it looks like one, else a text; files are named by an object."""
    if isinstance(given, InputRequest):
        return given.reference()
    if given.startswith(("http://", "https://", "data:")):
        return Reference(url=given)
    return Reference(text=given)


def _job_id(request: web.Request) -> JobId:
    return JobId(request.match_info["id"])


def _wait_s(request: web.Request) -> float:
    """Seconds to wait: `?wait=` or, RFC 7240, `Prefer: wait=`."""
    if "wait" in request.query:
        return number(request, "wait", 0.0, 0.0, WAIT_LIMIT_S)
    preferred = _PREFER_WAIT.search(request.headers.get("Prefer", ""))
    return min(float(preferred[1]), WAIT_LIMIT_S) if preferred else 0.0


def _status(request: web.Request) -> Status | None:
    text = request.query.get("status")
    if not text:
        return None
    if text not in tuple(Status):
        raise FieldsInvalid([FieldError("?status", f"{text[:40]!r} is none of {', '.join(Status)}")])
    return Status(text)


def _instant(request: web.Request, name: str) -> float | None:
    """A time from the query, RFC 3339 or seconds since the epoch; without a zone it is UTC."""
    text = request.query.get(name)
    if not text:
        return None
    try:
        # A "+" of an offset that was not escaped arrives as a blank.
        instant = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        if not text[:1].isdigit():
            said = f"{text[:40]!r} is not a time, such as 2026-01-31 or 2026-01-31T12:00Z"
            raise FieldsInvalid([FieldError(f"?{name}", said)]) from None
        return number(request, name, 0.0, 0.0, 1e12)
    return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp()
