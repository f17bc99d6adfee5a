"""What the broker publishes becomes current records, answers for those who wait, events for those who watch."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

import structlog
import zmq

from actors.log_level import SetLogLevel
from aigc.core.errors import Unavailable
from aigc.core.ids import JobId
from aigc.core.job import Job
from aigc.core.messages import (
    CatalogueChanged,
    Changed,
    Forgotten,
    LevelChanged,
    Progressed,
    QueueMoved,
    Telemetry,
    ToWatchers,
)
from aigc.core.ports import JobQuery, JobStore
from transport import Address, Codec, Envelope, Gap, LinkSettings, Subscriber, Verdict
from web.hub import Hub
from web.machines import NOBODY, worker_view
from web.records import Records

REPAIR_JOBS = 1000
"""Newest jobs of an owner that are looked at after a gap, for those who hear everything."""

KNOWN_ENDS = 4096
"""Jobs of which it is remembered that their end was told."""

REPAIR_MARGIN_S = 5.0
"""The store's clock, as two hosts know it, may differ by so much without a change being overlooked."""

log = structlog.get_logger(__name__)


class News:
    """Follows the broker's news.

    Args:
        context: the process's ZeroMQ context.
        address: where brokers publish.
        store: where the truth is when news were missed.
        hub: tells the watchers.
        capacity: records to hold.
        alone: nobody can hear news before they are heard here, of another gateway.
        on_catalogue: another catalogue is in force.
        on_queue: places in the queue are different now.
        on_level: this process is to log from another level on.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        address: Address | Sequence[Address],
        store: JobStore,
        hub: Hub,
        *,
        name: str,
        capacity: int,
        alone: bool,
        on_catalogue: Callable[[], None],
        on_queue: Callable[[], None],
        on_level: SetLogLevel,
        clock: Callable[[], float] = time.time,
        settings: LinkSettings | None = None,
    ) -> None:
        self._store = store
        self._hub = hub
        self._alone = alone
        self._on_catalogue = on_catalogue
        self._on_queue = on_queue
        self._on_level = on_level
        self._loop = asyncio.get_running_loop()
        self._waiters: dict[JobId, set[asyncio.Future[Job | None]]] = {}
        self._ended: OrderedDict[JobId, None] = OrderedDict()
        self._clock = clock
        self._last_s = clock()  # when something was heard last
        self._repair: asyncio.Task[None] | None = None
        self._repair_from: float | None = None
        self.records = Records(capacity)
        self._subscriber: Subscriber[ToWatchers] = Subscriber(
            context, address, Codec(ToWatchers), self._heard, self._gap, name=f"{name}-news", settings=settings
        )

    def release(self) -> None:
        """Those who wait, wait no longer: the server goes away."""
        for waiters in self._waiters.values():
            for future in waiters:
                if not future.done():
                    future.set_result(None)

    def close(self) -> None:
        """Nothing is heard any more and nobody waits."""
        self.release()
        self._subscriber.close()
        if self._repair is not None:
            self._repair.cancel()

    @property
    def is_current(self) -> bool:
        """Every change is heard: what is in memory is what is in the store."""
        return self._subscriber.verdict is Verdict.ALIVE

    async def read(self, job: JobId) -> Job | None:
        """The newest record with its live progress, or None; from memory where nobody can have heard anything newer."""
        if (known := self._remembered(job)) is not None and (self._alone or known.status.is_final):
            return known
        return await self._fetched(job)

    async def heard(self, job: JobId) -> Job | None:
        """The record as it was heard here last: whatever is newer, news of it are on their way."""
        return self._remembered(job) or await self._fetched(job)

    def _remembered(self, job: JobId) -> Job | None:
        return self.records.find(job) if self.is_current else None

    async def _fetched(self, job: JobId) -> Job | None:
        while True:
            epoch = self.records.epoch
            found = await self._store.get(job)
            if found is None:
                return None
            if epoch == self.records.epoch:
                return self.records.with_progress(self.records.put(found))
            # News were missed while the store was read: what it said may be from before them.

    def created(self, job: Job, epoch: int) -> None:
        """A record of ours is durable since now. `epoch`: of the records, from before its creation began."""
        if epoch == self.records.epoch:
            job = self.records.put(job)
        self._tell(job)

    async def wait(self, job: Job, timeout_s: float) -> Job | None:
        """The record once it is final; None after `timeout_s`, or when the server goes away."""
        future: asyncio.Future[Job | None] = self._loop.create_future()
        waiters = self._waiters.setdefault(job.id, set())
        waiters.add(future)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            return None
        finally:
            waiters.discard(future)
            if not waiters and self._waiters.get(job.id) is waiters:
                del self._waiters[job.id]

    def _heard(self, batch: "list[Envelope[ToWatchers]]") -> None:
        self._last_s = self._clock()
        for envelope in batch:
            for message in envelope.messages:
                if isinstance(message, Changed):
                    self._changed(message.job)
                elif isinstance(message, Progressed):
                    self.records.progressed(message)
                    self._hub.progressed(message)
                else:
                    self._rarer(message)

    def _rarer(self, message: ToWatchers) -> None:
        if isinstance(message, Forgotten):
            self.records.forget(message.job)
            self._hub.forgotten(message.job)
        elif isinstance(message, QueueMoved):
            self._hub.system("system.queue", {"waiting": message.waiting})
            self._on_queue()
        elif isinstance(message, Telemetry):
            if self._hub.has_operators:
                workers = message.workers
                self._hub.system(
                    "system.telemetry",
                    {"workers": [worker_view(worker) for worker in workers]},
                    {"workers": [worker_view(worker, NOBODY) for worker in workers]},
                )
        elif isinstance(message, CatalogueChanged):
            self._hub.system("system.catalogue", {"digest": message.digest})
            self._on_catalogue()
        elif isinstance(message, LevelChanged):
            self._on_level(message.logger, message.level)

    def _changed(self, job: Job) -> None:
        if job.id in self._ended and not job.status.is_final:
            return  # old news that came late
        job = self.records.put(job)
        if job.status.is_final:
            for future in self._waiters.pop(job.id, ()):
                if not future.done():
                    future.set_result(job)
        self._tell(job)

    def _tell(self, job: Job) -> None:
        """Watchers hear it, unless they have heard its end: one who hears everything would take it for a new job."""
        if job.id in self._ended:
            return
        if job.status.is_final:
            self._ended[job.id] = None
            if len(self._ended) > KNOWN_ENDS:
                self._ended.popitem(last=False)
        self._hub.changed(job)

    # Repair after missed news

    def _gap(self, gap: Gap) -> None:
        self.records.clear()
        self._on_catalogue()
        self._is_due(self._last_s - REPAIR_MARGIN_S)
        if self._repair is None or self._repair.done():
            self._repair = self._loop.create_task(self._repaired(gap))

    def _is_due(self, since: float) -> None:
        self._repair_from = since if self._repair_from is None else min(since, self._repair_from)

    async def _repaired(self, gap: Gap) -> None:
        """Watchers and waiters know what they missed; goes on until the store has told all."""
        while self._repair_from is not None:
            since, self._repair_from = self._repair_from, None
            try:
                jobs = await self._missed(since)
            except Unavailable as error:
                self._is_due(since)
                log.warning("news.unrepaired", gap=gap.value, reason=str(error))
                await asyncio.sleep(error.retry_after_s)
                continue
            if jobs:
                log.info("news.repaired", gap=gap.value, jobs=jobs)

    async def _missed(self, since: float) -> int:
        wanted = {*self._hub.watched, *self._waiters}
        for job in wanted:
            found = await self.read(job)
            if found is None:
                self._hub.forgotten(job)
            else:
                self._changed(found)
        for owner in self._hub.owners:
            epoch = self.records.epoch
            page = await self._store.list(JobQuery(owner=owner, limit=REPAIR_JOBS))
            if epoch != self.records.epoch:
                self._is_due(since)  # more was missed meanwhile: what came may be from before that
                break
            if page.next_cursor and page.jobs[-1].created_at >= since:
                self._hub.missed(owner, since, self._clock())
            for job_record in page.jobs:
                if job_record.id not in wanted and job_record.history and job_record.history[-1].at >= since:
                    self._changed(job_record)
        return len(wanted)
