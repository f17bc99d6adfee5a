"""The whole house in virtual time: gateways, brokers, workers, a store and a network, and what befalls them."""

import itertools
import random
from collections.abc import Callable

from aigc.core.errors import QueueFull
from aigc.core.ids import AttemptId, JobId, ModelId, OwnerId, WorkerId
from aigc.core.job import Job
from aigc.core.lifecycle import begin
from aigc.core.messages import CancelJob, ControlModel, ControlWorker, MoveJob, Submit
from aigc.core.scheduling.scheduler import SchedulerSettings
from tests.simulation import fates
from tests.simulation.broker import Broker
from tests.simulation.checks import Checks
from tests.simulation.clock import EPOCH, Clock
from tests.simulation.faults import CALM, Faults, Network
from tests.simulation.records import Records
from tests.simulation.worker import Host, Worker

GIB = fates.GIB
HOSTS = (("worker-a", 16, 1), ("worker-b", 24, 1), ("worker-c", 24, 2), ("worker-d", 32, 2), ("worker-e", 48, 3))
"""Name, GiB, slots."""
OWNERS = ("ann", "bob", "cy", "dee")
OWNER_WEIGHTS = (70, 15, 10, 5)


class House:
    """A world that is the same for equal seeds.

    Args:
        check_every: the books are checked at every so many-th step of the broker and of the workers.
    """

    def __init__(self, seed: int, *, check_every: int = 1, bound: int = 300) -> None:
        self.rng = random.Random(seed)
        self.clock = Clock()
        self.network = Network(self.clock, self.rng)
        self.records = Records()
        self.checks = Checks(self)
        self.check_every = check_every
        self.settings = SchedulerSettings(
            queue_bound=bound, adoption_s=8.0, delivery_s=4.0, cancel_again_s=2.0, avoid_s=5.0, mark_limit_s=5.0
        )
        self.faults = CALM
        self.refused = 0
        self._bound = bound
        self._attempts = itertools.count()
        self._numbers = itertools.count()
        self._steps = 0
        self._left = 0
        self._rate = 0.0
        self.broker: Broker | None = Broker(self)
        self.doubled: list[Worker] = []
        """Workers under whose name another one was started while they lived."""
        self.workers = {name: Worker(self, Host(name, gib * GIB, slots)) for name, gib, slots in HOSTS}

    def attempt_id(self) -> AttemptId:
        """One that was never given before, by any broker."""
        return AttemptId(f"attempt-{next(self._attempts)}")

    def step(self) -> int:
        """Counts the steps of all workers."""
        self._steps += 1
        return self._steps

    def story(self, job: JobId) -> str:
        """What the present broker knows of a job."""
        return self.broker.scheduler.story(job) if self.broker is not None else "no broker"

    # What people do.

    def run(self, jobs: int, rate: float, faults: Faults = CALM, patience_s: float = 900.0) -> None:
        """So many jobs come at so many a second, things happen to the house, then all is calm and every job ends."""
        self._left, self._rate = jobs, rate
        self.faults = self.network.faults = faults
        self.clock.after(0.0, self._submit)
        for mean_s, strike in self._strikes(faults):
            if mean_s:
                self.clock.after(self.rng.expovariate(1 / mean_s), self._befall, mean_s, strike)
        self.clock.run(float("inf"), lambda: self._left == 0)
        self.faults = self.network.faults = CALM
        self.clock.after(20.0, self._staff)  # somebody looks whether all are there
        if faults.operator_acts_s:
            for delay_s in (1.0, 20.0, 40.0):  # by then everybody who stopped has gone on
                self.clock.after(delay_s, self._operator_tidies_up)
        limit = self.clock.time + patience_s
        self.clock.run(limit, lambda: not self.records.open)
        self.clock.run(self.clock.time + 15.0)  # late copies arrive, and must change nothing
        if self.broker is not None:
            self.broker.scheduler.validate()
        self.checks.final(is_calm=faults is CALM)

    def long_job(self, run_s: float) -> JobId:
        """A sound job of so many seconds is accepted now, which nobody will cancel."""
        job = JobId(f"long-{next(self._numbers)}")
        params = {"fate": fates.FINE, "run_s": run_s}
        record = Job(id=job, feature="feature of small", model=ModelId("small"), created_at=EPOCH, params=params)
        self.records.create(begin(record), self._bound)
        self.checks.accepted.add(job)
        return job

    def _submit(self) -> None:
        rng, clock = self.rng, self.clock
        if self._left == 0:
            return
        self._left -= 1
        created_at = clock.time + EPOCH + rng.uniform(-300.0, 300.0)  # gateways disagree about the time
        deadline_s = rng.uniform(0.5, 60.0) if rng.random() < 0.02 else None
        spec = fates.model(rng)
        if spec.id == "impossible":
            deadline_s = deadline_s or 60.0
        job = Job(
            id=JobId(f"job-{next(self._numbers)}"),
            feature=spec.feature,
            model=spec.id,
            created_at=created_at,
            params=fates.params(rng),
            owner=OwnerId(rng.choices(OWNERS, OWNER_WEIGHTS)[0]),
            priority=rng.choices((2, 5, 8), (10, 80, 10))[0],
            deadline_at=created_at + deadline_s if deadline_s is not None else None,
            input_size=rng.choice((0, 1000, 1_000_000)),
        )
        job = begin(job)
        clock.after(rng.uniform(0.0003, 0.004), self._create, job)
        if self.broker is not None:
            self.network.send(self.broker.take, Submit(job))
        clock.after(rng.expovariate(self._rate), self._submit)

    def _create(self, job: Job) -> None:
        try:
            self.records.create(job, self._bound)
        except QueueFull:
            self.refused += 1
            return
        self.checks.accepted.add(job.id)
        if self.rng.random() < 0.03:
            self.clock.after(self.rng.expovariate(1.0), self._cancel, job.id)
        if self.rng.random() < 0.02:
            self.clock.after(self.rng.expovariate(1.0), self._move, job.id)

    def _cancel(self, job: JobId) -> None:
        if self.broker is not None:
            self.network.send(self.broker.ask, CancelJob(job, "not wanted any more"))
        if self.rng.random() < 0.2:
            self.clock.after(0.1, self._cancel, job)

    def _move(self, job: JobId) -> None:
        if self.broker is not None:
            self.network.send(self.broker.ask, MoveJob(job, self.rng.choice((2, 5, 8))))

    # What befalls the house.

    def _strikes(self, faults: Faults) -> tuple[tuple[float, Callable[[], None]], ...]:
        return (
            (faults.broker_dies_s, self._broker_dies),
            (faults.broker_freezes_s, self._broker_freezes),
            (faults.worker_dies_s, self._worker_dies),
            (faults.worker_stops_s, self._worker_stops),
            (faults.worker_doubles_s, self._worker_doubles),
            (faults.runner_dies_s, lambda: self._some_worker().lose_runner(self.rng)),
            (faults.operator_acts_s, self._operator_acts),
            (faults.wall_jumps_s, self._wall_jumps),
        )

    def _befall(self, mean_s: float, strike: Callable[[], None]) -> None:
        if self.faults is not CALM:
            strike()
            self.clock.after(self.rng.expovariate(1 / mean_s), self._befall, mean_s, strike)

    def _some_worker(self) -> Worker:
        return self.rng.choice(list(self.workers.values()))

    def _broker_dies(self) -> None:
        if self.broker is not None:
            self.broker.die()
            self.broker = None
            self.clock.after(self.rng.uniform(0.1, 4.0), self._broker_comes)

    def _broker_freezes(self) -> None:
        if self.broker is not None:
            old = self.broker
            old.freeze()
            self.broker = None
            self.clock.after(self.rng.uniform(0.5, 4.0), self._broker_comes)
            self.clock.after(self.rng.uniform(5.0, 30.0), old.thaw)

    def _broker_comes(self) -> None:
        if self.broker is not None:
            return
        self.broker = Broker(self)
        for worker in (*self.workers.values(), *self.doubled):
            self.clock.after(self.rng.uniform(0.0, 2.0), worker.reconnect)

    def _worker_dies(self) -> None:
        worker = self._some_worker()
        if worker.is_alive:
            worker.die()
            self.clock.after(self.rng.uniform(0.5, 10.0), self._worker_comes, worker.host)

    def _worker_comes(self, host: Host) -> None:
        self.workers[host.worker] = Worker(self, host)

    def _worker_stops(self) -> None:
        worker = self._some_worker()
        worker.stop()
        self.clock.after(self.rng.uniform(0.5, 12.0), worker.resume)

    def _operator_acts(self) -> None:
        rng = self.rng
        worker = self._some_worker().id
        model = rng.choice(fates.MODELS).id
        action = rng.choice(("load", "load", "unload", "pin", "unpin", "drain", "resume"))
        if action in ("drain", "resume"):
            self._control(ControlWorker(worker, action))
        else:
            self._control(ControlModel(model, action, worker if rng.random() < 0.5 else WorkerId("")))

    def _operator_tidies_up(self) -> None:
        for worker in self.workers:
            self._control(ControlWorker(WorkerId(worker), "resume"))
        for spec in fates.MODELS:
            self._control(ControlModel(spec.id, "unpin"))

    def _control(self, wish: ControlModel | ControlWorker) -> None:
        if self.broker is not None:
            self.network.send(self.broker.control, wish)

    def _worker_doubles(self) -> None:
        worker = self._some_worker()
        if worker.is_alive:
            self.doubled.append(worker)
            self._worker_comes(worker.host)

    def retire(self, worker: Worker) -> None:
        """It was told that another one has its name."""
        worker.die()
        others = [one for one in (*self.doubled, self.workers[worker.id]) if one.id == worker.id and one.is_alive]
        if others:
            self.workers[worker.id] = others[-1]

    def _staff(self) -> None:
        for worker in tuple(self.workers.values()):
            if not worker.is_alive:
                self._worker_comes(worker.host)

    def _wall_jumps(self) -> None:
        self.clock.wall_offset += self.rng.uniform(-3600.0, 3600.0)
