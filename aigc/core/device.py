"""One device of one worker, as a state machine without I/O: its memory, its runners, the leases that it holds.

    broker ──Welcome, Grant, Cancel…──►            ──Report────────────────► broker
    runners ──RunnerLoaded, Finished…──►  apply()  ──Spawn, Run, Terminate…─► runners
    store ──Stored, StoringFailed──►               ──Prepare, StoreOutputs…─► store
    probe, link, clock ──►

`actors.worker` is the shell: it turns what happens into events, does what the effects say, in order, and calls
`apply(Tick(), now)` when `due` has come.

What holds after every event (`validate` checks it):
    * a runner process exists only within its reservation, and gives it back only when it is gone;
    * at most `slots` leases are being prepared or run, each of them by a runner of its own;
    * a granted lease has exactly one last word, which is kept and said again until the broker has settled it;
    * what an older generation of the broker sends changes nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from aigc.core import messages
from aigc.core.events import Tick
from aigc.core.held import Held, LastWord, Phase
from aigc.core.ids import BootId, Now, WorkerId
from aigc.core.job import Failure, Lease, Progress, Stage
from aigc.core.ledger import MemoryLedger
from aigc.core.messages import (
    CancelLease,
    DrainWorker,
    Generation,
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    Resident,
    Settled,
    UnloadModel,
    Welcome,
    WorkerBeat,
    WorkerHello,
    WorkerMessage,
)
from aigc.core.model import ModelSpec
from aigc.core.residents import Residents
from aigc.core.runner_events import (
    Connected,
    DeviceEffect,
    DeviceEvent,
    Drain,
    DropStaging,
    Measured,
    Prepare,
    Report,
    Run,
    RunnerConnected,
    RunnerEvent,
    RunnerExited,
    RunnerFailed,
    RunnerFinished,
    RunnerLoaded,
    RunnerProgressed,
    RunnerStopped,
    Silent,
    Stored,
    StoreOutputs,
    StoringFailed,
)
from aigc.core.slot import Ended, RunnerSlot, SlotSettings, SlotState
