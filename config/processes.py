"""Child processes of one supervisor: started in order, begun again when they end, ended together, never left behind.

A child speaks systemd's protocol to us: ready, alive, stopping. So the same program runs under systemd and under us.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import time
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import structlog
from msgspec import Struct

from aigc.core.restart import GiveUp, RestartPolicy, RestartSettings
from config.parent import PARENT

log = structlog.get_logger()

WATCHDOG_S = 20.0
"""A child that gave no sign of life for so long hangs, and is killed."""
READY_S = 60.0
"""How long a child may take to be ready."""


class ProcessSpec(Struct, frozen=True):
    """One child: what it is called and how it is started."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = {}
    files: tuple[int, ...] = ()
    """Descriptors that it inherits."""
    stop_s: float = 20.0
    """How long it may take to end in order; then it is killed."""
    stage: int = 0
    """Those of stage 0 are ready before the others are started, at once; they end stage by stage, the highest first."""
    lives: bool = True
    """Whether it gives signs of life, as all of ours do, beside telling when it is ready."""
    restart: RestartSettings | None = None
    """How patiently it is begun again; None: as all are."""


class ProcessFailed(Exception):
    """A child that does not come up, or ends again and again."""


class Process:
    """One life of one child."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ready.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._told_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self.is_leaving = False
        """Whether it was asked to end."""
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._notify.bind("")  # a free abstract address
        self._child: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """It is ready. Raises ProcessFailed if it ended first, or took too long."""
        spec, loop = self.spec, asyncio.get_running_loop()
        address = self._notify.getsockname()
        environment = {**os.environ, **spec.environment, PARENT: str(os.getpid())}
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"):
            environment.pop(name, None)
        environment["NOTIFY_SOCKET"] = "@" + address[1:].decode()
        if spec.lives:
            environment["WATCHDOG_USEC"] = str(int(WATCHDOG_S * 1e6))
        loop.add_reader(self._notify, self._heard)
        self._child = await asyncio.create_subprocess_exec(
            *spec.command,
            env=environment,
            pass_fds=spec.files,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches us alone: we end them, in order
        )
        log.info("process.started", process=spec.name, pid=self._child.pid)
        ended = asyncio.ensure_future(self._child.wait())
        waits: set[asyncio.Future[Any]] = {ended, self._ready}
        await asyncio.wait(waits, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        if self._ready.done():
            ended.cancel()
            if spec.lives:
                self._told_at = time.monotonic()
                self._look()
            return
        if ended.done():
            raise ProcessFailed(f"{spec.name} ended at its start ({_words(ended.result())}); its log says why")
        self.kill()
        raise ProcessFailed(f"{spec.name} was not ready within {READY_S:g} s")

    async def wait(self) -> int:
        """Its exit code, negative for a signal, once it has ended."""
        assert self._child is not None
        code = await self._child.wait()
        self.close()
        return code

    async def stop(self) -> None:
        """It has ended: in order if it could."""
        if self._child is None or self._child.returncode is not None:
            self.close()
            return
        self.is_leaving = True
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        try:
            await asyncio.wait_for(self._child.wait(), self.spec.stop_s)
        except TimeoutError:
            log.error("process.killed", process=self.spec.name, reason=f"it did not end within {self.spec.stop_s:g} s")
            self.kill()
            await self._child.wait()
        self.close()

    def signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self._child is not None and self._child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, if it lives."""
        self.signal(signal.SIGKILL)

    def close(self) -> None:
        """Nobody is listened to any more."""
        if self._watch is not None:
            self._watch.cancel()
        if self._notify.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._notify)
            self._notify.close()

    def _heard(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                for line in self._notify.recv(4096).split(b"\n"):
                    if line == b"READY=1" and not self._ready.done():
                        self._ready.set_result(None)
                    self._told_at = time.monotonic()

    def _look(self) -> None:
        silent_s = time.monotonic() - self._told_at
        if silent_s > WATCHDOG_S:
            log.error("process.killed", process=self.spec.name, reason=f"no sign of life for {silent_s:.0f} s")
            self.kill()
            return
        self._watch = asyncio.get_running_loop().call_later(WATCHDOG_S / 4, self._look)


class Processes:
    """Children under one policy: one that ends is begun again, until that is hopeless."""

    def __init__(self, specs: Sequence[ProcessSpec], settings: RestartSettings | None = None) -> None:
        self._specs = specs
        self._settings = settings or RestartSettings()
        self._living: dict[str, Process] = {}
        self._lives: dict[str, asyncio.Task[None]] = {}
        self._replacing: asyncio.Task[None] | None = None
        self._lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lost.add_done_callback(lambda future: future.cancelled() or future.exception())

    async def start(self) -> None:
        """All are ready. Raises ProcessFailed, with the rest ended."""
        try:
            for is_first in (True, False):
                specs = [spec for spec in self._specs if (spec.stage == 0) is is_first]
                begun = await asyncio.gather(*map(self._begin, specs), return_exceptions=True)
                if failures := [outcome for outcome in begun if outcome is not None]:
                    raise failures[0]
                for spec in specs:
                    self._look_after(spec)
        except BaseException:
            await self.stop()
            raise

    async def run(self) -> None:
        """Until one cannot be kept alive; raises ProcessFailed then."""
        await asyncio.shield(self._lost)

    async def stop(self) -> None:
        """All have ended, stage by stage, the last first."""
        if self._replacing is not None:
            # Half way a child would have no one who lets it end in order.
            await asyncio.gather(self._replacing, return_exceptions=True)
        for life in self._lives.values():
            life.cancel()
        await asyncio.gather(*self._lives.values(), return_exceptions=True)
        self._lives.clear()
        for _, stage in groupby(reversed(self._specs), lambda spec: spec.stage):
            leaving = [self._living[spec.name] for spec in stage if spec.name in self._living]
            await asyncio.gather(*(process.stop() for process in leaving))
        self._living.clear()

    def hurry(self) -> None:
        """Who was asked to end is asked a second time, which cuts a drain short."""
        for process in self._living.values():
            if process.is_leaving:
                process.signal(signal.SIGTERM)

    async def replace(self, specs: Sequence[ProcessSpec]) -> None:
        """Each child gives way to one of the new specs, of the same name, one after the other; a new one is ready
        before its predecessor is asked to end.

        Raises:
            ProcessFailed: a new one does not come up; it and those after it stay as they were.
        """
        for spec in specs:
            self._replacing = asyncio.create_task(self._replace(spec))
            await asyncio.shield(self._replacing)

    def hang_up(self, prefix: str) -> None:
        """Children whose names begin so are asked to read their configuration again."""
        for name, process in self._living.items():
            if name.startswith(prefix):
                process.signal(signal.SIGHUP)

    async def _replace(self, spec: ProcessSpec) -> None:
        fresh = Process(spec)
        try:
            await fresh.start()
        except ProcessFailed:
            fresh.close()
            raise
        life = self._lives.pop(spec.name)
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)
        former = self._living.pop(spec.name, None)
        self._living[spec.name] = fresh
        self._look_after(spec)
        if former is not None:
            await former.stop()

    def _look_after(self, spec: ProcessSpec) -> None:
        self._lives[spec.name] = life = asyncio.create_task(self._live(spec), name=spec.name)
        life.add_done_callback(self._ended)

    def _ended(self, life: "asyncio.Task[None]") -> None:
        if not life.cancelled() and (reason := life.exception()) is not None and not self._lost.done():
            self._lost.set_exception(reason)

    async def _begin(self, spec: ProcessSpec) -> None:
        process = Process(spec)
        self._living[spec.name] = process
        try:
            await process.start()
        except BaseException:
            await process.stop()
            self._living.pop(spec.name, None)
            raise

    async def _live(self, spec: ProcessSpec) -> None:
        policy = RestartPolicy(spec.restart or self._settings)
        while True:
            process = self._living.get(spec.name)
            failure = _words(await process.wait()) if process is not None else "it did not come up"
            self._living.pop(spec.name, None)
            log.error("process.ended", process=spec.name, how=failure)
            verdict = policy.on_exit(failure, time.monotonic(), random.random())  # noqa: S311 - no secret
            if isinstance(verdict, GiveUp):
                raise ProcessFailed(f"{spec.name} {verdict.reason}")
            await asyncio.sleep(verdict.after_s)
            try:
                await self._begin(spec)
            except ProcessFailed as error:
                log.error("process.unstarted", process=spec.name, reason=str(error))


def _words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return f"ended by {signal.Signals(-code).name}"
    return f"ended by signal {-code}"
