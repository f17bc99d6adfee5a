"""The server's end, asked for by an operator over HTTP: the same orderly end as by a signal, and no job is lost."""

from collections.abc import Callable

import structlog
from aiohttp import web

from aigc.core.errors import Unavailable
from web.audit import note
from web.compat_errors import legacy
from web.requests import reply
from web.urls import API

log = structlog.get_logger()


def routes(stop: Callable[[], str] | None) -> list[web.RouteDef]:
    """The route. `stop` begins the end and says what ends; None where nobody could end it."""

    async def shutdown(request: web.Request) -> web.Response:
        """The server drains and ends: requests are answered, running jobs end or are handed back, none is lost."""
        if stop is None:
            raise Unavailable("this server can be ended by whoever started it alone", retry_after_s=3600.0)
        log.warning("server.shutdown", asked_by=request.remote)
        await note(request, "server.stopped")
        return reply({"message": f"Shutting down: {stop()}", "status": "shutting_down"})

    return [web.post(f"{API}/system/shutdown", legacy(shutdown))]
