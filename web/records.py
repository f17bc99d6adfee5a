"""Records in memory: as many as fit, kept current by the broker's news, with the live progress of running jobs.

A record may stand here only as long as every later change of it would be heard. When news may have been missed the
owner calls `clear`; a reader that went to the store meanwhile sees by `epoch` that what it read may be old.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from aigc.core.ids import JobId
from aigc.core.job import Job, Stage, Status
from aigc.core.messages import Progressed


class Records:
    """The newest known record of each of the `capacity` jobs that were touched last.

    Args:
        clock: seconds; an estimate that was told then is by so much shorter now.
    """

    def __init__(self, capacity: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity, self._clock = capacity, clock
        # In the order of their last touch. A plain dict finds its first key by looking past all that were deleted.
        self._jobs: OrderedDict[JobId, Job] = OrderedDict()
        self._live: dict[JobId, tuple[Progressed, float]] = {}
        self.epoch = 0
        """Grows whenever something that a reader got from the store before must not be put here any more."""

    def __len__(self) -> int:
        """How many records are held."""
        return len(self._jobs)

    def put(self, job: Job) -> Job:
        """The newer one of `job` and what was known, which is what stands here now."""
        jobs = self._jobs
        known = jobs.pop(job.id, None)
        if known is not None and known.seq > job.seq:
            job = known
        jobs[job.id] = job
        if len(jobs) > self._capacity:
            jobs.popitem(last=False)
        if job.id in self._live and (
            job.status is not Status.PROCESSING or self._live[job.id][0].attempt != job.attempt
        ):
            del self._live[job.id]
        return job

    def find(self, job: JobId) -> Job | None:
        """The record with its live progress, if it is here."""
        known = self._jobs.pop(job, None)
        if known is None:
            return None
        self._jobs[job] = known
        return self.with_progress(known)

    def with_progress(self, job: Job) -> Job:
        """`job` with the stage and progress that its attempt last told."""
        live, told_at = self._live.get(job.id, (None, 0.0))
        if live is None or job.status is not Status.PROCESSING or live.attempt != job.attempt:
            return job
        stage = Stage.CANCELLING if job.stage is Stage.CANCELLING else live.stage
        progress = live.progress
        if progress.left_s is not None:
            left_s = progress.left_s - (self._clock() - told_at)
            progress = msgspec.structs.replace(progress, left_s=left_s if left_s > 0 else None)
        return msgspec.structs.replace(job, stage=stage, progress=progress)

    def progressed(self, news: Progressed) -> None:
        """`news` is the latest of its job."""
        known = self._jobs.get(news.job)
        if known is None or not known.status.is_final:
            self._live[news.job] = news, self._clock()

    def forget(self, job: JobId) -> None:
        """The record was deleted."""
        self.epoch += 1
        self._jobs.pop(job, None)
        self._live.pop(job, None)

    def clear(self) -> None:
        """News may have been missed: nothing here is sure any more."""
        self.epoch += 1
        self._jobs.clear()
        self._live.clear()
