"""Errors in the shapes that existing clients read: 422 with a list under `detail`, 400 for any other bad input."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from aigc.core.errors import Conflict, InputInvalid, NotFound
from web.problem import FieldError, FieldsInvalid, problem
from web.requests import reply, request_id_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS = {"too_large": 413, "unsupported_media_type": 415, "timed_out": 408}
"""Of errors whose status existing clients have no other expectation of; all others are 400."""


def legacy(handler: Handler) -> Handler:
    """The handler, with its input errors told as the replaced API told them. Other errors pass."""

    @functools.wraps(handler)
    async def wrapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except FieldsInvalid as error:
            return reply({"detail": [_field(one, error.code) for one in error.errors]}, 422)
        except (NotFound, Conflict):
            raise
        except InputInvalid as error:
            if error.code == "malformed_json":
                item = {"type": "json_invalid", "loc": ["body", 0], "msg": error.message, "input": {}}
                return reply({"detail": [item]}, 422)
            text = f"{error.message}. {error.suggestion}" if error.suggestion else error.message
            status = _STATUS.get(error.code, 400)
            return problem(status, error.code, text, request_id_of(request), suggestion=error.suggestion)

    return wrapped


def _field(error: FieldError, code: str) -> dict[str, Any]:
    if error.pointer.startswith("?"):
        where: list[str | int] = ["query", error.pointer[1:]]
    else:
        steps = error.pointer.split("/")[1:]
        where = ["body", *(step.replace("~1", "/").replace("~0", "~") for step in steps)]
    kind = "missing" if code == "missing" else "value_error"
    return {"type": kind, "loc": where, "msg": error.detail, "input": None}
