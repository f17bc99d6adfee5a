"""One child process with everything that descends from it: started, listened to, and certainly gone in the end."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from aigc.runner import descent
from aigc.runner.guard import signal_name
from aigc.runner.pump import Tail

FORCE_S = 0.5
"""So long a guard has, after its descendants were killed, to give its report; then it is killed itself."""

_READ_BYTES = 1 << 16
_LINE_BYTES = 1 << 20


class Ended(Struct, frozen=True):
    """How the model process ended, as its guard saw it."""

    code: int | None
    """None if a signal ended it."""
    signal: str = ""
    tail: str = ""
    """The end of what was printed."""
    peak_bytes: int = 0
    """Of the resident set, since the process was last asked to run (it resets the peak then)."""


class _Report(Struct):
    printed: str = ""
    dropped: int = 0
    exited: Ended | None = None


class GuardedProcess:
    """A guard (`aigc.runner.guard`) that was started with `command`.

    The guard dies with the thread that started it, by `PR_SET_PDEATHSIG`: that is the thread of the event loop.

    Args:
        mark: what the guard is to wear, with all that comes of it: by that they are found if it was killed.
        on_print: gets what was printed, as far as the guard passes it on.
        on_end: called once, on the loop, when neither the guard nor any descendant exists any more.
    Raises:
        OSError: the program cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        mark: int,
        on_print: Callable[[str], None],
        on_end: Callable[[Ended], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._mark = mark
        self._on_print, self._on_end = on_print, on_end
        self._tail = Tail()  # what the guard passed on, in case it is killed and gives no report
        self._line = bytearray()
        self._ended: Ended | None = None
        self._force: asyncio.TimerHandle | None = None
        guard_in, self._lifeline = os.pipe()
        self._out, guard_out = os.pipe()
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - the interpreter is the operator's own choice
                command,
                env={**environment, descent.MARK_VARIABLE: str(mark)},
                cwd=folder,
                stdin=guard_in,  # reports its end to the guard when we are gone: nobody else holds the other one
                stdout=guard_out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except BaseException:
            self._close_pipes()
            raise
        finally:
            os.close(guard_in)
            os.close(guard_out)
        self.pid = self._popen.pid
        """Of the guard."""
        os.set_blocking(self._out, False)
        try:
            self._handle = os.pidfd_open(self.pid)
        except OSError:  # no descriptors left: without a handle its end would go unnoticed
            self._popen.kill()
            self._popen.wait()
            self._close_pipes()
            raise
        self._loop.add_reader(self._out, self._read)
        self._loop.add_reader(self._handle, self._guard_ended)

    def pids(self) -> tuple[int, ...]:
        """The guard, the model process and all that descends from it."""
        return (self.pid, *descent.descendants(self.pid))

    def terminate(self) -> None:
        """The guard begins an orderly end, of half a second at most."""
        self._popen.terminate()

    def kill(self) -> None:
        """All descendants have got SIGKILL, and so will the guard if it does not end at once."""
        if self._popen.returncode is None:
            descent.kill_descendants(self.pid)
            if self._force is None:
                self._force = self._loop.call_later(FORCE_S, self._popen.kill)

    def _read(self) -> None:
        if self._read_some() == 0:
            self._loop.remove_reader(self._out)

    def _read_some(self) -> int | None:
        """How many bytes were taken; None if nothing waits, 0 if nothing more can come."""
        try:
            chunk = os.read(self._out, _READ_BYTES)
        except BlockingIOError:
            return None
        self._line += chunk
        *lines, rest = self._line.split(b"\n")
        self._line = rest if len(rest) <= _LINE_BYTES else bytearray()
        for line in lines:
            self._take(bytes(line))
        return len(chunk)

    def _take(self, line: bytes) -> None:
        try:
            report = msgspec.json.decode(line, type=_Report)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # The interpreter itself spoke: it has no pyzmq, say, or is none.
            report = _Report(printed=line.decode(errors="replace") + "\n")
        if report.exited is not None:
            self._ended = report.exited
        if report.printed:
            text = f"[{report.dropped} bytes left out]\n" * bool(report.dropped) + report.printed
            self._tail.add(text.encode())
            self._on_print(text)

    def _guard_ended(self) -> None:
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        self._loop.remove_reader(self._out)
        if self._force is not None:
            self._force.cancel()
        code = self._popen.wait()
        while self._read_some():
            pass
        self._close_pipes()
        if self._ended is not None:
            self._on_end(self._ended)
            return
        # Killed, or it never came to guard anything. Its own death took the model process along, but no grandchildren.
        marks = range(self._mark, self._mark + 1)
        how = Ended(code if code >= 0 else None, signal_name(-code) if code < 0 else "", self._tail.text())

        def swept(sweep: asyncio.Future[int]) -> None:
            self._on_end(how)
            sweep.result()  # an error in it is a defect of ours, and the loop's handler says so

        self._loop.run_in_executor(None, descent.kill_marked, marks).add_done_callback(swept)

    def _close_pipes(self) -> None:
        os.close(self._lifeline)
        os.close(self._out)
