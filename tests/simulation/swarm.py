"""The scheduler alone, driven by chance: workers without memory of their own, no network, no time but what is let pass.

Less faithful than `house`, and ten times faster: for many jobs, and for shrinking a failure to a few steps.
"""

import itertools
import random
from collections.abc import Sequence

import msgspec

from aigc.core.effects import Commit, Discard, Effect, SendCancel, SendGrant
from aigc.core.events import Asked, Event, NeverCreated, Reloaded, Restored, Tick, WorkerLost, WorkerSilent
from aigc.core.ids import AssetKey, AttemptId, BootId, DeviceId, JobId, Now, OwnerId, WorkerId
from aigc.core.job import Failure, Job, Lease, Output, Progress, Stage, Status
from aigc.core.lifecycle import FINAL, LEGAL, begin
from aigc.core.messages import (
    CancelJob,
    Device,
    Generation,
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    MoveJob,
    Resident,
    Submit,
    WorkerBeat,
    WorkerBye,
    WorkerHello,
)
from aigc.core.model import Catalogue
from aigc.core.scheduling.scheduler import Scheduler, SchedulerSettings
from tests.simulation.fates import CATALOGUE, GIB, MODELS

FAILURES = ("input_invalid", "model_error", "out_of_memory", "runner_crashed", "model_load_failed", "storage_failed")
EPOCH = 1e9


class Seat:
    """One worker: which life it is in, and the grants that it got in that life."""

    def __init__(self, name: str, gib: int, slots: int) -> None:
        self.id, self.gib, self.slots = WorkerId(name), gib, slots
        self.lives = 0
        self.is_there = False
        self.grants: dict[Lease, Grant] = {}

    @property
    def boot(self) -> BootId:
        """Its present life."""
        return BootId(f"{self.id} {self.lives}")

    @property
    def device(self) -> Device:
        """As it tells it."""
        size = self.gib * GIB
        return Device(id=DeviceId(self.id), kind="cuda", total=size, usable=size)


class Swarm:
    """Steps that can be taken in any order; after each of them the promises are looked at.

    Args:
        check_every: the scheduler's books are checked at every so many-th event.
    """

    def __init__(self, rng: random.Random, *, check_every: int = 1, catalogue: Catalogue = CATALOGUE) -> None:
        self.rng, self._check_every, self._catalogue = rng, check_every, catalogue
        self.settings = SchedulerSettings(adoption_s=5.0, delivery_s=3.0, avoid_s=3.0, mark_s=0.5, mark_limit_s=4.0)
        self.time = 0.0
        self.seats = [Seat("a", 8, 1), Seat("b", 24, 1), Seat("c", 40, 2), Seat("d", 24, 3)]
        self.store: dict[JobId, Job] = {}
        self.open: dict[JobId, Job] = {}
        self.completions: dict[JobId, int] = {}
        self.events = 0
        self._said: list[Event] = []
        self._attempts, self._jobs = itertools.count(), itertools.count()
        self._generation = 0
        self.scheduler = self._lead()
        for seat in self.seats:
            self.join(seat)

    # Steps.

    def submit(self, model: str, *, owner: str = "", priority: int = 5, deadline_s: float | None = None) -> JobId:
        """A job has been created, and the scheduler hears of it."""
        at = self.time + EPOCH
        spec = self._catalogue.get(model)
        assert spec is not None
        job = begin(
            Job(
                id=JobId(f"job-{next(self._jobs)}"),
                feature=spec.feature,
                model=spec.id,
                created_at=at,
                owner=OwnerId(owner),
                priority=priority,
                deadline_at=None if deadline_s is None else at + deadline_s,
            )
        )
        self.store[job.id] = self.open[job.id] = job
        self.apply(Submit(job))
        return job.id

    def submit_refused(self) -> None:
        """The scheduler hears of a job that the store refuses."""
        job = begin(Job(id=JobId(f"job-{next(self._jobs)}"), feature="none", model=MODELS[0].id, created_at=EPOCH))
        self.apply(Submit(job))
        self.apply(NeverCreated((job.id,)))

    def start(self, seat: Seat, lease: Lease) -> None:
        """A lease runs."""
        self.say(LeaseStarted(seat.id, lease, self.rng.choice((0.0, 1.0))))
        self.say(LeaseProgress(seat.id, lease, Stage.SAMPLING, Progress(self.rng.random())))

    def finish(self, seat: Seat, lease: Lease) -> None:
        """A lease ends well."""
        del seat.grants[lease]
        output = Output("mesh.glb", "model", AssetKey(f"jobs/{lease.job}/{lease.id}"), "glb", "", 1, "")
        run_s, peak = self.rng.expovariate(2.0), self.rng.randrange(GIB)
        self.say(LeaseFinished(seat.id, lease, (output,), {}, (), 0.0, run_s, peak))

    def fail(self, seat: Seat, lease: Lease, code: str, *, killed: bool = False) -> None:
        """A lease ends badly."""
        del seat.grants[lease]
        self.say(LeaseFailed(seat.id, lease, Failure(code, "bad luck", retryable=True), killed))

    def stop(self, seat: Seat, lease: Lease) -> None:
        """A lease ends as it was asked to, or so its worker thinks."""
        del seat.grants[lease]
        self.say(LeaseStopped(seat.id, lease))

    def give_back(self, seat: Seat, lease: Lease) -> None:
        """A lease comes back unharmed."""
        del seat.grants[lease]
        self.say(LeaseReturned(seat.id, lease, "no room"))

    def say_again(self) -> None:
        """Something that was said long ago arrives once more."""
        if self._said:
            self.apply(self.rng.choice(self._said))

    def join(self, seat: Seat) -> None:
        """A worker comes, in a new life, without leases."""
        seat.lives += 1
        seat.is_there, seat.grants = True, {}
        self._hello(seat)

    def come_back(self, seat: Seat) -> None:
        """A worker comes back in the same life with what it held; some grants got lost meanwhile."""
        if seat.lives and seat.is_there:
            for lease in list(seat.grants):
                if self.rng.random() < 0.2:
                    del seat.grants[lease]
            self._hello(seat)

    def lose(self, seat: Seat) -> None:
        """A worker is given up; it may live and not know it."""
        self.apply(WorkerSilent(seat.id, seat.boot))
        self.apply(WorkerLost(seat.id, seat.boot))

    def leave(self, seat: Seat) -> None:
        """A worker leaves in order."""
        seat.grants = {}
        self.apply(WorkerBye(seat.id, seat.boot))

    def beat(self, seat: Seat) -> None:
        """A worker tells how it is; some of what it holds is not needed any more."""
        device = msgspec.structs.replace(seat.device, usable=int(seat.gib * GIB * self.rng.choice((1.0, 1.0, 0.9))))
        residents = tuple(
            Resident(residency=spec.residency, state="idle", bytes=spec.memory_bytes)
            for spec in self.rng.sample(MODELS[:3], 1)
        )
        leases = tuple(seat.grants)
        self.apply(WorkerBeat(seat.id, seat.boot, device, residents, self.rng.random() < 0.05, leases))

    def cancel(self, job: JobId) -> None:
        """Somebody does not want it any more."""
        self.apply(Asked(None, CancelJob(job, "not wanted")))

    def move(self, job: JobId, priority: int) -> None:
        """Somebody wants it sooner or later."""
        self.apply(Asked(None, MoveJob(job, priority)))

    def reload(self, models: Sequence[str] | None = None) -> None:
        """Another catalogue is in force; None: the whole one again."""
        specs = tuple(spec for spec in MODELS if models is None or spec.id in models)
        self.apply(Reloaded(Catalogue(specs, "reloaded")))

    def restart(self) -> None:
        """The broker dies and another one begins from the store."""
        learned = self.scheduler.learned()
        self.scheduler = self._lead()
        assert self.scheduler.restore_learned(learned)
        self.apply(Restored(tuple(self.open.values())))
        for seat in self.seats:
            if seat.is_there and self.rng.random() < 0.8:
                self._hello(seat)

    def pass_time(self, seconds: float) -> None:
        """Time passes, and the scheduler is woken when it asked for it."""
        end = self.time + seconds
        while (at := self.scheduler.next_tick(self.now)) is not None and at <= end:
            self.time = max(self.time, at)
            self.apply(Tick())
        self.time = end

    # What follows.

    @property
    def now(self) -> Now:
        """On both clocks."""
        return Now(self.time, self.time + EPOCH)

    def say(self, report: Event) -> None:
        """A worker reports; the same report may come again."""
        self._said.append(report)
        if len(self._said) > 50:
            self._said.pop(self.rng.randrange(50))
        self.apply(report)

    def apply(self, event: Event) -> list[Effect]:
        """The one door; everything that comes out is done at once."""
        effects = self.scheduler.apply([event], self.now)
        self.events += 1
        for effect in effects:
            self._do(effect)
        if self.events % self._check_every == 0:
            self.scheduler.validate()
        return effects

    def held(self) -> list[tuple[Seat, Lease]]:
        """Everything that workers hold, present or stale."""
        return [(seat, lease) for seat in self.seats for lease in seat.grants]

    def calm_down(self) -> None:
        """Everybody comes, nothing bad happens any more, and all jobs end."""
        self.reload()
        for seat in self.seats:
            self.join(seat)
        for _ in range(40 + 20 * len(self.open)):
            for seat, lease in self.held():
                if lease in seat.grants:
                    self.start(seat, lease)
                    self.finish(seat, lease)
            if not self.open:
                return
            self.pass_time(1.0)
            for seat in self.seats:
                self.apply(WorkerBeat(seat.id, seat.boot, seat.device, ()))
        raise AssertionError(f"still open: {list(self.open.values())[:2]}; {self.scheduler.story()}")

    def _lead(self) -> Scheduler:
        self._generation += 1
        generation = Generation(self._generation, f"generation-{self._generation}")
        new_id = lambda: AttemptId(f"attempt-{next(self._attempts)}")  # noqa: E731 - it closes over the swarm
        return Scheduler(self.settings, self._catalogue, generation, new_id)

    def _hello(self, seat: Seat) -> None:
        hello = WorkerHello(seat.id, seat.boot, seat.device, seat.slots, seat.slots + 1, tuple(seat.grants), ())
        self.apply(hello)

    def _do(self, effect: Effect) -> None:
        if isinstance(effect, Commit):
            self._commit(effect.job)
        elif isinstance(effect, SendGrant):
            seat = next(seat for seat in self.seats if seat.id == effect.worker)
            lease = effect.grant.lease
            if lease.job not in self.store:
                return  # a shell sends nothing for a record that is not there
            assert self.store[lease.job].lease == lease, f"{lease} was sent before its record"
            if seat.boot == effect.boot and seat.is_there:
                seat.grants[lease] = effect.grant
        elif isinstance(effect, SendCancel):
            assert effect.cancel.generation.number == self._generation
        elif isinstance(effect, Discard):
            record = self.store.get(effect.lease.job)
            kept = [output.asset for output in record.outputs] if record is not None else []
            key = f"jobs/{effect.lease.job}/{effect.lease.id}"
            assert key not in kept, f"the result of {effect.lease} was discarded"

    def _commit(self, job: Job) -> None:
        old = self.store.get(job.id)
        if old is None:
            return
        if old.status in FINAL and job.seq <= old.seq:
            return  # the store's guard, for what a new broker could not know
        assert job.status in LEGAL[old.status], f"{job.id}: {old.status} -> {job.status}"
        assert job.seq == old.seq + 1 and job.attempt >= old.attempt
        self.store[job.id] = job
        if job.status in FINAL:
            del self.open[job.id]
            self.completions[job.id] = self.completions.get(job.id, 0) + (job.status is Status.COMPLETED)
            assert self.completions[job.id] <= 1
        else:
            self.open[job.id] = job
