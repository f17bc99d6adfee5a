"""The routes of the API that this server replaces, so that its clients work unchanged.

`compat_submit` takes jobs (`compat_editing` reads masks), `compat_jobs` shows them (`compat_views` is how),
`compat_catalogue` and `compat_system` answer what clients ask around them, `compat_logs` and `compat_shutdown` are for
operators, `compat_errors` puts errors into their
shapes. Uploads and downloads have one home for old and new paths: `uploads` and `downloads`.
"""

from collections.abc import Callable

from aiohttp import web

from web import (
    compat_catalogue,
    compat_editing,
    compat_jobs,
    compat_logs,
    compat_shutdown,
    compat_submit,
    compat_system,
)
from web.compat_logs import Levels
from web.gateway import Gateway
from web.intake import IntakeLimits
from web.log_folder import LogFolder
from web.urls import API


def routes(
    gateway: Gateway,
    *,
    limits: IntakeLimits | None = None,
    public_url: str = "",
    stand_in: bool = False,
    logs: LogFolder | None = None,
    levels: Levels | None = None,
    stop: Callable[[], str] | None = None,
) -> list[web.RouteDef]:
    """All of them. They must be added after every other route below the API's prefix: the last one takes any path.

    Args:
        limits: of uploads, to be told to those who ask.
        public_url: what is put before absolute URLs; empty: the host that the client named.
        stand_in: the default of its feature serves in place of a model that is known and not installed.
        logs, levels, stop: see `compat_logs` and `compat_shutdown`.
    """
    return [
        *compat_submit.routes(gateway, stand_in),
        *compat_jobs.routes(gateway, public_url),
        *compat_catalogue.routes(gateway, limits or IntakeLimits(), stand_in),
        *compat_editing.routes(),
        *compat_system.routes(),
        *compat_logs.routes(gateway, logs or LogFolder(None), levels),
        *compat_shutdown.routes(stop),
        web.route("*", f"{API}/{{path:.+}}/", _without_slash),
    ]


async def _without_slash(request: web.Request) -> web.StreamResponse:
    """A path that ends in a slash is the path without it; 307 keeps method and body."""
    target = request.rel_url.raw_path.rstrip("/")
    query = f"?{request.rel_url.raw_query_string}" if request.rel_url.raw_query_string else ""
    return web.Response(status=307, headers={"Location": target + query})
