"""What a worker says of a lease when it is over, with what its run took."""

import msgspec

from aigc.core.hosting.held import Held, LastWord
from aigc.core.hosting.slot import Ended
from aigc.core.ids import WorkerId
from aigc.core.job import Failure, Output
from aigc.core.messages import LeaseFailed, LeaseFinished, LeaseStopped
from aigc.core.runner_events import RunnerFinished


def finished(
    worker: WorkerId, held: Held, ended: Ended, result: RunnerFinished, outputs: tuple[Output, ...]
) -> LastWord:
    """Its files are in the store."""
    return LeaseFinished(
        worker,
        held.lease,
        outputs,
        result.info,
        result.warnings,
        held.load_s,
        ended.run_s,
        ended.peak_bytes,
    )


def failed(worker: WorkerId, held: Held, failure: Failure, wall: float, ended: Ended | None = None) -> LastWord:
    """It failed at that time; `ended` is its run, if there was one."""
    at = msgspec.structs.replace(failure, attempt=held.lease.attempt, worker=worker, at=wall)
    if ended is None:
        return LeaseFailed(worker, held.lease, at, False, held.load_s)
    return LeaseFailed(worker, held.lease, at, ended.killed_runner, held.load_s, ended.run_s, ended.peak_bytes)


def stopped(worker: WorkerId, held: Held, ended: Ended) -> LastWord:
    """Its runner has stopped as it was asked to: what was to be said then, or that and nothing else."""
    word = held.ending or LeaseStopped(worker, held.lease)
    return msgspec.structs.replace(word, run_s=ended.run_s) if isinstance(word, LeaseStopped | LeaseFailed) else word
