"""Lines about the attempts of one worker, each with the ids of the request that it comes from."""

from typing import Any

import structlog

from aigc.core.ids import WorkerId
from aigc.core.job import Lease
from aigc.core.messages import Grant, LeaseFailed, LeaseFinished, LeaseReturned, LeaseStarted, LeaseStopped
from aigc.core.messages import WorkerMessage as Message

log = structlog.get_logger()


class AttemptLog:
    """Knows the attempts from their grant to their last word, which is told once however often it is said."""

    def __init__(self, worker: WorkerId) -> None:
        self._worker = worker
        self._fields: dict[Lease, dict[str, Any]] = {}

    def granted(self, grant: Grant) -> None:
        """The worker has this attempt."""
        lease = grant.lease
        self._fields[lease] = grant.origin.fields(lease.job, lease.attempt, self._worker)

    def fields(self, lease: Lease) -> dict[str, Any]:
        """What a line about this attempt says of it."""
        return self._fields.get(lease) or {"job": lease.job, "attempt": lease.attempt, "worker": self._worker}

    def reported(self, message: Message) -> None:
        """The broker is told this."""
        match message:
            case LeaseStarted(lease=lease, load_s=load_s):
                log.debug("attempt.begun", load_s=round(load_s, 3), **self.fields(lease))
            case LeaseFinished(lease=lease) | LeaseFailed(lease=lease) | LeaseStopped(lease=lease):
                if (fields := self._fields.pop(lease, None)) is not None:
                    self._over(message, fields)
            case LeaseReturned(lease=lease, reason=reason):
                if (fields := self._fields.pop(lease, None)) is not None:
                    log.info("attempt.returned", reason=reason, **fields)
            case _:
                pass

    def _over(self, message: LeaseFinished | LeaseFailed | LeaseStopped, fields: dict[str, Any]) -> None:
        match message:
            case LeaseFailed(failure=failure):
                log.warning("attempt.failed", code=failure.code, reason=failure.message, **fields)
            case LeaseFinished(run_s=run_s, peak_bytes=peak):
                log.debug("attempt.finished", run_s=round(run_s, 3), peak_bytes=peak, **fields)
            case LeaseStopped(run_s=run_s):
                log.debug("attempt.stopped", run_s=round(run_s, 3), **fields)
