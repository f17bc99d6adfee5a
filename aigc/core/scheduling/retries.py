"""What becomes of a job whose attempt ended badly: another attempt, or the end."""

import msgspec
from msgspec import Struct

from aigc.core.job import Failure, Job
from aigc.core.scheduling.settings import SchedulerSettings

OUT_OF_MEMORY = "out_of_memory"
HOPELESS = frozenset({"input_invalid", "deadline_exceeded", "model_removed"})
"""Another attempt would end the same way."""
NOT_ITS_FAULT = frozenset({OUT_OF_MEMORY, "runner_crashed", "runner_stalled", "worker_lost"})
"""The infrastructure's own failures; of all others `Failure.retryable` decides."""
KILLING = frozenset({"runner_crashed", "runner_stalled"})
"""Codes by which a restored record tells that an attempt took its runner with it."""


class Retry(Struct, frozen=True):
    """Try again after this many seconds."""

    pause_s: float


class Park(Struct, frozen=True):
    """The job has failed, for this reason."""

    failure: Failure


def decide(job: Job, kills: int, settings: SchedulerSettings) -> Retry | Park:
    """What becomes of `job`, whose last failure and strike are in the record already.

    Args:
        kills: runners that its attempts took with them, the last one included.
    """
    failure = job.failures[-1]
    reason = _reason_to_stop(job, failure, kills, settings)
    if reason is None:
        return Retry(_pause_s(job, failure, settings))
    if not reason:
        return Park(failure)
    return Park(msgspec.structs.replace(failure, message=f"{failure.message} ({reason})", retryable=False))


def doubled(first_s: float, times: int, limit_s: float) -> float:
    """A pause that doubles with each of so many troubles in a row, `first_s` after the first one."""
    return min(limit_s, first_s * 2.0 ** min(times - 1, 30))


def _reason_to_stop(job: Job, failure: Failure, kills: int, settings: SchedulerSettings) -> str | None:
    """None: go on. Empty: the failure says all."""
    if failure.code in HOPELESS or not (failure.retryable or failure.code in NOT_ITS_FAULT):
        return ""
    if failure.code == OUT_OF_MEMORY and sum(one.code == OUT_OF_MEMORY for one in job.failures) > 1:
        return "also alone on the device and with the memory that it was seen to need"
    if kills >= settings.kill_strikes:
        return f"it took {kills} runners with it and is not given another one"
    if job.strikes >= job.max_attempts:
        return f"attempt {job.strikes} of {job.max_attempts}" if job.max_attempts > 1 else ""
    return None


def _pause_s(job: Job, failure: Failure, settings: SchedulerSettings) -> float:
    if failure.code in (OUT_OF_MEMORY, "worker_lost", "runner_crashed"):
        return 0.0  # nothing heals by waiting: the next attempt is made under other conditions anyway
    return doubled(settings.pause_s, job.strikes, settings.pause_limit_s)
