"""The store of the simulation: what a real one promises, and a guard that every change is a legal one."""

from collections.abc import Sequence

from aigc.core.errors import QueueFull, StaleGeneration
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.lifecycle import FINAL, LEGAL
from aigc.core.messages import Generation


class Records:
    """Job records that survive every broker."""

    def __init__(self) -> None:
        self.all: dict[JobId, Job] = {}
        self.open: dict[JobId, Job] = {}
        self.queued = 0
        self.generation = Generation(0, "")
        self.refused_brokers = 0
        self.learned: bytes | None = None

    def lead(self) -> Generation:
        """A new broker leads."""
        self.generation = Generation(self.generation.number + 1, f"generation-{self.generation.number + 1}")
        return self.generation

    def create(self, job: Job, bound: int) -> None:
        """The record stands from now on. Raises QueueFull."""
        if self.queued >= bound:
            raise QueueFull("full")
        assert job.id not in self.all
        self.all[job.id] = self.open[job.id] = job
        self.queued += 1

    def commit(self, generation: Generation, jobs: Sequence[Job]) -> frozenset[JobId]:
        """Replace records; those that do not exist, or are final, are left alone and returned."""
        if generation != self.generation:
            self.refused_brokers += 1
            raise StaleGeneration("another broker leads")
        unknown = []
        for job in jobs:
            old = self.all.get(job.id)
            if old is None or old.status in FINAL:
                unknown.append(job.id)
                continue
            self._replace(old, job)
        return frozenset(unknown)

    def _replace(self, old: Job, new: Job) -> None:
        assert new.seq > old.seq, f"{new.id}: change {new.seq} follows {old.seq}"
        assert [line.seq for line in new.history][-2:] in ([new.seq - 1, new.seq], [new.seq]), "a gap in its history"
        # Of several changes in one group only the last is written, so a legal path is required, not a legal step.
        assert new.status in LEGAL[old.status] or new.status in LEGAL[Status.PROCESSING], f"{old.status} {new.status}"
        assert new.attempt >= old.attempt, f"{new.id}: attempt {new.attempt} follows {old.attempt}"
        self.queued += (new.status is Status.QUEUED) - (old.status is Status.QUEUED)
        self.all[new.id] = new
        if new.status in FINAL:
            del self.open[new.id]
        else:
            self.open[new.id] = new
