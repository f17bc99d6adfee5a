"""What becomes of a job when its attempt is over and did not complete it. The lease is void already."""

import msgspec

from aigc.core.effects import Discard
from aigc.core.job import Failure, Job
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.dispatch import requeue
from aigc.core.scheduling.leases import FAILING, Granted
from aigc.core.scheduling.retries import Park, decide


def conclude(books: Books, granted: Granted) -> None:
    """The attempt, which was asked to end, has ended in whatever way: the job ends as was decided when it was asked."""
    books.out.append(Discard(granted.lease))
    if granted.ending in FAILING:
        books.fail(granted.entry, late(books, granted.entry.job, granted.ending))
    else:
        books.cancel(granted.entry, granted.ending)


def strike(books: Books, granted: Granted, failure: Failure, *, has_killed: bool = False) -> None:
    """The attempt ended badly: the job is tried again, or it has failed with the evidence of all its attempts.

    Args:
        has_killed: the attempt took its runner with it.
    """
    if granted.ending:
        return conclude(books, granted)
    entry, attempt = granted.entry, granted.lease.attempt
    failure = msgspec.structs.replace(failure, attempt=attempt, worker=granted.worker, at=books.now.wall)
    entry.kills += has_killed
    # Not a change of its own: it is recorded with the one that follows from it.
    entry.job = msgspec.structs.replace(
        entry.job, strikes=entry.job.strikes + 1, failures=(*entry.job.failures, failure)
    )
    books.out.append(Discard(granted.lease))
    verdict = decide(entry.job, entry.kills, books.settings)
    if isinstance(verdict, Park):
        books.fail(entry, verdict.failure)
    else:
        detail = f"{failure.code}: {failure.message}"[:200]
        requeue(books, entry, "retrying", detail, avoid=granted.worker, pause_s=verdict.pause_s)
    return None


def hand_back(books: Books, granted: Granted, reason: str) -> None:
    """The attempt came to nothing through nobody's fault: the job waits again as if it had not been granted."""
    if granted.ending:
        conclude(books, granted)
    else:
        requeue(books, granted.entry, "queued", reason)


def late(books: Books, job: Job, reason: str) -> Failure:
    """The failure of a job that ran out of time."""
    return Failure(
        "deadline_exceeded",
        f"the job was ended because {reason}" if job.attempt else "the deadline passed before the job could start",
        "set a later deadline, or look at the estimated start before submitting",
        attempt=job.attempt,
        at=books.now.wall,
    )
