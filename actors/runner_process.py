"""The hands on the runner processes of one worker: they are started, spoken to, ended, and heard.

What is done is decided elsewhere (`aigc.core.hosting`); what happens comes back as events. A runner is a guard process
(`aigc.runner.guard`) whose child holds the model and speaks to a ROUTER of ours on an ipc socket, under a token that
only it knows. Its end is noticed through the guard's process handle, never through silence.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any

import structlog
import zmq
from msgspec import Struct

from actors.guarded import Ended, GuardedProcess
from actors.runner_folder import SOCKET, family_of, made_ready, removed
from actors.runner_news import Misheard, understood, wire
from aigc.core.job import Failure, Lease
from aigc.core.model import ModelSpec
from aigc.core.runner_events import (
    RunnerEvent,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerId,
    RunnerStopped,
    RunTask,
)
from aigc.runner import launch, protocol
from aigc.runner.guard import GRACE_S
from transport.errors import PeerUnreachable
from transport.link import Link

log = structlog.get_logger(__name__)

LOG_TAIL_CHARS = 8000
_NOT_STARTED = 127


class RunnersSettings(Struct, frozen=True, kw_only=True):
    """What all runners of a worker have in common. Sizes are bytes; 0 means no limit."""

    staging: PurePath
    """The folder in which the AssetStore makes staging folders: runners may write beneath it."""
    threads: int = 0
    """For OpenMP and the like; 0: theirs to choose."""
    confine: bool = True
    """Where the kernel has Landlock, runners write only beneath their own folders."""
    fsync: bool = True
    output_bytes: int = 4 << 30
    """Of all files of one result."""
    file_bytes: int = 16 << 30
    """Of any one file that a runner writes."""
    open_files: int = 4096


class _Runner:
    """One runner: its process, and the leases that it works on, as they are told to it."""

    __slots__ = ("fields", "folder", "id", "latest", "leases", "mark", "process", "token", "unsent")

    def __init__(self, runner: RunnerId, token: str, mark: int, folder: Path) -> None:
        self.id = runner
        self.token = token
        self.mark = mark
        self.folder = folder
        self.leases: dict[tuple[str, int, str], Lease] = {}
        self.fields: dict[tuple[str, int, str], dict[str, Any]] = {}
        """What lines about each of these leases say of it."""
        self.latest: dict[str, Any] = {}
        """The same, of the one that ended last."""
        self.unsent: list[bytes] = []
        """Messages that leave with this turn of the loop, in as few frames as hold them."""
        self.process: GuardedProcess | None = None

    @property
    def about(self) -> dict[str, Any]:
        """Whom it works for, or worked for the last time: what it prints now concerns them."""
        if len(self.fields) > 1:  # nobody can tell which of them a line is about
            return {"jobs": [lease.job for lease in self.leases.values()]}
        return next(iter(self.fields.values()), self.latest)

    def begin(self, told: tuple[str, int, str], task: RunTask) -> None:
        """It works on this, perhaps beside others."""
        self.leases[told], self.fields[told] = task.lease, task.fields

    def end(self, told: tuple[str, int, str]) -> None:
        """It works on this no more."""
        del self.leases[told]
        self.latest = self.fields.pop(told)


class Runners:
    """All runner processes of one worker. Every runner that was spawned ends in exactly one `RunnerExited`.

    Args:
        folder: for the socket and the runners' scratch folders; ours alone, see `runner_folder`.
        device: `cpu`, a GPU's UUID, `cuda:<n>` or `fake:<n>`; runners see this device and no other GPU.
        on_events: is called on the loop with what came at once, in order, never from within `spawn`, `run` and the
            like. The preview of a `RunnerProgressed` is the name of a file in the task's staging folder: whoever passes
            it on stores it first.
    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        folder: Path,
        device: str,
        settings: RunnersSettings,
        on_events: Callable[[Sequence[RunnerEvent]], None],
    ) -> None:
        self._context = context
        self._folder = folder
        self._device = device
        self._settings = settings
        self._on_events = on_events
        self._runners: dict[RunnerId, _Runner] = {}
        self._by_token: dict[bytes, _Runner] = {}
        self._spawned = 0
        self._marks = range(1)
        self._link: Link | None = None
        self._address = ""
        self._socket_folder = folder
        self._tidying: set[asyncio.Future[None]] = set()
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self.dropped = 0
        """Messages that were not from a runner of ours, not of its present lease, or not sound."""

    async def start(self) -> None:
        """Runners can be spawned. Raises OSError or zmq.ZMQError if the folder or the socket cannot be had."""
        self._socket_folder = await asyncio.to_thread(made_ready, self._folder)
        self._marks = await asyncio.to_thread(family_of, self._folder)
        self._address = f"ipc://{self._socket_folder / SOCKET}"
        socket = self._context.socket(zmq.ROUTER)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.MAXMSGSIZE, protocol.MESSAGE_BYTES)
        # Without it a ROUTER reports success for what it drops.
        socket.setsockopt(zmq.ROUTER_MANDATORY, 1)
        try:
            socket.bind(self._address)
        except zmq.ZMQError:
            socket.close()
            raise
        self._link = Link(socket, self._receive, lambda: None)

    def spawn(self, runner: RunnerId, spec: ModelSpec) -> None:
        """The process starts and will load its model; takes a few milliseconds."""
        self._spawned += 1
        token = secrets.token_hex(16)
        mark = self._marks[self._spawned % len(self._marks)]
        made = _Runner(runner, token, mark, self._folder / f"runner-{self._spawned}")
        self._runners[runner] = self._by_token[token.encode()] = made
        self._all_gone.clear()
        try:
            made.process = self._start(made, spec)
        except (OSError, TypeError, ValueError) as error:  # the last two: its catalogue entry cannot be passed on
            reason = f"{spec.python or 'python'} could not be started: {error}\n"
            asyncio.get_running_loop().call_soon(self._ended, made, Ended(_NOT_STARTED, tail=reason))
        else:
            log.info("runner.spawned", runner=runner, model=spec.id, guard=made.process.pid)

    def run(self, runner: RunnerId, task: RunTask) -> None:
        """The runner, which is loaded, has the task, perhaps beside others.

        It ends in RunnerFinished, RunnerFailed, RunnerStopped or RunnerExited.

        Raises:
            KeyError: there is no such runner.
        """
        running = self._runners[runner]
        told = wire(task.lease)
        running.begin(told, task)
        body = {
            "model": task.model,
            "inputs": task.inputs,
            "params": task.params,
            "output_format": task.output_format,
            "folder": str(task.folder),
            "trace": task.trace,
        }
        try:
            message = protocol.encode(protocol.RUN, told, body)
        except protocol.ProtocolError as error:
            running.end(told)
            failure = Failure(code="input_invalid", message=f"the parameters cannot be sent to the model: {error}")
            asyncio.get_running_loop().call_soon(self._on_events, [RunnerFailed(runner, task.lease, failure)])
            return
        if not running.unsent:
            asyncio.get_running_loop().call_soon(self._send, running)
        running.unsent.append(message)

    def interrupt(self, runner: RunnerId, lease: Lease) -> None:
        """The model sees at its next report that nobody wants the result. No harm if it has ended."""
        running = self._runners.get(runner)
        if running is not None and (told := wire(lease)) in running.leases:
            self._send(running)
            self._taken(running, protocol.encode(protocol.INTERRUPT, told, {}))

    def terminate(self, runner: RunnerId) -> None:
        """The model may give its memory back, for half a second at most; then everything is killed."""
        running = self._runners.get(runner)
        if running is not None and running.process is not None:
            running.process.terminate()

    def kill(self, runner: RunnerId) -> None:
        """SIGKILL to the model and all that descends from it; `RunnerExited` follows when they are gone."""
        running = self._runners.get(runner)
        if running is not None and running.process is not None:
            running.process.kill()

    def pids(self) -> dict[RunnerId, tuple[int, ...]]:
        """Of each runner the guard, the model process, and what descends from it."""
        return {runner.id: runner.process.pids() for runner in self._runners.values() if runner.process is not None}

    async def close(self) -> None:
        """Every runner and descendant is gone, and what they left in the folder too."""
        for runner in list(self._runners):
            self.terminate(runner)
        try:
            await asyncio.wait_for(self._all_gone.wait(), GRACE_S + 0.5)
        except TimeoutError:
            for runner in list(self._runners):
                self.kill(runner)
            await self._all_gone.wait()
        if self._link is not None:
            self._link.close()
        if self._tidying:
            await asyncio.wait(self._tidying)
        for folder in {self._folder, self._socket_folder}:
            await asyncio.to_thread(removed, folder)

    # Towards a runner

    def _start(self, made: _Runner, spec: ModelSpec) -> GuardedProcess:
        scratch = made.folder / "scratch"
        temporary = scratch / "tmp"
        temporary.mkdir(parents=True, mode=0o700)
        boot_file = made.folder / "boot"
        settings = self._settings
        boot = protocol.Boot(
            runner=made.id,
            token=made.token,
            address=self._address,
            class_path=spec.class_path,
            device=launch.model_device(self._device),
            scratch=str(scratch),
            init=spec.init,
            writable=(str(settings.staging), *spec.writable),
            network=spec.network,
            confine=settings.confine,
            file_bytes=settings.file_bytes,
            open_files=settings.open_files,
            output_bytes=settings.output_bytes,
            fsync=settings.fsync,
        )
        boot.write(boot_file)
        own = launch.is_own(spec.python)
        environment = launch.environment(
            os.environ,
            imports=launch.make_import_folder(self._folder, own=own),
            path=spec.path,
            extra=spec.env,
            own=own,
            device=self._device,
            threads=settings.threads,
            temporary=str(temporary),
        )

        def printed(text: str) -> None:
            log.debug("runner.printed", runner=made.id, text=text, **made.about)

        def ended(how: Ended) -> None:
            self._ended(made, how)

        command = launch.command(spec.python, "serve", str(boot_file))
        return GuardedProcess(command, environment, scratch, made.mark, printed, ended)

    def _send(self, running: _Runner) -> None:
        """What it is to run is on its way."""
        unsent, running.unsent = running.unsent, []
        for frame in protocol.frames(unsent):
            if not self._taken(running, frame):
                # Its process lives but its socket does not: nothing would ever come back.
                log.error("runner.unreachable", runner=running.id)
                self.kill(running.id)

    def _taken(self, running: _Runner, frame: bytes) -> bool:
        """False if the runner's socket is gone or has no room."""
        if self._link is None:
            return False
        try:
            return self._link.send(frame, running.token.encode())
        except PeerUnreachable:
            return False
        finally:
            self._link.settle()

    # From a runner

    def _receive(self, batch: list[list[bytes]]) -> None:
        events: list[RunnerEvent] = []
        for parts in batch:
            running = self._by_token.get(parts[0])
            if running is None or len(parts) != 2:
                self._drop("it is from a stranger")
                continue
            try:
                event = understood(parts[1], running.id, running.leases)
            except Misheard as error:
                self._drop(str(error))
                continue
            if isinstance(event, RunnerFinished | RunnerFailed | RunnerStopped) and event.lease is not None:
                running.end(wire(event.lease))
            events.append(event)
        self._on_events(events)

    def _drop(self, reason: str) -> None:
        self.dropped += 1
        if self.dropped == 1:
            log.warning("runner.misheard", reason=reason)

    def _ended(self, made: _Runner, how: Ended) -> None:
        if self._link is not None:
            self._link.drain()  # its last message may have come in the same turn
        del self._runners[made.id], self._by_token[made.token.encode()]
        made.unsent.clear()
        if not self._runners:
            self._all_gone.set()
        tidying = asyncio.get_running_loop().run_in_executor(None, removed, made.folder)
        self._tidying.add(tidying)
        tidying.add_done_callback(self._tidying.discard)
        peak = how.peak_bytes if launch.model_device(self._device) == "cpu" else 0
        self._on_events([RunnerExited(made.id, how.code, how.signal, how.tail[-LOG_TAIL_CHARS:], peak)])
        log.info("runner.exited", runner=made.id, code=how.code, signal=how.signal, peak_bytes=peak)
