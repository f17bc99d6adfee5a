"""A process of the server: its loop, its signals, and what it tells systemd."""

import asyncio
import ctypes
import gc
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from aigc import __version__
from aigc.core.errors import AigcError, InputInvalid, Retired
from aigc.core.model import Catalogue
from config.house import ALL, House, Role
from config.listening import listening_socket
from config.marks import ConfigInvalid
from config.notify import Notifier, watch
from config.settings import Settings
from config.unstarted import BAD_CONFIG, CANNOT_START, unstarted
from config.wiring import topology
from transport import TransportError

log = structlog.get_logger()

STARTED, DIED = 0, 70

FILES = 65_536
"""Open files that are asked for, where the system allows more than were given."""


async def serve(
    settings: Settings,
    announce: Callable[[str], None],
    again: Callable[[], Settings],
    *,
    roles: Sequence[Role] = ALL,
    place: str | None = None,
    standby: bool = False,
    catalogue: Catalogue | None = None,
    listening: socket.socket | None = None,
    origins: Mapping[str, str] | None = None,
) -> int:
    """Do the work of these roles in this process until a signal; returns the exit code.

    Args:
        announce: told in words, for people: first what is ready, or the page's address.
        again: reads the settings anew, for the catalogue that SIGHUP brings into force; raises ConfigInvalid.
        place, standby: see `wiring.topology` and `Leader`.
        catalogue: for a broker, where it was read already.
        listening: where a gateway answers; None: where the settings say.
        origins: where settings come from, see `settings.Loaded`; operators are shown them.
    """
    loop = asyncio.get_running_loop()
    _raise_file_limit(settings.limits.watchers)
    try:
        if Role.BROKER in roles and catalogue is None:
            catalogue = await asyncio.to_thread(_catalogue, settings)
        if Role.WEB in roles and listening is None:
            listening = listening_socket(settings)
    except (ConfigInvalid, InputInvalid, OSError) as error:
        return unstarted(error, settings)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        house = House(
            topology(settings, place),
            settings,
            roles,
            catalogue=catalogue,
            listening=listening,
            standby=standby,
            again=again,
            origins=origins or {},
        )
    except InputInvalid as error:
        return unstarted(error, settings)
    try:
        await house.start()
    except (AigcError, TransportError, OSError) as error:
        log.error("server.unstarted", reason=str(error))
        await house.close()
        return STARTED if stop.is_set() else CANNOT_START
    _settle()
    notifier = Notifier()
    loop.add_signal_handler(signal.SIGHUP, house.reread.begin if Role.BROKER in roles else _nothing_to_reload)
    names = [role.value for role in roles]
    log.info("server.ready", roles=names, version=__version__)
    announce(page(listening) if listening is not None else f"{' and '.join(names)} ready")
    notifier.tell("READY=1")
    watchdog = loop.create_task(watch(notifier))
    code = await _until_stopped(house, stop)
    notifier.tell("STOPPING=1")
    if code == STARTED and Role.WORKER in roles:
        announce(f"stopping: running jobs have {settings.worker.drain_s:g} s to end; Ctrl-C again hands them back now")
    # A second signal does not wait for running jobs; they are handed back and begun again at the next start.
    stop.clear()
    await _first(house.drain(settings.worker.drain_s), stop.wait())
    await house.close()
    log.info("server.stopped", roles=names, code=code)
    watchdog.cancel()  # not before: a drain may take longer than a sign of life may stay away
    if listening is not None:
        listening.close()
    return code


def _catalogue(settings: Settings) -> Catalogue:
    from config.catalogue import load_for  # here: a worker and a gateway ask the broker instead

    return load_for(settings)


def page(listening: socket.socket) -> str:
    """Where people find the page, in words."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - an address of all is none to open
    return f"open http://[{host}]:{port}" if ":" in host else f"open http://{host}:{port}"


def _settle() -> None:
    """What a process is made of is not looked at for garbage any more, and what is new after 50,000 objects, not 700.

    Little here is garbage in cycles, so that this costs a few MB at most. What the start alone needed, 1 MB, is given
    back to the system.
    """
    gc.collect()
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):  # of the GNU library
        trim(0)
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


def _nothing_to_reload() -> None:
    log.info("config.unread", reason="the broker holds the catalogue", do="send SIGHUP to the broker")


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
        return BAD_CONFIG if isinstance(reason, Retired) else DIED
    running.cancel()
    return STARTED


async def _first(*waits: Awaitable[object]) -> None:
    tasks = {asyncio.ensure_future(wait) for wait in waits}
    _, late = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where it is installed, for HTTP's sake."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
