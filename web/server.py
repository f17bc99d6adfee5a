"""The gateway with its web application on a port, as an actor."""

import asyncio
import http
import socket

import structlog
from aiohttp import hdrs, web

from web.access import Access
from web.app import WebSettings, make_app, make_runner
from web.gateway import Gateway

log = structlog.get_logger()

BACKLOG = 4096
"""Connections that may wait while nobody accepts them; the kernel's own limit since Linux 5.4."""
DRAIN_TICK_S = 0.05
READY_S = 3.0
"""How long the first request may have to wait for a broker to tell the catalogue."""


class WebServer:
    """Serves one gateway on a socket that is bound already; the socket stays the caller's."""

    def __init__(
        self, gateway: Gateway, settings: WebSettings, listening: socket.socket, access: Access | None = None
    ) -> None:
        self._gateway = gateway
        self._settings = settings
        app = make_app(gateway, settings, access)
        app.on_response_prepare.append(self._part)
        self._runner = make_runner(app, settings)
        self._site: web.SockSite | None = None
        self._listening = listening
        self._is_leaving = False
        self._ended = asyncio.Event()

    async def start(self) -> None:
        """Requests are answered; where a broker is near, they can be served too."""
        await self._runner.setup()
        try:
            async with asyncio.timeout(READY_S):
                await self._gateway.ready()
        except TimeoutError:
            log.warning("gateway.alone", waited_s=READY_S)
        # A copy, since the site closes what it is given and a second life needs the port again.
        self._site = web.SockSite(self._runner, self._listening.dup(), backlog=BACKLOG)
        await self._site.start()

    async def run(self) -> None:
        """Serve until closed; a request that fails is its own affair."""
        await self._ended.wait()

    async def drain(self, budget_s: float) -> None:
        """No connection is accepted any more, and none is left; or `budget_s` has passed.

        New connections wait in the socket's queue for whoever accepts from it next. Requests under way are answered,
        and so are those that still come on open connections, for `linger_s`: each with `Connection: close`, so that
        its client comes back on a new one. Who waits for a job hears how it stands, streams end so that their readers
        resume elsewhere. Only then are idle connections closed.

        A request that is on its way to us at that very moment is lost, as with every HTTP server (RFC 9112, section
        9.5); this takes a client that was silent for `linger_s`.
        """
        if self._site is None or self._is_leaving:
            return
        self._is_leaving = True
        await self._site.stop()
        loop = asyncio.get_running_loop()
        began = loop.time()
        while connections := self._connections():
            passed_s = loop.time() - began
            if passed_s >= budget_s:
                log.warning("web.cut_off", connections=len(connections), after_s=budget_s)
                return
            # Each time: a client may ask to wait, or to watch, on a connection that it has kept.
            self._gateway.release()
            if passed_s >= self._settings.linger_s:
                await self._close_idle(connections)
            await asyncio.sleep(DRAIN_TICK_S)
        log.info("web.drained", took_s=round(loop.time() - began, 1))

    async def close(self) -> None:
        """No new requests; those under way have had their time."""
        self._ended.set()
        await self._runner.cleanup()

    def _connections(self) -> list[web.RequestHandler]:
        server = self._runner.server
        return [] if server is None else server.connections

    async def _close_idle(self, connections: list[web.RequestHandler]) -> None:
        for connection in connections:
            # What aiohttp awaits the next request with; it has no public word for an idle connection. Its own way of
            # closing them, at once and all, drops requests that have come in and uploads that are under way.
            if connection._waiter is not None:
                connection.force_close()
            # One turn of the loop for each, so that a request which has arrived by now is seen.
            await asyncio.sleep(0)

    async def _part(self, request: web.Request, response: web.StreamResponse) -> None:
        if self._is_leaving and response.status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            response.headers[hdrs.CONNECTION] = "close"
            response.force_close()
