"""Several gateways on one address: a supervisor holds the listening socket, its children serve on it.

So a connection that arrives while a child is replaced waits in the kernel's queue for another one, and is not refused.
"""

import asyncio
import sys
from collections.abc import Callable, Sequence

import structlog

from aigc.core.errors import InputInvalid
from config.children import serve_children
from config.deeds import note_signal
from config.listening import listening_socket
from config.marks import ConfigInvalid
from config.processes import Processes, ProcessFailed, ProcessSpec
from config.service import page
from config.settings import Settings
from config.unstarted import unstarted

log = structlog.get_logger()

STOP_S = 15.0
"""How long a gateway may take to end, beyond its drain."""


async def serve_gateways(
    settings: Settings, arguments: Sequence[str], announce: Callable[[str], None], again: Callable[[], Settings]
) -> int:
    """Run `server.workers` gateways until a signal; SIGHUP replaces them one by one. Returns the exit code.

    Args:
        arguments: of `aigc web`, from which the children take the same settings.
        again: reads the settings anew; raises ConfigInvalid.
    """
    try:
        listening = listening_socket(settings)
    except (InputInvalid, OSError) as error:
        return unstarted(error, settings)
    command = (sys.executable, "-m", "aigc", "web", *arguments, "--fd", str(listening.fileno()))
    specs = [
        ProcessSpec(f"web-{number}", command, files=(listening.fileno(),), stop_s=settings.worker.drain_s + STOP_S)
        for number in range(settings.server.workers)
    ]
    children = Processes(specs)

    async def replace() -> None:
        try:
            await asyncio.to_thread(again)
            await children.replace(specs)
        except ConfigInvalid as error:
            log.error("config.refused", complaints=[str(complaint) for complaint in error.complaints])
        except ProcessFailed as error:
            log.error("config.refused", reason=str(error))
        else:
            log.info("web.replaced", processes=len(specs))
            await note_signal(settings, "gateways.replaced")

    with listening:
        return await serve_children(children, lambda: announce(page(listening)), replace)
