"""The audit log: what handlers write down of deeds that concern others, and admins read."""

import structlog
from aiohttp import web

from aigc.core.accounts import AuditEntry
from aigc.core.errors import AigcError
from web.access import access_of
from web.identity import Identity
from web.requests import asker_of, fresh, number, request_id_of
from web.urls import API
from web.views import rfc3339

AUDIT = f"{API}/audit"
PAGE_LIMIT = 1000

log = structlog.get_logger(__name__)


def routes() -> list[web.RouteDef]:
    """The route of the audit log."""
    return [web.get(AUDIT, show)]


async def show(request: web.Request) -> web.Response:
    """Who did what, when and from where, newest first; `next_before` leads to older lines."""
    audit = access_of(request).audit
    limit = int(number(request, "limit", 100, 1, PAGE_LIMIT))
    before = number(request, "before", 0.0, 0.0, 1e12)
    found = await audit.recent(limit, before or None) if audit is not None else []
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
    return fresh(body)


async def note(
    request: web.Request, action: str, subject: str = "", detail: str = "", *, asker: Identity | None = None
) -> None:
    """Write down that who asks has done this; call it after the deed. The server's log has what cannot be written.

    Args:
        action: `model.loaded`.
        asker: who did it, where the request itself did not say who asks.
    """
    access = access_of(request)
    if access.audit is None:
        return
    who = asker or asker_of(request)
    entry = AuditEntry(
        at=access.now(),
        action=action,
        actor=who.owner,
        name=who.name,
        subject=subject[:200],
        detail=detail[:500],
        address=access.address_of(request),
        request_id=request_id_of(request),
    )
    try:
        await access.audit.add(entry)
    except AigcError as error:
        log.error("audit.unwritten", reason=str(error), action=action, subject=entry.subject, name=entry.name)


async def note_if_other(request: web.Request, action: str, job: str, owner: str) -> None:
    """Write down that who asks has done this to another one's job."""
    if owner != asker_of(request).owner:
        await note(request, action, job, f"of {owner or 'nobody'}")
