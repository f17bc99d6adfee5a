"""Looks at a worker's device every so often, and sees to it that memory is given back before that is believed.

On a CPU memory is free when the process that held it is gone. A GPU's driver may take some hundred milliseconds more,
or never do it. So a runner's exit is passed on only when a look shows that others use no more of the GPU than before,
and until then its reservation stands. What has not come back in time counts as a stranger's, and the device's note says
so: nothing is promised twice.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec
import psutil
import structlog
from msgspec import Struct

from actors.runner_process import Runners
from aigc.core.errors import Unavailable
from aigc.core.hosting.device import Device
from aigc.core.hosting.residents import gib
from aigc.core.messages import Device as Sample
from aigc.core.ports import DeviceProbe
from aigc.core.runner_events import DeviceEvent, Measured, RunnerExited, RunnerId

log = structlog.get_logger()

T = TypeVar("T")

AGAIN_S = 0.05
"""Between two looks while a runner's memory is waited for."""
NOISE_BYTES = 64 << 20
"""A driver's own needs move by so much."""


class WatchSettings(Struct, frozen=True, kw_only=True):
    """Times are seconds."""

    measure_s: float = 1.0
    """Between two looks while the device holds leases."""
    rest_s: float = 5.0
    """The same while it holds none: looking costs more than everything else that an idle server does."""
    answer_s: float = 5.0
    """A probe that takes longer counts as a device that does not answer: a sick driver hangs rather than fails."""
    return_s: float = 5.0
    """What an ended runner held on a GPU must have come back after so long."""


async def first_look(probe: DeviceProbe, settings: WatchSettings) -> Sample:
    """The device before any runner is there. Raises Unavailable if it does not answer."""
    look = _in_thread(probe.sample, ())
    if not (await asyncio.wait({look}, timeout=settings.answer_s))[0]:
        raise Unavailable(f"the device did not answer for {settings.answer_s:g} s")
    return look.result()


class DeviceWatch:
    """The looks at one device, in a thread of their own each: a driver may hang.

    Args:
        sample: the first look.
        device: knows whether it rests, and what runners may hold.
        runners: know which processes are ours.
        tell: gets `Measured`, and `RunnerExited` behind it, on the loop.
    """

    def __init__(
        self,
        probe: DeviceProbe,
        settings: WatchSettings,
        sample: Sample,
        device: Device,
        runners: Runners,
        tell: Callable[[DeviceEvent], None],
    ) -> None:
        self._probe, self._settings, self._sample = probe, settings, sample
        self._device, self._runners, self._tell = device, runners, tell
        self._strangers = sample.strangers  # what others held when last nothing was missing
        self._missing = 0
        self._pids: Mapping[RunnerId, Sequence[int]] = {}
        self._exits: list[RunnerExited] = []
        self._patient_until = 0.0
        self._prompted = asyncio.Event()
        self._is_closed = False

    async def run(self) -> None:
        """Look for ever; raises what a probe raises that is not sound."""
        while True:
            await self._pause()
            await self._look()

    def ended(self, exited: RunnerExited) -> None:
        """The runner's processes are gone; that is told when its memory is, too."""
        if self._sample.kind != "cuda" or self._is_closed:
            self._tell(exited)
            return
        self._exits.append(exited)
        self._patient_until = time.monotonic() + self._settings.return_s
        self._prompted.set()

    def close(self) -> None:
        """Nobody waits for memory any more: this worker will not hand it out again."""
        self._is_closed = True
        self._let_go(tuple(self._exits))

    async def _pause(self) -> None:
        settings = self._settings
        pause_s = settings.rest_s if self._device.is_idle else settings.measure_s
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._prompted.wait(), pause_s)
        self._prompted.clear()

    async def _look(self) -> None:
        gone = tuple(self._exits)
        asked_at = time.monotonic()
        reserved = self._device.reserved([exited.runner for exited in gone])
        pids = self._runners.pids()
        # A process that has ended is no stranger as long as the guard above it is there.
        former = self._pids
        ours = {pid for runner, below in pids.items() for pid in (*below, *former.get(runner, ()))}
        self._pids = {runner: below if len(below) > 1 else former.get(runner, ()) for runner, below in pids.items()}
        look = _in_thread(self._measure, pids, tuple(ours), reserved)
        patience_s = self._settings.answer_s
        while not (await asyncio.wait({look}, timeout=patience_s))[0]:
            note = f"it has not answered for {time.monotonic() - asked_at:.0f} s"
            self._tell(Measured(msgspec.structs.replace(self._sample, healthy=False, note=note)))
            self._let_go(tuple(self._exits))  # it gets no work as it is
            patience_s = self._settings.measure_s
        measured = look.result()
        self._sample = measured.device
        if gone and not self._has_come_back() and time.monotonic() < self._patient_until:
            asyncio.get_running_loop().call_later(AGAIN_S, self._prompted.set)
            return
        self._account(gone)
        self._tell(msgspec.structs.replace(measured, device=self._noted()))
        self._let_go(gone)

    def _measure(self, pids: Mapping[RunnerId, Sequence[int]], ours: Sequence[int], reserved: int) -> Measured:
        sample = self._probe.sample(ours, reserved)
        # On a GPU what a runner holds there is not in its resident set. Its guard is ours, not the model's.
        held = {runner: _resident(below[1:]) for runner, below in pids.items()} if sample.kind == "cpu" else {}
        return Measured(sample, held)

    def _has_come_back(self) -> bool:
        return self._sample.strangers <= self._strangers + NOISE_BYTES

    def _account(self, gone: Sequence[RunnerExited]) -> None:
        missing = self._sample.strangers - self._strangers
        if self._has_come_back() or not (gone or self._missing):
            self._missing, self._strangers = 0, self._sample.strangers
        elif gone:
            self._missing = missing
            runners = [exited.runner for exited in gone]
            log.warning("memory.unreturned", device=self._sample.id, runners=runners, bytes=missing)
        else:
            self._missing = min(self._missing, missing)

    def _noted(self) -> Sample:
        if not self._missing:
            return self._sample
        note = (
            f"{gib(self._missing)} did not come back when a runner ended and count as a stranger's; "
            "see with nvidia-smi who holds them, or reset the GPU"
        )
        return msgspec.structs.replace(self._sample, note="; ".join(filter(None, (self._sample.note, note))))

    def _let_go(self, exits: Sequence[RunnerExited]) -> None:
        for exited in exits:
            if exited in self._exits:  # `close` may have let it go during the look
                self._exits.remove(exited)
                self._tell(exited)


def _in_thread(call: Callable[..., T], *arguments: object) -> "asyncio.Future[T]":
    """What the call returns, from a thread that nobody waits for: one in a hung driver must not keep the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[..., None], value: object) -> None:
        if not future.done():
            set_it(value)

    def tell(set_it: Callable[..., None], value: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, set_it, value)

    def work() -> None:
        try:
            result = call(*arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised where the future is awaited
            tell(future.set_exception, error)
        else:
            tell(future.set_result, result)

    threading.Thread(target=work, name="probe", daemon=True).start()
    return future


def _resident(pids: Sequence[int]) -> int:
    total = 0
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            total += psutil.Process(pid).memory_info().rss
    return total
