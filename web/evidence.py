"""Everything that is known of one job in one file, to be kept or handed to whoever mends the model."""

from aiohttp import web
from msgspec import json

from aigc import __version__
from aigc.core.ids import JobId
from web import urls
from web.gateway import Gateway
from web.requests import viewer_of
from web.views import job_view, rfc3339


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The route of the evidence."""

    async def show(request: web.Request) -> web.Response:
        """The record with every failed attempt, where it ran, when, and what its runner printed last; as a file."""
        job = await gateway.get(JobId(request.match_info["id"]), viewer_of(request))
        learned = (await gateway.status()).learned.get(job.model) if gateway.is_linked else None
        body = {
            "written_at": rfc3339(gateway.now()),
            "version": __version__,
            "catalogue": gateway.catalogue.digest,
            "learned": learned,
            "job": job_view(job, sign=gateway.sign),
        }
        return web.Response(
            body=json.format(json.encode(body), indent=2),
            content_type="application/json",
            headers={
                "Content-Disposition": f'attachment; filename="evidence-{job.id}.json"',
                "Cache-Control": "no-store",
            },
        )

    return [web.get(f"{urls.JOBS}/{{id}}/evidence", show)]
