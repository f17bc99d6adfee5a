"""The worker: the hands of one device. What to do is decided by `aigc.core.device`.

broker ──Dealer──► Device.apply ──► Dealer (reports)
runners, probe ─►              └──► Runners (spawn, run, end), AssetStore (inputs, staging, results)
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from pathlib import Path
from typing import Any

import msgspec
import psutil
import structlog
import zmq
from msgspec import Struct

from actors.actor import Fate
from actors.runner_process import Runners, RunnersSettings
from aigc.core.device import Device, DeviceSettings
from aigc.core.errors import AigcError
from aigc.core.events import Tick
from aigc.core.ids import AssetKey, BootId, Now, WorkerId
from aigc.core.job import Failure, Input, Lease, Output
from aigc.core.messages import LeaseProgress, ToBroker, ToWorker
from aigc.core.ports import Asset, AssetStore, DeviceProbe
from aigc.core.runner_events import (
    Connected,
    DeviceEffect,
    DeviceEvent,
    Drain,
    DropStaging,
    Interrupt,
    Kill,
    Measured,
    Prepare,
    Report,
    Run,
    RunnerEvent,
    RunnerId,
    RunnerProgressed,
    RunnerStopped,
    RunTask,
    Silent,
    Spawn,
    Staged,
    Stored,
    StoreOutputs,
    StoringFailed,
    Terminate,
)
from transport import Address, Codec, Dealer, Envelope, LinkSettings, TransportError, Verdict

log = structlog.get_logger()

PREVIEW_BYTES = 2 << 20


class WorkerSettings(Struct, frozen=True, kw_only=True):
    """What one worker must be told."""

    broker: Address
    folder: Path
    """For sockets and scratch folders; its own."""
    device: DeviceSettings
    runners: RunnersSettings
    link: LinkSettings
    measure_s: float = 1.0
    """Between two looks at the device."""


class _Attempt:
    """What the shell holds for one lease: its inputs as paths and its staging folder, once they are there."""

    __slots__ = ("folder", "inputs", "interrupted", "preparing", "run")

    def __init__(self, preparing: "asyncio.Task[None]") -> None:
        self.preparing = preparing
        self.folder: Path | None = None
        self.inputs: dict[str, str] = {}
        self.run: Run | None = None
        self.interrupted: Interrupt | None = None


class Worker:
    """One device and its runners, for one life of the process."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        settings: WorkerSettings,
        assets: AssetStore,
        probe: DeviceProbe,
        *,
        name: WorkerId,
        boot: BootId,
    ) -> None:
        self._context = context
        self._settings = settings
        self._assets = assets
        self._probe = probe
        self._name = name
        self._boot = boot
        self._fate = Fate()
        self._device: Device | None = None
        self._dealer: Dealer[ToBroker, ToWorker] | None = None
        self._runners: Runners | None = None
        self._attempts: dict[Lease, _Attempt] = {}
        self._tick: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._measuring: asyncio.Task[None] | None = None
        self._drained = asyncio.Event()
        self._previewed: dict[Lease, float] = {}

    async def start(self) -> None:
        """Measured, linked, ready to spawn runners. A broker that is away does not hold it up."""
        sample = await asyncio.to_thread(self._probe.sample, ())
        self._device = Device(self._settings.device, self._name, self._boot, sample)
        self._runners = Runners(
            self._context, self._settings.folder, sample.id, self._settings.runners, self._on_runner
        )
        await self._runners.start()
        self._dealer = Dealer(
            self._context,
            self._settings.broker,
            Codec(ToWorker),
            self._on_batch,
            name=self._name,
            boot=self._boot,
            on_reconnect=lambda: self._apply(Connected()),
            on_verdict=self._on_verdict,
            settings=self._settings.link,
        )
        self._apply(Connected())
        self._measuring = asyncio.get_running_loop().create_task(self._measure(), name=f"{self._name}-probe")
        log.info("worker.started", worker=self._name, device=sample.id, total=sample.total)

    async def run(self) -> None:
        """Return never; raise what made the worker useless."""
        await self._fate.settled()

    async def drain(self, budget_s: float) -> None:
        """No lease is running any more: ended, or handed back after the budget (seconds)."""
        if self._device is None or self._fate.is_settled:
            return
        self._apply(Drain(budget_s))
        await self._drained.wait()

    async def close(self) -> None:
        """Every runner is gone, with all that it started."""
        for timer in filter(None, [self._tick]):
            timer.cancel()
        for task in (self._measuring, *self._tasks):
            if task is not None:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runners is not None:
            await self._runners.close()
        if self._dealer is not None:
            # What was said last (a result, a lease handed back) may still be on its way.
            self._dealer.close(linger_ms=200)

    # What comes in.

    def _on_batch(self, batch: Sequence[Envelope[ToWorker]]) -> None:
        for envelope in batch:
            for message in envelope.messages:
                self._apply(message)

    def _on_verdict(self, verdict: Verdict) -> None:
        if verdict is Verdict.LOST:
            self._apply(Silent())

    def _on_runner(self, event: RunnerEvent) -> None:
        if isinstance(event, RunnerProgressed) and event.progress.preview is not None:
            self._keep_preview(event)
            event = msgspec.structs.replace(event, progress=msgspec.structs.replace(event.progress, preview=None))
        self._apply(event)

    def _apply(self, event: DeviceEvent) -> None:
        device = self._device
        if device is None or self._fate.is_settled:
            return
        try:
            for effect in device.apply(event, _now()):
                self._do(effect)
        except Exception as defect:
            # Half applied: begin again with no runner and no lease, which the broker then finds lost.
            log.exception("worker.defect", worker=self._name, event=repr(event)[:500])
            self._fate.fail(defect)
            return
        if device.is_drained:
            self._drained.set()
        self._set_tick(device)

    async def _measure(self) -> None:
        assert self._runners is not None
        while True:
            await asyncio.sleep(self._settings.measure_s)
            pids = self._runners.pids()
            measured = await asyncio.to_thread(self._look, pids)
            self._apply(measured)

    def _look(self, pids: dict[RunnerId, tuple[int, ...]]) -> Measured:
        ours = [os.getpid(), *(pid for below in pids.values() for pid in below)]
        sample = self._probe.sample(ours)
        # On a GPU what a runner holds there is not in its resident set.
        held = {runner: _resident(below) for runner, below in pids.items()} if sample.kind == "cpu" else {}
        return Measured(sample, held)

    def _set_tick(self, device: Device) -> None:
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if (due := device.due) is not None:
            delay = max(0.0, due - time.monotonic())
            self._tick = asyncio.get_running_loop().call_later(delay, lambda: self._apply(Tick()))

    # What is done.

    def _do(self, effect: DeviceEffect) -> None:
        runners = self._runners
        assert runners is not None
        match effect:
            case Report(message=message):
                self._report(message)
            case Run():
                self._attempts[effect.lease].run = effect
                self._begin(effect.lease)
            case Prepare(lease=lease, inputs=inputs):
                self._attempts[lease] = _Attempt(self._hold(self._prepare(lease, inputs)))
            case StoreOutputs(lease=lease, outputs=outputs):
                self._hold(self._store(lease, outputs))
            case DropStaging(lease=lease):
                self._hold(self._drop(lease))
            case Spawn(runner=runner, spec=spec):
                runners.spawn(runner, spec)
            case Interrupt(lease=lease):
                self._interrupt(effect, self._attempts.get(lease))
            case Terminate(runner=runner):
                runners.terminate(runner)
            case Kill(runner=runner):
                runners.kill(runner)

    def _report(self, message: Any) -> None:
        assert self._dealer is not None
        try:
            self._dealer.send(message, urgent=not isinstance(message, LeaseProgress))
        except TransportError as error:
            # A last word is said again until it is settled; progress and beats are replaced by the next.
            log.debug("report.unsent", kind=type(message).__name__, error=str(error))

    def _begin(self, lease: Lease) -> None:
        """Hand over what is prepared; where it is not, `_prepare` comes back here."""
        attempt = self._attempts[lease]
        if attempt.run is None or attempt.folder is None:
            return
        run = attempt.run
        if attempt.interrupted is not None:
            asyncio.get_running_loop().call_soon(self._apply, RunnerStopped(run.runner, lease))
            return
        assert self._runners is not None
        task = RunTask(lease, run.model, attempt.inputs, run.params, run.output_format, attempt.folder)
        self._runners.run(run.runner, task)

    def _interrupt(self, interrupt: Interrupt, attempt: _Attempt | None) -> None:
        if attempt is not None and attempt.folder is None:
            attempt.interrupted = interrupt
            return
        assert self._runners is not None
        self._runners.interrupt(interrupt.runner, interrupt.lease)

    # Work that waits for the store.

    async def _prepare(self, lease: Lease, inputs: dict[str, Input]) -> None:
        try:
            local = {name: await self._local(given) for name, given in inputs.items()}
            folder = await self._assets.staging()
        except (AigcError, OSError) as error:
            self._apply(StoringFailed(lease, _failure(error, "an input could not be fetched")))
            return
        attempt = self._attempts.get(lease)
        if attempt is None:
            await self._assets.discard(folder)
            return
        attempt.inputs, attempt.folder = local, folder
        self._begin(lease)

    async def _local(self, given: Input) -> str:
        if given.asset is None:
            return given.text or ""
        return str(await self._assets.local(given.asset))

    async def _store(self, lease: Lease, outputs: tuple[Staged, ...]) -> None:
        attempt = self._attempts[lease]
        assert attempt.folder is not None
        files = [
            Asset(key=AssetKey(out.name), bytes=out.bytes, sha256=out.sha256, content_type=out.content_type)
            for out in outputs
        ]
        try:
            stored = await self._assets.publish(attempt.folder, prefix_of(lease), files)
        except (AigcError, OSError) as error:
            self._apply(StoringFailed(lease, _failure(error, "the result could not be stored")))
            return
        self._forget(lease)
        made = tuple(
            Output(out.name, out.role, asset.key, out.format, out.content_type, out.bytes, out.sha256, out.stats)
            for out, asset in zip(outputs, stored, strict=True)
        )
        self._apply(Stored(lease, made))

    async def _drop(self, lease: Lease) -> None:
        attempt = self._forget(lease)
        if attempt is None:
            return
        if attempt.folder is None:
            await asyncio.wait({attempt.preparing})  # it finds itself forgotten and cleans up
        else:
            await self._assets.discard(attempt.folder)

    def _forget(self, lease: Lease) -> _Attempt | None:
        self._previewed.pop(lease, None)
        return self._attempts.pop(lease, None)

    def _keep_preview(self, event: RunnerProgressed) -> None:
        """Store a preview, twice a second at most, and tell of it once it can be fetched."""
        attempt = self._attempts.get(event.lease)
        now = time.monotonic()
        if attempt is None or attempt.folder is None or now - self._previewed.get(event.lease, 0.0) < 0.5:
            return
        self._previewed[event.lease] = now
        self._hold(self._store_preview(event, attempt.folder / str(event.progress.preview)))

    async def _store_preview(self, event: RunnerProgressed, file: Path) -> None:
        key = AssetKey(f"{prefix_of(event.lease)}/preview.png")
        try:
            data = await asyncio.to_thread(file.read_bytes)
            await self._assets.put(key, _once(data), content_type="image/png", limit=PREVIEW_BYTES)
        except (AigcError, OSError) as error:
            log.debug("preview.unstored", job=event.lease.job, error=str(error))
            return
        if event.lease in self._attempts:
            self._apply(msgspec.structs.replace(event, progress=msgspec.structs.replace(event.progress, preview=key)))

    def _hold(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._released)
        return task

    def _released(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("worker.defect", worker=self._name, error=repr(error))
            self._fate.fail(error)


def prefix_of(lease: Lease) -> str:
    """Where the files of an attempt are kept."""
    return f"jobs/{lease.job}/{lease.attempt}-{lease.id}"


def _failure(error: Exception, what: str) -> Failure:
    code = error.code if isinstance(error, AigcError) else "storage_failed"
    suggestion = error.suggestion if isinstance(error, AigcError) else ""
    is_gone = code in ("not_found", "input_invalid")
    return Failure(
        code="input_invalid" if is_gone else "storage_failed",
        message=f"{what}: {error}",
        suggestion=suggestion,
        retryable=not is_gone,
    )


def _resident(pids: Sequence[int]) -> int:
    total = 0
    for pid in pids:
        try:
            total += psutil.Process(pid).memory_info().rss
        except psutil.Error:
            continue
    return total


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _now() -> Now:
    return Now(time.monotonic(), time.time())
