"""What existing clients ask about the server itself."""

import asyncio
import platform
import time
from datetime import UTC, datetime

from aiohttp import web

from aigc import __version__
from web.access import access_of
from web.requests import reply
from web.urls import API


def routes() -> list[web.RouteDef]:
    """The routes below `/system` that need no job and no model."""
    system = CompatSystem()
    return [
        web.get(f"{API}/system/health", system.health),
        web.get(f"{API}/system/info", system.info),
        web.get(f"{API}/system/auth-status", system.auth_status),
    ]


class CompatSystem:
    """Handlers of the routes about the server itself."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    async def health(self, request: web.Request) -> web.Response:
        """The process answers."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        uptime = round(time.monotonic() - self._started, 3)
        return reply({"status": "healthy", "timestamp": now, "uptime": uptime})

    async def info(self, request: web.Request) -> web.Response:
        """The host and the software."""
        import psutil  # here: a gateway that nobody asks for it does without, 0.7 MB

        memory = await asyncio.to_thread(psutil.virtual_memory)
        system = {
            "platform": platform.platform(),
            "python_version": platform.python_version(),
            "cpu_count": psutil.cpu_count(),
            "memory_total": memory.total,
            "memory_available": memory.available,
        }
        application = {"version": __version__, "environment": "production", "debug": False}
        return reply({"system": system, "application": application})

    async def auth_status(self, request: web.Request) -> web.Response:
        """Whether somebody has to log in."""
        is_required = access_of(request).is_required
        words = (
            "Log in, or send a token; everybody sees their own jobs."
            if is_required
            else "No login is needed; whoever reaches the server may use it."
        )
        names = ("job_isolation", "user_management", "role_based_access")
        return reply(
            {
                "user_auth_enabled": is_required,
                "api_key_required": is_required,
                "mode": "authenticated" if is_required else "simple",
                "description": words,
                "features": dict.fromkeys(names, is_required),
                "timestamp": time.time(),
            }
        )
