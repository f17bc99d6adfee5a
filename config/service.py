"""A process of the server: its loop, its signals, and what it tells systemd."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
from collections.abc import Awaitable, Callable

import structlog

from aigc.core.errors import AigcError
from config.catalogue import load_for
from config.marks import ConfigInvalid
from config.settings import Settings
from config.wiring import House, single
from transport import TransportError
from web.server import listen

log = structlog.get_logger()

STARTED, BAD_CONFIG, CANNOT_START, DIED = 0, 2, 1, 70

FILES = 65_536
"""Open files that are asked for, where the system allows more than were given."""


class Notifier:
    """systemd's protocol of readiness and watchdog (sd_notify); silent where nobody listens."""

    def __init__(self, address: str | None = None) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET") if address is None else address

    def tell(self, state: str) -> None:
        """Send one line such as `READY=1`."""
        if not self._address:
            return
        path = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, contextlib.suppress(OSError):
            notify.sendto(state.encode(), path)

    @property
    def watchdog_s(self) -> float | None:
        """How often a sign of life is due: half of what systemd allows."""
        allowed = os.environ.get("WATCHDOG_USEC")
        return int(allowed) / 2e6 if allowed else None


async def serve(settings: Settings, announce: Callable[[str], None], again: Callable[[], Settings]) -> int:
    """Run everything in this process until a signal; returns the exit code.

    Args:
        announce: told in words, for people: first the page's address, when requests are answered.
        again: reads the settings anew, for the catalogue that SIGHUP brings into force; raises ConfigInvalid.
    """
    loop = asyncio.get_running_loop()
    _raise_file_limit(settings.limits.watchers)
    try:
        catalogue = await asyncio.to_thread(load_for, settings)
        listening = listen(settings.server.host, settings.server.port)
    except ConfigInvalid as error:
        log.error("config.invalid", complaints=[str(complaint) for complaint in error.complaints])
        return BAD_CONFIG
    except OSError as error:
        where = f"{settings.server.host}:{settings.server.port}"
        log.error("server.unstarted", reason=f"cannot listen on {where}: {error.strerror}", do="choose another --port")
        return CANNOT_START
    house = House(single(settings), settings, catalogue, listening)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await house.start()
    except (AigcError, TransportError, OSError) as error:
        log.error("server.unstarted", reason=str(error))
        await house.close()
        return CANNOT_START
    notifier = Notifier()
    loop.add_signal_handler(signal.SIGHUP, _reloader(house, again))
    host, port = listening.getsockname()[:2]
    announce(f"open http://[{host}]:{port}" if ":" in host else f"open http://{host}:{port}")
    notifier.tell("READY=1")
    watchdog = loop.create_task(_watch(notifier))
    code = await _until_stopped(house, stop)
    notifier.tell("STOPPING=1")
    if code == STARTED:
        announce(f"stopping: running jobs have {settings.worker.drain_s:g} s to end; Ctrl-C again hands them back now")
    watchdog.cancel()
    # A second signal does not wait for running jobs; they are handed back and begun again at the next start.
    stop.clear()
    await _first(house.drain(settings.worker.drain_s), stop.wait())
    await house.close()
    listening.close()
    return code


def _raise_file_limit(watchers: int) -> None:
    """As many open files as the system allows: each connection is one, and a shell's usual 1,024 are soon gone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < watchers:
        log.warning("files.limited", limit=allowed, watchers=watchers, do="raise it: ulimit -n, or LimitNOFILE=")


async def _until_stopped(house: House, stop: asyncio.Event) -> int:
    running, stopped = asyncio.ensure_future(house.run()), asyncio.ensure_future(stop.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if running.done():
        reason = running.exception()
        log.error("server.failed", reason=str(reason))
        return DIED
    running.cancel()
    return STARTED


async def _first(*waits: Awaitable[object]) -> None:
    tasks = {asyncio.ensure_future(wait) for wait in waits}
    _, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


async def _watch(notifier: Notifier) -> None:
    if (pause := notifier.watchdog_s) is None:
        return
    while True:
        # Fed by the loop that all actors live on: if it hangs, systemd hears of it.
        notifier.tell("WATCHDOG=1")
        await asyncio.sleep(pause)


def _reloader(house: House, again: Callable[[], Settings]) -> Callable[[], None]:
    tasks: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        try:
            catalogue = await asyncio.to_thread(lambda: load_for(again()))
        except ConfigInvalid as error:
            # Refused whole: what runs goes on as it was.
            log.error("config.refused", complaints=[str(complaint) for complaint in error.complaints])
            return
        house.reload(catalogue)
        log.info("config.reloaded", models=len(catalogue.models), digest=catalogue.digest)

    def begin() -> None:
        task = asyncio.get_running_loop().create_task(reload())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return begin


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, for HTTP's sake."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
