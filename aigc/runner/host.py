"""The process that holds a model: it loads it, runs it when asked, and says what came of it."""

from __future__ import annotations

import faulthandler
import gc
import os
import platform
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from aigc.runner import failures, outputs, protocol
from aigc.runner.classpath import load_class
from aigc.runner.confine import confine, limit_resources
from aigc.runner.hide import hide_server
from aigc.runner.line import Attempt, Line
from aigc.runner.memory import Meter
from aigc.runner.model import Job, Result
from aigc.runner.progress import Reporter
from aigc.runner.scratch import Scratch

# Of those who could be killed when the host runs out of memory, a runner is the best choice: its job is retried.
_OOM_SCORE = "500"


class Terminated(BaseException):
    """SIGTERM came: the process ends."""


def host(boot_file: str) -> int:
    """The life of a model process; returns its exit status."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return _live(protocol.Boot.read(Path(boot_file)))
    except Terminated:
        return 0  # before there was anything to unload


def _live(boot: protocol.Boot) -> int:
    faulthandler.enable()
    meter = Meter(boot.device)
    confinement = _confined(boot)
    hide_server()
    line = Line(boot.address, boot.token)
    model: Any = None
    try:
        line.send(protocol.CONNECTED, pid=os.getpid(), confinement=confinement, python=platform.python_version())
        started = time.perf_counter()
        model = _loaded(boot, line, meter)
        if model is not None:
            line.send(protocol.LOADED, load_s=time.perf_counter() - started, bytes=meter.held_bytes())
        _serve(boot, line, meter, model)
    except Terminated:
        return _unload(model)
    finally:
        line.close()


def _confined(boot: protocol.Boot) -> str:
    _expendable()
    limit_resources(file_bytes=boot.file_bytes, open_files=boot.open_files)
    if not boot.confine:
        return "none: switched off"
    return confine((boot.scratch, *boot.writable), network=boot.network)


def _expendable() -> None:
    with suppress(OSError):  # may be kept from us; nothing depends on it
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


def _loaded(boot: protocol.Boot, line: Line, meter: Meter) -> Any:
    """The model, ready to run; None after a failure that was reported."""
    try:
        model = load_class(boot.class_path)(**boot.init)
        model.load(boot.device)
    except Terminated:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a third party raises is that model's failure
        traceback.print_exc()
        failed = failures.of_load(error)
        line.send(protocol.FAILED, failure=failed.failure, broken=True, run_s=0.0, peak_bytes=meter.peak_bytes())
        return None
    return model


def _serve(boot: protocol.Boot, line: Line, meter: Meter, model: Any) -> NoReturn:
    """Runs until SIGTERM. A model that was not loaded runs nothing, and the worker knows."""
    scratches: list[Scratch] = []
    while True:
        attempts = [line.next_attempt()]
        if model is None:
            continue
        is_in_batch = hasattr(model, "run_batch")
        if is_in_batch:
            attempts += line.more_attempts()
        while len(scratches) < len(attempts):
            scratches.append(Scratch(Path(boot.scratch, f"attempt-{len(scratches)}")))
        pairs = zip(attempts, scratches, strict=False)
        runs = [_Run(boot, line, meter, model, one, scratch, is_in_batch) for one, scratch in pairs]
        if is_in_batch:
            _run_batch(runs)
        else:
            _run(runs[0])


class _Run:
    """One attempt and what it needs."""

    def __init__(
        self,
        boot: protocol.Boot,
        line: Line,
        meter: Meter,
        model: Any,
        attempt: Attempt,
        scratch: Scratch,
        is_in_batch: bool,
    ) -> None:
        self.is_in_batch, self.started = is_in_batch, time.perf_counter()
        self.boot, self.line, self.meter, self.model, self.attempt = boot, line, meter, model, attempt
        task = attempt.task
        self.scratch, self.folder = scratch, scratch.path
        self.inputs: dict[str, str] = task["inputs"]
        self.params: dict[str, Any] = task["params"]
        self.staging: str = task["folder"]
        self.is_told = False
        """The worker has heard what became of it."""
        send = partial(line.report, attempt)
        self.reporter = Reporter(
            self.folder, task["model"], task["output_format"], send, self._is_interrupted, self.staging
        )

    def _is_interrupted(self) -> bool:
        """Asked at each report. A job of a batch is over at once, though the model may be busy with another."""
        if self.attempt.interrupted and self.is_in_batch and not self.is_told:
            self.is_told = True
            self.line.send(protocol.STOPPED, self.attempt.lease, run_s=time.perf_counter() - self.started)
        return self.attempt.interrupted


def _run(run: _Run) -> None:
    """The attempt ended in exactly one of finished, failed, stopped."""
    _use_environment(run)
    started = time.perf_counter()
    try:
        run.meter.start()
        result = run.model.run(run.inputs, run.params, run.reporter)
    except Terminated:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a third party raises is that attempt's failure
        _tell(run, started, error)
    else:
        _tell(run, started, result)


def _run_batch(runs: list[_Run]) -> None:
    """Each of the attempts ended in exactly one of finished, failed, stopped."""
    first = runs[0]
    _use_environment(first)
    started = time.perf_counter()
    left = dict(enumerate(runs))
    lost: BaseException = failures.ResultInvalid("run_batch ended without saying what became of this job")
    try:
        first.meter.start()
        for place, outcome in first.model.run_batch([Job(run.inputs, run.params, run.reporter) for run in runs]):
            if place in left:
                _tell(left.pop(place), started, outcome)
    except Terminated:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a third party raises is their failure
        lost = error
    for run in left.values():
        _tell(run, started, lost)


def _tell(run: _Run, started: float, outcome: Result | BaseException) -> None:
    """The worker hears what became of the attempt; after a success its files lie in the staging folder."""
    if run.is_told:
        return run.scratch.empty()
    try:
        if isinstance(outcome, BaseException):
            raise outcome
        report = _finished(run, outcome, started)
    except Terminated:
        raise
    except BaseException as error:  # noqa: BLE001 - also what storing the files raises
        report = _ended_badly(run, error, started)
    kind, body = report
    try:
        run.line.send(kind, run.attempt.lease, **body)
    except protocol.ProtocolError as error:
        failed = failures.of_run(failures.ResultInvalid(f"the result's info cannot be sent: {error}"))
        run.line.send(protocol.FAILED, run.attempt.lease, **_failed_body(run, failed, started))
    run.scratch.empty()


def _finished(run: _Run, result: Result, started: float) -> tuple[str, dict[str, Any]]:
    run_s = time.perf_counter() - started
    files = outputs.store(result, run.folder, run.staging, limit=run.boot.output_bytes, fsync=run.boot.fsync)
    return protocol.FINISHED, {
        "outputs": files,
        "info": protocol.plain(dict(result.info or {})),
        "warnings": run.reporter.warnings,
        "run_s": run_s,
        "peak_bytes": run.meter.peak_bytes(),
    }


def _ended_badly(run: _Run, error: BaseException, started: float) -> tuple[str, dict[str, Any]]:
    failed = failures.of_run(error)
    if run.attempt.interrupted and not failed.broken:
        # Also when the model wrapped Cancelled into an error of its own: nobody wants to hear of it.
        return protocol.STOPPED, {"run_s": time.perf_counter() - started}
    traceback.print_exception(type(error), error, error.__traceback__)
    body = _failed_body(run, failed, started)
    if failed.out_of_memory:
        # The frames of the traceback hold what filled the memory.
        traceback.clear_frames(error.__traceback__)
        gc.collect()
        run.meter.release()
    return protocol.FAILED, body


def _failed_body(run: _Run, failed: failures.Failed, started: float) -> dict[str, Any]:
    return {
        "failure": failed.failure,
        "broken": failed.broken,
        "run_s": time.perf_counter() - started,
        "peak_bytes": run.meter.peak_bytes(),
    }


def _use_environment(run: _Run) -> None:
    """What the model puts into temporary files goes with the attempt; what traces it knows whose span it is in."""
    path = str(run.folder)
    if tempfile.tempdir != path or os.environ.get("TMPDIR") != path:  # the last model may have chosen another one
        os.environ["TMPDIR"] = tempfile.tempdir = path
    os.environ["TRACEPARENT"] = str(run.attempt.task.get("trace", ""))


def _unload(model: Any) -> int:
    """The model gave back what it holds, or did not; the guard waits no longer than half a second."""
    if model is None:
        return 0
    try:
        model.unload()
    except BaseException:  # noqa: BLE001 - said in the log; the process ends in any case
        traceback.print_exc()
        sys.stderr.flush()
        return 1
    return 0
