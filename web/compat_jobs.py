"""The job routes of existing clients: one job, its result's story, the history, and what deletes them."""

import time
from ipaddress import ip_address
from typing import Any

from aiohttp import web
from yarl import URL

from aigc.core.errors import Conflict
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.ports import JobQuery
from web.audit import note_if_other
from web.compat_errors import legacy
from web.compat_views import info_object, job_object
from web.gateway import Gateway
from web.requests import listed_for, number, reply, viewer_of
from web.times import instant
from web.urls import API
from web.views import rfc3339

STOP_S = 10.0
"""A running job that is deleted may take so long to stop."""


def routes(gateway: Gateway, public_url: str) -> list[web.RouteDef]:
    """The routes below `/system/jobs`, but for the files, which `web.downloads` sends."""
    jobs = CompatJobs(gateway, public_url)
    base = f"{API}/system/jobs"
    return [
        web.get(f"{base}/queue/stats", legacy(jobs.stats)),
        web.get(f"{base}/history", legacy(jobs.history)),
        web.get(f"{base}/{{id}}", legacy(jobs.show)),
        web.get(f"{base}/{{id}}/info", legacy(jobs.info)),
        web.delete(f"{base}/{{id}}", legacy(jobs.remove)),
        web.delete(f"{base}/{{id}}/result", legacy(jobs.remove_result)),
    ]


class CompatJobs:
    """Handlers of the job routes."""

    def __init__(self, gateway: Gateway, public_url: str) -> None:
        self._gateway = gateway
        self._public_url = public_url.rstrip("/")

    async def show(self, request: web.Request) -> web.Response:
        """One job."""
        job = await self._job(request)
        return _fresh(job_object(job, self._origin(request), self._gateway.sign))

    async def info(self, request: web.Request) -> web.Response:
        """What is known of a job's result."""
        job = await self._job(request)
        return _fresh(info_object(job, self._gateway.sign))

    async def history(self, request: web.Request) -> web.Response:
        """Jobs, newest first; `?limit=&offset=&status=&feature=&start_date=&end_date=`."""
        limit = int(number(request, "limit", 100, 1, 500))
        offset = int(number(request, "offset", 0, 0, 1 << 31))
        names = ("status", "feature", "start_date", "end_date")
        filters = {name: request.query.get(name) or None for name in names}
        status = filters["status"]
        if status is not None and status not in tuple(Status):
            known = ", ".join(Status)
            more = {"error": f"Invalid status {status[:40]!r}; known are {known}"}
            return _fresh(_page([], limit, offset, 0, filters) | more)
        page = await self._gateway.list(
            JobQuery(
                status=Status(status) if status else None,
                feature=filters["feature"] or "",
                owner=listed_for(request),
                created_from=_bound(filters, "start_date"),
                created_to=_bound(filters, "end_date"),
                limit=limit,
                offset=offset,
            )
        )
        origin = self._origin(request)
        rows = [job_object(job, origin, self._gateway.sign) for job in page.jobs]
        return _fresh(_page(rows, limit, offset, page.total, filters))

    async def stats(self, request: web.Request) -> web.Response:
        """How many jobs there are of each state that these clients count."""
        counts = await self._gateway.store.counts()
        bound = self._gateway.settings.queue_bound
        data = {
            "pending_jobs": counts[Status.QUEUED],
            "processing_jobs": counts[Status.PROCESSING],
            "completed_jobs": counts[Status.COMPLETED],
            "failed_jobs": counts[Status.FAILED],
            "cancelled_jobs": counts[Status.CANCELLED],
            "max_queue_size": bound,
            "queue_utilization": round(counts[Status.QUEUED] / bound, 4) if bound else 0.0,
            "timestamp": time.time(),
        }
        return _fresh({"success": True, "data": data})

    async def remove(self, request: web.Request) -> web.Response:
        """The record and its files are gone; a job that is not finished is cancelled first.

        Raises Conflict if it does not stop within STOP_S.
        """
        job, viewer = await self._job(request), viewer_of(request)
        before = {"status": job.status.value, "feature": job.feature, "created_at": rfc3339(job.created_at)}
        if not job.status.is_final:
            await self._gateway.changes.cancel(job.id, viewer, "its record was deleted")
            stopped = await self._gateway.wait(job.id, viewer, STOP_S)
            if not stopped.status.is_final:
                raise Conflict(f"job {job.id} is being stopped", suggestion="delete it again in a few seconds")
        await self._gateway.changes.forget(job.id, viewer)
        await note_if_other(request, "job.deleted", job.id, job.owner)
        message = f"Job {job.id} deleted successfully"
        return reply({"job_id": job.id, "message": message, "deleted": True, "job_info": before})

    async def remove_result(self, request: web.Request) -> web.Response:
        """The result's main file is gone; the record stays."""
        job, viewer = await self._job(request), viewer_of(request)
        main = await self._gateway.changes.drop_result(job.id, viewer)
        if main is None:
            return reply({"job_id": job.id, "message": "No result file to delete", "deleted": False})
        await note_if_other(request, "result.deleted", job.id, job.owner)
        return reply(
            {
                "job_id": job.id,
                "message": "Result file deleted successfully",
                "deleted": True,
                "freed_space_mb": round(main.bytes / (1 << 20), 2),
                "deleted_file": main.name,
            }
        )

    async def _job(self, request: web.Request) -> Job:
        return await self._gateway.get(JobId(request.match_info["id"]), viewer_of(request))

    def _origin(self, request: web.Request) -> str:
        return self._public_url or own_origin(request)


def own_origin(request: web.Request) -> str:
    """`http://address:port` by which this request came.

    The Host header is a client's word: it is believed where it is an address or `localhost`, which lead nowhere else
    than the client could go itself. For any other name it is the address that was really connected to.
    """
    try:
        named = request.url.origin()
        if named.host == "localhost" or ip_address(named.host or ""):
            return str(named)
    except ValueError:
        pass  # another name, or none that can be read
    address = request.transport.get_extra_info("sockname") if request.transport else None
    if not isinstance(address, tuple):
        return ""  # a Unix socket: only a configured URL can say what is in front of it
    return str(URL.build(scheme=request.scheme, host=address[0], port=address[1]))


def _fresh(value: Any) -> web.Response:
    # Some URLs in it begin with the host that this client named: never for another client.
    return reply(value, headers={"Cache-Control": "no-store"})


def _page(
    rows: list[dict[str, Any]], limit: int, offset: int, total: int, filters: dict[str, str | None]
) -> dict[str, Any]:
    pagination = {"limit": limit, "offset": offset, "total": total, "has_more": offset + len(rows) < total}
    return {"jobs": rows, "pagination": pagination, "filters": filters, "timestamp": time.time()}


def _bound(filters: dict[str, str | None], name: str) -> float | None:
    text = filters[name]
    return None if text is None else instant(text, name)
