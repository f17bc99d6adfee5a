"""`GET /ready`: whether this gateway can do its work now, found out by doing a little of it with each part.

It goes through the loops that it speaks for: this one, the broker's (a question that it must answer) and the store's
(something written and read again). `/health` looks at what is known already and writes nothing.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

from aiohttp import web

from aigc import __version__
from aigc.core.errors import AigcError, StoreBroken
from web.gateway import Gateway
from web.problem import FieldError, FieldsInvalid, problem
from web.requests import fresh, request_id_of

FRESH_S = 1.0
"""However many ask, the parts are tried once in this time."""
SLOW_S = 1.0
"""A loop that comes to its next turn only after so long is not ready for more work."""
NAME = "readiness"

Part = dict[str, Any]


def routes(gateway: Gateway) -> list[web.RouteDef]:
    """The one route."""
    return [web.get("/ready", Readiness(gateway).show)]


class Readiness:
    """Handler of whoever decides where requests go: a load balancer, systemd, Kubernetes."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._looking: asyncio.Task[dict[str, Part]] | None = None
        self._looked_at = 0.0

    async def show(self, request: web.Request) -> web.Response:
        """200 if jobs are accepted and handed on; else 503, and of each part whether it works and why not.

        No worker is no reason to send requests elsewhere: jobs are accepted and wait. `?worker=1` asks for one too.
        """
        wanted = request.query.get("worker", "0")
        if wanted not in ("0", "1"):
            raise FieldsInvalid([FieldError("?worker", f"{wanted[:40]!r} is neither 0 nor 1")])
        parts = await self._parts()
        needed = [name for name in parts if name != "worker" or wanted == "1"]
        amiss = {name: str(parts[name]["detail"]) for name in needed if not parts[name]["ok"]}
        if amiss:
            detail = "; ".join(f"{name}: {reason}" for name, reason in amiss.items())
            more: dict[str, Any] = {"parts": parts, "version": __version__, "retry_after_s": 1.0}
            return problem(503, "not_ready", detail, request_id_of(request), **more)
        return fresh({"ready": True, "parts": parts, "version": __version__})

    async def _parts(self) -> dict[str, Part]:
        loop = asyncio.get_running_loop()
        if self._looking is None or (self._looking.done() and loop.time() - self._looked_at > FRESH_S):
            self._looking = loop.create_task(self._look(), name="readiness")
        return await asyncio.shield(self._looking)

    async def _look(self) -> dict[str, Part]:
        tries: dict[str, Callable[[], Awaitable[str]]] = {
            "gateway": self._turn, "catalogue": self._catalogue, "broker": self._broker, "store": self._store,
            "worker": self._worker,
        }  # fmt: skip
        found = await asyncio.gather(*(self._tried(one) for one in tries.values()))
        self._looked_at = asyncio.get_running_loop().time()
        return dict(zip(tries, found, strict=True))

    async def _tried(self, attempt: Callable[[], Awaitable[str]]) -> Part:
        began = perf_counter()
        try:
            async with asyncio.timeout(self._gateway.settings.ask_timeout_s):
                detail, is_ok = await attempt(), True
        except TimeoutError:
            detail, is_ok = f"no answer within {self._gateway.settings.ask_timeout_s:g} s", False
        except StoreBroken:
            detail, is_ok = "is broken; the server's log says what to do", False
        except AigcError as error:
            detail, is_ok = str(error), False
        return {"ok": is_ok, "detail": detail, "took_s": round(perf_counter() - began, 4)}

    async def _turn(self) -> str:
        began = perf_counter()
        await asyncio.sleep(0)
        if (late_s := perf_counter() - began) > SLOW_S:
            raise TimeoutError(f"its loop is {late_s:.1f} s late")
        return "its loop turns"

    async def _catalogue(self) -> str:
        return f"{len(self._gateway.catalogue.models)} models"

    async def _broker(self) -> str:
        if 0.0 < self._gateway.broker_silent_s < self._gateway.settings.handover_s:
            return "one is about to follow another; accepted jobs wait for it"
        await self._gateway.ping()
        return "answers"

    async def _store(self) -> str:
        mark = secrets.token_bytes(8)
        store = self._gateway.store
        await store.remember(NAME, mark)
        if await store.recall(NAME) is None:
            raise AigcError("does not keep what it is given")
        return "keeps what it is given"

    async def _worker(self) -> str:
        workers = (await self._gateway.status()).workers
        ready = [one for one in workers if one.liveness == "alive" and not one.quarantined and not one.draining]
        if ready:
            return f"{len(ready)} of {len(workers)} take jobs"
        raise AigcError(f"none of {len(workers)} takes jobs" if workers else "none is connected; accepted jobs wait")
