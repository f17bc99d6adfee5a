"""The files of a worker's attempts: inputs made local, a staging folder for each, results published, previews shown."""

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import structlog

from aigc.core.errors import AigcError, NotFound
from aigc.core.ids import AssetKey
from aigc.core.job import Failure, Input, Lease, Output
from aigc.core.ports import Asset, AssetStore
from aigc.core.runner_events import DeviceEvent, RunnerId, RunnerProgressed, Staged, Stored, StoringFailed

log = structlog.get_logger()

PREVIEW_BYTES = 2 << 20
PREVIEW_PAUSE_S = 0.5
"""Between two previews of one attempt."""

UNCLAIMED_S = 3600.0
"""Published files that no record names may stay so long: of an attempt that did not count, of a worker that died."""

Ready = Callable[[Mapping[str, str], Path], None]


class _Attempt:
    """One attempt's inputs and folder, and who waits for them."""

    __slots__ = ("folder", "inputs", "is_dropped", "previewed_at", "runner", "task")

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.inputs: dict[str, str] | None = None
        self.runner: RunnerId | None = None
        """In whose line it waits for its files."""
        self.is_dropped = False
        self.previewed_at = 0.0
        self.task: asyncio.Task[None] | None = None


class AttemptFiles:
    """Between one worker and its AssetStore. Calls return at once; what comes of them is told as events.

    Args:
        tell: gets `Stored`, `StoringFailed`, and progress whose preview can be fetched now, all of one turn together.
        fail: gets what nobody foresaw.
    """

    def __init__(self, assets: AssetStore, tell: Callable[..., None], fail: Callable[[BaseException], None]) -> None:
        self._assets, self._tell, self._fail = assets, tell, fail
        self._attempts: dict[Lease, _Attempt] = {}
        self._lines: dict[RunnerId, dict[Lease, Ready]] = {}
        """Who is to be handed to each runner, in this order."""
        self._untold: list[DeviceEvent] = []
        self._tasks: set[asyncio.Future[Any]] = set()
        self._tidying: set[asyncio.Task[None]] = set()

    def prepare(self, lease: Lease, inputs: Mapping[str, Input]) -> None:
        """The inputs are on their way; ends in `StoringFailed` if one cannot be had."""
        attempt = self._attempts[lease] = _Attempt()
        folder = asyncio.ensure_future(self._assets.staging())
        if folder.done() and all(given.asset is None for given in inputs.values()):
            attempt.folder = folder.result()
            attempt.inputs = {name: given.text or "" for name, given in inputs.items()}
        else:
            attempt.task = self._start(self._prepare(lease, attempt, inputs, folder), self._tasks)

    def when_ready(self, lease: Lease, runner: RunnerId, ready: Ready) -> None:
        """`ready` is called with the local inputs and the staging folder: now if they are there, else when they are,
        and not before those who came earlier for this runner; never if the attempt is recalled or dropped before."""
        self._attempts[lease].runner = runner
        self._lines.setdefault(runner, {})[lease] = ready
        self._serve(runner)

    def recall(self, lease: Lease) -> bool:
        """True if the attempt was still waiting for its files: it will not be ready any more."""
        attempt = self._attempts.get(lease)
        return attempt is not None and self._leave_line(lease, attempt)

    def store(self, lease: Lease, outputs: tuple[Staged, ...]) -> None:
        """The outputs are on their way to the store; ends in `Stored` or `StoringFailed`."""
        folder = self._attempts[lease].folder
        assert folder is not None
        # What a record claims is given more time again and again; what no record claims goes.
        expires_at = time.time() + UNCLAIMED_S
        files = [
            Asset(
                key=AssetKey(out.name),
                bytes=out.bytes,
                sha256=out.sha256,
                content_type=out.content_type,
                expires_at=expires_at,
            )
            for out in outputs
        ]
        storing = asyncio.ensure_future(self._assets.publish(folder, prefix_of(lease), files))
        self._tasks.add(storing)
        storing.add_done_callback(partial(self._stored, lease, outputs))

    def drop(self, lease: Lease) -> None:
        """Nothing of the attempt's folder is wanted; what is still being fetched is not waited for."""
        attempt = self._attempts.pop(lease, None)
        if attempt is None:
            return
        attempt.is_dropped = True
        self._leave_line(lease, attempt)
        if attempt.folder is None:
            return  # it is being made, and will be discarded then
        if attempt.inputs is None and attempt.task is not None:
            attempt.task.cancel()
        self._start(self._discard(attempt.folder), self._tidying)

    def preview(self, event: RunnerProgressed) -> None:
        """The preview that the event names is stored, unless another one was a moment ago; then the event is told."""
        attempt, now = self._attempts.get(event.lease), time.monotonic()
        if attempt is None or attempt.folder is None or now - attempt.previewed_at < PREVIEW_PAUSE_S:
            return
        attempt.previewed_at = now
        self._start(self._store_preview(event, attempt.folder), self._tasks)

    async def settle(self) -> None:
        """Nothing is on its way any more."""
        while (under_way := self._tasks | self._tidying) or self._untold:
            if under_way:
                await asyncio.wait(under_way)
            self._tell_all()

    async def close(self) -> None:
        """Nothing is on its way any more, and whatever is left of attempts is gone."""
        for task in tuple(self._tasks):
            task.cancel()
        await self.settle()
        for lease in tuple(self._attempts):
            self.drop(lease)
        await self.settle()

    async def _prepare(
        self, lease: Lease, attempt: _Attempt, inputs: Mapping[str, Input], folder: Awaitable[Path]
    ) -> None:
        try:
            attempt.folder = await folder
            if attempt.is_dropped:
                await self._discard(attempt.folder)
                return
            local = {name: await self._local(given) for name, given in inputs.items()}
        except NotFound as error:
            self._refuse(lease, "input_invalid", f"an input is not there any more: {error}", "upload it again")
            return
        except (AigcError, OSError) as error:
            self._refuse(lease, "storage_failed", f"an input could not be fetched: {_said(error)}", retryable=True)
            return
        attempt.inputs = local
        if attempt.runner is not None:
            self._serve(attempt.runner)

    def _serve(self, runner: RunnerId) -> None:
        """Whoever is first in the runner's line has been handed over, as far as files are there."""
        line = self._lines.get(runner, {})
        while line:
            lease = next(iter(line))
            attempt = self._attempts[lease]
            if attempt.inputs is None or attempt.folder is None:
                return
            attempt.runner = None
            line.pop(lease)(attempt.inputs, attempt.folder)
        self._lines.pop(runner, None)

    def _leave_line(self, lease: Lease, attempt: _Attempt) -> bool:
        """Whether it waited in one; those behind it need not wait for it any more."""
        runner, attempt.runner = attempt.runner, None
        if runner is None:
            return False
        del self._lines[runner][lease]
        self._serve(runner)
        return True

    async def _local(self, given: Input) -> str:
        if given.asset is None:
            return given.text or ""
        return str(await self._assets.local(given.asset))

    def _stored(self, lease: Lease, outputs: tuple[Staged, ...], storing: "asyncio.Future[Sequence[Asset]]") -> None:
        self._tasks.discard(storing)
        if storing.cancelled():
            return
        error = storing.exception()
        if error is None:
            self._attempts.pop(lease, None)
            made = tuple(
                Output(out.name, out.role, asset.key, out.format, out.content_type, out.bytes, out.sha256, out.stats)
                for out, asset in zip(outputs, storing.result(), strict=True)
            )
            self._say(Stored(lease, made))
        elif isinstance(error, AigcError | OSError):
            is_bad = getattr(error, "code", "") == "result_invalid"
            code = "result_invalid" if is_bad else "storage_failed"
            self._refuse(lease, code, f"the result could not be stored: {_said(error)}", retryable=not is_bad)
        else:
            self._fail(error)

    def _refuse(self, lease: Lease, code: str, message: str, suggestion: str = "", *, retryable: bool = False) -> None:
        self._say(StoringFailed(lease, Failure(code, message, suggestion, retryable)))

    def _say(self, event: DeviceEvent) -> None:
        if not self._untold:
            asyncio.get_running_loop().call_soon(self._tell_all)
        self._untold.append(event)

    def _tell_all(self) -> None:
        untold, self._untold = self._untold, []
        if untold:
            self._tell(*untold)

    async def _discard(self, folder: Path) -> None:
        try:
            await self._assets.discard(folder)
        except (AigcError, OSError) as error:
            log.warning("staging.undiscarded", folder=str(folder), error=str(error))

    async def _store_preview(self, event: RunnerProgressed, folder: Path) -> None:
        key = AssetKey(f"{prefix_of(event.lease)}/preview.png")
        try:
            data = await asyncio.to_thread(_plain_content, folder / Path(str(event.progress.preview)).name)
            await self._assets.put(key, _once(data), content_type="image/png", limit=PREVIEW_BYTES)
        except (AigcError, OSError) as error:
            log.debug("preview.unstored", job=event.lease.job, error=str(error))
            return
        if event.lease in self._attempts:
            shown = msgspec.structs.replace(event.progress, preview=key)
            self._say(msgspec.structs.replace(event, progress=shown))

    def _start(self, work: Coroutine[Any, Any, None], among: "set[Any]") -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        among.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._tidying.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(error)


def prefix_of(lease: Lease) -> str:
    """Where the AssetStore keeps the files of an attempt."""
    return f"jobs/{lease.job}/{lease.attempt}-{lease.id}"


def _said(error: Exception) -> str:
    """What clients read of it: the system's errors name paths of this host, which are not theirs to know."""
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)


def _plain_content(path: Path) -> bytes:
    """The content of a plain file: a runner could have left a link to a secret there, or a pipe that never ends."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path.name} is not a plain file")
        return file.read(PREVIEW_BYTES)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
