"""Records with a story, and sinks that remember."""

from collections.abc import Sequence
from typing import Any

import msgspec

from aigc.core import lifecycle
from aigc.core.ids import JobId, ModelId, Now, OwnerId
from aigc.core.job import Job, Status
from web.stories import Event
from web.watcher import Packed


def fresh(name: str = "j", owner: str = "") -> Job:
    return lifecycle.begin(
        Job(id=JobId(name), feature="f", model=ModelId("m"), created_at=1_800_000_000.0, owner=OwnerId(owner))
    )


def then(job: Job, kind: str, **updates: Any) -> Job:
    return lifecycle.change(job, kind, Now(0.0, 1_800_000_000.0 + job.seq), **updates)


def started(job: Job) -> Job:
    return then(job, "started", status=Status.PROCESSING, attempt=1)


def completed(job: Job) -> Job:
    return then(started(job) if job.status is Status.QUEUED else job, "completed", status=Status.COMPLETED)


def told(events: Sequence[Event]) -> list[tuple[str, int]]:
    """Type and number of each event."""
    return [(event.type, event.seq) for event in events]


def read(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(event.data)
    return found


class MemorySink:
    """Takes everything while `unread` is low, and keeps it."""

    kind = form = "memory"

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sends = 0
        self.beats = 0
        self.unread: int | None = 0
        self.closed: tuple[int, str] | None = None
        self.broken = False

    def backlog(self) -> int | None:
        return self.unread

    def pack(self, events: Sequence[Event]) -> Packed:
        return Packed(b"", events)

    def send(self, packed: Packed) -> None:
        if self.broken:
            raise RuntimeError("broken")
        self.sends += 1
        self.events += packed.events

    def heartbeat(self) -> None:
        self.beats += 1

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    @property
    def told(self) -> list[tuple[str, int]]:
        return told(self.events)
