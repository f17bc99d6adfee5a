"""The page and its files, with headers that keep a browser from loading anything from elsewhere; the client's file."""

import asyncio
from pathlib import Path

from aiohttp import web

from aigc import __version__
from web.requests import reply
from web.urls import TITLE, VERSION

STATIC = Path(__file__).parent / "static"

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' blob: data:",
        "connect-src 'self' blob: data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""`wasm-unsafe-eval` and `blob:` are for the viewer's decoders."""

_GUARD = {"Content-Security-Policy": POLICY, "Referrer-Policy": "same-origin", "Vary": "Accept, Accept-Encoding"}


def static_page(name: str, static: Path = STATIC) -> web.FileResponse:
    """A page of ours, under the policy; it changes with the server, so it is asked for again each time."""
    return web.FileResponse(static / name, headers={**_GUARD, "Cache-Control": "no-cache"})


def routes(static: Path = STATIC) -> list[web.RouteDef]:
    """`GET /` is the page for a browser and a description for a program; `/static/` has the page's files.

    `/client/aigc_client.py` is the Python client in one file, for host programs that install nothing.
    """

    async def root(request: web.Request) -> web.StreamResponse:
        page = static / "index.html"
        if "text/html" in request.headers.get("Accept", "") and page.is_file():
            return static_page(page.name, static)
        return reply(
            {
                "name": TITLE,
                "version": VERSION,
                "description": "Scalable 3D AI model inference server",
                "server": "aigc",
                "release": __version__,
                "docs_url": "/docs",
                "health_url": "/health",
            },
            headers={"Vary": "Accept"},
        )

    # Only what lies there at the start can be reached, so no name leads anywhere else.
    files = {path.relative_to(static).as_posix(): path for path in static.rglob("*") if path.is_file()}

    async def file(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in files:
            raise web.HTTPNotFound
        # Vendored files have their version in the path; ours change with the server and are asked for again, by ETag.
        is_vendored = name.startswith("vendor/") and "@" in name
        cache = "public, max-age=31536000, immutable" if is_vendored else "no-cache"
        return web.FileResponse(files[name], headers={**_GUARD, "Cache-Control": cache})

    async def client(request: web.Request) -> web.StreamResponse:
        text = await asyncio.to_thread(_client_file)
        return web.Response(text=text, content_type="text/x-python", headers={"Cache-Control": "no-cache"})

    return [
        web.get("/", root),
        web.get("/static/{name:.+}", file),
        web.get("/client/aigc_client.py", client),
    ]


def _client_file() -> str:
    from aigc.client.single_file import single_file  # a server that nobody asks for it does not need the client

    return single_file()
