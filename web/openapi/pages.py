"""`/openapi.json`, and the pages that draw it."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from aigc.core.model import Catalogue
from web.access import access_of
from web.gateway import Gateway
from web.page import static_page

DOCS = "docs.html"


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The document and its two addresses for people."""
    pages = Pages(gateway)
    return [
        web.get("/openapi.json", pages.document),
        web.get("/docs", pages.docs),
        web.get("/redoc", pages.docs),
    ]


class Pages:
    """Handlers of the description."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._made = ("", b"")

    async def document(self, request: web.Request) -> web.Response:
        """The document, of the catalogue that is in force now."""
        catalogue = self._gateway.catalogue
        if self._made[0] != catalogue.digest:
            # Some tens of milliseconds with many models: not in the loop.
            made = await asyncio.to_thread(_made, request.app, catalogue, access_of(request).is_required)
            self._made = (catalogue.digest, made)
        return web.Response(body=self._made[1], content_type="application/json", headers={"Cache-Control": "no-cache"})

    async def docs(self, request: web.Request) -> web.StreamResponse:
        """The document as a page to read and to try."""
        return static_page(DOCS)


def _made(app: web.Application, catalogue: Catalogue, is_guarded: bool) -> bytes:
    from web.openapi.document import document, routes_of  # here: a gateway that nobody asks for it is smaller

    return msgspec.json.encode(document(routes_of(app), catalogue, is_guarded=is_guarded))
