"""Gateway to broker: news of jobs, and questions."""

from typing import Literal

from msgspec import field

from aigc.core.ids import BootId, JobId, ModelId, OwnerId, WorkerId
from aigc.core.job import Job
from aigc.core.messages.message import Message
from aigc.core.metrics.tally import Row


class GatewayHello(Message, frozen=True):
    """A gateway is there; the broker looks into the store for what it did not hear."""

    boot: BootId
    host: str = ""
    pid: int = 0
    version: str = ""
    agreed: dict[str, str] = field(default_factory=dict)
    """Settings that every process must share, as this one has them, see `config.agreement`."""


class Submit(Message, frozen=True):
    """A record that is being created at this moment; known ids are ignored."""

    job: Job


class CancelJob(Message, frozen=True):
    """Somebody wants a job's end. Asked; answered by `CancelAnswer`."""

    job: JobId
    reason: str


class MoveJob(Message, frozen=True):
    """Change a waiting job's priority. Asked; answered by `JobAnswer`."""

    job: JobId
    priority: int


class ForgetJob(Message, frozen=True):
    """Delete a finished job's record. Asked; answered by `JobAnswer` with the record as it was."""

    job: JobId


class DropResult(Message, frozen=True):
    """A finished job's main output is about to be deleted, its record stays. Asked; answered by `JobAnswer` with the
    record that does not name it any more."""

    job: JobId


class AskEstimates(Message, frozen=True):
    """Where do these waiting jobs stand? Asked; answered by `Estimates`."""

    jobs: tuple[JobId, ...]


class AskQueue(Message, frozen=True, kw_only=True):
    """Those who wait, a page of them. Asked; answered by `QueuePage`."""

    owner: OwnerId | None = None
    """Only this one's; None: everybody's."""
    model: str = ""
    words: str = ""
    """To be found in the name, id, owner, model or feature; in any case of letters."""
    order: Literal["place", "age", "owner", "model", "feature"] = "place"
    """`place`: who starts first; equal ones by age, the oldest first."""
    is_reversed: bool = False
    offset: int = 0
    limit: int = 100


class AskStatus(Message, frozen=True):
    """The whole picture. Asked; answered by `SystemStatus`."""


class AskMetrics(Message, frozen=True):
    """All that is counted, and how all is now. Asked; answered by `Metrics`."""


class Counted(Message, frozen=True):
    """What a gateway has counted since it said so before, and how many event streams of each kind it has now."""

    rows: tuple[Row, ...]
    streams: dict[str, int]


class AskCatalogue(Message, frozen=True):
    """Asked; answered by `CatalogueAnswer`."""


class ControlModel(Message, frozen=True):
    """An operator wants a model loaded, unloaded, kept or not kept. Asked; answered by `ControlAnswer`."""

    model: ModelId
    action: Literal["load", "unload", "pin", "unpin"]
    worker: WorkerId = WorkerId("")
    """Empty: where it is, or for what is nowhere where it costs least."""


class ControlWorker(Message, frozen=True):
    """An operator wants a worker to take no more jobs, to take them again, or a lost one to be shown no more.

    Asked; answered by `ControlAnswer`.
    """

    worker: WorkerId
    action: Literal["drain", "resume", "forget"]


class ReloadCatalogue(Message, frozen=True):
    """Read the configuration's files again. Asked; answered by `ReloadAnswer`."""


class ChangeLevel(Message, frozen=True):
    """An operator wants all processes to log from another level on. Asked; answered by `LevelAnswer`."""

    logger: str
    """`aigc` for our own log, else a library's."""
    level: str
    """As the standard library calls it, in capitals."""


GatewayMessage = (
    GatewayHello
    | Submit
    | CancelJob
    | MoveJob
    | ForgetJob
    | DropResult
    | AskEstimates
    | AskQueue
    | AskStatus
    | AskMetrics
    | Counted
    | AskCatalogue
    | ControlModel
    | ControlWorker
    | ReloadCatalogue
    | ChangeLevel
)
