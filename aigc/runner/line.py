"""The runner's end of the socket to its worker, shared by all threads under one lock.

Whoever has something to send reads what waits, and the main thread waits for the socket while it has nothing to run.
While it runs a model, the control thread looks from time to time, so that an interrupt is seen and the last report of a
burst is sent. It would cost a brief run more to wake that thread for all that is said to the main one. The descriptor
of the socket is edge-triggered: whoever holds the lock reads everything that waits before it lets go.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time
import traceback
from collections import deque
from typing import Any, NamedTuple, NoReturn

import zmq

from aigc.runner import protocol

REPORT_GAP_S = 0.04
LOOK_S = 0.02
"""Between two looks of the control thread while a model runs."""
LINGER_MS = 200
UNSENT_MESSAGES = 64
BROKEN_LINE = 71
"""Exit status of a process that cannot be talked to any more."""


# Plain integers: pyzmq's enumerations cost more than the calls that they are handed to.
_DO_NOT_WAIT, _EVENTS, _READABLE = int(zmq.DONTWAIT), int(zmq.EVENTS), int(zmq.POLLIN)


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
        self._queue: deque[Attempt] = deque()
        self._waiting: dict[tuple[Any, ...], _Report] = {}
        self._unbegun: list[tuple[Any, ...]] = []
        """Leases that were interrupted before they were taken, and are to be answered for."""
        self._due = 0.0
        self._is_idle = False
        """The main thread waits for the socket, so whoever else reads it must tell."""
        self._is_running = threading.Event()
        self._fd = int(self._socket.getsockopt(zmq.FD))
        self._waking, self._wake = os.pipe()
        threading.Thread(target=self._control, name="control", daemon=True).start()

    def next_attempt(self) -> Attempt:
        """The next run that is asked for; waits for it. For the main thread."""
        while True:
            with self._lock:
                self._is_idle = False
                if not self._queue:
                    self._receive()
                found = self._begun(1)
                self._is_idle = not found
                if found and not self._is_running.is_set():
                    self._is_running.set()
            if found:
                return found[0]
            self._answer_unbegun()
            for fd in self._ready(None):
                if fd == self._waking:
                    os.read(self._waking, 4096)

    def more_attempts(self) -> list[Attempt]:
        """All further runs that were asked for meanwhile."""
        with self._lock:
            self._receive()
            return self._begun(len(self._queue))

    def _begun(self, most: int) -> list[Attempt]:
        """The next ones, which are begun with now; who was interrupted before is passed over. With the lock held."""
        found: list[Attempt] = []
        while self._queue and len(found) < most:
            attempt = self._queue.popleft()
            attempt.is_taken = not attempt.interrupted
            if attempt.is_taken:
                found.append(attempt)
        return found

    def _answer_unbegun(self) -> None:
        with self._lock:
            unbegun, self._unbegun = self._unbegun, []
        for lease in unbegun:
            self.send(protocol.STOPPED, lease, run_s=0.0)

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
        now = time.monotonic()
        with self._lock:
            self._waiting[attempt.lease] = _Report(attempt, body)
            if is_due or now >= self._due:
                self._send_reports(now)

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
            self._socket.send(frame, _DO_NOT_WAIT)
        except zmq.Again:
            return False
        finally:
            self._receive()
        return True

    def _control(self) -> None:
        try:
            self._look()
        except BaseException:  # noqa: BLE001 - a runner that cannot hear must not go on
            if self._closed:
                return
            traceback.print_exc()
            sys.stderr.flush()
            os._exit(BROKEN_LINE)

    def _look(self) -> NoReturn:
        while True:
            self._is_running.wait()
            time.sleep(LOOK_S)
            self._ready(0)
            with self._lock:
                if self._is_idle:
                    self._is_running.clear()
                    continue
                self._receive()
                if self._waiting and (now := time.monotonic()) >= self._due:
                    self._send_reports(now)
            self._answer_unbegun()

    def _ready(self, timeout_ms: int | None) -> list[int]:
        """Those of the two descriptors at which something waits; raises OSError if one is none any more."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(self._waking, select.POLLIN)
        ready = poll.poll(timeout_ms)
        if any(event & select.POLLNVAL for _, event in ready):
            raise OSError("a descriptor of the line to the worker was closed under it")
        return [fd for fd, _ in ready]

    def _receive(self) -> None:
        """Everything that waits was taken up. Called with the lock held."""
        while int(self._socket.getsockopt(_EVENTS)) & _READABLE:
            for message in protocol.decode(self._socket.recv(_DO_NOT_WAIT)):
                self._take_up(message)

    def _take_up(self, message: protocol.Message) -> None:
        if message.lease is None:
            raise protocol.ProtocolError(f"{message.kind} without a lease")
        if message.kind == protocol.RUN:
            attempt = self._attempts[message.lease] = Attempt(message.lease, message.body)
            self._queue.append(attempt)
            if self._is_idle:
                os.write(self._wake, b"r")
        elif message.kind == protocol.INTERRUPT:
            wanted = self._attempts.get(message.lease)
            if wanted is not None:
                wanted.interrupted = True
                if not wanted.is_taken:
                    self._unbegun.append(message.lease)
