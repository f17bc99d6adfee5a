"""A record becomes durable: its creation in the store, told in a client's words where it is refused."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from aigc.core.errors import AigcError, Conflict, QueueFull, StoreBroken
from aigc.core.job import Job
from aigc.core.ports import Created, JobStore
from aigc.core.trace import Export, Span, parse
from web import origin
from web.counters import Counters

FAULT_S = 10.0
"""A failed write is a fault for so long, unless a later one succeeds."""

log = structlog.get_logger(__name__)


class Creation:
    """Creates records.

    Args:
        bound, owner_bound: records that may be `queued` at once, and open ones of one owner (0: any number).
        retry_after_s: when one who was refused should come again, in seconds; given the store's own guess.
        export: takes spans, where somebody collects traces.
    """

    def __init__(
        self,
        store: JobStore,
        counters: Counters,
        *,
        bound: int,
        owner_bound: int,
        retry_after_s: Callable[[float], Awaitable[float]],
        export: Export | None = None,
    ) -> None:
        self._store = store
        self._counters = counters
        self._bound, self._owner_bound = bound, owner_bound
        self._retry_after_s = retry_after_s
        self._export = export
        self._fault: tuple[str, float] | None = None

    @property
    def fault(self) -> str:
        """Why the store did not take the last record, if that was a moment ago; else empty."""
        return self._fault[0] if self._fault is not None and time.monotonic() - self._fault[1] < FAULT_S else ""

    async def create(self, job: Job) -> Created:
        """The record is durable, or one that the same idempotency key had made before is there.

        Raises:
            QueueFull, Unavailable: come again after `retry_after_s`.
            Conflict: the idempotency key was used for another request.
        """
        began = time.time()
        try:
            created = await self._store.create(job, bound=self._bound, owner_bound=self._owner_bound)
        except QueueFull as error:
            if error.code != QueueFull.code:
                raise
            raise QueueFull(
                f"{error.message}; {self._bound} jobs may wait",
                retry_after_s=await self._retry_after_s(error.retry_after_s),
                suggestion="come again later",
            ) from None
        except Conflict as error:
            raise Conflict(
                error.message,
                where="Idempotency-Key",
                suggestion="use a new key for a new request",
                code="idempotency_mismatch",
            ) from None
        except AigcError as error:
            self._fault = outward(error), time.monotonic()
            raise
        self._fault = None
        if not created.replayed:
            self._counters.submitted(created.job)
            self._export_span(created.job, began)
            if log.is_enabled_for(logging.DEBUG):
                log.debug("job.accepted", feature=job.feature, model=job.model, **job.origin.fields(job.id))
        return created

    def _export_span(self, job: Job, began: float) -> None:
        if self._export is None:
            return
        at = parse(job.origin.trace)
        if at is not None and at.is_sampled:
            fields: dict[str, Any] = {**job.origin.fields(job.id), "feature": job.feature, "model": job.model}
            self._export(
                Span(name="accept", at=at, parent_id=origin.parent_id(), start=began, end=time.time(), fields=fields)
            )


def outward(error: AigcError) -> str:
    """What anybody may hear of it: whoever repairs a broken store reads its place in the log."""
    return "is broken; the server's log says what to do" if isinstance(error, StoreBroken) else str(error)
