"""`GET /metrics` for Prometheus: one answer for the whole server, whichever gateway gives it.

What gateways count they send to the broker, which counts the rest and adds all of it up. So a scrape through a load
balancer never sees one gateway's counters and then another's, which would look like a restart each time.
"""

import asyncio
import socket
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import psutil
from aiohttp import web
from prometheus_client import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from aigc import __version__
from aigc.core.errors import AigcError, Unavailable
from aigc.core.metrics.families import FAMILIES, Family
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
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        # Some milliseconds for some thousand rows: not in the loop.
        body = await asyncio.to_thread(lambda: encode(Exposition(rows)))
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
        host = socket.gethostname()
        return iter(
            (
                Row("aigc_build_info", (__version__,), (1.0,)),
                Row("aigc_disk_free_bytes", (host,), (float(psutil.disk_usage(self._data_path).free),)),
                Row("aigc_host_memory_available_bytes", (host,), (float(psutil.virtual_memory().available),)),
            )
        )


class Exposition(Collector):
    """Rows as prometheus_client's encoders want them: every family there is, those without a row too."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[str, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row.name, []).append(row)

    def collect(self) -> Iterator[Metric]:
        """The families in the order of the table."""
        for family in FAMILIES.values():
            yield _metric(family, self._rows.get(family.name, ()))


def _metric(family: Family, rows: Sequence[Row]) -> Metric:
    name = family.name.removesuffix("_total") if family.kind == "counter" else family.name
    metric = Metric(name, family.text, family.kind)
    for row in rows:
        labels = dict(zip(family.labels, row.labels, strict=True))
        if family.kind != "histogram":
            metric.add_sample(family.name, labels, row.values[0])
            continue
        counts = list(accumulate(row.values[:-1]))
        for bound, count in zip((*map(str, family.bounds), "+Inf"), counts, strict=True):
            metric.add_sample(f"{name}_bucket", {**labels, "le": bound}, count)
        metric.add_sample(f"{name}_count", labels, counts[-1])
        metric.add_sample(f"{name}_sum", labels, row.values[-1])
    return metric
