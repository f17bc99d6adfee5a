"""The page and its files, with headers that keep a browser from loading anything from elsewhere."""

from pathlib import Path

from aiohttp import web

from aigc import __version__
from web.requests import reply

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


def install(app: web.Application) -> None:
    """`GET /` is the page for a browser and a description for a program; `/static/` has the page's files."""
    app.router.add_get("/", _root)
    if STATIC.is_dir():
        app.router.add_static("/static", STATIC)
    app.on_response_prepare.append(_guard)


async def _root(request: web.Request) -> web.StreamResponse:
    page = STATIC / "index.html"
    if "text/html" in request.headers.get("Accept", "") and page.is_file():
        return web.FileResponse(page)
    return reply(
        {
            "name": "aigc",
            "version": __version__,
            "description": "Self-hosted 3D generative models: text, image or mesh in, mesh out",
            "docs_url": "/docs",
            "health_url": "/health",
        }
    )


async def _guard(request: web.Request, response: web.StreamResponse) -> None:
    path = request.path
    if path != "/" and not path.startswith("/static/"):
        return
    headers = response.headers
    headers["Content-Security-Policy"] = POLICY
    headers["Referrer-Policy"] = "same-origin"
    # Vendored files have their version in the path; ours change with the server and are asked for again, by ETag.
    is_vendored = path.startswith("/static/vendor/") and "@" in path and response.status == 200
    headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_vendored else "no-cache"
    if path == "/":
        headers["Vary"] = "Accept"
