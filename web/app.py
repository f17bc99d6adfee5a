"""The web application: routes, what every request passes, start and stop; nothing else."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

from aiohttp import web
from msgspec import Struct, field

from web import (
    audit,
    compat,
    configuration,
    control,
    downloads,
    events,
    evidence,
    jobs,
    metrics,
    models,
    page,
    queue,
    readiness,
    session,
    system,
    uploads,
    users,
    users_admin,
    workers,
)
from web.access import ACCESS, Access
from web.compat_logs import Levels
from web.configuration import Setting
from web.counters import COUNTERS
from web.gateway import Gateway
from web.intake import IntakeLimits
from web.log_folder import LogFolder
from web.middleware import Passage
from web.openapi import pages
from web.requests import JSON_BYTES


class WebSettings(Struct, frozen=True, kw_only=True):
    """What the web application needs to know."""

    data_path: str = "."
    """A path on the disk whose room is shown to operators."""
    configuration: tuple[Setting, ...] = ()
    """What operators are shown of the settings in force."""
    public_url: str = ""
    """What is put before absolute URLs in answers to existing clients; empty: the host that the client named."""
    stand_in: bool = False
    """For existing clients the default of a feature serves in place of a model that is known and not installed."""
    limits: IntakeLimits = field(default_factory=IntakeLimits)
    log_folder: Path | None = None
    """Where this machine's processes keep their log, for operators to read."""
    levels: Levels | None = None
    """From which level on this process logs."""
    stop: Callable[[], str] | None = None
    """Begins the server's orderly end, and says in words what ends."""
    log_every: int = 1000
    """Of so many requests one is logged; failed and slow ones always. 0: only those."""
    linger_s: float = 2.0
    """For so long a draining server goes on answering on open connections before it closes idle ones."""
    shutdown_s: float = 5.0
    """How long requests that a drain has left, or that had none, may take when the server stops."""


def make_app(gateway: Gateway, settings: WebSettings, access: Access | None = None) -> web.Application:
    """The application; it starts gateway and access with itself and closes them.

    Args:
        access: who may come in; None: everybody.
    """
    app = web.Application(client_max_size=JSON_BYTES)
    door = app[ACCESS] = access or Access()
    app[COUNTERS] = gateway.counters
    Passage(settings.log_every, gateway.counters, door).install(app)
    app.add_routes(
        [
            *jobs.routes(gateway),
            *events.routes(gateway),
            *models.routes(gateway),
            *workers.routes(gateway),
            *control.routes(gateway),
            *system.routes(gateway, settings.data_path),
            *queue.routes(gateway),
            *configuration.routes(gateway, settings.configuration),
            *evidence.routes(gateway),
            *metrics.routes(gateway, settings.data_path),
            *readiness.routes(gateway),
            *uploads.routes(gateway, settings.limits),
            *downloads.routes(gateway),
            *session.routes(),
            *users.routes(),
            *users_admin.routes(),
            *audit.routes(),
            *page.routes(),
            *pages.routes(gateway),
            # Last: one of its routes takes any path that ends in a slash.
            *compat.routes(
                gateway,
                limits=settings.limits,
                public_url=settings.public_url,
                stand_in=settings.stand_in,
                logs=LogFolder(settings.log_folder),
                levels=settings.levels,
                stop=settings.stop,
            ),
        ]
    )

    async def running(app: web.Application) -> AsyncIterator[None]:
        await door.start()
        await gateway.start()
        yield
        await gateway.close()
        await door.close()

    async def release(app: web.Application) -> None:
        gateway.release()
        gateway.hub.close()

    app.cleanup_ctx.append(running)
    app.on_shutdown.append(release)
    return app


def make_runner(app: web.Application, settings: WebSettings) -> web.AppRunner:
    """Serves `app` once it is set up and given a site.

    A handler ends when its client leaves, so that no wait and no stream outlives its reader; the server's own log of
    each request is off, since `Passage` logs what is worth it.
    """
    return web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=settings.shutdown_s)
