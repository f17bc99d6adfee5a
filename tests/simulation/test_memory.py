"""Memory is learned: the real scheduler and a real device, models whose declared sizes are wrong, and no mercy.

A run that needs a byte more than it was granted runs out of memory, as if all the rest of the device were taken; on
its second try, alone, it has the device.
"""

import random
from collections import Counter
from statistics import fmean

import pytest

from aigc.core.effects import Effect, SendGrant
from aigc.core.ids import JobId
from aigc.core.job import Failure, Status
from aigc.core.messages import Generation, LeaseFailed, LeaseFinished, LeaseReturned, Settled, Submit
from aigc.core.runner_events import (
    Connected,
    DeviceEffect,
    Measured,
    Run,
    RunnerConnected,
    RunnerExited,
    RunnerFailed,
    RunnerLoaded,
    Spawn,
    Stored,
    StoreOutputs,
    Terminate,
)
from aigc.core.scheduling.profiles import bucket
from tests.core.device_kit import World, finished, sample
from tests.core.scheduler_kit import Desk, spec

GIB = 2**30
CARD = 24 * GIB
FIRST = Generation(1, "g")
LEARNING = 20
"""Runs of a bucket after which none may run out of memory any more."""


def peak_of(size: int, noise: float) -> int:
    """4 GiB for the weights, and up to 8 more with the size of the input."""
    return int((4 * GIB + 8 * GIB * size / 2**26) * noise)


class Rig:
    """A broker's decisions and a worker's, wired to each other without a clock or a network between them."""

    def __init__(self, seed: int, *declared_gib: float) -> None:
        models = [spec(f"declares {gib:g}", gib) for gib in declared_gib]
        self.rng = random.Random(seed)
        self.desk = Desk(*models)
        self.world = World(*models, total=CARD)
        self.world.do(Connected())
        self.world.welcome(FIRST)
        self.ran_out: list[tuple[str, int, int]] = []
        """Model, bucket, and how many runs of that bucket went before."""
        self.waste: dict[bool, list[float]] = {False: [], True: []}
        """What was reserved over what was used, in runs that went well, by whether their bucket was known."""
        self._runs: Counter[tuple[str, int]] = Counter()
        self._sizes: dict[JobId, int] = {}
        self.hear()

    def hear(self) -> None:
        """What the worker said has reached the broker, and what that one sent in return has reached the worker."""
        while messages := self.world.said():
            for message in messages:
                self.obey(self.desk.apply(message))
                if isinstance(message, LeaseFinished | LeaseFailed | LeaseReturned):
                    self.work(self.world.do(Settled(FIRST, (message.lease,))))
        self.world.do(Measured(sample(CARD)))
        self.obey(self.desk.apply(self.world.beats[-1]))

    def obey(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, SendGrant):
                self.work(self.world.do(effect.grant))

    def work(self, effects: list[DeviceEffect]) -> None:
        for effect in effects:
            match effect:
                case Spawn(runner=runner):
                    self.work(self.world.do(RunnerConnected(runner, 1)))
                    self.work(self.world.do(RunnerLoaded(runner, 1.0, 4 * GIB)))
                case Terminate(runner=runner):
                    self.work(self.world.do(RunnerExited(runner, 0)))
                case Run():
                    self.run(effect)
                case StoreOutputs(lease=lease):
                    self.work(self.world.do(Stored(lease, ())))

    def run(self, task: Run) -> None:
        model, size = task.model, self._sizes[task.lease.job]
        peak = peak_of(size, self.rng.uniform(0.98, 1.02))
        grant = self.desk.grants[task.lease.job]
        reserved = CARD if grant.alone else grant.need_bytes
        key = (model, bucket(size))
        is_known = self._runs[key] >= LEARNING
        if peak > reserved:
            self.ran_out.append((*key, self._runs[key]))
            failure = Failure("out_of_memory", "the device has no more", retryable=True)
            self.work(self.world.do(RunnerFailed(task.runner, task.lease, failure, 1.0, peak_bytes=reserved)))
        else:
            self.waste[is_known].append(grant.need_bytes / peak)
            self._runs[key] += 1
            self.work(self.world.do(finished(task.runner, task.lease, peak_bytes=peak)))

    def submit(self, count: int) -> list[JobId]:
        """So many jobs, of both models and of sizes from 1 to 64 MiB, one after the other."""
        jobs = []
        for _ in range(count):
            model = self.rng.choice(self.desk.models).id
            job = self.desk.job(model, input_size=int(2 ** self.rng.uniform(20, 26)))
            self._sizes[job.id] = job.input_size
            self.obey(self.desk.apply(Submit(job)))
            self.hear()
            jobs.append(job.id)
        return jobs


@pytest.mark.parametrize("seed", range(3))
def test_running_out_of_memory_ends_once_a_size_is_known(seed: int) -> None:
    rig = Rig(seed, 3.0, 24.0)
    jobs = rig.submit(2000)

    assert rig.ran_out, "the model that declares too little"
    assert [late for late in rig.ran_out if late[2] >= LEARNING] == []
    assert all(rig.desk.store[job].status is Status.COMPLETED for job in jobs), "an attempt was lost, never a job"


def test_what_a_model_declares_too_much_is_given_back_once_a_size_is_known() -> None:
    rig = Rig(4, 24.0)
    rig.submit(1000)

    assert fmean(rig.waste[True]) < 1.6, "a class spans a factor 2 of sizes, and a tenth is added"
    assert rig.waste[False][0] > 1.9


def test_a_broker_that_begins_anew_knows_what_the_last_one_learned() -> None:
    before, after = Rig(5, 3.0), Rig(6, 3.0)
    before.submit(500)
    assert before.ran_out
    assert after.desk.scheduler.restore_learned(before.desk.scheduler.learned())
    after.submit(500)

    assert after.ran_out == []
