"""A process whose work is its children: brought up, kept up, ended together."""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import structlog

from aigc import __version__
from config.notify import Notifier, watch
from config.processes import Processes, ProcessFailed
from config.unstarted import CANNOT_START

log = structlog.get_logger()

ENDED, DIED = 0, 70


async def serve_children(
    children: Processes, ready: Callable[[], None], on_hangup: Callable[[], Awaitable[None]]
) -> int:
    """Run them until a signal, or until one cannot be kept alive; returns the exit code.

    Args:
        ready: called when all are.
        on_hangup: what SIGHUP asks for; one at a time.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    stopped = asyncio.ensure_future(stop.wait())
    starting = asyncio.ensure_future(children.start())
    await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        return ENDED
    if (reason := starting.exception()) is not None:
        stopped.cancel()
        if not isinstance(reason, ProcessFailed | OSError):
            raise reason
        log.error("server.unstarted", reason=str(reason))
        return CANNOT_START
    hangups: set[asyncio.Task[None]] = set()

    def hang_up() -> None:
        if not hangups:
            hangups.add(task := loop.create_task(_ended(on_hangup())))
            task.add_done_callback(hangups.discard)

    loop.add_signal_handler(signal.SIGHUP, hang_up)
    log.info("server.ready", roles=["supervisor"], version=__version__)
    ready()
    notifier = Notifier()
    notifier.tell("READY=1")
    watchdog = loop.create_task(watch(notifier))
    running = asyncio.ensure_future(children.run())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    notifier.tell("STOPPING=1")
    code = ENDED
    if running.done() and (reason := running.exception()) is not None:
        log.error("server.failed", reason=str(reason))
        code = DIED
    tasks = (running, stopped, *hangups)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, children.hurry)
    await children.stop()
    watchdog.cancel()
    log.info("server.stopped", roles=["supervisor"], code=code)
    return code


async def _ended(work: Awaitable[None]) -> None:
    await work
