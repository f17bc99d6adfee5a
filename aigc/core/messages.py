"""What crosses a process boundary, one union per direction.

A message is an event that has not arrived yet: the broker hands what it decodes straight to `Scheduler.apply`.
Every message from a worker names its lease; every message to a worker names the generation of the broker that sent it.
"""

from typing import Any, Literal

from msgspec import Struct

from aigc.core.ids import BootId, DeviceId, JobId, ModelId, OwnerId, WorkerId
from aigc.core.job import Failure, Input, Job, Lease, Output, Progress, Stage, Status
from aigc.core.metrics.tally import Row
from aigc.core.model import Catalogue
from aigc.core.trace import NOWHERE, Origin


class Message(Struct, frozen=True, array_like=True, tag=True):
    """Base of all messages: an array on the wire, its first item the class name."""


class Generation(Struct, frozen=True, array_like=True):
    """Which broker leads: the number only grows, the random id tells two of one number apart."""

    number: int
    id: str


# Views: what a worker tells about itself.


class Device(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One device as its worker sees it now. Memory in bytes."""

    id: DeviceId
    kind: str
    """`cuda`, `cpu`; a fake device says what it stands for."""
    name: str = ""
    total: int = 0
    usable: int = 0
    """What models may reserve: total less the reserve less what strangers use."""
    used: int = 0
    """What the driver says is in use, by anybody."""
    reserved: int = 0
    """The ledger's sum."""
    strangers: int = 0
    """In use by processes that are not ours."""
    utilisation: float | None = None
    """0 to 1."""
    temperature_c: float | None = None
    power_w: float | None = None
    healthy: bool = True
    note: str = ""
    """Why it is not healthy, or what is special about it."""
    fault: str = ""
    """A hardware error that was met and is not known to be mended, with what to do about it."""


class Resident(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One runner of a worker and what it holds."""

    residency: str
    """The model's family, see `ModelSpec.residency`."""
    state: str
    """`loading`, `idle`, `running`, `stopping`."""
    bytes: int
    pid: int = 0
    pinned: bool = False
    idle_s: float = 0.0
    jobs_done: int = 0
    load_s: float = 0.0


# Worker -> broker.


class WorkerHello(Message, frozen=True):
    """A worker is there, with the leases that it still holds; sent again after every reconnect."""

    worker: WorkerId
    boot: BootId
    device: Device
    slots: int
    """Jobs that it runs at once."""
    credit: int
    """Leases that it takes at once: the slots and what may wait beside them."""
    leases: tuple[Lease, ...]
    residents: tuple[Resident, ...]
    host: str = ""
    version: str = ""
    draining: bool = False


class WorkerBeat(Message, frozen=True):
    """Once a second: telemetry and residency."""

    worker: WorkerId
    boot: BootId
    device: Device
    residents: tuple[Resident, ...]
    draining: bool = False
    leases: tuple[Lease, ...] | None = None
    """Leases held or ended but not settled yet, by which a lost grant or cancel is noticed; None: not told."""
    left: tuple[tuple[str, str, int], ...] = ()
    """How often each residency has left the device in this life of the worker, and why."""


class WorkerBye(Message, frozen=True):
    """A worker leaves in order; it holds no lease any more."""

    worker: WorkerId
    boot: BootId


class LeaseStarted(Message, frozen=True):
    """The model is resident and the attempt has begun to run."""

    worker: WorkerId
    lease: Lease
    load_s: float
    """Seconds spent on loading for this lease; 0 if the model was resident."""


class LeaseProgress(Message, frozen=True):
    """Latest wins."""

    worker: WorkerId
    lease: Lease
    stage: Stage
    progress: Progress


class LeaseRan(Message, frozen=True):
    """The model is done with it and free for the next one; its files are on their way to the store."""

    worker: WorkerId
    lease: Lease
    load_s: float
    """As in `LeaseStarted`."""


class LeaseFinished(Message, frozen=True):
    """The result's files are durable."""

    worker: WorkerId
    lease: Lease
    outputs: tuple[Output, ...]
    info: dict[str, Any]
    warnings: tuple[str, ...]
    load_s: float
    run_s: float
    peak_bytes: int


class LeaseFailed(Message, frozen=True):
    """The attempt ended badly and its runner is idle or gone."""

    worker: WorkerId
    lease: Lease
    failure: Failure
    killed_runner: bool
    """True if the attempt took its runner with it: two such strikes park the job."""
    load_s: float = 0.0
    run_s: float = 0.0
    peak_bytes: int = 0


class LeaseStopped(Message, frozen=True):
    """The attempt was asked to end and has really ended."""

    worker: WorkerId
    lease: Lease
    run_s: float = 0.0


class LeaseReturned(Message, frozen=True):
    """Handed back unharmed (drain, no room); does not count as a failure."""

    worker: WorkerId
    lease: Lease
    reason: str


WorkerMessage = (
    WorkerHello
    | WorkerBeat
    | WorkerBye
    | LeaseStarted
    | LeaseProgress
    | LeaseRan
    | LeaseFinished
    | LeaseFailed
    | LeaseStopped
    | LeaseReturned
)

# Broker -> worker.


class Welcome(Message, frozen=True):
    """The answer to a hello: who leads, and the catalogue's models, which the worker needs to spawn runners."""

    generation: Generation
    catalogue: Catalogue


class Grant(Message, frozen=True):
    """A lease, with all that is needed to act on it."""

    generation: Generation
    lease: Lease
    model: ModelId
    feature: str
    inputs: dict[str, Input]
    params: dict[str, Any]
    output_format: str
    need_bytes: int
    """Memory to reserve for the model: learned, else declared."""
    alone: bool = False
    """True for the retry after an out-of-memory: every other idle model leaves first."""
    evict: tuple[str, ...] = ()
    """Residencies that should leave to make room, if room is needed."""
    stall_limit_s: float = 300.0
    time_left_s: float | None = None
    """Until the job's deadline or run limit; None: as long as it takes."""
    origin: Origin = NOWHERE
    """See `Job`."""


class CancelLease(Message, frozen=True):
    """End this attempt: somebody asked for it, its deadline passed, or it is stale."""

    generation: Generation
    lease: Lease
    reason: str


class DrainWorker(Message, frozen=True):
    """Take no more leases; hand back what has not started; let idle models go."""

    generation: Generation


class ResumeWorker(Message, frozen=True):
    """Take leases again, also after an error for which the device is in quarantine."""

    generation: Generation


class LoadModel(Message, frozen=True):
    """Have the model resident as soon as there is room; idle models that are not pinned leave for it."""

    generation: Generation
    model: ModelId
    need_bytes: int
    evict: tuple[str, ...] = ()
    """Residencies that should leave to make room, if room is needed."""


class UnloadModel(Message, frozen=True):
    """Let an idle model go, or one that runs when its job has ended."""

    generation: Generation
    residency: str


class PinModel(Message, frozen=True):
    """Keep the model resident whatever else wants its memory, or no more; holds for as long as the worker lives."""

    generation: Generation
    model: ModelId
    is_pinned: bool


class Settled(Message, frozen=True):
    """What was reported about the end of these leases is durable; the worker may forget them.

    Until then it reports them again after every reconnect, so that no result is lost with a broker. The broker sends
    this for every terminal report that it heard, stale ones included.
    """

    generation: Generation
    leases: tuple[Lease, ...]


class RetireWorker(Message, frozen=True):
    """A later life of this worker is there, on another machine perhaps: end, and do not come again by yourself."""

    generation: Generation
    successor: str
    """Who that is, in words."""


Order = DrainWorker | ResumeWorker | LoadModel | UnloadModel | PinModel
"""What an operator wants of a worker."""
ToWorker = Welcome | Grant | CancelLease | Settled | RetireWorker | Order

# Gateway -> broker.


class GatewayHello(Message, frozen=True):
    """A gateway is there; the broker looks into the store for what it did not hear."""

    boot: BootId
    host: str = ""
    pid: int = 0
    version: str = ""
    agreed: dict[str, str] = {}
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


class Counted(Message, frozen=True):
    """What a gateway has counted since it said so before, and how many event streams of each kind it has now."""

    rows: tuple[Row, ...]
    streams: dict[str, int]


class AskMetrics(Message, frozen=True):
    """All that is counted, and how all is now. Asked; answered by `Metrics`."""


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


GatewayMessage = (
    GatewayHello
    | Submit
    | CancelJob
    | MoveJob
    | ForgetJob
    | AskEstimates
    | AskQueue
    | AskStatus
    | AskMetrics
    | Counted
    | AskCatalogue
    | ControlModel
    | ControlWorker
    | ReloadCatalogue
)
ToBroker = WorkerMessage | GatewayMessage

# Broker -> gateway: answers on the link, news on the event stream.


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


class LeaseView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One lease that is out, as the broker sees it. Times are seconds, up to now."""

    lease: Lease
    worker: WorkerId
    model: ModelId
    name: str = ""
    """What people call the job."""
    feature: str = ""
    owner: OwnerId = OwnerId("")
    residency: str = ""
    """Whose reservation it works in."""
    need_bytes: int = 0
    """What it may take of that."""
    held_s: float = 0.0
    """Since it was granted, or found by this broker."""
    running_s: float | None = None
    """Since its model began to work on it; None: it has not begun."""
    stage: Stage = Stage.NONE
    fraction: float = 0.0
    ending: str = ""
    """Why it was asked to end; empty: it was not."""


class WorkerView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One worker as the broker sees it."""

    id: WorkerId
    boot: BootId
    liveness: str
    """`alive`, `suspect`, `lost`."""
    device: Device
    residents: tuple[Resident, ...] = ()
    leases: tuple[LeaseView, ...] = ()
    slots: int = 1
    """Jobs that it runs at once."""
    credit: int = 2
    """Leases that it takes at once."""
    host: str = ""
    version: str = ""
    draining: bool = False
    quarantined: str = ""
    """Why no job is given to it; empty: it gets jobs."""
    lost_s: float = 0.0
    """Of a lost one: since when."""


class GatewayView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One gateway that the leading broker hears."""

    boot: BootId
    host: str = ""
    pid: int = 0
    version: str = ""
    agreed: dict[str, str] = {}
    """As it has them, see `SystemStatus.agreed`."""


class BrokerView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One broker as the store knows it."""

    owner: str
    """Who it is, in its own words."""
    generation: int = 0
    """What it leads with; 0: it stands by."""
    seen_s: float = 0.0
    """Seconds since it renewed its lease, or asked for one."""


class WaitReason(Struct, frozen=True, array_like=True):
    """Why some jobs wait."""

    reason: str
    jobs: int
    models: tuple[ModelId, ...]
    """What they wait for."""


class SystemStatus(Message, frozen=True, kw_only=True):
    """Everything that an operator wants to see at once."""

    generation: Generation
    broker: BootId
    started_at: float
    workers: tuple[WorkerView, ...]
    counts: dict[Status, int]
    """Jobs in the store by status; queued and processing are exact."""
    waiting_by_feature: dict[str, int]
    waiting_by_owner: dict[OwnerId, int]
    running: tuple[LeaseView, ...]
    """Every lease that is out, oldest first, also of workers that have not come back yet."""
    queue_bound: int
    retry_after_s: float
    """When a refused client should come again."""
    learned: dict[str, Any]
    """Per model: memory, load and run time as learned."""
    catalogue_digest: str
    brokers: tuple[BrokerView, ...] = ()
    """The leading one first, then those that stand by."""
    waiting_by_priority: dict[int, int] = {}
    reasons: tuple[WaitReason, ...] = ()
    """Why jobs wait, most jobs first; every job that is queued counts once."""
    store_fault: str = ""
    """Why the store cannot be read; what it would tell is then as it was last known."""
    agreed: dict[str, str] = {}
    """Settings that every process must share, as the broker has them, see `config.agreement`."""
    gateways: tuple[GatewayView, ...] = ()


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
)


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


ToWatchers = Changed | Progressed | Forgotten | QueueMoved | Telemetry | CatalogueChanged
