"""What the scheduler wants done: the broker commits every `Commit` of a batch in one group, then does the rest."""

from msgspec import Struct

from aigc.core.ids import BootId, JobId, WorkerId
from aigc.core.job import Job, Lease
from aigc.core.messages import (
    CancelAnswer,
    CancelLease,
    ControlAnswer,
    Grant,
    JobAnswer,
    Order,
    RetireWorker,
)


class Commit(Struct, frozen=True):
    """Write this record, then publish it as `Changed`. Of several of one job in a batch only the last is written,
    all are published."""

    job: Job


class SendGrant(Struct, frozen=True):
    """Hand a lease to a worker."""

    worker: WorkerId
    boot: BootId
    grant: Grant


class SendCancel(Struct, frozen=True):
    """Have a worker end an attempt: asked for, past its deadline, or stale."""

    worker: WorkerId
    boot: BootId
    cancel: CancelLease


class SendOrder(Struct, frozen=True):
    """Have a worker follow an operator's wish, or end."""

    worker: WorkerId
    boot: BootId
    order: Order | RetireWorker


class Publish(Struct, frozen=True):
    """Tell the watchers how far the job is, see `Scheduler.progressed`; nothing durable."""

    job: JobId
    attempt: int
    """Of which alone it may be told: that a later one has begun may not be durable yet."""


class Answer(Struct, frozen=True):
    """The reply to an `Asked`, after the commit."""

    token: object
    reply: CancelAnswer | JobAnswer | ControlAnswer


class Discard(Struct, frozen=True):
    """Files of this attempt will never be a result; the sweeper may have them."""

    lease: Lease


Effect = Commit | SendGrant | SendCancel | SendOrder | Publish | Answer | Discard
