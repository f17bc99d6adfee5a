"""`GET /metrics` for Prometheus: one answer for the whole server, whichever gateway gives it.

What gateways count they send to the broker, which counts the rest and adds all of it up. So a scrape through a load
balancer never sees one gateway's counters and then another's, which would look like a restart each time.
"""

import asyncio
import socket
from collections.abc import Iterator, Sequence

from aiohttp import web

from aigc import __version__
from aigc.core.errors import AigcError, Unavailable
from aigc.core.metrics.tally import Row
from web.gateway import Gateway


def routes(gateway: Gateway, data_path: str) -> list[web.RouteDef]:
    """The one route. `data_path`: a path on the disk whose room is told."""
    return [web.get("/metrics", Scrape(gateway, data_path).show)]


class Scrape:
    """Handler of Prometheus' question."""

    def __init__(self, gateway: Gateway, data_path: str) -> None:
        self._gateway = gateway
        self._data_path = data_path

    async def show(self, request: web.Request) -> web.Response:
        """Prometheus' text format, or OpenMetrics where the client prefers it. 200 also while no broker answers:
        what is known without one is told then."""
        rows = [*await self._of_broker(), *await asyncio.to_thread(self._of_host)]
        # Some milliseconds for some thousand rows: not in the loop.
        body, content_type = await asyncio.to_thread(_exposed, rows, request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    async def _of_broker(self) -> list[Row]:
        try:
            return [Row("aigc_broker_up", (), (1.0,)), *await self._gateway.metrics()]
        except Unavailable:
            is_up = await self._store_answers()
            return [Row("aigc_broker_up", (), (0.0,)), Row("aigc_store_up", (), (float(is_up),))]

    async def _store_answers(self) -> bool:
        try:
            async with asyncio.timeout(self._gateway.settings.ask_timeout_s):
                await self._gateway.store.brokers()
        except (AigcError, TimeoutError):
            return False
        return True

    def _of_host(self) -> Iterator[Row]:
        import psutil  # here, as below

        host = socket.gethostname()
        return iter(
            (
                Row("aigc_build_info", (__version__,), (1.0,)),
                Row("aigc_disk_free_bytes", (host,), (float(psutil.disk_usage(self._data_path).free),)),
                Row("aigc_host_memory_available_bytes", (host,), (float(psutil.virtual_memory().available),)),
            )
        )


def _exposed(rows: Sequence[Row], accepted: str) -> tuple[bytes, str]:
    from web.exposition import exposed  # here: a gateway that nobody scrapes has no use for the library

    return exposed(rows, accepted)
