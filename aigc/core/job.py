"""The job's record: what was asked, what has become of it, what came out.

A record is never changed in place: `lifecycle.change` makes the next one.
"""

from enum import StrEnum
from typing import Any

from msgspec import Struct, field

from aigc.core.ids import AssetKey, AttemptId, JobId, ModelId, OwnerId, WorkerId
from aigc.core.trace import NOWHERE, Origin

NAME_CHARACTERS = 120
"""A job's name is told up to here."""


class Status(StrEnum):
    """The five words that clients see; the last three are final."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    def __init__(self, word: str) -> None:
        self.is_final = word in ("completed", "failed", "cancelled")
        """True for a state that nothing can leave."""


class Stage(StrEnum):
    """What a job that is not finished is doing, finer than its status; empty when it is finished."""

    WAITING = "waiting"
    RETRYING = "retrying"
    LOADING_MODEL = "loading_model"
    PREPROCESSING = "preprocessing"
    SAMPLING = "sampling"
    DECODING = "decoding"
    TEXTURING = "texturing"
    EXPORTING = "exporting"
    STORING = "storing"
    CANCELLING = "cancelling"
    NONE = ""


class Lease(Struct, frozen=True, array_like=True):
    """Permission for one worker to make one attempt at one job."""

    job: JobId
    attempt: int
    """Counts from 1 and only grows."""
    id: AttemptId


class Input(Struct, frozen=True, omit_defaults=True):
    """One named input: a text itself, or a file in the AssetStore."""

    text: str | None = None
    asset: AssetKey | None = None
    filename: str = ""
    """As the client named it; shown, never used as a path."""
    title: str = ""
    """What the job is called whose output it is; empty for any other file."""
    content_type: str = ""
    bytes: int = 0


class Output(Struct, frozen=True, omit_defaults=True):
    """One file that an attempt left in the AssetStore."""

    name: str
    role: str
    """`model` (the main result), `thumbnail`, `preview`, `texture`, `part`."""
    asset: AssetKey
    format: str
    """Suffix without the dot: `glb`, `obj`, `png`."""
    content_type: str
    bytes: int
    sha256: str
    stats: dict[str, Any] = {}
    """Of a mesh: triangles, vertices, watertight, bounds and the like."""


class Progress(Struct, frozen=True, omit_defaults=True):
    """How far the current attempt is."""

    fraction: float = 0.0
    """0 to 1, never less than before within one attempt."""
    step: int = 0
    steps: int = 0
    message: str = ""
    preview: AssetKey | None = None
    left_s: float | None = None
    """How long it is expected to go on, seconds from when this was told; None: nobody knows."""


class Failure(Struct, frozen=True, omit_defaults=True):
    """Why an attempt ended badly, with the evidence."""

    code: str
    """`input_invalid`, `out_of_memory`, `model_load_failed`, `model_error`, `runner_crashed`, `runner_stalled`,
    `worker_lost`, `deadline_exceeded`, `result_invalid`, `storage_failed`, `model_removed`, `internal`."""
    message: str
    suggestion: str = ""
    retryable: bool = False
    """True where another attempt may succeed."""
    log_tail: str = ""
    """The last lines that the runner printed."""
    attempt: int = 0
    worker: WorkerId = WorkerId("")
    at: float = 0.0
    """Seconds since the epoch."""


class Timings(Struct, frozen=True, omit_defaults=True):
    """Seconds of the attempt that counted, except `queued_s`, which spans all waiting."""

    queued_s: float = 0.0
    loading_s: float = 0.0
    running_s: float = 0.0


class Change(Struct, frozen=True, array_like=True):
    """One line of a job's history: the durable event that its watchers can resume from."""

    seq: int
    """Counts from 1 per job, without gaps."""
    at: float
    """Seconds since the epoch."""
    kind: str
    """`queued`, `started`, `retrying`, `cancelling`, `completed`, `failed`, `cancelled`, `priority`,
    `output_deleted`."""
    detail: str = ""


class Job(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One accepted request and its fate. Times are seconds since the epoch."""

    id: JobId
    feature: str
    model: ModelId
    created_at: float
    inputs: dict[str, Input] = {}
    params: dict[str, Any] = {}
    """Complete: validated, with every default filled in."""
    output_format: str = "glb"
    owner: OwnerId = OwnerId("")
    priority: int = 5
    """0 to 9; a higher class is served first."""
    tags: tuple[str, ...] = ()
    metadata: dict[str, str] = {}
    """The client's own words, given back as they came."""
    deadline_at: float | None = None
    max_attempts: int = 3
    input_size: int = 0
    """See `work_size`: with the model it picks the bucket in which memory and time are learned."""
    idempotency_key: str = ""
    origin: Origin = NOWHERE
    """Of the request that it was asked for with."""
    request_digest: str = ""
    """sha256 of the request, by which a replay is told from another request under the same key."""

    status: Status = Status.QUEUED
    stage: Stage = Stage.WAITING
    seq: int = 1
    attempt: int = 0
    """Attempts begun, handed-back ones included."""
    strikes: int = 0
    """Attempts that ended badly and count against `max_attempts`."""
    lease: Lease | None = None
    worker: WorkerId = WorkerId("")
    cancel_reason: str = ""
    """Not empty once somebody asked for its end."""
    started_at: float | None = None
    finished_at: float | None = None
    progress: Progress = field(default_factory=Progress)
    outputs: tuple[Output, ...] = ()
    deleted: tuple[Output, ...] = ()
    """Outputs that it had until somebody deleted their files."""
    info: dict[str, Any] = {}
    """What the model says about the result."""
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    """Of a failed job: the last and decisive one."""
    failures: tuple[Failure, ...] = ()
    """Of every attempt that ended badly, oldest first."""
    timings: Timings = field(default_factory=Timings)
    peak_bytes: int = 0
    history: tuple[Change, ...] = ()
    """Oldest first; bounded by `lifecycle.HISTORY_LIMIT`."""

    @property
    def name(self) -> str:
        """What people call it: what its owner named it, else its text, else its file (or what the job is called that
        made the file), else what it makes."""
        given = self.metadata.get("name") or next((one.text for one in self.inputs.values() if one.text), "")
        given = given or next((one.title or one.filename for one in self.inputs.values() if one.filename), "")
        return " ".join(given.split())[:NAME_CHARACTERS] or self.feature.replace("_", " ")

    @property
    def main_output(self) -> Output | None:
        """The result itself, if there is one."""
        return next((out for out in self.outputs if out.role == "model"), None)
