"""Worker to broker. Every one about a job names its lease."""

from typing import Any

from msgspec import field

from aigc.core.ids import BootId, WorkerId
from aigc.core.job import Failure, Lease, Output, Progress, Stage
from aigc.core.messages.devices import Device, Resident
from aigc.core.messages.message import Message


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
    agreed: dict[str, str] = field(default_factory=dict)
    """Settings that it must share with the broker, as it has them, see `config.agreement`."""


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
