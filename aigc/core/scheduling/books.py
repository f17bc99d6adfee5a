"""Everything that the scheduler knows, and how a job enters and leaves it.

What is done with it is written in layers, each using those before it: `attempts` (leases come and go), `dispatch` (who
waits gets a device), `outcomes` (what becomes of a job when its attempt is over), and then one module for each source
of events: `requests`, `reports`, `attendance`, `alarms`.
"""

from collections.abc import Callable

from aigc.core.effects import Commit, Effect
from aigc.core.ids import AttemptId, JobId, Now, WorkerId
from aigc.core.job import Failure, Job, Lease, Status
from aigc.core.lifecycle import change
from aigc.core.messages import Generation
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.scheduling.estimates import Learned
from aigc.core.scheduling.fairness import Fairness
from aigc.core.scheduling.fleet import Fleet
from aigc.core.scheduling.leases import LeaseTable
from aigc.core.scheduling.placement import Placement
from aigc.core.scheduling.profiles import bucket
from aigc.core.scheduling.retries import KILLING, OUT_OF_MEMORY
from aigc.core.scheduling.settings import SchedulerSettings
from aigc.core.scheduling.story import Story
from aigc.core.scheduling.timers import Alarm, Timers
from aigc.core.scheduling.waiting import Demand, Entry, Need, Waiting
from aigc.core.scheduling.worker_state import WorkerState

ANYBODY = WorkerId("")
"""Whom a job avoids that avoids nobody."""


class Books:
    """The state of one scheduler. Everything happens at `now`, which whoever drives it has set."""

    def __init__(
        self,
        settings: SchedulerSettings,
        catalogue: Catalogue,
        generation: Generation,
        new_attempt_id: Callable[[], AttemptId],
    ) -> None:
        self.settings, self.generation, self.new_attempt_id = settings, generation, new_attempt_id
        self.learned = Learned()
        self.waiting = Waiting(Fairness(settings.half_life_s))
        self.fleet = Fleet(settings.prefetch_s, settings.burst_s)
        self.leases = LeaseTable()
        self.timers = Timers()
        self.story = Story()
        self.placement = Placement(
            self.waiting, self.fleet, self.learned, alpha=settings.alpha, min_stay_s=settings.min_stay_s
        )
        self.entries: dict[JobId, Entry] = {}
        """Every open job."""
        self.paused: dict[JobId, Entry] = {}
        """Those of them that wait out a back-off."""
        self.over: dict[JobId, Lease | None] = {}
        """Jobs that are finished, the latest ones, with the lease whose end was theirs, if it was one."""
        self.changed: dict[WorkerId, WorkerState] = {}
        """Workers on which something may have become free in these events."""
        self.now = Now(0.0, 0.0)
        self.out: list[Effect] = []
        self._orders = 0
        self.use(catalogue)

    def use(self, catalogue: Catalogue) -> None:
        """This catalogue is in force."""
        self.catalogue = catalogue
        self.specs: dict[str, ModelSpec] = {spec.id: spec for spec in catalogue.models}

    def begin(self, now: Now) -> None:
        """What follows happens at `now`, and its effects are gathered anew."""
        self.now, self.out = now, []

    def touch(self, worker: WorkerState) -> None:
        """Something about the worker changed: its indexes follow, and in the end it is looked at for more work."""
        self.fleet.refresh(worker)
        self.changed[worker.id] = worker

    def relieve(self, worker: WorkerState) -> None:
        """It has less to do: it is looked at in the end, and its indexes follow when a device is sought."""
        self.fleet.relieved[worker.id] = worker
        self.changed[worker.id] = worker

    def admit(self, job: Job, since: float, deadline: float | None) -> Entry:
        """The job is open and known; it does not wait yet. Instants are monotonic seconds."""
        self._orders += 1
        entry = Entry(job, since, self._orders, self.now.monotonic)
        if job.failures:
            entry.kills = sum(failure.code in KILLING for failure in job.failures)
        self.entries[job.id] = entry
        if deadline is not None:
            entry.deadline = deadline
            self.timers.set(deadline, Alarm.DEADLINE, job.id)
        return entry

    def record(self, entry: Entry, kind: str, detail: str = "", **updates: object) -> Job:
        """The next record of the job is on its way to the store."""
        job = entry.job = change(entry.job, kind, self.now, detail, **updates)
        self.out.append(Commit(job))
        self.story.tell(self.now.monotonic, job.id, kind, detail)
        return job

    def close(self, entry: Entry, kind: str, detail: str = "", **updates: object) -> Job:
        """The job is finished, and nothing that comes later changes it. It has no lease any more."""
        self.stop_waiting(entry)
        lease = entry.job.lease
        job = self.record(entry, kind, detail, **updates)
        del self.entries[job.id]
        self.over[job.id] = lease
        if len(self.over) > self.settings.remembered:
            del self.over[next(iter(self.over))]
        return job

    def fail(self, entry: Entry, failure: Failure) -> Job:
        """The job has failed, for this reason; the evidence of its attempts is in `failures` already."""
        return self.close(entry, "failed", failure.code, status=Status.FAILED, failure=failure)

    def cancel(self, entry: Entry, reason: str) -> Job:
        """The job is cancelled: nothing works on it any more."""
        return self.close(entry, "cancelled", reason, status=Status.CANCELLED, cancel_reason=reason)

    def forget(self, entry: Entry) -> None:
        """The job leaves without a trace. It has no lease any more."""
        self.stop_waiting(entry)
        del self.entries[entry.job.id]

    def stop_waiting(self, entry: Entry) -> None:
        """The job waits neither for a device nor for the end of a back-off."""
        self.leave_queue(entry)
        self.paused.pop(entry.job.id, None)

    def leave_queue(self, entry: Entry) -> None:
        """The job does not wait for a device, nor is one kept for it."""
        self.waiting.discard(entry)
        worker = self.fleet.get(entry.held_device) if entry.held_device is not None else None
        if worker is not None:
            self.fleet.unkeep(worker)
            self.changed[worker.id] = worker

    def demand_of(self, job: Job, avoid: WorkerId = ANYBODY) -> Demand | None:
        """What the job needs, shared with all jobs that need the same; None if its model is not in the catalogue."""
        is_alone = bool(job.failures) and job.failures[-1].code == OUT_OF_MEMORY
        need = Need(job.model, bucket(job.input_size), is_alone, avoid)
        known = self.waiting.known(need)
        if known is not None:
            return known
        spec = self.specs.get(job.model)
        if spec is None:
            return None
        return self.waiting.demand(need, spec, self.learned.profile(spec, need.bucket), self.learned.load(spec))
