"""Errors as answers: RFC 9457 problem details that also hold the keys which existing clients read."""

from collections.abc import Iterable
from http import HTTPStatus
from math import ceil
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from aigc.core.errors import AigcError, Conflict, InputInvalid, NotAllowed, NotFound, Unavailable

CONTENT_TYPE = "application/problem+json"

BY_CODE = {
    "too_large": 413,
    "unsupported_media_type": 415,
    "unsupported_content": 415,
    "idempotency_mismatch": 422,
    "queue_full": 429,
    "too_many_open_jobs": 429,
    "too_many_logins": 429,
    "rate_limited": 429,
    "too_many_own_streams": 429,
    "unauthenticated": 401,
    "wrong_login": 401,
    "disk_full": 507,
}
"""HTTP status of errors whose code says more than their class."""

BY_CLASS: tuple[tuple[type[AigcError], int], ...] = (
    (NotFound, 404),
    (Conflict, 409),
    (InputInvalid, 422),
    (NotAllowed, 403),
    (Unavailable, 503),
)

_encode = msgspec.json.Encoder().encode
_STATUSES = {status.value: status for status in HTTPStatus}


class FieldError(Struct, frozen=True):
    """What is wrong with one field."""

    pointer: str
    """JSON pointer into the body; a query parameter is written `?name`."""
    detail: str


class FieldsInvalid(InputInvalid):
    """One or more fields are wrong; all of them are told at once."""

    def __init__(self, errors: Iterable[FieldError], *, suggestion: str = "", code: str = "") -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        more = f" (and {len(self.errors) - 1} more)" if len(self.errors) > 1 else ""
        super().__init__(first.detail + more, where=first.pointer, suggestion=suggestion, code=code)


def pointer(path: Iterable[str | int], prefix: str = "") -> str:
    """The JSON pointer (RFC 6901) of a path below `prefix`."""
    return prefix + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def http_status(error: AigcError) -> int:
    """The status that tells a client what kind of error it is."""
    if error.code in BY_CODE:
        return BY_CODE[error.code]
    return next((status for kind, status in BY_CLASS if isinstance(error, kind)), 500)


def problem(status: int, code: str, detail: str, request_id: str, **more: Any) -> web.Response:
    """An error answer. Empty values in `more` are left out; `retry_after_s` also becomes the header."""
    body = {
        "type": f"urn:aigc:problem:{code}",
        "title": _STATUSES[status].phrase if status in _STATUSES else "Error",
        "status": status,
        "detail": detail,
        "code": code,
        # The two keys that the replaced API had; its 404 said one sentence whatever was missing.
        "error": code.upper(),
        "message": "Resource not found" if status == 404 else detail,
        "request_id": request_id,
    }
    body.update({name: value for name, value in more.items() if value})
    response = web.Response(body=_encode(body), status=status, content_type=CONTENT_TYPE)
    if more.get("retry_after_s"):
        response.headers["Retry-After"] = str(max(1, ceil(more["retry_after_s"])))
    return response


def of_error(error: AigcError, request_id: str) -> web.Response:
    """The answer to a request that ended in one of our own errors."""
    status = http_status(error)
    if status == 500:
        # What is broken inside is for the log; the client learns where to look.
        return of_defect(request_id)
    errors: tuple[FieldError, ...] = getattr(error, "errors", ())
    if not errors and error.where:
        errors = (FieldError(error.where, error.message),)
    return problem(
        status,
        error.code,
        str(error),
        request_id,
        suggestion=error.suggestion,
        errors=errors,
        retry_after_s=getattr(error, "retry_after_s", None),
    )


def of_http(error: web.HTTPException, request_id: str) -> web.StreamResponse:
    """The answer to a request that aiohttp refused (no such route, method, size); redirects stay what they are."""
    if error.status < 400:
        return error
    code = _STATUSES[error.status].name.lower() if error.status in _STATUSES else "error"
    response = problem(error.status, code, _reason(error), request_id)
    for name in ("Allow", "Retry-After", "WWW-Authenticate", "Content-Range"):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


def _reason(error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{error.method} is not allowed here; allowed is {', '.join(sorted(error.allowed_methods))}"
    if error.text and not error.text.startswith(f"{error.status}: "):
        return error.text
    return "there is nothing at this address" if error.status == 404 else error.reason


def of_defect(request_id: str) -> web.Response:
    """The answer when we are at fault: nothing of the inside is told but the id that the log has."""
    detail = f"the server failed at this request; its log has the reason under request id {request_id}"
    return problem(500, "internal_error", detail, request_id)
