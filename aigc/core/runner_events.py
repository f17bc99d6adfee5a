"""What a runner process does to its worker, and what the worker has done to it.

`device.Device.apply` takes the events and returns the effects; `actors.worker` is the shell between them,
`actors.runner_process` the hands on the processes.
"""

from pathlib import PurePath
from typing import Any, NewType

from msgspec import Struct

from aigc.core.events import Tick
from aigc.core.ids import ModelId
from aigc.core.job import Failure, Input, Lease, Output, Progress, Stage
from aigc.core.messages import Device, ToWorker, WorkerMessage
from aigc.core.model import ModelSpec

RunnerId = NewType("RunnerId", str)
"""One runner process: residency + a number that is never reused in its worker's life."""


class Staged(Struct, frozen=True):
    """One file that a runner left in its staging folder: whole, fsynced and measured, not yet visible."""

    name: str
    """Within the folder; a plain file name."""
    role: str
    format: str
    content_type: str
    bytes: int
    sha256: str
    stats: dict[str, Any] = {}


# Events.


class RunnerConnected(Struct, frozen=True):
    """The process is up and listens; it has begun to load its model."""

    runner: RunnerId
    pid: int


class RunnerLoaded(Struct, frozen=True):
    """The model is resident and the runner idle."""

    runner: RunnerId
    load_s: float
    bytes: int
    """Held on the device now (RSS on a CPU)."""


class RunnerProgressed(Struct, frozen=True):
    """News of the running attempt; also the sign of life that the stall limit waits for."""

    runner: RunnerId
    lease: Lease
    stage: Stage
    progress: Progress


class RunnerFinished(Struct, frozen=True):
    """The model returned; its files lie whole in the staging folder."""

    runner: RunnerId
    lease: Lease
    outputs: tuple[Staged, ...]
    info: dict[str, Any]
    warnings: tuple[str, ...]
    run_s: float
    peak_bytes: int


class RunnerFailed(Struct, frozen=True):
    """Loading (`lease` is None) or running raised; the process still lives, and is idle unless it says `broken`."""

    runner: RunnerId
    lease: Lease | None
    failure: Failure
    run_s: float = 0.0
    peak_bytes: int = 0
    broken: bool = False
    """The process must not be used again (sticky device error, failed load)."""


class RunnerStopped(Struct, frozen=True):
    """The attempt ended because it was cancelled; the runner is idle."""

    runner: RunnerId
    lease: Lease
    run_s: float = 0.0


class RunnerExited(Struct, frozen=True):
    """The process and every descendant of it are gone, and its memory with them."""

    runner: RunnerId
    code: int | None
    """Exit status; None if a signal ended it."""
    signal: str = ""
    """`SIGKILL` and the like."""
    log_tail: str = ""
    peak_bytes: int = 0


class Stored(Struct, frozen=True):
    """The attempt's files are durable and visible in the AssetStore."""

    lease: Lease
    outputs: tuple[Output, ...]


class StoringFailed(Struct, frozen=True):
    """They could not be stored (`failure`), or an input could not be fetched."""

    lease: Lease
    failure: Failure


RunnerNews = (
    RunnerConnected | RunnerLoaded | RunnerProgressed | RunnerFinished | RunnerFailed | RunnerStopped | RunnerExited
)
"""What one runner process does."""
RunnerEvent = RunnerNews | Stored | StoringFailed


class Measured(Struct, frozen=True):
    """The device as its probe sees it now. Once a second."""

    device: Device
    """`usable` and `reserved` are not looked at: the ledger knows them."""
    held: dict[RunnerId, int] = {}
    """Bytes that each runner and its descendants hold, where the host can tell (RSS on a CPU)."""


class Connected(Struct, frozen=True):
    """A fresh link to the broker is open; what was under way on an earlier one is lost."""


class Silent(Struct, frozen=True):
    """The broker has not been heard for longer than the link's patience."""


class Drain(Struct, frozen=True):
    """This worker is to end: hand back what has not started, and after the budget what still runs."""

    budget_s: float


DeviceEvent = RunnerEvent | ToWorker | Measured | Connected | Silent | Drain | Tick

# Effects.


class Prepare(Struct, frozen=True):
    """Begin to make the inputs local and a staging folder ready; a `Run` of the lease follows, or a `DropStaging`.

    Fails with `StoringFailed`, and then nothing of this lease was or will be handed to a runner.
    """

    lease: Lease
    inputs: dict[str, Input]


class Spawn(Struct, frozen=True):
    """Start a runner for a model; its memory is reserved already. It loads at once."""

    runner: RunnerId
    spec: ModelSpec


class Run(Struct, frozen=True):
    """Have the runner run as soon as what `Prepare` began is ready.

    If an `Interrupt` comes before that, nothing is handed over and the shell itself answers `RunnerStopped`.
    """

    runner: RunnerId
    lease: Lease
    model: ModelId
    inputs: dict[str, Input]
    params: dict[str, Any]
    output_format: str
    trace: str = ""
    """`traceparent` of the attempt, for the model's own spans."""


class Interrupt(Struct, frozen=True):
    """First rung of the ladder: set the flag that the model sees at its next step."""

    runner: RunnerId
    lease: Lease


class Terminate(Struct, frozen=True):
    """Second rung: SIGTERM to the runner. Also how an idle one is unloaded."""

    runner: RunnerId


class Kill(Struct, frozen=True):
    """Last rung: SIGKILL to the runner's whole process group and its descendants."""

    runner: RunnerId


class StoreOutputs(Struct, frozen=True):
    """Publish the staging folder of this lease; ends in `Stored` or `StoringFailed`."""

    lease: Lease
    outputs: tuple[Staged, ...]


class DropStaging(Struct, frozen=True):
    """Nothing of this lease's staging folder is wanted."""

    lease: Lease


class Report(Struct, frozen=True):
    """Send this to the broker."""

    message: WorkerMessage


class Retire(Struct, frozen=True):
    """End this worker: its life is over, and nothing that it does counts any more."""

    successor: str
    """Who has taken its place, in words."""


DeviceEffect = Prepare | Spawn | Run | Interrupt | Terminate | Kill | StoreOutputs | DropStaging | Report | Retire


class RunTask(Struct, frozen=True):
    """What the shell hands to a runner once the inputs are local: paths instead of keys."""

    lease: Lease
    model: ModelId
    inputs: dict[str, str]
    """A text input as itself, a file input as a path."""
    params: dict[str, Any]
    output_format: str
    folder: PurePath
    """Staging folder: the runner's outputs land here, and nothing else."""
    trace: str = ""
    """`traceparent` of the attempt."""
    fields: dict[str, Any] = {}
    """What lines about it in the log say of it."""
