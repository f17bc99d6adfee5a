"""Inflicts the planned faults, each at its time, and heals what it can; says what it really hit."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable, Sequence

from tests.chaos.family import Family
from tests.chaos.links import Link
from tests.chaos.plan import CUT, FLAP, FREEZE, HOLD_IN, HOLD_OUT, KILL, TERMINATE, Fault
from tests.deaths import watched

FLAP_S = 0.4


class Injector:
    """The hand.

    Args:
        note: told of each fault, in words, when it comes and when it is healed.
    """

    def __init__(self, family: Family, note: Callable[[str], None]) -> None:
        self._family, self._note = family, note

    async def run(self, faults: Sequence[Fault]) -> None:
        """All have come, and all have been healed."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as inflicted:
            for fault in faults:
                await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                inflicted.create_task(self._inflict(fault))

    async def _inflict(self, fault: Fault) -> None:
        if " to " in fault.target:
            link = self._family.link(fault.target)
            self._note(f"{fault.kind} {fault.target} for {fault.for_s:.1f} s")
            async with _broken(link, fault.kind):
                await asyncio.sleep(fault.for_s)
            self._note(f"healed {fault.target}")
            return
        pid = self._family.find(fault.target)
        if pid is None:
            self._note(f"{fault.kind} {fault.target}: it is away")
            return
        with contextlib.suppress(ProcessLookupError), watched(pid) as handle:
            if fault.kind in (KILL, TERMINATE):
                signal.pidfd_send_signal(handle, signal.SIGKILL if fault.kind == KILL else signal.SIGTERM)
                self._note(f"{fault.kind} {fault.target}, process {pid}")
            elif fault.kind == FREEZE:
                signal.pidfd_send_signal(handle, signal.SIGSTOP)
                self._note(f"{fault.kind} {fault.target}, process {pid}, for {fault.for_s:.1f} s")
                await asyncio.sleep(fault.for_s)
                signal.pidfd_send_signal(handle, signal.SIGCONT)
                self._note(f"thawed {fault.target}, process {pid}")


@contextlib.asynccontextmanager
async def _broken(link: Link, kind: str) -> AsyncIterator[None]:
    flapping = None
    if kind == CUT:
        await link.cut()
    elif kind == FLAP:
        flapping = asyncio.create_task(_flap(link))
    else:
        link.hold(out=kind != HOLD_IN, back=kind != HOLD_OUT)
    try:
        yield
    finally:
        if flapping is not None:
            flapping.cancel()
            await asyncio.gather(flapping, return_exceptions=True)
        link.heal()


async def _flap(link: Link) -> None:
    while True:
        await link.cut()
        await asyncio.sleep(FLAP_S)
        link.heal()
        await asyncio.sleep(FLAP_S)
