"""The audit log, for admins."""

from aiohttp import web

from web.access import access_of
from web.requests import number, reply
from web.urls import API
from web.views import rfc3339

AUDIT = f"{API}/audit"
PAGE_LIMIT = 1000


def routes() -> list[web.RouteDef]:
    """The route of the audit log."""
    return [web.get(AUDIT, show)]


async def show(request: web.Request) -> web.Response:
    """Who did what, when and from where, newest first; `next_before` leads to older lines."""
    log = access_of(request).audit
    limit = int(number(request, "limit", 100, 1, PAGE_LIMIT))
    before = number(request, "before", 0.0, 0.0, 1e12)
    found = await log.recent(limit, before or None) if log is not None else []
    entries = [
        {
            "at": rfc3339(one.at),
            "action": one.action,
            "actor": one.actor,
            "name": one.name,
            "subject": one.subject,
            "detail": one.detail,
            "address": one.address,
            "request_id": one.request_id,
        }
        for one in found
    ]
    is_full = len(found) == limit
    body = {"entries": entries, "next_before": found[-1].at if is_full else None}
    return reply(body, headers={"Cache-Control": "no-store"})
