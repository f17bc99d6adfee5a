"""The queue as operators see it: everybody's waiting jobs, a page at a time, and the end of many at once."""

import asyncio
from typing import Any, get_args

import msgspec
from aiohttp import web
from msgspec import Struct

from aigc.core.errors import NotFound
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Status
from aigc.core.messages import AskQueue, QueuedJob
from aigc.core.ports import JobQuery
from web import urls
from web.audit import note
from web.gateway import Gateway
from web.problem import FieldError, FieldsInvalid
from web.requests import Body, fresh, number, reply
from web.views import queue_view, rfc3339

QUEUE = f"{urls.API}/system/queue"
PAGE_LIMIT = 500
BEYOND = 1_000_000
"""No queue is so long."""
AT_ONCE = 100
"""So many ends are asked of the broker before the first of them is answered."""

ORDERS: tuple[Any, ...] = get_args(AskQueue.__annotations__["order"])


class Ending(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose jobs are to end; `waiting_only` leaves those alone that run."""

    owner: str
    model: str = ""
    waiting_only: bool = False


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The routes of the operators' queue."""
    queue = Queue(gateway)
    return [
        web.get(QUEUE, queue.index),
        web.post(f"{QUEUE}/cancel", queue.cancel),
    ]


class Queue:
    """Handlers of the operators' queue."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._ending = Body(Ending)

    async def index(self, request: web.Request) -> web.Response:
        """One page of those who wait, who starts first at the top. Running ones are in the system's status."""
        query = request.query
        order: Any = query.get("order") or "place"
        if order not in ORDERS:
            raise FieldsInvalid([FieldError("?order", f"{order[:40]!r} is none of {', '.join(ORDERS)}")])
        asked = AskQueue(
            owner=OwnerId(query["owner"]) if "owner" in query else None,
            model=query.get("model", ""),
            words=query.get("words", "")[:200],
            order=order,
            is_reversed=_flag(request, "reverse"),
            offset=int(number(request, "offset", 0, 0, BEYOND)),
            limit=int(number(request, "limit", 100, 1, PAGE_LIMIT)),
        )
        page = await self._gateway.queue(asked)
        return fresh({"total": page.total, "offset": asked.offset, "jobs": [_row(job) for job in page.jobs]})

    async def cancel(self, request: web.Request) -> web.Response:
        """All jobs of one owner end; what runs is asked to, and ends soon."""
        wanted = await self._ending.read(request)
        # Out of the store, which has them also while no broker leads. Newest first, so that none of them begins in the
        # place of an older one meanwhile.
        ended = 0
        for status in (Status.QUEUED,) if wanted.waiting_only else (Status.QUEUED, Status.PROCESSING):
            query, has_more = JobQuery(owner=OwnerId(wanted.owner), status=status, limit=AT_ONCE), True
            while has_more:
                page = await self._gateway.list(query)
                meant = [job.id for job in page.jobs if wanted.model in ("", job.model)]
                ended += sum(await asyncio.gather(*map(self._end, meant)))
                query, has_more = msgspec.structs.replace(query, cursor=page.next_cursor), bool(page.next_cursor)
        await note(request, "queue.cancelled", wanted.owner, f"{ended} jobs")
        return reply({"owner": wanted.owner, "cancelled": ended})

    async def _end(self, job: JobId) -> bool:
        try:
            await self._gateway.changes.cancel(job, None, "asked by an operator")
        except NotFound:
            return False  # gone meanwhile
        return True


def _flag(request: web.Request, name: str) -> bool:
    values = request.query.getall(name, ["false"])
    if values not in (["true"], ["false"]):
        raise FieldsInvalid([FieldError(f"?{name}", f"{','.join(values)[:40]!r} is neither true nor false")])
    return values == ["true"]


def _row(job: QueuedJob) -> dict[str, Any]:
    return {
        "id": job.job,
        "name": job.name,
        "feature": job.feature,
        "model": job.model,
        "owner": job.owner,
        "priority": job.priority,
        "created_at": rfc3339(job.created_at),
        "attempt": job.attempt,
        "queue": queue_view(job.estimate),
    }
