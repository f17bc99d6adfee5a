"""What one who hears everything missed while it was away: the jobs that ended since, whether it ever heard of them.

It says where it was by the time of the last event that it heard. That is no exact place: events of several jobs leave
in no strict order, a reader lags, two hosts' clocks differ. So more is looked at than that, and a job may be told
again, which its `seq` shows.
"""

from msgspec import Struct

from aigc.core.ids import OwnerId
from aigc.core.job import Job
from aigc.core.ports import JobStore

MARGIN_S = 30.0
"""So much earlier it may have missed something; longer than a slow reader is borne with."""

MOST_JOBS = 1000
"""Jobs that ended last, of all owners, that are looked at; of more it is told that there is a gap."""


class Missed(Struct, frozen=True):
    """What is known of a time of absence."""

    jobs: tuple[Job, ...]
    """In the order of their ends."""
    is_gap: bool
    """There may be more."""


async def missed(store: JobStore, owner: OwnerId | None, after: float) -> Missed:
    """The owner's jobs (None: everybody's) that ended since then, seconds since the epoch. Raises Unavailable."""
    ended = await store.ended_since(after - MARGIN_S, MOST_JOBS + 1)
    found = [job for job in ended[:MOST_JOBS] if owner is None or job.owner == owner]
    return Missed(tuple(reversed(found)), is_gap=len(ended) > MOST_JOBS)
