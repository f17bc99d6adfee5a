"""What a model prints: its end is kept, a bounded part of it is passed on, the rest is read and forgotten."""

from __future__ import annotations

import fcntl
import json
import os
import select
import time
from contextlib import suppress
from typing import Any

TAIL_BYTES = 64 << 10
RATE_BYTES = 64 << 10
"""Passed on per second, and at once."""

_CHUNK = 256 << 10
_F_SETPIPE_SZ = 1031  # fcntl has the name from Python 3.10.1 on


class Tail:
    """The last `limit` bytes of all that was added."""

    def __init__(self, limit: int = TAIL_BYTES) -> None:
        self._limit = limit
        self._kept = bytearray()

    def add(self, chunk: bytes) -> None:
        """`chunk` is the newest."""
        self._kept += chunk
        # Twice the limit is let stand, so that cutting costs little per byte.
        if len(self._kept) > 2 * self._limit:
            del self._kept[: -self._limit]

    def text(self) -> str:
        """What is kept, as text."""
        return bytes(self._kept[-self._limit :]).decode(errors="replace")


class Allowance:
    """A bucket of bytes that fills by `rate` per second up to `rate`."""

    def __init__(self, rate: int = RATE_BYTES) -> None:
        self._rate = rate
        self._left = float(rate)
        self._at = time.monotonic()

    def take(self, wanted: int) -> int:
        """How many of `wanted` bytes may pass now; they are taken from the bucket."""
        now = time.monotonic()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        granted = min(wanted, int(self._left))
        self._left -= granted
        return granted


class Reports:
    """Lines of JSON to the worker. What it does not read in time is lost, but for the last word."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        os.set_blocking(fd, False)
        self._unsent = b""

    def send(self, patience_s: float = 0.0, **report: Any) -> bool:
        """One line went out, or with False did not. A line is never cut: the rest of it goes before the next one."""
        line = json.dumps(report).encode() + b"\n"
        if self._unsent and patience_s == 0.0 and not self._push(0.0):
            return False
        self._unsent += line
        return self._push(patience_s) or patience_s == 0.0

    def _push(self, patience_s: float) -> bool:
        deadline = time.monotonic() + patience_s
        while self._unsent:
            try:
                self._unsent = self._unsent[os.write(self._fd, self._unsent) :]
            except BlockingIOError:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                select.select([], [self._fd], [], left)
            except OSError:  # the worker is gone
                self._unsent = b""
                return False
        return True


class Pump:
    """Reads what the model process and its descendants write to `fd`; never keeps them waiting."""

    def __init__(self, fd: int, reports: Reports) -> None:
        self._fd = fd
        os.set_blocking(fd, False)
        with suppress(OSError):  # over the user's share of pipe memory it stays at the usual 64 KB
            fcntl.fcntl(fd, _F_SETPIPE_SZ, _CHUNK)
        self._reports = reports
        self._allowance = Allowance()
        self._dropped = 0
        self.tail = Tail()

    def drain(self, chunks: int = 64) -> bool:
        """What waits was read, `chunks` reads of it at most; False once nobody can write any more."""
        for _ in range(chunks):
            try:
                chunk = os.read(self._fd, _CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self.tail.add(chunk)
            self._forward(chunk)
        return True

    def _forward(self, chunk: bytes) -> None:
        granted = self._allowance.take(len(chunk))
        text = chunk[:granted].decode(errors="replace")
        if granted and self._reports.send(printed=text, dropped=self._dropped):
            self._dropped = 0
        else:
            granted = 0
        self._dropped += len(chunk) - granted
