"""What answers look like. Tests hold every real answer against these, so they cannot drift from the views.

Times are RFC 3339 in UTC, sizes bytes, durations seconds, fractions 0 to 1.
"""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from aigc.core.job import Stage, Status

Fraction = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0)]
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Link = Annotated[str, Meta(description="A path below this server, or an absolute URL.")]


class _Answer(Struct, forbid_unknown_fields=True):
    """An answer holds these keys and no others."""


class FieldProblem(_Answer):
    """What is wrong with one field."""

    pointer: Annotated[str, Meta(description="JSON pointer into the body; `?name` for a query parameter.")]
    detail: str


class Problem(Struct):
    """Why a request was refused (RFC 9457), with the keys that existing clients read beside."""

    type: str
    title: str
    status: int
    detail: Any
    code: str
    request_id: str
    error: str
    message: str
    suggestion: str | UnsetType = UNSET
    errors: list[FieldProblem] | UnsetType = UNSET
    retry_after_s: float | UnsetType = UNSET


class Progress(_Answer):
    """How far the current attempt is."""

    fraction: Fraction
    step: Count
    steps: Count
    message: str
    preview_url: Link | None
    estimated_left_s: Annotated[
        float | None, Meta(description="As its like took, and as far as it is; null: not known.")
    ]


class Queue(_Answer):
    """Where a waiting job stands, and what it waits for."""

    position: int
    estimated_start_s: float | None
    estimated_done_s: float | None
    reason: str


class Input(_Answer):
    """What was given: the text, or a file."""

    text: str | UnsetType = UNSET
    filename: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    """What the job is called whose output it is; empty for any other file."""
    content_type: str | UnsetType = UNSET
    bytes: Count | UnsetType = UNSET
    url: Link | UnsetType = UNSET


class Output(_Answer):
    """One file of a result."""

    name: str
    role: Annotated[str, Meta(description="model, thumbnail, preview, texture, part or input.")]
    format: str
    content_type: str
    bytes: Count
    sha256: str
    stats: dict[str, Any]
    url: Link


class Failure(_Answer):
    """Why an attempt failed."""

    code: str
    message: str
    suggestion: str
    retryable: bool
    log_tail: str
    attempt: Count
    worker: str
    at: Instant | None


class Timings(_Answer):
    """Where the time went."""

    queued_s: float | None
    loading_s: float | None
    running_s: float | None


class HistoryLine(_Answer):
    """One durable event."""

    seq: Count
    at: Instant
    kind: str
    detail: Any


class JobLinks(_Answer):
    """What can be asked next."""

    self: Link
    events: Link
    websocket: Link
    cancel: Link | UnsetType = UNSET
    retry: Link | UnsetType = UNSET
    download: Link | UnsetType = UNSET
    thumbnail: Link | UnsetType = UNSET


class Job(_Answer):
    """A job."""

    id: str
    name: str
    """What people call it: `metadata.name`, else its text, else its file or the job that made it, else its feature."""
    feature: str
    model: str
    status: Status
    stage: Stage
    progress: Progress
    queue: Queue | None
    owner: str | None
    priority: Annotated[int, Meta(ge=0, le=9)]
    worker: str
    attempt: Count
    max_attempts: Count
    tags: list[str]
    metadata: dict[str, str]
    inputs: dict[str, Input]
    params: dict[str, Any]
    output_format: str
    outputs: list[Output]
    info: dict[str, Any]
    warnings: list[str]
    error: Failure | None
    failures: list[Failure]
    timings: Timings
    peak_bytes: Count
    request_id: str
    trace_id: str
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None
    deadline_at: Instant | None
    seq: Count
    history: list[HistoryLine]
    urls: JobLinks


class Jobs(_Answer):
    """A page of jobs, newest first."""

    jobs: list[Job]
    total: int | None
    next_cursor: str | None


class Formats(_Answer):
    """The formats that an input may have."""

    formats: list[str]


class Feature(_Answer):
    """Something that can be asked for."""

    name: str
    title: str
    description: str
    inputs: dict[str, Formats]
    optional_inputs: dict[str, Formats]
    output_formats: list[str]
    models: list[str]
    default_model: str | None


class Features(_Answer):
    """All features."""

    features: list[Feature]


class Place(_Answer):
    """Where a model is in memory."""

    worker: str
    state: str
    bytes: Count
    idle_s: float | None
    pinned: bool


class Model(_Answer):
    """A model; `schema` is the JSON Schema of its parameters."""

    id: str
    feature: str
    description: str
    is_default: bool
    inputs: dict[str, Formats]
    optional_inputs: dict[str, Formats]
    output_formats: list[str]
    schema: dict[str, Any]
    devices: list[str]
    memory_bytes: Count
    load_s: float
    run_s: float
    learned: dict[str, Any] | None
    residency: list[Place] | None
    pinned: bool
    batch: int
    licence: str
    commercial_use: bool
    digest: str


class AbsentModel(_Answer):
    """A model that is known and not served; `reason` is `not_installed` or `licence`."""

    id: str
    feature: str
    reason: str
    detail: str
    suggestion: str
    licence: str
    commercial_use: bool


class Models(_Answer):
    """All models, those that are known and not served, and the digest of the catalogue."""

    models: list[Model]
    absent: list[AbsentModel]
    digest: str


class Device(_Answer):
    """A device: `usable` is what models may reserve, `reserved` what they have, `strangers` what others use."""

    id: str
    kind: str
    name: str
    total: Count
    usable: int
    used: Count
    reserved: Count
    free: Count
    strangers: int
    utilisation: float | None
    temperature_c: float | None
    power_w: float | None
    healthy: bool
    note: str


class Resident(_Answer):
    """A runner and the model that it holds."""

    residency: str
    state: str
    bytes: Count
    pid: int | None
    pinned: bool
    idle_s: float | None
    jobs_done: Count
    load_s: float | None
    jobs: list[str]


class Lease(_Answer):
    """A job that a worker has."""

    id: str
    attempt: Count
    worker: str
    name: str
    model: str
    feature: str
    owner: str
    residency: str
    need_bytes: Count
    held_s: float
    running_s: float | None
    stage: str
    fraction: Fraction
    ending: str


class Worker(_Answer):
    """A worker and its device."""

    id: str
    boot: str
    host: str
    version: str
    liveness: str
    lost_s: float | None
    draining: bool
    quarantined: str
    slots: int
    credit: int
    device: Device
    residents: list[Resident]
    leases: list[Lease]


class Workers(_Answer):
    """All workers, as the leader of that generation sees them."""

    workers: list[Worker]
    generation: int


class Step(_Answer):
    """What is done at one worker."""

    worker: str
    begun: bool
    detail: str


class Begun(_Answer):
    """What was begun."""

    action: str
    workers: list[Step]
    model: str | UnsetType = UNSET


class Reloaded(_Answer):
    """What is new in the catalogue."""

    digest: str
    added: list[str]
    removed: list[str]
    changed: list[str]
    notes: list[str]


class QueuedJob(_Answer):
    """A job that waits."""

    id: str
    name: str
    feature: str
    model: str
    owner: str
    priority: Annotated[int, Meta(ge=0, le=9)]
    created_at: Instant
    attempt: Count
    queue: Queue


class QueuePage(_Answer):
    """A page of those who wait; `total` is how many match on all pages."""

    total: Count
    offset: Count
    jobs: list[QueuedJob]


class EndedJobs(_Answer):
    """How many jobs were ended, or asked to end."""

    owner: str
    cancelled: Count


class Evidence(_Answer):
    """All that is known of a job."""

    written_at: Instant
    version: str
    catalogue: str
    learned: dict[str, Any] | None
    job: Job


class Setting(_Answer):
    """A setting in force and where it comes from."""

    name: str
    value: Any
    origin: str
    hidden: bool


class Process(_Answer):
    """Who answers."""

    host: str
    pid: Count
    version: str


class Configuration(_Answer):
    """The settings of the gateway that answers, and where it differs from the broker (null: none answers)."""

    process: Process
    settings: list[Setting]
    agreed: dict[str, str]
    broker_agreed: dict[str, str] | None
    differences: list[str]
    catalogue_digest: str


class Upload(_Answer):
    """A file that was sent."""

    file_id: str
    filename: str
    file_type: str
    file_size_mb: float
    upload_time: Instant
    expires_at: Instant | None
    content_type: str
    bytes: Count
    sha256: str
    is_available: bool | UnsetType = UNSET


class Uploads(_Answer):
    """Files that were sent, newest first."""

    files: list[Upload]
    count: Count
    total_files: Count


class ForgottenUpload(_Answer):
    """The upload is gone."""

    file_id: str
    message: str
    filename: str


class ReadyPart(_Answer):
    """One part of the server."""

    ok: bool
    detail: str
    took_s: float


class Ready(_Answer):
    """What the parts said when they were tried, at most a second ago."""

    ready: bool
    parts: dict[str, ReadyPart]
    version: str


class Health(_Answer):
    """Jobs are accepted and will be run."""

    status: str
    timestamp: float
    version: str
    release: str
