"""Broker to everybody who watches: what happened, on the event stream."""

from aigc.core.ids import JobId
from aigc.core.job import Job, Progress, Stage
from aigc.core.messages.message import Message
from aigc.core.messages.status import WorkerView


class Changed(Message, frozen=True):
    """A durable change: the record as the store now has it."""

    job: Job


class Progressed(Message, frozen=True):
    """News of a running attempt; latest wins, nothing is durable."""

    job: JobId
    attempt: int
    stage: Stage
    progress: Progress


class Forgotten(Message, frozen=True):
    """A record was deleted."""

    job: JobId


class QueueMoved(Message, frozen=True):
    """Positions and estimates are different now; at most once a second."""

    waiting: int


class Telemetry(Message, frozen=True):
    """Devices and residents changed; at most once a second."""

    workers: tuple[WorkerView, ...]


class CatalogueChanged(Message, frozen=True):
    """Ask for the catalogue again."""

    digest: str


class LevelChanged(Message, frozen=True):
    """Whoever hears this logs from that level on, see `ChangeLevel`; empty: as configured."""

    logger: str
    level: str


ToWatchers = Changed | Progressed | Forgotten | QueueMoved | Telemetry | CatalogueChanged | LevelChanged
