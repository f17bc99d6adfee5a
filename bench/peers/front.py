"""The HTTP side of those peers that have none: aiohttp on uvloop, the cheapest that Python offers.

POST /jobs {"text": ...}  202 {"id": ...}      GET /jobs/{id}  {"done": true or false}
"""

from collections.abc import Awaitable, Callable

import orjson
import uvloop
from aiohttp import web

from bench.peers.work import PORT

Start = Callable[[], Awaitable[None]]


def serve(
    submit: Callable[[str], Awaitable[str]], is_done: Callable[[str], Awaitable[bool]], start: Start | None = None
) -> None:
    """Answer until killed. `submit` queues a job and returns its id; `start` is awaited first."""

    async def create(request: web.Request) -> web.Response:
        body = orjson.loads(await request.read())
        return _json({"id": await submit(body["text"])}, 202)

    async def show(request: web.Request) -> web.Response:
        return _json({"done": await is_done(request.match_info["id"])}, 200)

    async def main() -> web.Application:
        if start is not None:
            await start()
        app = web.Application()
        app.router.add_post("/jobs", create)
        app.router.add_get("/jobs/{id}", show)
        return app

    web.run_app(main(), host="127.0.0.1", port=PORT, access_log=None, print=None, loop=uvloop.new_event_loop())


def _json(value: object, status: int) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")
