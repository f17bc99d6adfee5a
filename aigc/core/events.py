"""What can happen to the scheduler: the messages of workers and gateways, and what the broker finds out itself."""

from msgspec import Struct

from aigc.core.ids import BootId, JobId, WorkerId
from aigc.core.job import Job
from aigc.core.messages import (
    CancelJob,
    ControlModel,
    ControlWorker,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    MoveJob,
    Submit,
    WorkerBeat,
    WorkerBye,
    WorkerHello,
)
from aigc.core.model import Catalogue


class Asked(Struct, frozen=True):
    """A request that wants an answer: `token` comes back in `effects.Answer`."""

    token: object
    request: CancelJob | MoveJob | ControlModel | ControlWorker


class Restored(Struct, frozen=True):
    """Open jobs found in the store: all of them at the start, unheard ones later. Known ids are ignored.

    Jobs with a lease wait for their worker's hello until `SchedulerSettings.adoption_s` has passed.
    """

    jobs: tuple[Job, ...]


class NeverCreated(Struct, frozen=True):
    """The store does not know these ids: their creation was refused. They leave without a trace."""

    jobs: tuple[JobId, ...]


class WorkerSilent(Struct, frozen=True):
    """Suspect: gets no new lease until it is heard again."""

    worker: WorkerId
    boot: BootId


class WorkerLost(Struct, frozen=True):
    """Silent beyond the limit: its leases are void."""

    worker: WorkerId
    boot: BootId


class Reloaded(Struct, frozen=True):
    """Another catalogue is in force. Waiting jobs of models that left fail, running ones go on."""

    catalogue: Catalogue


class Tick(Struct, frozen=True):
    """Time has passed: deadlines, adoption limits, back-off."""


Event = (
    Submit
    | Asked
    | Restored
    | NeverCreated
    | WorkerHello
    | WorkerBeat
    | WorkerBye
    | WorkerSilent
    | WorkerLost
    | LeaseStarted
    | LeaseProgress
    | LeaseRan
    | LeaseFinished
    | LeaseFailed
    | LeaseStopped
    | LeaseReturned
    | Reloaded
    | Tick
)
