"""The runner's end of the socket to its worker, shared by two threads under one lock.

The main thread runs the model and sends; the control thread waits for what the worker says, so that an interrupt is
seen while the model works, and sends the last report of a burst when its time has come. The descriptor of the socket
is edge-triggered: whoever holds the lock reads everything that waits before it lets go.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
import traceback
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import zmq

from aigc.runner import protocol

REPORT_GAP_S = 0.04
LINGER_MS = 200
UNSENT_MESSAGES = 64
BROKEN_LINE = 71
"""Exit status of a process that cannot be talked to any more."""


class Attempt:
    """One run that the worker asked for."""

    def __init__(self, lease: tuple[Any, ...], task: dict[str, Any]) -> None:
        self.lease = lease
        self.task = task
        self.interrupted = False
        """Nobody wants its result any more."""
        self.is_taken = False
        """It is being worked on, or was."""


class _Report(NamedTuple):
    attempt: Attempt
    body: dict[str, Any]


class Line:
    """Connected from the start; the control thread ends with the process.

    Args:
        address: where the worker listens.
        identity: the runner's token.
    """

    def __init__(self, address: str, identity: str) -> None:
        self._context = zmq.Context()
        self._socket: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        self._socket.setsockopt(zmq.ROUTING_ID, identity.encode())
        self._socket.setsockopt(zmq.LINGER, LINGER_MS)
        self._socket.setsockopt(zmq.SNDHWM, UNSENT_MESSAGES)
        self._socket.setsockopt(zmq.MAXMSGSIZE, protocol.MESSAGE_BYTES)
        self._socket.connect(address)
        self._lock = threading.Lock()
        self._closed = False
        self._attempts: dict[tuple[Any, ...], Attempt] = {}
        self._queue: SimpleQueue[Attempt] = SimpleQueue()
        self._waiting: dict[tuple[Any, ...], _Report] = {}
        self._unbegun: list[tuple[Any, ...]] = []
        """Leases that were interrupted before they were taken; nobody but the control thread answers for them."""
        self._due = 0.0
        self._waking, self._wake = os.pipe()
        threading.Thread(target=self._control, name="control", daemon=True).start()

    def next_attempt(self) -> Attempt:
        """The next run that is asked for; waits for it."""
        while True:
            if self._take(attempt := self._queue.get()):
                return attempt

    def more_attempts(self) -> list[Attempt]:
        """All further runs that were asked for meanwhile."""
        found: list[Attempt] = []
        while True:
            try:
                attempt = self._queue.get_nowait()
            except Empty:
                return found
            if self._take(attempt):
                found.append(attempt)

    def _take(self, attempt: Attempt) -> bool:
        """False if it was interrupted before anybody took it: that was answered already."""
        with self._lock:
            attempt.is_taken = not attempt.interrupted
        return attempt.is_taken

    def send(self, kind: str, lease: tuple[Any, ...] | None = None, **body: Any) -> None:
        """The message is on its way, before any report that still waited: those are dropped if they are of `lease`.

        Raises:
            ProtocolError: it cannot be packed or is too long.
        """
        frame = protocol.encode(kind, lease, body)
        with self._lock:
            if lease is not None:
                self._waiting.pop(lease, None)
                self._attempts.pop(lease, None)
            is_taken = self._offer(frame)
        while not is_taken:  # the worker is stopped, or very busy; this message must not be lost
            time.sleep(REPORT_GAP_S)
            with self._lock:
                is_taken = self._offer(frame)

    def report(self, attempt: Attempt, body: dict[str, Any], is_due: bool) -> None:
        """The worker hears of it now, or `REPORT_GAP_S` after the last report, if nothing newer came."""
        report = _Report(attempt, body)
        now = time.monotonic()
        with self._lock:
            was_waiting = bool(self._waiting)
            self._waiting[attempt.lease] = report
            if is_due or now >= self._due:
                self._send_reports(now)
            is_first = not was_waiting and bool(self._waiting)
        if is_first:
            os.write(self._wake, b"r")

    def close(self) -> None:
        """What was sent has left, as far as 200 ms allow. The line must not be used any more."""
        # Whoever holds the lock now may never let go: this runs when the process ends.
        if self._lock.acquire(timeout=LINGER_MS / 1000):
            self._closed = True
            self._socket.close()
            self._context.term()

    def _send_reports(self, now: float) -> None:
        """The latest report of each attempt has left, as far as ZeroMQ takes them."""
        self._due = now + REPORT_GAP_S
        for report in tuple(self._waiting.values()):
            frame = protocol.encode(protocol.PROGRESSED, report.attempt.lease, report.body)
            # A worker that is stopped gets the latest one when it goes on, whatever there was in between.
            if not self._offer(frame):
                return
            self._waiting.pop(report.attempt.lease, None)

    def _offer(self, frame: bytes) -> bool:
        """True if ZeroMQ took the frame. Called with the lock held."""
        try:
            self._socket.send(frame, zmq.DONTWAIT)
        except zmq.Again:
            return False
        finally:
            self._receive()
        return True

    def _control(self) -> None:
        try:
            self._listen()
        except BaseException:  # noqa: BLE001 - a runner that cannot hear must not go on
            if self._closed:
                return
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(BROKEN_LINE)

    def _listen(self) -> None:
        poll = select.poll()
        poll.register(int(self._socket.getsockopt(zmq.FD)), select.POLLIN)
        poll.register(self._waking, select.POLLIN)
        timeout_ms: float | None = None
        while True:
            for fd, event in poll.poll(timeout_ms):
                if event & select.POLLNVAL:
                    raise OSError(f"descriptor {fd} of the line to the worker was closed under it")
                if fd == self._waking:
                    os.read(self._waking, 4096)
            with self._lock:
                self._receive()
                unbegun, self._unbegun = self._unbegun, []
                now = time.monotonic()
                if self._waiting and now >= self._due:
                    self._send_reports(now)
                timeout_ms = (self._due - now) * 1000 if self._waiting else None
            for lease in unbegun:
                self.send(protocol.STOPPED, lease, run_s=0.0)

    def _receive(self) -> None:
        """Everything that waits was taken up. Called with the lock held."""
        while int(self._socket.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            frame = self._socket.recv(zmq.DONTWAIT)
            message = protocol.decode(frame)
            if message.lease is None:
                raise protocol.ProtocolError(f"{message.kind} without a lease")
            if message.kind == protocol.RUN:
                attempt = self._attempts[message.lease] = Attempt(message.lease, message.body)
                self._queue.put(attempt)
            elif message.kind == protocol.INTERRUPT:
                wanted = self._attempts.get(message.lease)
                if wanted is not None:
                    wanted.interrupted = True
                    if not wanted.is_taken:
                        self._unbegun.append(message.lease)
                        os.write(self._wake, b"i")  # it may be the other thread that reads this
