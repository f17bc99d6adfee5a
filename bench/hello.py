"""The yardstick: aiohttp on uvloop, a JSON body parsed, a JSON answer."""

import asyncio

import msgspec
import uvloop
from aiohttp import web


async def hello(request: web.Request) -> web.Response:
    """What every POST costs."""
    body = msgspec.json.decode(await request.read())
    return web.Response(body=msgspec.json.encode({"id": body["feature"]}), content_type="application/json")


async def main() -> None:
    """Serve until killed."""
    app = web.Application()
    app.router.add_post("/", hello)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    print(f"open http://127.0.0.1:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
