"""A scheduler on a table: a clock to turn, workers and jobs by name, and what came out by kind."""

import itertools
from collections.abc import Sequence
from typing import Any, TypeVar

from aigc.core.effects import Answer, Commit, Effect, SendCancel, SendGrant
from aigc.core.events import Asked, Event, Restored, Tick, WorkerLost
from aigc.core.ids import AttemptId, BootId, DeviceId, JobId, ModelId, Now, OwnerId, WorkerId
from aigc.core.job import Failure, Job, Lease, Status
from aigc.core.lifecycle import begin
from aigc.core.messages import (
    CancelAnswer,
    CancelJob,
    ControlAnswer,
    ControlModel,
    ControlWorker,
    Device,
    Generation,
    Grant,
    JobAnswer,
    LeaseFailed,
    LeaseFinished,
    LeaseStarted,
    MoveJob,
    Submit,
    WorkerHello,
)
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.scheduling.scheduler import Scheduler, SchedulerSettings

GIB = 2**30
EPOCH = 1e9
Kind = TypeVar("Kind")


def spec(name: str, gib: float = 1.0, *, load_s: float = 10.0, run_s: float = 30.0, **fields: Any) -> ModelSpec:
    """A model that takes so much memory."""
    return ModelSpec(
        id=ModelId(name),
        feature=f"feature of {name}",
        class_path="tests:Model",
        memory_bytes=int(gib * GIB),
        load_s=load_s,
        run_s=run_s,
        **fields,
    )


class Desk:
    """What is applied is checked; what comes out is kept in `out` until it is looked at."""

    def __init__(self, *models: ModelSpec, time: float = 100.0, store: dict[JobId, Job] | None = None, **settings: Any):
        self.time, self.wall_offset = time, EPOCH
        self.models = models or (spec("a"),)
        self.settings = SchedulerSettings(**settings)
        self.out: list[Effect] = []
        self.store: dict[JobId, Job] = {} if store is None else store
        """The last record of every job that was submitted or changed."""
        self.workers: dict[WorkerId, WorkerHello] = {}
        self.grants: dict[JobId, Grant] = {}
        """The latest of each job."""
        self._attempts, self._jobs = itertools.count(1), itertools.count(1)
        ids = lambda: AttemptId(f"attempt-{next(self._attempts)} of {id(self)}")  # noqa: E731 - a desk's own numbers
        self.scheduler = Scheduler(self.settings, Catalogue(tuple(self.models), "digest"), Generation(1, "g"), ids)

    @property
    def now(self) -> Now:
        return Now(self.time, self.time + self.wall_offset)

    def apply(self, *events: Event) -> list[Effect]:
        effects = self.scheduler.apply(events, self.now)
        self.scheduler.validate()
        for effect in effects:
            if isinstance(effect, Commit):
                self.store[effect.job.id] = effect.job
            elif isinstance(effect, SendGrant):
                self.grants[effect.grant.lease.job] = effect.grant
        self.out += effects
        return effects

    def after(self, seconds: float) -> list[Effect]:
        """What the passing of so much time brings about."""
        end, effects = self.time + seconds, list[Effect]()
        while (at := self.scheduler.next_tick(self.now)) is not None and at <= end:
            self.time = max(at, self.time)
            effects += self.apply(Tick())
        self.time = end
        return effects

    # Workers.

    def worker(
        self,
        name: str = "w",
        gib: float = 24,
        *,
        slots: int = 1,
        credit: int | None = None,
        kind: str = "cuda",
        boot: str = "1",
        leases: Sequence[Lease] = (),
        **fields: Any,
    ) -> list[Effect]:
        """It says hello."""
        size = int(gib * GIB)
        device = Device(id=DeviceId(name), kind=kind, total=size, usable=size)
        hello = WorkerHello(
            WorkerId(name), BootId(boot), device, slots, credit or slots + 1, tuple(leases), fields.pop("residents", ())
        )
        self.workers[hello.worker] = hello
        return self.apply(hello)

    def lose(self, name: str = "w") -> list[Effect]:
        return self.apply(WorkerLost(WorkerId(name), self.workers[WorkerId(name)].boot))

    # Jobs.

    def job(self, model: str = "", **fields: Any) -> Job:
        fields.setdefault("id", JobId(f"job-{next(self._jobs)}"))
        fields["owner"] = OwnerId(fields.get("owner", ""))
        found = next(one for one in self.models if one.id == (model or self.models[0].id))
        job = begin(Job(feature=found.feature, model=found.id, created_at=self.now.wall, **fields))
        self.store[job.id] = job
        return job

    def submit(self, model: str = "", **fields: Any) -> JobId:
        job = self.job(model, **fields)
        self.apply(Submit(job))
        return job.id

    def lease(self, job: JobId) -> Lease:
        """The one that was last granted."""
        return self.grants[job].lease

    def start(self, job: JobId, load_s: float = 0.0) -> list[Effect]:
        return self.apply(LeaseStarted(self.where(job), self.lease(job), load_s))

    def finish(self, job: JobId, run_s: float = 1.0, peak_bytes: int = 0) -> list[Effect]:
        lease = self.lease(job)
        return self.apply(LeaseFinished(self.where(job), lease, (), {}, (), 0.0, run_s, peak_bytes))

    def fail(
        self, job: JobId, code: str, *, killed: bool = False, retryable: bool = True, peak: int = 0
    ) -> list[Effect]:
        failure = Failure(code, "bad luck", retryable=retryable)
        return self.apply(LeaseFailed(self.where(job), self.lease(job), failure, killed, peak_bytes=peak))

    def cancel(self, job: JobId) -> CancelAnswer:
        (answer,) = only(self.apply(Asked("token", CancelJob(job, "not wanted"))), Answer)
        assert isinstance(answer.reply, CancelAnswer)
        return answer.reply

    def move(self, job: JobId, priority: int) -> JobAnswer:
        (answer,) = only(self.apply(Asked("token", MoveJob(job, priority))), Answer)
        assert isinstance(answer.reply, JobAnswer)
        return answer.reply

    def control(self, wish: ControlModel | ControlWorker) -> ControlAnswer:
        (answer,) = only(self.apply(Asked("token", wish)), Answer)
        assert isinstance(answer.reply, ControlAnswer)
        return answer.reply

    def where(self, job: JobId) -> WorkerId:
        """Who has or had the job."""
        return self.store[job].worker

    def running(self) -> list[JobId]:
        """Jobs with a lease, oldest grant first."""
        return [lease.job for lease in self.scheduler.leases()]

    def reason(self, job: JobId) -> str:
        (estimate,) = self.scheduler.estimates([job], self.now)
        return estimate.reason

    def waiting(self) -> list[JobId]:
        """Queued jobs, in the order of their submission."""
        return [job.id for job in self.store.values() if job.status is Status.QUEUED]

    # Restarts.

    def successor(self, **settings: Any) -> "Desk":
        """The desk of the next broker: the same store and clock, nothing restored yet."""
        other = Desk(*self.models, time=self.time, store=self.store, **settings)
        other.wall_offset, other.grants = self.wall_offset, dict(self.grants)
        other._jobs = self._jobs
        return other

    def restore(self) -> list[Effect]:
        """All open jobs of the store."""
        return self.apply(Restored(tuple(job for job in self.store.values() if not job.status.is_final)))


def only(effects: Sequence[Effect], kind: type[Kind]) -> list[Kind]:
    """The effects of that kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


def sent(effects: Sequence[Effect]) -> list[JobId]:
    """Jobs that were granted, in order."""
    return [effect.grant.lease.job for effect in only(effects, SendGrant)]


def stopped(effects: Sequence[Effect]) -> list[Lease]:
    """Leases whose workers were told to end them."""
    return [effect.cancel.lease for effect in only(effects, SendCancel)]
