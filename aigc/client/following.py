"""A job's stream of events, taken up again wherever it breaks. No I/O: bytes and the clock's time are passed in."""

from __future__ import annotations

import json

from aigc.client.errors import ClientError, Refused, Timeout
from aigc.client.records import Event
from aigc.client.wire import API, Request, quoted

AGAIN_S = 0.5
"""Before a stream that ended is opened again."""


class EventParser:
    """Server-sent events from bytes, cut wherever the network cut them."""

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[Event]:
        """The events that are whole now."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        found = []
        for line in lines:
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                self._data.append(line[5:].lstrip())
            elif not line and self._data:
                found.append(Event(json.loads(b"\n".join(self._data))))
                self._data = []
        return found


class Following:
    """What to ask for and what to do next, until the job is final.

    Args:
        job: its id.
        since: the last event that is known already; 0: none.
        patience_s: a server that is away is waited for so long.
        was_heard: the server has answered this client before; one that never has is not waited for.
        ends: when the caller's time is over, on its clock; None: never.
    """

    def __init__(
        self, job: str, since: int, patience_s: float, *, was_heard: bool = True, ends: float | None = None
    ) -> None:
        self._job = job
        self._ends = ends
        self._path = f"{API}/jobs/{quoted(job)}/events"
        self._last = since
        self._patience_s = patience_s
        self._was_heard = was_heard
        self._parser = EventParser()
        self._broken_at: float | None = None
        self.is_over = False
        """The job is final, and its last event has been told."""

    def request(self) -> Request:
        """What opens the stream, after the last event that came."""
        self._parser = EventParser()
        resumed = {"Last-Event-ID": str(self._last)} if self._last else {}
        return Request("GET", self._path, {"Accept": "text/event-stream", **resumed}, may_repeat=True)

    def opened(self, status: int) -> None:
        """The server answered; 204 says that the last event has been told."""
        self._broken_at = None
        self._was_heard = True
        self.is_over = status == 204

    def feed(self, piece: bytes) -> list[Event]:
        """The events that are whole now; the server repeats none that this asked it to leave out."""
        found = []
        for event in self._parser.feed(piece):
            # A number that falls is a server that has lost its last moment: what it says counts.
            self._last = event.seq or self._last
            found.append(event)
            if event.is_final:
                self.is_over = True
                break
        return found

    def check(self, now: float) -> None:
        """Raises Timeout where the caller's time is over; to be asked after each piece, and one comes at least with
        each heartbeat of the server."""
        if self._ends is not None and now >= self._ends and not self.is_over:
            raise Timeout(f"job {self._job} is not done in time; it goes on", self._job)

    def pause_s(self, error: ClientError | None, now: float) -> float:
        """Seconds until it is opened again, after `error` or an orderly end. Raises the error once patience is out."""
        self.check(now)
        if error is None:
            return AGAIN_S
        self._broken_at = now if self._broken_at is None else self._broken_at
        wait_s = error.retry_after_s if isinstance(error, Refused) and error.retry_after_s else AGAIN_S
        if not self._was_heard or now + wait_s - self._broken_at > self._patience_s:
            raise error
        return wait_s
