"""The event stream's two readers: server-sent events for one job, a WebSocket for many.

WebSocket. Every frame from the server is a JSON array of objects with a `type`. The client sends objects::

    {"type": "subscribe", "jobs": ["<id>", …], "since": {"<id>": <seq>}}    `"all": true` instead of or beside `jobs`
    {"type": "unsubscribe", "jobs": ["<id>", …]}                            `"all": true` likewise
    {"type": "subscribe", "all": true, "owner": "*"}                        operators: everybody's, or that owner's
    {"type": "subscribe", "all": true, "after": "<time>"}                   one that comes back, see below
    {"type": "subscribe", "system": true}
    {"type": "ping"}

and hears `subscribed` (with the ids that are `unknown`, and the time, `at`), `unsubscribed`, `pong` or `error`. A job
begins with `job.snapshot`, or with the lines after `since`. Durable events have a `seq` without gaps, and a time, `at`;
`job.progress` and `job.queue` have none, and the latest replaces the one before. A reader that does not read is closed
with 1013 and can resume.

One that hears everything and comes back says where it was by `after`: the latest `at` that it heard. It is shown what
is open now, and snapshots of all that ended since, whether it had heard of them or not, and then hears `subscribed`: if
the connection breaks before that, the `after` of before holds, whatever it has heard. The server looks back a little
further, so some may be told again (`seq` shows it). If that were too many it hears
`{"type": "gap", "after": …, "at": …, "list": "/api/v1/jobs?created_after=…"}`: what came between these two times may
not have been told, and the list has it; what it knew to be open it asks for by `since`. So it hears, too, if the server
itself could not hear all. One that gives no `after` is shown what is open, and what it names in `since`.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
import structlog
from aiohttp import HttpVersion11, WSMsgType, web
from msgspec import Meta, Struct

from aigc.core.errors import AigcError, NotAllowed, NotFound
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Job, Status
from aigc.core.ports import JobQuery
from web import urls
from web.access import access_of
from web.gateway import Gateway
from web.identity import Identity
from web.missed import missed
from web.problem import FieldError, FieldsInvalid, http_status
from web.requests import asker_of, viewer_of
from web.sinks import GRACE_S, SocketSink, SseSink
from web.times import instant
from web.views import rfc3339
from web.watcher import Watcher

MESSAGE_BYTES = 256 << 10
"""A client's message may be so long."""

OPEN_JOBS = 1000
"""Newest waiting and running jobs that one who hears everything is shown at first."""

_encode = msgspec.json.Encoder().encode

log = structlog.get_logger(__name__)


class Command(Struct, frozen=True):
    """What a WebSocket client may say. Unknown keys are ignored."""

    type: Literal["subscribe", "unsubscribe", "ping"]
    jobs: Annotated[list[str], Meta(max_length=4096)] = []
    since: Annotated[dict[str, Annotated[int, Meta(ge=0)]], Meta(max_length=4096)] = {}
    all: bool = False
    owner: str = ""
    after: str = ""
    system: bool = False


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The two routes of the event stream."""
    events = Events(gateway)
    return [
        web.get(f"{urls.JOBS}/{{id}}/events", events.of_job, allow_head=False),
        web.get(urls.EVENTS, events.socket, allow_head=False),
    ]


class Events:
    """Handlers of the event stream."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    # Server-sent events

    async def of_job(self, request: web.Request) -> web.StreamResponse:
        """The job's events until it is finished; 204 if the reader has heard the last one already."""
        job = JobId(request.match_info["id"])
        viewer = viewer_of(request)
        since = _since(request)
        found = await self._gateway.get(job, viewer)
        if since is not None and since > found.seq:
            since = None
        if found.status.is_final and since == found.seq:
            return web.Response(status=204)  # tells a browser to stop connecting
        hub = self._gateway.hub
        is_chunked = request.version >= HttpVersion11
        sink = SseSink(_transport(request), is_chunked=is_chunked)
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  # a proxy shall not hold events back
            }
        )
        with self._watching(request, sink) as watcher:
            if is_chunked:
                response.enable_chunked_encoding()
            else:
                response.force_close()
            await response.prepare(request)
            await response.write(b"retry: 2000\n\n")
            hub.watch(watcher, job, since)
            # Read again: it may have changed before the watch began.
            hub.offer(watcher, await self._gateway.get(job, viewer))
            await self._tell_places(watcher, [found])
            await sink.ended.wait()
        return response

    # WebSocket

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Any number of jobs on one connection."""
        hub = self._gateway.hub
        socket = web.WebSocketResponse(
            heartbeat=hub.settings.heartbeat_s, max_msg_size=MESSAGE_BYTES, compress=False, timeout=GRACE_S
        )
        if not socket.can_prepare(request):
            raise web.HTTPUpgradeRequired(text="this is a WebSocket; one job's events are at /api/v1/jobs/{id}/events")
        asker = asker_of(request)
        with self._watching(request, SocketSink(_transport(request))) as watcher:
            await socket.prepare(request)
            async for message in socket:
                if watcher not in hub:
                    break  # it was dismissed, and asks for more before it has heard so
                if message.type is not WSMsgType.TEXT:
                    await socket.close(code=1003, message=b"text frames only")
                    break
                answer = await self._answer(watcher, message.data, asker)
                if answer is not None:
                    await socket.send_str(_encode([answer]).decode())
        return socket

    @contextmanager
    def _watching(self, request: web.Request, sink: SocketSink | SseSink) -> Iterator[Watcher]:
        """A watcher that is dismissed when the login of who asks has ended."""
        hub, asker = self._gateway.hub, asker_of(request)
        access = access_of(request)
        watcher = hub.join(sink, asker.viewer, asker.owner)
        try:
            with access.streaming(asker, partial(hub.dismiss, watcher, 1008, "log in again")):
                yield watcher
        finally:
            hub.leave(watcher)

    async def _answer(self, watcher: Watcher, text: str, asker: Identity) -> dict[str, Any] | None:
        """None: it comes after all that the watcher is being shown."""
        try:
            command = msgspec.json.decode(text, type=Command)
            if command.type == "ping":
                return {"type": "pong"}
            if command.type == "subscribe":
                now = rfc3339(self._gateway.now())  # whatever ends from now on is heard, or is later than this
                body = {"unknown": await self._subscribe(watcher, command, asker), "at": now}
                if not (command.all and command.after):
                    return {"type": "subscribed", **body}
                self._gateway.hub.shown(watcher, "subscribed", body)
                return None
            self._unsubscribe(watcher, command)
            return {"type": "unsubscribed"}
        except msgspec.MsgspecError as error:
            return {"type": "error", "code": "malformed_message", "status": 400, "detail": str(error)}
        except AigcError as error:
            if http_status(error) == 500:
                log.error("request.failed", path=urls.EVENTS, reason=str(error))
                return {
                    "type": "error",
                    "code": "internal_error",
                    "status": 500,
                    "detail": "the server failed; its log has the reason",
                }
            return {"type": "error", "code": error.code, "status": http_status(error), "detail": str(error)}

    async def _subscribe(self, watcher: Watcher, command: Command, asker: Identity) -> list[str]:
        """The ids that the client may not see or that are not there. Raises NotAllowed."""
        follows = _followed(command, asker)
        after = max(0.0, instant(command.after, "after")) if command.after else None
        hub = self._gateway.hub
        if command.system:
            hub.watch_system(watcher)
        unknown, found = [], []
        for name in dict.fromkeys([*command.jobs, *command.since]):
            job = JobId(name)
            since = command.since.get(name)
            try:
                if watcher.viewer is not None:
                    await self._gateway.get(job, watcher.viewer)  # before it hears the first word of this job
                if not hub.watch(watcher, job, since):
                    limit = f"one connection watches {hub.settings.jobs_per_watcher} jobs at most"
                    raise FieldsInvalid([FieldError("/jobs", limit)])
                record = await self._gateway.get(job, watcher.viewer)
            except NotFound:
                hub.unwatch(watcher, job)
                unknown.append(name)
                continue
            if since is not None and since > record.seq:
                hub.watch(watcher, job)
            hub.offer(watcher, record)
            found.append(record)
        if command.all:
            hub.follow(watcher, follows)
            found += await self._show(watcher, follows, after)
        await self._tell_places(watcher, found)
        return unknown

    async def _show(self, watcher: Watcher, follows: OwnerId | None, after: float | None) -> list[Job]:
        """Who hears everything is shown what is open now, which is returned, and what ended since it was here."""
        hub = self._gateway.hub
        found: list[Job] = []
        has_ended = False
        hub.watch_everything(watcher)
        hub.begin_showing(watcher)
        try:
            for status in (Status.PROCESSING, Status.QUEUED):
                page = await self._gateway.list(JobQuery(owner=follows, status=status, limit=OPEN_JOBS))
                hub.show(watcher, page.jobs)
                found += page.jobs
            if after is not None:
                now = self._gateway.now()
                absence = await missed(self._gateway.store, follows, after)
                hub.show(watcher, absence.jobs)
                has_ended = bool(absence.jobs)
                if absence.is_gap:
                    hub.gap(watcher, after, now)
        finally:
            hub.end_showing(watcher, has_ended=has_ended)
        return found

    def _unsubscribe(self, watcher: Watcher, command: Command) -> None:
        hub = self._gateway.hub
        for name in command.jobs:
            hub.unwatch(watcher, JobId(name))
        if command.all:
            hub.watch_everything(watcher, wanted=False)
        if command.system:
            hub.watch_system(watcher, wanted=False)

    async def _tell_places(self, watcher: Watcher, jobs: Sequence[Job]) -> None:
        """One that has just come need not wait until the queue moves to hear where its jobs stand."""
        waiting = [job.id for job in jobs if job.status is Status.QUEUED]
        if waiting:
            self._gateway.hub.place(watcher, (await self._gateway.estimates(waiting)).values())


def _followed(command: Command, asker: Identity) -> OwnerId | None:
    """Of whom a client wants to hear everything: of itself, of another, of everybody (None). Raises NotAllowed."""
    wanted = command.owner or ("*" if asker.via == "open" else asker.owner)
    if wanted != asker.owner and asker.viewer is not None:
        raise NotAllowed("only operators hear of other people's jobs", where="/owner", suggestion="leave it out")
    return None if wanted == "*" else OwnerId(wanted)


def _since(request: web.Request) -> int | None:
    """The last event that the reader has: the header of a browser that connects again, or `?since=`."""
    text = request.headers.get("Last-Event-ID") or request.query.get("since")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise FieldsInvalid([FieldError("?since", f"{text[:40]!r} is not the number of an event")])
    return int(text)


def _transport(request: web.Request) -> asyncio.WriteTransport:
    transport = request.transport
    if transport is None:
        raise ConnectionResetError("the client is gone")
    return transport
