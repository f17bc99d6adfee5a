"""Which role each route needs, in one table; a route that nobody named needs an account."""

from typing import NamedTuple

from aigc.core.accounts import Role
from web.urls import API, SESSION

ANYBODY = frozenset(
    {
        "/",
        "/static/{name}",
        "/client/aigc_client.py",
        "/docs",
        "/docs/{name}",
        "/redoc",
        "/openapi.json",
        "/health",
        "/ready",
        "/live",
        f"{API}/{{path}}/",  # the redirect of a path that ends in a slash
        SESSION,
        f"{API}/users/register",
        f"{API}/users/login",
        f"{API}/system/health",
        f"{API}/system/auth-status",
        f"{API}/system/features",
        f"{API}/system/adapters",
        f"{API}/system/available-adapters",
        f"{API}/system/supported-formats",
        f"{API}/file-upload/supported-formats",
        f"{API}/mesh-generation/supported-formats",
        f"{API}/mesh-segmentation/supported-formats",
        f"{API}/mesh-retopology/supported-formats",
        f"{API}/mesh-retopology/available-models",
        f"{API}/mesh-uv-unwrapping/supported-formats",
        f"{API}/mesh-uv-unwrapping/available-models",
        f"{API}/mesh-uv-unwrapping/pack-methods",
        f"{API}/mesh-editing/supported-masks",
        f"{API}/auto-rigging/supported-formats",
    }
)
"""What says nothing of anybody, and how one comes in."""

SHARED = frozenset(
    f"{API}/system/{name}" for name in ("status", "scheduler-status", "info", "models", "models/{id}/parameters")
)
"""Below /system, for every account: other people's work is left out of them."""

OPERATOR = frozenset(
    {
        "GET /metrics",
        f"GET {API}/owners",
        f"POST {API}/models/{{id}}/{{action}}",
        f"DELETE {API}/workers/{{id}}",
        f"POST {API}/workers/{{id}}/drain",
        f"DELETE {API}/workers/{{id}}/drain",
        f"POST {API}/workers/{{id}}/resume",
    }
)
"""Beside these: everything below /system that is neither for anybody nor shared."""

ADMIN = frozenset({f"GET {API}/audit", f"POST {API}/system/shutdown"})
"""Beside these: everything below /users/admin."""

PRIVATE = frozenset({f"{API}/jobs/{{id}}/evidence"})
"""Beside what is for operators: what a page of another origin may not read though nobody has to log in."""

_FILES = ("outputs/{name}", "inputs/{name}", "thumbnail", "preview")
_OLD_FILES = tuple(f"{name}{tail}" for name in ("download", "thumbnail", "input") for tail in ("", "/{alias}"))
SIGNABLE = frozenset(
    {f"{API}/jobs/{{id}}/{name}" for name in _FILES} | {f"{API}/system/jobs/{{id}}/{name}" for name in _OLD_FILES}
)
"""What a signed URL opens."""

_SUBMITS = tuple(f"{API}/{name}" for name in ("mesh-", "auto-rig", "file-upload/", "uploads"))
_EXACTLY = frozenset({f"{API}/jobs", f"{API}/jobs/{{id}}/retry"})


class Rights(NamedTuple):
    """What a route asks of those who use it."""

    need: Role | None
    """None: nothing."""
    signable: bool
    """A signed URL opens it."""
    own_pages: bool
    """Where nobody has to log in, it answers no page of another origin: any page that an operator visits could ask."""
    metered: bool
    """It makes a job or takes a file, which one may do so often a minute."""


def rights_of(method: str, path: str) -> Rights:
    """Of the route of that method and path, with `{names}` where its parameters are."""
    method = "GET" if method == "HEAD" else method
    is_metered = method in ("POST", "PUT") and (path in _EXACTLY or path.startswith(_SUBMITS))
    need = _need(method, path)
    own_pages = path in PRIVATE or (need is not None and need.covers(Role.OPERATOR))
    return Rights(need, path in SIGNABLE and method == "GET", own_pages, is_metered)


def _need(method: str, path: str) -> Role | None:
    named = f"{method} {path}"
    if path in ANYBODY:
        return None
    if named in ADMIN or path.startswith(f"{API}/users/admin/"):
        return Role.ADMIN
    if named in OPERATOR:
        return Role.OPERATOR
    is_servers = path.startswith(f"{API}/system/") and not path.startswith(f"{API}/system/jobs/")
    return Role.OPERATOR if is_servers and path not in SHARED else Role.USER
