"""Everything that happens to an owner's jobs, taken up again wherever the stream breaks. No I/O, as in `following`."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

from aigc.client.errors import ClientError, refusal
from aigc.client.following import AGAIN_S
from aigc.client.records import Event

KNOWN_ENDS = 4096
"""Jobs whose end was told, so that it is told once: a server that says what was missed looks back a little further."""


class Watching:
    """What to say on each new connection, and what of that which comes is news.

    Args:
        owner: whose jobs, for operators; empty: one's own, where somebody logs in.
        patience_s: a server that is away is waited for so long.
        was_heard: the server has answered this client before; one that never has is not waited for.
    """

    def __init__(self, owner: str, patience_s: float, *, was_heard: bool = True) -> None:
        self._owner = owner
        self._patience_s = patience_s
        self._was_heard = was_heard
        self._after = self._latest = ""
        self._is_behind = False
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._broken_at: float | None = None

    def command(self) -> dict[str, Any]:
        """What is said first: where it was, if it was here before. That holds until the server has told what was missed
        since."""
        self._latest, self._is_behind = self._after, bool(self._after)
        more = {"owner": self._owner, "after": self._after}
        return {"type": "subscribe", "all": True, **{name: value for name, value in more.items() if value}}

    def opened(self) -> None:
        """The server took the connection; whether it can do what it is asked shows in what it says."""
        self._was_heard = True

    def feed(self, frame: str) -> list[Event]:
        """The news of a frame. Raises Refused if the server does not do what it was told."""
        found = []
        for told in json.loads(frame):
            event = Event(told)
            # Each has the same form, so the later is the greater. Those without a time leave it as it is.
            self._latest = max(self._latest, event.text("at"))
            self._is_behind = self._is_behind and event.type != "subscribed"
            if not self._is_behind:
                self._after = self._latest
            if event.type == "subscribed":
                self._broken_at = None
            if event.type == "error":
                raise refusal(int(event.number("status") or 422), told)
            is_news = event.job_id not in self._ended or event.kind == "forgotten"
            if is_news and event.type != "subscribed":
                found.append(event)
                if event.is_final and event.job_id:
                    self._ended[event.job_id] = None
                    if len(self._ended) > KNOWN_ENDS:
                        self._ended.popitem(last=False)
        return found

    def pause_s(self, error: ClientError | None, now: float) -> float:
        """Seconds until the next connection, after `error` or an orderly end. Raises the error once patience is out."""
        if error is None:
            return AGAIN_S
        self._broken_at = now if self._broken_at is None else self._broken_at
        if not self._was_heard or now + AGAIN_S - self._broken_at > self._patience_s:
            raise error
        return AGAIN_S
