"""Retention: what has expired goes, records and files; what somebody uses stays."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import structlog
from msgspec import Struct

from aigc.core.errors import AigcError, NotFound
from aigc.core.ids import AssetKey, JobId
from aigc.core.job import Job, Status
from aigc.core.messages import Generation
from aigc.core.ports import Asset, AssetStore, JobStore

log = structlog.get_logger()

DAY_S = 86_400.0
LOOK_AGAIN_S = 30 * DAY_S
"""Results that are kept for ever are looked at so often, lest they outlive a record that somebody removed."""

FINAL = tuple(status for status in Status if status.is_final)


class SweeperSettings(Struct, frozen=True, kw_only=True):
    """How long things are kept. Uploads bring their own expiry from the gateway."""

    completed_s: float | None = 30 * DAY_S
    """Completed jobs with their results, after their end; None: for ever."""
    failed_s: float | None = 7 * DAY_S
    cancelled_s: float | None = DAY_S
    renew_s: float = 3600.0
    """A file whose time has come while it is in use is looked at again after this long."""
    grace_s: float = 600.0
    """A file goes this long after its time: a request that had just found it, at a gateway whose clock is slow, has
    become a job by then."""
    interval_s: float = 3600.0
    """The longest time between two rounds."""
    retry_s: float = 60.0
    """Until the next try when a store failed, and until the next look at who leads."""
    pause_s: float = 1.0
    """Between two rounds while there is more to do than one round takes."""
    batch: int = 256
    """The most records of one status, and the most files, that one round takes."""

    def kept_s(self, status: Status) -> float | None:
        """How long a job that ended so is kept, None for ever."""
        return {Status.COMPLETED: self.completed_s, Status.FAILED: self.failed_s}.get(status, self.cancelled_s)


class Swept(Struct, frozen=True):
    """What one round did."""

    jobs: int = 0
    """Records removed."""
    files: int = 0
    """Files removed."""
    renewed: int = 0
    """Files that are in use and got more time."""
    more: bool = False
    """True if the round was full: another is due at once."""


class Sweeper:
    """Removes expired records and files, beside the leading broker only. An actor, see `actors.actor`.

    Only files that have outlived their own expiry go, and of those only what nobody uses or names: inputs of jobs that
    wait or run (an upload, another job's output), all files of such jobs, and outputs that a record names get more
    time. A record goes by its age; its files are told that their time has come, and go in a later round. So a crash at
    any point leaves no record whose files are gone, and no file that is never looked at again. A download that has
    begun keeps its file open.

    Files are not fenced by a generation, and need not be: nothing makes a file that has expired and that nobody claims
    claimed again (gateways refuse it as an input, and the outputs of a finished job are settled). So a leader that was
    stopped in the middle of a round and goes on when another one leads removes only what that one would remove too.

    Args:
        jobs, assets: what is swept.
        settings: see there.
        generation: the leader's of this process; None while it does not lead, and then nothing is swept.
        clock: seconds since the epoch.
        sleep: waits that many seconds.
        forgotten: called with the ids of records that went.
    """

    def __init__(
        self,
        jobs: JobStore,
        assets: AssetStore,
        settings: SweeperSettings,
        generation: Callable[[], Generation | None],
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        forgotten: Callable[[Sequence[JobId]], None] = lambda jobs: None,
    ) -> None:
        self._jobs = jobs
        self._assets = assets
        self._settings = settings
        self._generation = generation
        self._clock = clock
        self._sleep = sleep
        self._forgotten = forgotten

    async def start(self) -> None:
        """Nothing is needed."""

    async def run(self) -> None:
        """Sweep for ever; a store that fails is tried again."""
        while True:
            try:
                swept = await self.sweep()
                wait_s = self._settings.pause_s if swept.more else await self.next_due_s()
            except AigcError as error:
                log.warning("sweep.failed", error=str(error))
                wait_s = self._settings.retry_s
            await self._sleep(wait_s)

    async def close(self) -> None:
        """Nothing is held."""

    async def sweep(self) -> Swept:
        """One round of bounded work."""
        generation = self._generation()
        if generation is None:
            return Swept()
        # Files first: on a full disk a record may not be removable until there is room.
        files = await self._sweep_files()
        records = await self._sweep_records(generation)
        swept = Swept(records.jobs, files.files, files.renewed, records.more or files.more)
        if swept.jobs or swept.files:
            log.info("sweep.done", jobs=swept.jobs, files=swept.files, renewed=swept.renewed)
        return swept

    async def next_due_s(self) -> float:
        """Seconds until there is something to sweep, at most the interval."""
        if self._generation() is None:
            return self._settings.retry_s
        times = [_expiry(asset) + self._settings.grace_s for asset in await self._assets.expired(math.inf, 1)]
        for status in FINAL:
            kept_s = self._settings.kept_s(status)
            if kept_s is not None:
                times += [_end(job) + kept_s for job in await self._jobs.expired(status, math.inf, 1)]
        wait_s = min(times, default=math.inf) - self._clock()
        return min(max(wait_s, self._settings.pause_s), self._settings.interval_s)

    async def _sweep_files(self) -> Swept:
        now = self._clock()
        found = await self._assets.expired(now - self._settings.grace_s, self._settings.batch)
        if not found:
            return Swept()
        # After the files: a job that came since refers to none of them, as what has expired is refused as an input.
        open_jobs = {job.id: job for job in await self._jobs.open_jobs()}
        inputs = {given.asset for job in open_jobs.values() for given in job.inputs.values()}
        files = renewed = 0
        for asset in found:
            job = await self._job_of(asset.key, open_jobs)
            if asset.key in inputs or (job is not None and _claims(job, asset.key)):
                with suppress(NotFound):  # removed by somebody else meanwhile
                    await self._assets.touch(asset.key, now + self._more_s(job, now))
                renewed += 1
            else:
                files += await self._assets.delete(asset.key)
        return Swept(0, files, renewed, len(found) == self._settings.batch)

    async def _sweep_records(self, generation: Generation) -> Swept:
        now = self._clock()
        removed, more = 0, False
        for status in FINAL:
            kept_s = self._settings.kept_s(status)
            if kept_s is None:
                continue
            jobs = await self._jobs.expired(status, now - kept_s, self._settings.batch)
            if not jobs:
                continue
            for job in jobs:
                for asset in await self._assets.list(f"jobs/{job.id}"):
                    if asset.expires_at is None or asset.expires_at > now:
                        await self._assets.touch(asset.key, now)
            ids = [job.id for job in jobs]
            await self._jobs.delete(generation, ids)
            self._forgotten(ids)
            removed += len(ids)
            more = more or len(ids) == self._settings.batch
        return Swept(removed, more=more)

    async def _job_of(self, key: AssetKey, known: dict[JobId, Job]) -> Job | None:
        """The record of the job whose attempt left this file; None for an upload, and where the record is gone."""
        place, _, rest = key.partition("/")
        if place != "jobs":
            return None
        job_id = JobId(rest.partition("/")[0])
        return known.get(job_id) or await self._jobs.get(job_id)

    def _more_s(self, job: Job | None, now: float) -> float:
        """How much more time a file gets: to the end of its record's, where that is known."""
        if job is None or not job.status.is_final:
            return self._settings.renew_s
        kept_s = self._settings.kept_s(job.status)
        left_s = LOOK_AGAIN_S if kept_s is None else _end(job) + kept_s - now
        return max(left_s, self._settings.renew_s)


def _claims(job: Job, key: AssetKey) -> bool:
    """True if the file is one of the job's outputs, or may become one."""
    if not job.status.is_final:
        return True
    return key == job.progress.preview or any(key == output.asset for output in job.outputs)


def _end(job: Job) -> float:
    return job.created_at if job.finished_at is None else job.finished_at


def _expiry(asset: Asset) -> float:
    return math.inf if asset.expires_at is None else asset.expires_at
