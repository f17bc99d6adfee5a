"""What a runner says, as the event that it means: nothing of it is believed before its shape was checked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from msgspec import Struct
from msgspec.msgpack import Decoder

from aigc.core.ids import AssetKey
from aigc.core.job import Failure, Lease, Progress, Stage
from aigc.core.runner_events import (
    RunnerConnected,
    RunnerEvent,
    RunnerFailed,
    RunnerFinished,
    RunnerId,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
    Staged,
)
from aigc.runner import protocol

log = structlog.get_logger(__name__)


class Misheard(Exception):
    """A message that is not sound, or not of the lease that the runner has; the text says why."""


class _Connected(Struct):
    pid: int
    confinement: str
    python: str


class _Loaded(Struct):
    load_s: float
    bytes: int


class _Progressed(Struct):
    fraction: float
    stage: Stage
    step: int
    steps: int
    message: str
    preview: str = ""


class _Finished(Struct):
    outputs: tuple[Staged, ...]
    info: dict[str, Any]
    warnings: tuple[str, ...]
    run_s: float
    peak_bytes: int


class _Failed(Struct):
    failure: Failure
    broken: bool
    run_s: float
    peak_bytes: int


class _Stopped(Struct):
    run_s: float


_Body = _Connected | _Loaded | _Progressed | _Finished | _Failed | _Stopped

_MESSAGE = Decoder(tuple[int, str, tuple[str, int, str] | None, msgspec.Raw])
_BODIES: dict[str, Decoder[Any]] = {
    protocol.CONNECTED: Decoder(_Connected),
    protocol.LOADED: Decoder(_Loaded),
    protocol.PROGRESSED: Decoder(_Progressed),
    protocol.FINISHED: Decoder(_Finished),
    protocol.FAILED: Decoder(_Failed),
    protocol.STOPPED: Decoder(_Stopped),
}


def wire(lease: Lease) -> tuple[str, int, str]:
    """A lease as runners get it, and give it back."""
    return (lease.job, lease.attempt, lease.id)


def understood(frame: bytes, runner: RunnerId, leases: Mapping[tuple[str, int, str], Lease]) -> RunnerEvent:
    """The event that `frame` reports.

    Args:
        leases: those that the runner works on, by how they are told to it.
    Raises:
        Misheard: drop it.
    """
    try:
        version, kind, told, raw = _MESSAGE.decode(frame)
        body = _BODIES[kind].decode(raw)
    except Exception as error:  # a hostile runner may send what takes a decoder to its limits
        raise Misheard(f"{type(error).__name__}: {error}") from error
    if version != protocol.VERSION:
        raise Misheard(f"version {version} of a message")
    if told is None:
        return _of_process(runner, body)
    lease = leases.get(told)
    if lease is None:
        raise Misheard(f"{kind} of a lease that {runner} does not have")
    return _of_attempt(runner, lease, body)


def _of_process(runner: RunnerId, body: _Body) -> RunnerEvent:
    match body:
        case _Connected():
            log.info("runner.connected", runner=runner, pid=body.pid, confinement=body.confinement, python=body.python)
            return RunnerConnected(runner, body.pid)
        case _Loaded():
            return RunnerLoaded(runner, body.load_s, body.bytes)
        case _Failed():
            return _failed(runner, None, body)
        case _:
            raise Misheard(f"{type(body).__name__} without a lease")


def _of_attempt(runner: RunnerId, lease: Lease, body: _Body) -> RunnerEvent:
    match body:
        case _Progressed():
            preview = AssetKey(body.preview) if body.preview else None
            news = Progress(body.fraction, body.step, body.steps, body.message, preview)
            return RunnerProgressed(runner, lease, body.stage, news)
        case _Finished():
            for staged in body.outputs:
                if not staged.name or "/" in staged.name or staged.name.startswith("."):
                    raise Misheard(f"{staged.name!r} is no plain file name")
            return RunnerFinished(runner, lease, body.outputs, body.info, body.warnings, body.run_s, body.peak_bytes)
        case _Failed():
            return _failed(runner, lease, body)
        case _Stopped():
            return RunnerStopped(runner, lease, body.run_s)
        case _:
            raise Misheard(f"{type(body).__name__} with a lease")


def _failed(runner: RunnerId, lease: Lease | None, body: _Failed) -> RunnerFailed:
    failure = msgspec.structs.replace(body.failure, attempt=lease.attempt if lease else 0, at=time.time())
    return RunnerFailed(runner, lease, failure, body.run_s, body.peak_bytes, body.broken)
