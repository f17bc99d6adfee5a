"""Where a job comes from, as W3C Trace Context has it: one id from the client's request to the runner and back.

client's span ─► request ─► job ─► attempt, whose span id is the attempt's own id ─► the model's spans, if it has any
"""

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")


class Traceparent(Struct, frozen=True):
    """A place in a trace: which trace, which span of it, and whether it is recorded (`01`) or not (`00`)."""

    trace_id: str
    span_id: str
    flags: str = "01"

    @property
    def is_sampled(self) -> bool:
        """Whether its spans are worth to be exported."""
        return bool(int(self.flags, 16) & 1)

    def at(self, span_id: str) -> "Traceparent":
        """Another span of the same trace."""
        return Traceparent(self.trace_id, span_id, self.flags)

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


def parse(text: str) -> Traceparent | None:
    """The place that the header names; None where it names none, and then a trace begins here."""
    found = _TRACEPARENT.fullmatch(text)
    return Traceparent(*found.groups()) if found else None


class Span(Struct, frozen=True, kw_only=True):
    """Something that took a while, for who collects traces. Instants are seconds since the epoch."""

    name: str
    at: Traceparent
    """Its trace and its own id."""
    parent_id: str = ""
    start: float
    end: float
    fields: dict[str, str | int | float | bool] = {}
    error: str = ""


Export = Callable[[Span], None]
"""Takes a span that has ended, at once and without waiting for anybody."""


class Origin(Struct, frozen=True, array_like=True):
    """The request that a job was asked for with."""

    trace: str = ""
    """`traceparent` of its span."""
    request: str = ""
    """Its X-Request-ID."""

    @property
    def trace_id(self) -> str:
        """The trace; empty if there is none."""
        return self.trace[3:35]

    def attempt(self, span_id: str) -> str:
        """`traceparent` of an attempt; empty if nobody traces."""
        found = parse(self.trace)
        return str(found.at(span_id)) if found else ""

    def fields(self, job: str, attempt: int = 0, worker: str = "") -> dict[str, Any]:
        """What every line of the log that concerns the job says of it."""
        all_of_it = {
            "job": job, "attempt": attempt, "worker": worker, "request": self.request, "trace_id": self.trace_id,
        }  # fmt: skip
        return {name: value for name, value in all_of_it.items() if value}


NOWHERE = Origin()
"""Of a job that was made before there were any, or by nobody's request."""
