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
    """Of the resident set, over the life of the process."""


class _Report(Struct):
    printed: str = ""
    dropped: int = 0
    exited: Ended | None = None


class GuardedProcess:
    """A guard (`aigc.runner.guard`) that was started with `command`.

    The guard dies with the thread that started it, by `PR_SET_PDEATHSIG`: that is the thread of the event loop.

    Args:
        token: marks the processes in `environment`, for those whose guard was killed.
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
        token: str,
        on_print: Callable[[str], None],
        on_end: Callable[[Ended], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._token = token
        self._on_print, self._on_end = on_print, on_end
        self._tail = Tail()  # what the guard passed on, in case it is killed and gives no report
        self._line = bytearray()
        self._ended: Ended | None = None
        self._force: asyncio.TimerHandle | None = None
        self._popen = subprocess.Popen(
            command,
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,  # its end tells the guard that we are gone
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            start_new_session=True,
        )
        assert self._popen.stdout is not None
        self._out = self._popen.stdout.fileno()
        os.set_blocking(self._out, False)
        self._handle = os.pidfd_open(self._popen.pid)
        self._loop.add_reader(self._out, self._read)
        self._loop.add_reader(self._handle, self._guard_ended)

    def pids(self) -> tuple[int, ...]:
        """The guard, the model process and all that descends from it."""
        return (self._popen.pid, *descent.descendants(self._popen.pid))

    def terminate(self) -> None:
        """The guard begins an orderly end, of half a second at most."""
        self._popen.terminate()

    def kill(self) -> None:
        """All descendants have got SIGKILL, and so will the guard if it does not end at once."""
        if self._popen.returncode is None:
            descent.kill_descendants(self._popen.pid)
            if self._force is None:
                self._force = self._loop.call_later(FORCE_S, self._popen.kill)

    def _read(self) -> None:
        if not self._read_some():
            self._loop.remove_reader(self._out)

    def _read_some(self) -> bool:
        """False if nothing more can come."""
        try:
            chunk = os.read(self._out, _READ_BYTES)
        except BlockingIOError:
            return True
        self._line += chunk
        *lines, rest = self._line.split(b"\n")
        self._line = rest if len(rest) <= _LINE_BYTES else bytearray()
        for line in lines:
            self._take(bytes(line))
        return bool(chunk)

    def _take(self, line: bytes) -> None:
        try:
            report = msgspec.json.decode(line, type=_Report)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # The interpreter itself spoke: it has no pyzmq, say, or is none.
            report = _Report(printed=line.decode(errors="replace") + "\n")
        if report.exited is not None:
            self._ended = report.exited
        if report.printed:
            self._tail.add(report.printed.encode())
            self._on_print(report.printed)

    def _guard_ended(self) -> None:
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        self._loop.remove_reader(self._out)
        if self._force is not None:
            self._force.cancel()
        code = self._popen.wait()
        while self._unread():
            pass
        for pipe in (self._popen.stdin, self._popen.stdout):
            assert pipe is not None
            pipe.close()
        if self._ended is not None:
            self._on_end(self._ended)
            return
        # Killed, or it never came to guard anything. Its own death took the model process along, but no grandchildren.
        signal = descent.signal_name(-code) if code < 0 else ""
        self._ended = Ended(code if code >= 0 else None, signal, self._tail.text())
        self._loop.run_in_executor(None, descent.kill_marked, self._token).add_done_callback(self._swept)

    def _unread(self) -> bool:
        before = len(self._tail.text()), self._ended, len(self._line)
        return self._read_some() and before != (len(self._tail.text()), self._ended, len(self._line))

    def _swept(self, sweep: asyncio.Future[int]) -> None:
        assert self._ended is not None
        self._on_end(self._ended)
        sweep.result()
