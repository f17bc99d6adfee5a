"""Which changes of a job's record are legal, and the only way to make one."""

from typing import Any

import msgspec

from aigc.core.errors import InvalidChange
from aigc.core.ids import Now
from aigc.core.job import Change, Job, Output, Stage, Status

HISTORY_LIMIT = 64
"""Lines kept per job. Attempts are few, so only a job whose priority is moved about for hours loses its oldest."""

LEGAL: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.QUEUED, Status.PROCESSING, Status.FAILED, Status.CANCELLED}),
    Status.PROCESSING: frozenset(Status),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset(),
    Status.CANCELLED: frozenset(),
}

FINAL = frozenset(status for status, following in LEGAL.items() if not following)
"""States that nothing can leave."""


def begin(job: Job) -> Job:
    """The record with the first line of its history: what a store is given to create."""
    return msgspec.structs.replace(job, seq=1, history=(Change(1, job.created_at, "queued"),))


def change(job: Job, kind: str, now: Now, detail: str = "", **updates: Any) -> Job:
    """The next record: `updates` applied, numbered, and entered in its history as `kind`.

    Raises:
        InvalidChange: the table forbids it; above all, a final state is final.
    """
    status: Status = updates.get("status", job.status)
    if status not in LEGAL[job.status]:
        raise InvalidChange(job, status)
    if status in FINAL:
        updates |= {"stage": Stage.NONE, "finished_at": now.wall, "lease": None}
    return _entered(job, kind, now, detail, updates)


def without(job: Job, output: Output, now: Now) -> Job:
    """The record of a finished job that has this output no more: how it ended stays as it was."""
    left = tuple(one for one in job.outputs if one is not output)
    return _entered(job, "output_deleted", now, output.name, {"outputs": left, "deleted": (*job.deleted, output)})


def _entered(job: Job, kind: str, now: Now, detail: str, updates: dict[str, Any]) -> Job:
    seq = job.seq + 1
    history = (*job.history, Change(seq, now.wall, kind, detail))
    if len(history) > HISTORY_LIMIT:
        history = history[-HISTORY_LIMIT:]
    return msgspec.structs.replace(job, seq=seq, history=history, **updates)
