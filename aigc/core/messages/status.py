"""The whole system as its broker sees it, for operators."""

from typing import Any

from msgspec import Struct, field

from aigc.core.ids import BootId, ModelId, OwnerId, WorkerId
from aigc.core.job import Lease, Stage, Status
from aigc.core.messages.devices import Device, Resident
from aigc.core.messages.message import Generation, Message


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
    agreed: dict[str, str] = field(default_factory=dict)
    """Of `SystemStatus.agreed` what concerns it, as it has that."""


class GatewayView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One gateway that the leading broker hears."""

    boot: BootId
    host: str = ""
    pid: int = 0
    version: str = ""
    agreed: dict[str, str] = field(default_factory=dict)
    """As it has them, see `SystemStatus.agreed`."""


class BrokerView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One broker as the store knows it."""

    owner: str
    """Who it is, in its own words."""
    generation: int = 0
    """What it leads with; 0: it stands by."""
    seen_s: float = 0.0
    """Seconds since it renewed its lease, or asked for one."""
    agreed: dict[str, str] = field(default_factory=dict)
    """As it has them, where that is known, see `SystemStatus.agreed`."""


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
    waiting_by_priority: dict[int, int] = field(default_factory=dict)
    reasons: tuple[WaitReason, ...] = ()
    """Why jobs wait, most jobs first; every job that is queued counts once."""
    store_fault: str = ""
    """Why the store cannot be read; what it would tell is then as it was last known."""
    agreed: dict[str, str] = field(default_factory=dict)
    """Settings that every process must share, as the broker has them, see `config.agreement`."""
    gateways: tuple[GatewayView, ...] = ()
