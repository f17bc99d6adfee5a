"""What an operator may set about scheduling."""

from msgspec import Struct


class SchedulerSettings(Struct, frozen=True, kw_only=True):
    """The knobs of the scheduler. Times in seconds."""

    alpha: float = 20.0
    """Seconds of age that a second of loading is worth: higher means fewer model switches and longer overtaking, which
    is bounded by `alpha` times the load time of the overtaken job's model."""
    min_stay_s: float = 30.0
    """A model that is resident for less is evicted only if nothing else makes room."""
    prefetch_s: float = 0.25
    """A lease waits at a busy worker for its model only if what is before it is expected to take no longer."""
    burst_s: float = 0.02
    """A worker has more leases than its credit while it is expected to be done with them all within so long."""
    half_life_s: float = 3600.0
    """Fairness among owners counts a device-second that is so old half."""
    queue_bound: int = 10_000
    """Waiting jobs beyond which new ones are refused: the store does that, `retry_after_s` says when to come again."""
    adoption_s: float = 30.0
    """After a start of the broker: how long a lease of the record waits for its worker to present it."""
    delivery_s: float = 10.0
    """A lease that its worker does not list so long after the grant never arrived."""
    cancel_again_s: float = 5.0
    """A cancel is sent again if the worker still lists the lease after so long."""
    suspect_attempts: int = 10
    """From this attempt on, one that ended together with broker and worker counts against the job."""
    kill_strikes: int = 2
    """Runners that a job may take with it before it is parked as failed."""
    pause_s: float = 1.0
    """Before a second attempt; doubles with each one."""
    pause_limit_s: float = 60.0
    avoid_s: float = 30.0
    """How long a job is kept from the worker that failed it, if another one could take it."""
    mark_s: float = 5.0
    """How long a model is kept from a worker that could not load it; doubles with each failure in a row."""
    no_room_s: float = 1.0
    """The same for a worker that handed a lease back."""
    mark_limit_s: float = 300.0
    remembered: int = 65_536
    """Finished jobs whose ids are remembered, so that a late copy of their submission is recognised."""
