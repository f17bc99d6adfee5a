"""Broker to worker. Every one names the generation of the broker that sent it."""

from typing import Any

from msgspec import field

from aigc.core.ids import ModelId
from aigc.core.job import Input, Lease
from aigc.core.messages.message import Generation, Message
from aigc.core.model import Catalogue
from aigc.core.trace import NOWHERE, Origin


class Welcome(Message, frozen=True):
    """The answer to a hello: who leads, and the catalogue's models, which the worker needs to spawn runners."""

    generation: Generation
    catalogue: Catalogue
    levels: dict[str, str] = field(default_factory=dict)
    """Levels of the log that operators have set and that are in force: logger to level, see `ChangeLevel`."""


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


class SetLevel(Message, frozen=True):
    """Log from that level on, see `ChangeLevel`; empty: as configured."""

    generation: Generation
    logger: str
    level: str


Order = DrainWorker | ResumeWorker | LoadModel | UnloadModel | PinModel
"""What an operator wants of a worker."""


ToWorker = Welcome | Grant | CancelLease | Settled | RetireWorker | SetLevel | Order
