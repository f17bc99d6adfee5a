"""Every worker as the broker sees it now: its device and who has reserved what, its runners, its leases, its state."""

from aiohttp import web

from aigc.core.errors import NotFound
from web import urls
from web.gateway import Gateway
from web.machines import worker_view
from web.requests import did_you_mean, reply, viewer_of


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The routes that show workers; those that change them are in `control`."""
    workers = Workers(gateway)
    return [
        web.get(urls.WORKERS, workers.index),
        web.get(f"{urls.WORKERS}/{{id}}", workers.show),
    ]


class Workers:
    """Handlers that show workers. 503 while no broker answers, for nobody else knows."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def index(self, request: web.Request) -> web.Response:
        """Every worker, and those that were lost within the hour."""
        seen = await self._gateway.status()
        workers = [worker_view(worker, viewer_of(request)) for worker in seen.workers]
        return reply({"workers": workers, "generation": seen.generation.number})

    async def show(self, request: web.Request) -> web.Response:
        """One worker."""
        name = request.match_info["id"]
        workers = (await self._gateway.status()).workers
        found = next((worker for worker in workers if worker.id == name), None)
        if found is None:
            raise NotFound(f"there is no worker {name[:80]!r}{did_you_mean(name, [worker.id for worker in workers])}")
        return reply(worker_view(found, viewer_of(request)))
