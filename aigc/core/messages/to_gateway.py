"""Broker to gateway: the answers, on the link."""

from msgspec import Struct

from aigc.core.ids import JobId, ModelId, OwnerId, WorkerId
from aigc.core.job import Job
from aigc.core.messages.message import Message
from aigc.core.messages.status import SystemStatus
from aigc.core.metrics.tally import Row
from aigc.core.model import Catalogue


class JobAnswer(Message, frozen=True):
    """The job as it now is, or None if nobody knows it; `refusal` says why a request was not followed."""

    job: Job | None
    refusal: str = ""


class CancelAnswer(Message, frozen=True):
    """The truth about a cancel: the status now. `cancelling` is true while its runner is being stopped."""

    job: Job | None
    cancelling: bool = False


class Estimate(Struct, frozen=True, array_like=True):
    """Where a waiting job stands. Seconds from now; None where nothing is known (no worker can take it)."""

    job: JobId
    position: int
    """0: next of its class."""
    start_s: float | None
    done_s: float | None
    reason: str
    """Why it waits, in words."""


class Estimates(Message, frozen=True):
    """Answer to `AskEstimates`; jobs that no longer wait are left out."""

    estimates: tuple[Estimate, ...]


class QueuedJob(Struct, frozen=True, array_like=True):
    """A job that waits, as operators see it."""

    job: JobId
    name: str
    feature: str
    model: ModelId
    owner: OwnerId
    priority: int
    created_at: float
    attempt: int
    estimate: Estimate


class QueuePage(Message, frozen=True):
    """Answer to `AskQueue`."""

    total: int
    """How many match, on all pages."""
    jobs: tuple[QueuedJob, ...]


class Metrics(Message, frozen=True):
    """Every row that the broker knows, those that gateways have counted included."""

    rows: tuple[Row, ...]


class CatalogueAnswer(Message, frozen=True):
    """The catalogue in force."""

    catalogue: Catalogue


class Step(Struct, frozen=True, array_like=True):
    """What follows from an operator's wish on one worker."""

    worker: WorkerId
    is_begun: bool
    """False: it was so already."""
    detail: str


class ControlAnswer(Message, frozen=True):
    """What was begun, and where; or why nothing was."""

    steps: tuple[Step, ...] = ()
    refusal: str = ""
    code: str = ""
    """Of a refusal: `unknown` (no such model or worker), `conflict`, `unavailable` (no worker could now)."""


class ReloadAnswer(Message, frozen=True):
    """The catalogue in force after the files were read again: the new one whole, or the old one and every complaint."""

    digest: str
    added: tuple[ModelId, ...] = ()
    removed: tuple[ModelId, ...] = ()
    changed: tuple[ModelId, ...] = ()
    complaints: tuple[str, ...] = ()
    """`file:line:col: what: what to do`."""
    notes: tuple[str, ...] = ()
    """Settings that were changed and take effect at the next start only."""


class LevelAnswer(Message, frozen=True):
    """How many processes were told to log from that level on, beside the broker that answers."""

    gateways: int
    workers: int


ToGateway = (
    JobAnswer
    | CancelAnswer
    | Estimates
    | QueuePage
    | SystemStatus
    | Metrics
    | CatalogueAnswer
    | ControlAnswer
    | ReloadAnswer
    | LevelAnswer
)
