"""Which request is being answered: its id and its place in a trace, for the log and for jobs that it asks for."""

import re
import secrets
import time
from contextvars import ContextVar

from aiohttp import web
from multidict import istr
from structlog.contextvars import bind_contextvars

from actors.random_hex import RandomHex
from aigc.core.trace import NOWHERE, Origin, Traceparent, parse
from web.requests import VISIT, Visit, request_id_of

_SOUND_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_TRACE = istr("traceparent")

_random = RandomHex()
_request: ContextVar[web.Request | None] = ContextVar("request", default=None)


class RequestIds:
    """Gives each request an id: the client's own if it is sane, so that its log and ours can be laid side by side."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(4)
        self._count = 0

    def begin(self, request: web.Request, given: str | None) -> str:
        """The request's id; until the next one of this task, every line of the log has it."""
        self._count += 1
        found = given if given and _SOUND_ID.fullmatch(given) else f"{self._prefix}-{self._count:x}"
        request[VISIT] = Visit(found, time.perf_counter())
        _request.set(request)
        bind_contextvars(request=found)
        return found


def current() -> Origin:
    """What a job that is made now comes from: the span of this request in the client's trace, or in one of its own."""
    request = _request.get()
    if request is None:
        return NOWHERE
    found = _of_client(request)
    span = _random.take(16)
    here = found.at(span) if found else Traceparent(_random.take(32), span)
    return Origin(str(here), request_id_of(request))


def parent_id() -> str:
    """The client's span, of which the request is a part; empty if it told of none."""
    request = _request.get()
    found = _of_client(request) if request is not None else None
    return found.span_id if found else ""


def _of_client(request: web.Request) -> Traceparent | None:
    told = request.headers.get(_TRACE)
    return parse(told.strip()) if told else None
