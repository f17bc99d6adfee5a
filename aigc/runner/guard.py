"""The first process of a runner: it forks the one that will hold the model, and outlives all that comes of it.

It ends everything that descends from it, also what called setsid or lost its parents, when

* the model process ends, in whatever way,
* the worker sends SIGTERM (the model process hears it first and has `GRACE_S` to give its memory back), or
* the worker is gone: the pipe on standard input, whose other end the worker alone holds, reports its end.

It exits when nothing is left, after a last report on standard output: how the model process ended, the end of what was
printed, the peak of its memory. It imports neither zmq nor anything of a model, so it has one thread, may fork, and
needs some 10 MB.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from aigc.runner import descent
from aigc.runner.pump import Pump, Reports

GRACE_S = 0.5
"""Between SIGTERM and SIGKILL of the model process."""

AGAIN_MS = 20
LAST_WORD_S = 1.0

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_STDIN, _STDOUT, _STDERR = 0, 1, 2


class Guard:
    """One use: `run` forks, watches, ends."""

    def __init__(self) -> None:
        self._child = 0
        self._status: int | None = None
        self._usage: resource.struct_rusage | None = None
        self._kill_at: float | None = None
        self._end_all = False

    def run(self, model_process: Callable[[], int]) -> int:
        """`model_process` ran in a child of its own and everything that came of it is gone; returns 0."""
        descent.wear_mark()
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        output, model_output = os.pipe()
        signs = self._watch_signals()
        # What Python's start said, such as a missing module, has gone to standard error by now.
        guard = os.getpid()
        self._child = os.fork()
        if self._child == 0:
            _become_model_process(guard, model_output, model_process)
        os.close(model_output)
        reports = Reports(_STDOUT)
        pump = Pump(output, reports)
        self._watch(output, signs, pump)
        pump.drain(chunks=4096)
        reports.send(LAST_WORD_S, exited=self._last_word(pump))
        return 0

    def _watch_signals(self) -> int:
        signs, sign = os.pipe()
        os.set_blocking(signs, False)
        os.set_blocking(sign, False)
        signal.set_wakeup_fd(sign, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        return signs

    def _watch(self, output: int, signs: int, pump: Pump) -> None:
        """Returns when no descendant is left."""
        poll = select.poll()
        for fd in (output, signs, _STDIN):
            poll.register(fd, select.POLLIN)
        while True:
            for fd, _ in poll.poll(self._wait_ms()):
                if fd == output:
                    if not pump.drain():
                        poll.unregister(output)
                elif fd == signs:
                    if signal.SIGTERM in os.read(signs, 4096):
                        self._leave()
                elif not os.read(_STDIN, 4096):
                    self._end_all = True  # the worker is gone; nobody waits for a tidy end
                    poll.unregister(_STDIN)
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                self._end_all = True
            if self._end_all:
                descent.kill_descendants(os.getpid())
            if not self._reap():
                return

    def _wait_ms(self) -> int | None:
        if self._end_all:
            return AGAIN_MS
        if self._kill_at is not None:
            return max(0, int((self._kill_at - time.monotonic()) * 1000) + 1)
        return None

    def _leave(self) -> None:
        if self._kill_at is None and self._status is None:
            self._kill_at = time.monotonic() + GRACE_S
            os.kill(self._child, signal.SIGTERM)

    def _reap(self) -> bool:
        """The dead were waited for; False if nobody is left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self._child:
                self._status, self._usage = status, usage
                self._end_all = True
                descent.kill_descendants(os.getpid())

    def _last_word(self, pump: Pump) -> dict[str, object]:
        status = self._status or 0
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return {
            "code": None if number else os.WEXITSTATUS(status),
            "signal": signal_name(number) if number else "",
            "tail": pump.tail.text(),
            "peak_bytes": self._usage.ru_maxrss * 1024 if self._usage else 0,
        }


def _become_model_process(guard: int, output: int, model_process: Callable[[], int]) -> None:
    """Runs `model_process` and exits with what it returns."""
    status = 70
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != guard:
            os.kill(os.getpid(), signal.SIGKILL)  # the guard died before it was tied to us
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, _STDIN)
        os.dup2(output, _STDOUT)
        os.dup2(output, _STDERR)
        os.closerange(3, max(output, nothing) + 1)
        # Made anew, because the old ones remember what kind of file they were made for.
        sys.stdout, sys.stderr = _text(_STDOUT), _text(_STDERR)
        status = model_process()
    except BaseException:  # noqa: BLE001 - nothing may return into the guard's own code
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


def _text(fd: int) -> TextIO:
    return open(fd, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)


def _prctl(option: int, argument: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    if libc.prctl(option, argument, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"prctl({option}): {os.strerror(number)}")


def signal_name(number: int) -> str:
    """`SIGKILL` and the like."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"
