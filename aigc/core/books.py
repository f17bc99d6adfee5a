"""Everything that the scheduler knows, and the moves by which it changes.

A move keeps the books consistent and says what is to be done about it in `out`. Which event leads to which move is
written in `requests`, `reports`, `attendance` and `alarms`.
"""

from collections.abc import Callable

import msgspec

from aigc.core.effects import Commit, Discard, Effect, SendCancel, SendGrant
from aigc.core.estimates import Learned, bucket
from aigc.core.fairness import Fairness
from aigc.core.fleet import Fleet
from aigc.core.ids import AttemptId, JobId, Now, WorkerId
from aigc.core.job import Failure, Job, Lease, Progress, Stage, Status, Timings
from aigc.core.leases import FAILING, Granted, LeaseTable
from aigc.core.lifecycle import change
from aigc.core.messages import CancelLease, Generation, Grant
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.placement import Placement, offer
from aigc.core.retries import KILLING, OUT_OF_MEMORY, Park, decide
from aigc.core.settings import SchedulerSettings
from aigc.core.story import InvariantBroken, Story
from aigc.core.timers import Alarm, Timers
from aigc.core.waiting import Demand, Entry, Need, Waiting
from aigc.core.worker_state import STOPPING, WorkerState

NOTHING_YET = Progress()


class Books:
    """The state of one scheduler. Every move happens at `now`, which whoever drives it has set."""

    def __init__(
        self,
        settings: SchedulerSettings,
        catalogue: Catalogue,
        generation: Generation,
        new_attempt_id: Callable[[], AttemptId],
    ) -> None:
        self.settings, self.generation = settings, generation
        self._new_attempt_id = new_attempt_id
        self.catalogue = catalogue
        self.specs: dict[str, ModelSpec] = {spec.id: spec for spec in catalogue.models}
        self.learned = Learned()
        self.waiting = Waiting(Fairness(settings.half_life_s))
        self.fleet = Fleet(settings.prefetch_s)
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
        self.over: dict[JobId, None] = {}
        """Jobs that are finished, the latest ones."""
        self.now = Now(0.0, 0.0)
        self.out: list[Effect] = []
        self._changed: dict[WorkerId, WorkerState] = {}
        self._orders = 0

    # From event to effects.

    def begin(self, now: Now) -> None:
        """The moves that follow happen at `now`."""
        self.now, self.out = now, []

    def end(self) -> list[Effect]:
        """Every worker on which something became free is filled; what is to be done about all the moves."""
        while self._changed:
            worker = self._changed.pop(next(iter(self._changed)))
            if self.fleet.get(worker.id) is worker:
                self.fill(worker)
        return self.out

    def touch(self, worker: WorkerState) -> None:
        """Something about the worker changed: its indexes follow, and it is filled in the end."""
        self.fleet.refresh(worker)
        self._changed[worker.id] = worker

    # Jobs come and go.

    def admit(self, job: Job, since: float, deadline: float | None) -> Entry:
        """The job is open and known; it does not wait yet. Instants are monotonic seconds."""
        self._orders += 1
        entry = Entry(job, since, self._orders, self.now.monotonic)
        entry.kills = sum(failure.code in KILLING for failure in job.failures) if job.failures else 0
        self.entries[job.id] = entry
        if deadline is not None:
            entry.deadline = deadline
            self.timers.set(deadline, Alarm.DEADLINE, job.id)
        return entry

    def forget(self, entry: Entry) -> None:
        """The job leaves without a trace, wherever it was."""
        self._stop_waiting(entry)
        del self.entries[entry.job.id]

    def close(self, entry: Entry, kind: str, detail: str = "", **updates: object) -> Job:
        """The job is finished: its last change is on its way, and nothing that comes later changes it."""
        self._stop_waiting(entry)
        job = self.record(entry, kind, detail, **updates)
        del self.entries[job.id]
        self.over[job.id] = None
        if len(self.over) > self.settings.remembered:
            del self.over[next(iter(self.over))]
        return job

    def fail(self, entry: Entry, failure: Failure) -> Job:
        """The job has failed, for this reason; what its attempts left as evidence stays in `failures`."""
        return self.close(entry, "failed", failure.code, status=Status.FAILED, failure=failure)

    def cancel(self, entry: Entry, reason: str) -> Job:
        """The job is cancelled: nothing works on it any more."""
        return self.close(entry, "cancelled", reason, status=Status.CANCELLED, cancel_reason=reason)

    def record(self, entry: Entry, kind: str, detail: str = "", **updates: object) -> Job:
        """The next record of the job is on its way to the store."""
        entry.job = change(entry.job, kind, self.now, detail, **updates)
        self.out.append(Commit(entry.job))
        self.story.tell(self.now.monotonic, entry.job.id, kind, detail)
        return entry.job

    # Waiting.

    def enqueue(self, entry: Entry, avoid: WorkerId = WorkerId("")) -> Demand | None:
        """The job waits; None if its model has left the catalogue, for then it has failed."""
        job = entry.job
        spec = self.specs.get(job.model)
        if spec is None:
            self.fail(entry, self.removed(job))
            return None
        is_alone = bool(job.failures) and job.failures[-1].code == OUT_OF_MEMORY
        need = Need(job.model, bucket(job.input_size), is_alone, avoid)
        demand = self.waiting.known(need)
        if demand is None:
            profile = self.learned.profile(spec, need.bucket)
            demand = self.waiting.demand(need, spec, profile, self.learned.load(spec))
        self.waiting.add(entry, demand, demand.profile.run_s + self.learned.overhead.mean)
        return demand

    def seek(self, demand: Demand | None) -> None:
        """One more job waits with this demand: it starts if it can."""
        # If another one waits with the same demand, no open device could take that, nor can it take this one.
        if demand is not None and (demand.waiting == 1 or self.fleet.kept):
            self.place(demand)

    def place(self, demand: Demand) -> None:
        """As many of the jobs that wait with this demand start as can."""
        while demand.waiting:
            worker = self.placement.find(demand, self.now.monotonic)
            if worker is None or not self.fill(worker):
                break
        for worker in tuple(self.fleet.kept.values()) if demand.waiting else ():
            found = offer(worker, demand)
            if found is not None and found.is_ready:
                self.fill(worker)

    def fill(self, worker: WorkerState) -> bool:
        """The worker has as much to do as it takes; whether anything changed."""
        was_kept_for = worker.kept_for
        self.fleet.unkeep(worker)
        has_changed = False
        while (choice := self.placement.choose(worker)) is not None:
            if not choice.is_ready:
                self.fleet.keep(worker, choice.entry)
                break
            self.grant(choice.entry, worker)
            has_changed = True
        return has_changed or worker.kept_for is not was_kept_for

    def requeue(self, entry: Entry, kind: str, detail: str, avoid: WorkerId, pause_s: float, **updates: object) -> None:
        """The job waits again, after a pause, and shuns a worker for a while if another one could take it."""
        stage = Stage.RETRYING if kind == "retrying" else Stage.WAITING
        self.record(
            entry, kind, detail, status=Status.QUEUED, stage=stage, lease=None, progress=NOTHING_YET, **updates
        )
        entry.queued_at = self.now.monotonic
        if pause_s > 0.0:
            self.pause(entry, pause_s, avoid)
        else:
            self.release(entry, avoid)

    def pause(self, entry: Entry, seconds: float, avoid: WorkerId) -> None:
        """The job waits out a back-off."""
        entry.not_before = self.now.monotonic + seconds
        self.paused[entry.job.id] = entry
        self.timers.set(entry.not_before, Alarm.RELEASE, entry.job.id, avoid)

    def release(self, entry: Entry, avoid: WorkerId) -> None:
        """The job may be tried again, if possible not by the worker that failed it."""
        self.paused.pop(entry.job.id, None)
        entry.not_before = None
        if avoid and not self._others_could(entry, avoid):
            avoid = WorkerId("")
        if avoid:
            self.timers.set(self.now.monotonic + self.settings.avoid_s, Alarm.FORGIVE, entry.job.id)
        self.seek(self.enqueue(entry, avoid))

    # Leases.

    def grant(self, entry: Entry, worker: WorkerState) -> None:
        """The job is the worker's: recorded first, then sent."""
        demand, now = entry.demand, self.now.monotonic
        if demand is None:
            raise InvariantBroken("it is granted without a demand", self.story, entry.job.id)
        spec, job = demand.spec, entry.job
        found = offer(worker, demand)
        cost_s = found.cost_s if found is not None else 0.0
        evicts = self._evicted(worker, demand)
        self._stop_waiting(entry)
        lease = Lease(job.id, job.attempt + 1, self._new_attempt_id())
        job = self.record(
            entry,
            "started",
            worker.id,
            status=Status.PROCESSING,
            stage=Stage.LOADING_MODEL if cost_s else Stage.PREPROCESSING,
            attempt=lease.attempt,
            lease=lease,
            worker=worker.id,
            started_at=self.now.wall,
            progress=NOTHING_YET,
            timings=Timings(queued_s=job.timings.queued_s + now - entry.queued_at),
        )
        charged_s = demand.profile.run_s + cost_s
        granted = Granted(
            entry, lease, demand, worker.id, now, demand.profile.need_bytes, worker.boot, evicts, charged_s
        )
        granted.heard_at = now
        self.leases.add(granted)
        worker.take_in(granted, now)
        self.fleet.refresh(worker)
        self.learned.want(demand.residency, now)
        self.waiting.charge(job.owner, charged_s, now)
        grant = Grant(
            generation=self.generation,
            lease=lease,
            model=job.model,
            feature=job.feature,
            inputs=job.inputs,
            params=job.params,
            output_format=job.output_format,
            need_bytes=demand.profile.need_bytes,
            alone=demand.need.alone,
            evict=evicts,
            stall_limit_s=self.learned.stall_limit_s(spec, demand.profile),
            time_left_s=self._time_left_s(entry, spec),
        )
        self.out.append(SendGrant(worker.id, worker.boot, grant))

    def revoke(self, granted: Granted, used_s: float, *, is_gone: bool = False) -> None:
        """The lease is void; its worker, if it lives, has room again.

        Args:
            used_s: device-seconds that were really used; the owner is charged these.
            is_gone: the model is not on the device any more either.
        """
        self.leases.remove(granted)
        self.waiting.charge(granted.entry.job.owner, used_s - granted.charged_s, self.now.monotonic)
        worker = self.fleet.get(granted.worker)
        if worker is not None and worker.boot == granted.boot:
            worker.let_out(granted, self.now.monotonic, is_gone=is_gone)
            self.touch(worker)

    def ask_to_end(self, granted: Granted, reason: str) -> None:
        """The attempt is asked to end; what it reports next ends the job, as the reason says."""
        if not granted.ending:
            granted.ending = reason
            self.record(granted.entry, "cancelling", reason, stage=Stage.CANCELLING, cancel_reason=reason)
        self.send_cancel(granted)

    def send_cancel(self, granted: Granted) -> None:
        """Its worker hears that it has to end the attempt, if the worker is there."""
        granted.asked_at = self.now.monotonic
        if granted.boot is not None:
            cancel = CancelLease(self.generation, granted.lease, granted.ending)
            self.out.append(SendCancel(granted.worker, granted.boot, cancel))

    def refuse(self, worker: WorkerId, lease: Lease, *, is_over: bool = False) -> None:
        """Whoever names this lease is stale: told to stop it, or, if it is over, its files are nothing any more."""
        self.story.tell(self.now.monotonic, lease.job, "refused", (worker, lease.attempt))
        state = self.fleet.get(worker)
        if is_over:
            self.out.append(Discard(lease))
        elif state is not None:
            cancel = CancelLease(self.generation, lease, "another attempt counts, or none any more")
            self.out.append(SendCancel(worker, state.boot, cancel))

    def conclude(self, granted: Granted) -> None:
        """The attempt, which was asked to end, has ended, in whatever way: the job ends as was decided then."""
        self.out.append(Discard(granted.lease))
        if granted.ending in FAILING:
            self.fail(granted.entry, self.late(granted.entry.job, granted.ending))
        else:
            self.cancel(granted.entry, granted.ending)

    def strike(self, granted: Granted, failure: Failure, *, has_killed: bool = False) -> None:
        """The attempt ended badly (its lease is void): the job is tried again or has failed."""
        entry = granted.entry
        if granted.ending:
            return self.conclude(granted)
        job = entry.job
        failure = msgspec.structs.replace(
            failure, attempt=granted.lease.attempt, worker=granted.worker, at=self.now.wall
        )
        entry.kills += has_killed
        entry.job = job = msgspec.structs.replace(job, strikes=job.strikes + 1, failures=(*job.failures, failure))
        self.out.append(Discard(granted.lease))
        verdict = decide(job, entry.kills, self.settings)
        if isinstance(verdict, Park):
            self.fail(entry, verdict.failure)
        else:
            detail = f"{failure.code}: {failure.message}"[:200]
            self.requeue(entry, "retrying", detail, granted.worker, verdict.pause_s)
        return None

    def hand_back(self, granted: Granted, reason: str) -> None:
        """The attempt came to nothing through nobody's fault (its lease is void): the job waits again."""
        if granted.ending:
            self.conclude(granted)
        else:
            self.requeue(granted.entry, "queued", reason, WorkerId(""), 0.0)

    # Failures in words.

    def removed(self, job: Job) -> Failure:
        """The failure of a job whose model is not in the catalogue."""
        return Failure(
            "model_removed",
            f"the model {job.model} is not in the catalogue any more",
            "submit the job again with another model",
            attempt=job.attempt,
            at=self.now.wall,
        )

    def late(self, job: Job, reason: str) -> Failure:
        """The failure of a job that ran out of time."""
        return Failure(
            "deadline_exceeded",
            f"the job was ended because {reason}" if job.attempt else "the deadline passed before the job could start",
            "set a later deadline, or look at the estimated start before submitting",
            attempt=job.attempt,
            at=self.now.wall,
        )

    def lost(self, message: str) -> Failure:
        """The failure of an attempt whose worker is gone."""
        return Failure("worker_lost", message, retryable=True)

    def _stop_waiting(self, entry: Entry) -> None:
        self.waiting.discard(entry)
        self.paused.pop(entry.job.id, None)
        if entry.held_device is not None:
            worker = self.fleet.get(entry.held_device)
            if worker is not None:
                self.fleet.unkeep(worker)
                self.touch(worker)

    def _others_could(self, entry: Entry, avoid: WorkerId) -> bool:
        spec = self.specs.get(entry.job.model)
        if spec is None:
            return False
        need_bytes = self.learned.profile(spec, bucket(entry.job.input_size)).need_bytes
        return any(
            worker.id != avoid and worker.takes_jobs and worker.can_hold(spec.devices, spec.residency, need_bytes)
            for worker in self.fleet
        )

    def _evicted(self, worker: WorkerState, demand: Demand) -> tuple[str, ...]:
        if demand.need.alone:
            return tuple(
                name
                for name, tenant in worker.tenants.items()
                if name != demand.residency and not tenant.pinned and tenant.state != STOPPING
            )
        leaving = self.placement.evicted(worker, demand, self.now.monotonic) or ()
        return tuple(one.residency for one in leaving)

    def _time_left_s(self, entry: Entry, spec: ModelSpec) -> float | None:
        limits = [spec.run_limit_s] if spec.run_limit_s > 0 else []
        if entry.deadline is not None:
            limits.append(max(0.0, entry.deadline - self.now.monotonic))
        return min(limits, default=None)
