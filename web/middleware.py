"""What every request passes: an id, errors as answers, cross-origin headers, the time it took, a sampled log."""

import time
from collections.abc import Awaitable, Callable
from math import ceil

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware
from multidict import istr

from aigc.core.errors import AigcError
from web import problem
from web.access import Access, challenge
from web.counters import Counters
from web.origin import RequestIds
from web.origins import Use
from web.requests import JSON_BYTES, request_id_of, visit_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

SLOW_S = 1.0
"""A request that takes longer without having asked to wait is worth a line in the log."""

EXPOSED = (
    "X-Request-Id, X-Process-Time, Location, Retry-After, Idempotency-Replayed, Link, Content-Disposition, ETag, "
    "RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
)
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

# Header names in the form that the header maps compare without another look.
_REQUEST_ID = istr("X-Request-Id")
_PROCESS_TIME = istr("X-Process-Time")
_OPTIONS = istr("X-Content-Type-Options")
_ORIGIN = istr("Origin")

log = structlog.get_logger(__name__)


class Passage:
    """The one middleware, and the signal that completes the headers of answers of every kind.

    Args:
        log_every: of so many requests one is logged; failed and slow ones always. 0: only those.
        counters: told of every answer.
        access: says who asks and whether they may, and which pages may send requests at all.
    """

    def __init__(self, log_every: int, counters: Counters, access: Access) -> None:
        self._access = access
        self._log_every = log_every
        self._counters = counters
        self._ids = RequestIds()
        self._count = 0

    def install(self, app: web.Application) -> None:
        """Every request to `app` passes here."""
        app.middlewares.append(self._middleware())
        app.on_response_prepare.append(self._complete)

    def _middleware(self) -> Middleware:
        @web.middleware
        async def passage(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._count += 1
            request_id = self._ids.begin(request, request.headers.get(_REQUEST_ID))
            if _ORIGIN in request.headers and not self._is_welcome(request):
                return _unwelcome(request, request_id)
            if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
                return _preflight(request)
            try:
                await self._access.admit(request)
                return await handler(request)
            except ConnectionError:
                raise  # the client is gone; nobody to answer
            except Exception as error:
                if not visit_of(request).is_answered:
                    return _told(error, request, request_id)
                # Too late for an answer: it would be written into the stream that has begun.
                log.exception("stream.failed", request=request_id, path=request.path)
                if request.transport is not None:
                    request.transport.close()
                raise ConnectionResetError(f"the stream failed: {error}") from error

        return passage

    def _is_welcome(self, request: web.Request) -> bool:
        return self._access.settings.origins.may(Use.ASK, request.headers.get(_ORIGIN), request.host)

    async def _complete(self, request: web.Request, response: web.StreamResponse) -> None:
        visit = visit_of(request)
        visit.is_answered = True
        headers = response.headers
        elapsed_s = time.perf_counter() - visit.came_at
        self._counters.served(request, response.status, elapsed_s)
        headers[_REQUEST_ID] = visit.id
        headers[_PROCESS_TIME] = f"{elapsed_s:.6f}"
        headers[_OPTIONS] = "nosniff"
        challenge(response)
        if (rate := visit.rate) is not None:
            headers["RateLimit-Limit"] = str(rate.limit)
            headers["RateLimit-Remaining"] = str(rate.left)
            headers["RateLimit-Reset"] = str(ceil(rate.full_after_s))
        if _ORIGIN in request.headers and self._is_welcome(request):
            headers.setdefault("Access-Control-Allow-Origin", "*")
            headers["Access-Control-Expose-Headers"] = EXPOSED
        is_sampled = self._log_every and self._count % self._log_every == 0
        if is_sampled or elapsed_s > SLOW_S or response.status >= 500:
            self._log(request, response, elapsed_s, is_sampled=bool(is_sampled))

    def _log(self, request: web.Request, response: web.StreamResponse, elapsed_s: float, *, is_sampled: bool) -> None:
        is_slow = elapsed_s > SLOW_S and "wait" not in request.query and "Prefer" not in request.headers
        if is_sampled or is_slow or response.status >= 500:
            log.info(
                "request.served",
                request=request_id_of(request),
                method=request.method,
                path=request.path,
                status=response.status,
                elapsed_s=round(elapsed_s, 6),
            )


def _told(error: Exception, request: web.Request, request_id: str) -> web.StreamResponse:
    """The answer to a request that failed so."""
    match error:
        case web.HTTPRequestEntityTooLarge():
            return _too_large(request_id)
        case web.HTTPException():
            return problem.of_http(error, request_id)
        case AigcError():
            if problem.http_status(error) == 500:
                log.error("request.failed", request=request_id, path=request.path, reason=str(error))
            return problem.of_error(error, request_id)
        case _:
            log.error("request.failed", request=request_id, method=request.method, path=request.path, exc_info=error)
            return problem.of_defect(request_id)


def _preflight(request: web.Request) -> web.Response:
    """A browser asks whether a page of another origin may send this request. It may."""
    asked = request.headers
    return web.Response(
        headers={
            "Access-Control-Allow-Origin": asked.get("Origin", "*"),
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": asked.get("Access-Control-Request-Headers", "*"),
            "Access-Control-Max-Age": "600",
            "Vary": "Origin, Access-Control-Request-Headers",
        }
    )


def _unwelcome(request: web.Request, request_id: str) -> web.Response:
    return problem.problem(
        403,
        "origin_refused",
        f"pages of {request.headers[_ORIGIN][:200]} may not use this server",
        request_id,
        suggestion="add the origin to security.cors_origins",
    )


def _too_large(request_id: str) -> web.Response:
    return problem.problem(
        413,
        "too_large",
        f"the body is larger than {JSON_BYTES >> 20} MiB",
        request_id,
        suggestion="give large inputs as uploads and name them by their id",
    )
