"""The worker: the hands of one device. What to do is decided by `aigc.core.hosting.device`.

broker    ─► Dealer        ─►                ─► Dealer        reports
runners   ─► Runners       ─►  Device.apply  ─► Runners       spawn, run, end
store     ─► AttemptFiles  ─►                ─► AttemptFiles  inputs, staging, results
device    ─► DeviceWatch   ─►
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog
import zmq
from msgspec import Struct

from actors.actor import Fate
from actors.attempt_files import AttemptFiles
from actors.attempt_log import AttemptLog
from actors.device_watch import DeviceWatch, WatchSettings, first_look
from actors.log_level import HeardLevels, SetLogLevel, no_log
from actors.runner_process import Runners, RunnersSettings
from actors.worker_lock import WorkerLock
from aigc.core.errors import Retired
from aigc.core.events import Tick
from aigc.core.hosting.device import Device, DeviceSettings
from aigc.core.ids import BootId, Now, WorkerId
from aigc.core.messages import Grant, SetLevel, ToBroker, ToWorker, Welcome, WorkerBye, WorkerHello, WorkerMessage
from aigc.core.ports import AssetStore, DeviceProbe
from aigc.core.runner_events import (
    Connected,
    DeviceEvent,
    Drain,
    DropStaging,
    Interrupt,
    Kill,
    Prepare,
    Report,
    Retire,
    Run,
    RunnerEvent,
    RunnerExited,
    RunnerProgressed,
    RunnerStopped,
    RunTask,
    Silent,
    Spawn,
    StoreOutputs,
    Terminate,
)
from transport import Address, Codec, Dealer, Envelope, LinkSettings, TransportError, Verdict

log = structlog.get_logger()


class WorkerSettings(Struct, frozen=True, kw_only=True):
    """What one worker must be told. Times are seconds."""

    brokers: Sequence[Address]
    """Where the leading broker may be."""
    folder: Path
    """For sockets and scratch folders; its own, in one that all workers of this machine share."""
    device: DeviceSettings
    runners: RunnersSettings
    link: LinkSettings
    watch: WatchSettings = WatchSettings()
    settle_s: float = 2.0
    """How long a drained worker waits for the broker to have heard its last words."""


class Worker:
    """One device and its runners, for one life of the process.

    Args:
        name: outlives restarts; `boot` does not.
        set_level: has this process log from another level on.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        settings: WorkerSettings,
        assets: AssetStore,
        probe: DeviceProbe,
        *,
        name: WorkerId,
        boot: BootId,
        set_level: SetLogLevel = no_log,
    ) -> None:
        self._context, self._settings, self._probe = context, settings, probe
        self._levels = HeardLevels(set_level)
        self._name, self._boot = name, boot
        self._fate = Fate()
        self._lock = WorkerLock(settings.folder.parent)
        self._files = AttemptFiles(assets, self._apply, self._fail)
        self._attempts = AttemptLog(name)
        self._deeds: dict[type, Callable[[Any], None]] = {}
        self._device: Device | None = None
        self._dealer: Dealer[ToBroker, ToWorker] | None = None
        self._runners: Runners | None = None
        self._watch: DeviceWatch | None = None
        self._measuring: asyncio.Task[None] | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._tick_at: float | None = None
        self._drained, self._settled = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        """Measured, linked, ready to spawn runners. A broker that is away does not hold it up.

        Raises:
            Unavailable: the device does not answer.
            Conflict: a worker of this name, or one of this GPU, lives on this machine.
        """
        settings = self._settings
        sample = await first_look(self._probe, settings.watch)
        await self._lock.take(self._name, sample)
        self._device = Device(settings.device, self._name, self._boot, sample)
        self._runners = Runners(self._context, settings.folder, sample.id, settings.runners, self._on_runners)
        self._deeds = self._deeds_on(self._runners)
        self._watch = DeviceWatch(self._probe, settings.watch, sample, self._device, self._runners, self._apply)
        await self._runners.start()
        self._dealer = Dealer(
            self._context,
            settings.brokers,
            Codec(ToWorker),
            self._on_batch,
            name=self._name,
            boot=self._boot,
            on_reconnect=lambda: self._apply(Connected()),
            on_verdict=self._on_verdict,
            settings=settings.link,
        )
        self._apply(Connected())
        self._measuring = asyncio.get_running_loop().create_task(self._watch.run())
        self._measuring.add_done_callback(self._stopped_measuring)
        log.info("worker.started", worker=self._name, device=sample.id, total=sample.total)

    async def run(self) -> None:
        """Return never; raise what made the worker useless, or Retired."""
        await self._fate.settled()

    async def drain(self, budget_s: float) -> None:
        """No lease is held and no runner is there: jobs have ended, or after the budget (seconds) were handed back."""
        if self._device is None or self._fate.is_settled:
            return
        # The broker may have had it drained, and resumed it since.
        self._drained.clear()
        self._settled.clear()
        self._apply(Drain(budget_s))
        await self._drained.wait()
        if self._dealer is not None and self._dealer.verdict is Verdict.ALIVE:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._settled.wait(), self._settings.settle_s)
                self._report(WorkerBye(self._name, self._boot))

    async def close(self) -> None:
        """Every runner is gone, with all that it started. What still ran is handed back rather than blamed."""
        if self._measuring is not None:
            self._measuring.cancel()
        if self._watch is not None:
            self._watch.close()
        self._apply(Drain(0.0), Tick())
        if self._runners is not None:
            await self._runners.close()
        with contextlib.suppress(TimeoutError):
            # A result that was made already is worth a moment.
            await asyncio.wait_for(self._files.settle(), self._settings.settle_s)
        await self._files.close()
        if self._tick is not None:
            self._tick.cancel()
        self._device = None
        if self._dealer is not None:
            # What was said last (a result, a lease handed back) may still be on its way.
            self._dealer.close(linger_ms=200)
        self._lock.release()

    # What comes in

    def _on_batch(self, batch: Sequence[Envelope[ToWorker]]) -> None:
        messages = [message for envelope in batch for message in envelope.messages]
        events: list[DeviceEvent] = []
        for message in messages:
            if isinstance(message, SetLevel):
                self._levels.change(message.logger, message.level)
                continue
            if isinstance(message, Welcome):
                self._levels.use(message.levels)
            if isinstance(message, Grant):
                self._attempts.granted(message)
            events.append(message)
        self._apply(*events)

    def _on_verdict(self, verdict: Verdict) -> None:
        if verdict is Verdict.LOST:
            self._apply(Silent())

    def _on_runners(self, batch: Sequence[RunnerEvent]) -> None:
        events: list[DeviceEvent] = []
        for event in batch:
            if isinstance(event, RunnerExited) and self._watch is not None:
                self._watch.ended(event)
                continue
            if isinstance(event, RunnerProgressed) and event.progress.preview is not None:
                self._files.preview(event)
                event = msgspec.structs.replace(event, progress=msgspec.structs.replace(event.progress, preview=None))
            events.append(event)
        self._apply(*events)

    def _apply(self, *events: DeviceEvent) -> None:
        device = self._device
        if device is None or self._fate.is_settled:
            return
        try:
            for effect in device.apply(events, Now(time.monotonic(), time.time())):
                self._deeds[type(effect)](effect)
        except Exception as defect:
            # Half applied: begin again with no runner and no lease, which the broker then finds lost.
            log.exception("worker.defect", worker=self._name, doing=repr(events)[:500])
            self._fail(defect)
            return
        if device.is_drained:
            self._drained.set()
            if device.is_idle:
                self._settled.set()
        self._set_tick(device.due)

    def _fail(self, defect: BaseException) -> None:
        self._fate.fail(defect)

    def _set_tick(self, due: float | None) -> None:
        # A tick that has become too early does no harm, and most deadlines only move on.
        if due is None or (self._tick_at is not None and self._tick_at <= due):
            return
        if self._tick is not None:
            self._tick.cancel()
        self._tick = asyncio.get_running_loop().call_later(max(0.0, due - time.monotonic()), self._on_tick)
        self._tick_at = due

    def _on_tick(self) -> None:
        self._tick = self._tick_at = None
        self._apply(Tick())

    def _stopped_measuring(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (defect := task.exception()) is not None:
            self._fail(defect)

    # What is done

    def _deeds_on(self, runners: Runners) -> dict[type, Callable[[Any], None]]:
        """For each kind of effect how it is done."""
        files = self._files
        return {
            Report: self._say,
            Run: self._run,
            Prepare: lambda effect: files.prepare(effect.lease, effect.inputs),
            StoreOutputs: lambda effect: files.store(effect.lease, effect.outputs),
            DropStaging: lambda effect: files.drop(effect.lease),
            Spawn: lambda effect: runners.spawn(effect.runner, effect.spec),
            Interrupt: self._interrupt,
            Terminate: lambda effect: runners.terminate(effect.runner),
            Kill: lambda effect: runners.kill(effect.runner),
            Retire: self._retire,
        }

    def _run(self, run: Run) -> None:
        self._files.when_ready(run.lease, run.runner, partial(self._hand_over, run))

    def _retire(self, effect: Retire) -> None:
        # Not begun again: two that push each other out for ever would end each other's jobs.
        self._fail(Retired(self._name, effect.successor))

    def _say(self, effect: Report) -> None:
        self._attempts.reported(effect.message)
        self._report(effect.message)

    def _report(self, message: WorkerMessage) -> None:
        assert self._dealer is not None
        try:
            # All but the hello in one lane: a last word must not overtake what was said before it.
            self._dealer.send(message, urgent=isinstance(message, WorkerHello))
        except TransportError as error:
            # A last word is said again until it is settled; progress and beats are replaced by the next.
            log.debug("report.unsent", kind=type(message).__name__, error=str(error))

    def _hand_over(self, run: Run, inputs: Mapping[str, str], folder: Path) -> None:
        assert self._runners is not None
        fields = self._attempts.fields(run.lease)
        task = RunTask(run.lease, run.model, dict(inputs), run.params, run.output_format, folder, run.trace, fields)
        self._runners.run(run.runner, task)

    def _interrupt(self, effect: Interrupt) -> None:
        if self._files.recall(effect.lease):
            asyncio.get_running_loop().call_soon(self._apply, RunnerStopped(effect.runner, effect.lease))
        elif self._runners is not None:
            self._runners.interrupt(effect.runner, effect.lease)
