"""The gateway with its web application on a port, as an actor."""

import asyncio
import socket

import structlog
from aiohttp import web

from web.app import WebSettings, make_app, make_runner
from web.gateway import Gateway

log = structlog.get_logger()

BACKLOG = 1024
READY_S = 3.0
"""How long the first request may have to wait for a broker to tell the catalogue."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on the first address of `host`; port 0 takes a free one.

    Raises:
        OSError: the name is unknown, or the port is taken.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listening = socket.socket(family, kind, protocol)
    try:
        # A port whose last owner died a moment ago is free for us.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


class WebServer:
    """Serves one gateway on a socket that is bound already; the socket stays the caller's."""

    def __init__(self, gateway: Gateway, settings: WebSettings, listening: socket.socket) -> None:
        self._gateway = gateway
        self._runner = make_runner(make_app(gateway, settings), settings)
        self._listening = listening
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
        await web.SockSite(self._runner, self._listening.dup(), backlog=BACKLOG).start()

    async def run(self) -> None:
        """Serve until closed; a request that fails is its own affair."""
        await self._ended.wait()

    async def close(self) -> None:
        """No new requests; those under way have had their time."""
        self._ended.set()
        await self._runner.cleanup()
