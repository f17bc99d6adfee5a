"""The guarantees, watched from outside: what clients were told, what workers did, what the store holds."""

from typing import TYPE_CHECKING

from aigc.core.ids import AssetKey, JobId, WorkerId
from aigc.core.job import Job, Lease, Status
from aigc.core.lifecycle import FINAL
from aigc.core.messages import CancelAnswer, CancelJob, ControlAnswer, Grant, JobAnswer, Progressed

if TYPE_CHECKING:
    from tests.simulation.broker import Question
    from tests.simulation.house import House
    from tests.simulation.worker import Worker


class Checks:
    """Everything that was seen, and the assertions about it."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self.files: set[AssetKey] = set()
        """What is durable in the AssetStore."""
        self.accepted: set[JobId] = set()
        """Jobs that a client was told are accepted."""
        self.ended: dict[JobId, Job] = {}
        """Final records, as published."""
        self.cancels = 0
        self._discarded: set[Lease] = set()
        self._starts: dict[JobId, list[WorkerId]] = {}
        self._cancelling: set[JobId] = set()
        self._told: dict[JobId, Status] = {}
        self._seen: set[tuple[str, JobId]] = set()
        self._leases: dict[tuple[JobId, int], set[Lease]] = {}

    def is_first(self, what: str, job: JobId) -> bool:
        """Whether this happens to the job for the first time."""
        key = (what, job)
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    def fate(self, job: JobId) -> str:
        """What the job's runs do."""
        fate: str = self._house.records.all[job].params["fate"]
        return fate

    # While it runs.

    def granted(self, worker: "Worker", grant: Grant) -> None:
        """A worker got a lease: it was durable before, and its id is new."""
        record = self._house.records.all[grant.lease.job]
        assert record.attempt >= grant.lease.attempt, f"{grant.lease} was sent before it was durable"
        self._leases.setdefault((grant.lease.job, grant.lease.attempt), set()).add(grant.lease)

    def started(self, worker: WorkerId, lease: Lease) -> None:
        """A runner has begun to work on it."""
        self._starts.setdefault(lease.job, []).append(worker)

    def changed(self, job: Job) -> None:
        """A durable change was published."""
        if job.status not in FINAL:
            end = self.ended.get(job.id)
            # A broker that was stopped tells late what was durable long before; watchers go by the number.
            assert end is None or job.seq < end.seq, f"{job.id} changed after it was {end.status}"
            return
        former = self.ended.setdefault(job.id, job)
        assert former.status is job.status, f"{job.id} was {former.status} and is {job.status}"
        if job.status is Status.COMPLETED:
            self._completed(job)

    def progressed(self, news: Progressed) -> None:
        """Watchers saw progress: of a job that is not over."""
        assert news.job not in self.ended, f"{news.job} made progress after its end"

    def discarded(self, lease: Lease) -> None:
        """The sweeper may have the files of this attempt."""
        self._discarded.add(lease)
        record = self._house.records.all.get(lease.job)
        if record is not None and record.status is Status.COMPLETED:
            assert _asset(record) not in _keys(lease), f"the result of {lease.job} was discarded"

    def answered(self, question: "Question", reply: CancelAnswer | JobAnswer | ControlAnswer) -> None:
        """A client heard the truth about its wish."""
        if not isinstance(reply, CancelAnswer) or not isinstance(question.request, CancelJob):
            return
        job = question.request.job
        if reply.cancelling:
            self._cancelling.add(job)
        elif reply.job is not None and reply.job.status in FINAL:
            self._told[job] = reply.job.status

    def _completed(self, job: Job) -> None:
        key = _asset(job)
        assert key in self.files, f"{job.id} is completed and {key} is not durable"
        assert not any(key in _keys(lease) for lease in self._discarded if lease.job == job.id), f"{key} was discarded"

    def starts(self, job: JobId) -> int:
        """How often a runner began to work on it."""
        return len(self._starts.get(job, ()))

    def run_twice(self) -> list[JobId]:
        """Jobs that would have ended well and that runners began more than once."""
        return [job for job, starts in self._starts.items() if len(starts) > 1 and self.fate(job) == "fine"]

    # When all is calm again.

    def final(self, *, is_calm: bool) -> None:
        """What must be true in the end of every job that was accepted."""
        records = self._house.records
        for former in self._house.doubled:
            lives = {former, self._house.workers[former.id]}
            assert sum(one.is_alive for one in lives) <= 1, f"two workers called {former.id} live"
        for job in self.accepted:
            record = records.all[job]
            assert record.status in FINAL, f"{job} is {record.status}: {self._house.story(job)}"
            self._final(record, is_calm)

    def _final(self, record: Job, is_calm: bool) -> None:
        job, fate = record.id, record.params["fate"]
        if job in self._told:
            assert record.status is self._told[job], f"{job} is {record.status}, its canceller heard {self._told[job]}"
        if job in self._cancelling:
            assert record.status in (Status.CANCELLED, Status.FAILED), f"{job} is {record.status} after its cancel"
            assert record.status is Status.CANCELLED or record.failure is not None
        if record.status is Status.COMPLETED:
            assert fate in ("fine", "hungry", "no store"), f"{job} completed though it is {fate}"
            assert record.attempt == 1 or record.failures or not is_calm
        assert (record.status is Status.FAILED) == (record.failure is not None)
        assert record.strikes == len(record.failures) <= record.max_attempts
        if is_calm:
            self._final_in_calm(record, fate)

    def _final_in_calm(self, record: Job, fate: str) -> None:
        job, starts = record.id, len(self._starts.get(record.id, ()))
        is_late = record.failure is not None and record.failure.code == "deadline_exceeded"
        if record.status is Status.CANCELLED or is_late:
            return
        if fate == "fine" and record.model not in ("broken", "impossible"):
            assert record.status is Status.COMPLETED, f"{job}: {record.failure}"
            assert starts == 1, f"{job} was run {starts} times: {self._house.story(job)}"
        if fate == "poison" and record.model not in ("broken", "impossible"):
            assert starts == 2, f"{job} killed {starts} runners"


def _asset(job: Job) -> AssetKey:
    output = job.main_output
    assert output is not None
    return output.asset


def _keys(lease: Lease) -> tuple[AssetKey, ...]:
    return (AssetKey(f"jobs/{lease.job}/{lease.id}/mesh.glb"),)
