"""Job records in one SQLite file: WAL, full sync, one writer thread, group commit."""

import asyncio
import time
from collections.abc import Container, Mapping, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from actors.stores.file_lock import FileLock
from actors.stores.group_thread import GroupThread
from actors.stores.record import encoded
from actors.stores.sqlite_file import SqliteSettings
from actors.stores.sqlite_reader import SqliteReader
from actors.stores.sqlite_writer import SqliteWriter
from aigc.core.errors import StoreBroken, Unavailable
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.messages import BrokerView, Generation
from aigc.core.ports import Created, JobPage, JobQuery


class SqliteJobStore:
    """The `JobStore` of one process; a second one on the same file is refused while the first lives.

    Calls made while a commit is under way share the next one: one transaction, one fsync and one wake-up of the loop
    for all who wait. Nothing runs while nobody asks.

    Args:
        path: the database; its folder is made where it is missing, and `<path>.lock` lies beside it.
        settings: what it must be told.
    """

    def __init__(self, path: Path, settings: SqliteSettings | None = None) -> None:
        self.path = path
        self._settings = settings or SqliteSettings()
        self._lock = FileLock(path.with_name(path.name + ".lock"))

    async def open(self) -> None:
        """Ready for use; creates what is missing.

        Raises:
            StoreBroken: another server holds it, it is damaged, of another version, locked, or cannot be written.
        """
        await asyncio.to_thread(self._connect)
        self._writing = GroupThread("jobs-writer", self._writer.run)
        self._looking_up = GroupThread("jobs-reader", self._reader.run)
        self._searching = GroupThread("jobs-search", self._search.run)

    async def close(self) -> None:
        """Everything handed in before is durable; threads, connections and the lock are gone."""
        for thread in (self._writing, self._looking_up, self._searching):
            await thread.close()
        await asyncio.to_thread(self._held.close)

    async def create(self, job: Job, *, bound: int, owner_bound: int = 0) -> Created:
        """See the port."""
        if self._writing.waiting >= self._settings.pending_limit:
            raise Unavailable(
                f"{self._writing.waiting} new jobs wait for the disk that holds the records",
                retry_after_s=5,
                suggestion="try again; if it goes on, look for what keeps the disk busy",
            )
        return await self._writing.ask(partial(self._writer.create, job, encoded(job), bound, owner_bound))

    async def commit(self, generation: Generation, jobs: Sequence[Job]) -> frozenset[JobId]:
        """See the port."""
        rows = [(job, encoded(job)) for job in jobs]
        return await self._writing.ask(partial(self._writer.replace, generation, rows))

    async def delete(self, generation: Generation, jobs: Sequence[JobId]) -> None:
        """See the port."""
        await self._writing.ask(partial(self._writer.delete, generation, tuple(jobs)))

    async def request_cancel(self, job: JobId, reason: str) -> bool:
        """See the port."""
        return await self._writing.ask(partial(self._writer.request_cancel, job, reason))

    async def cancel_requests(self) -> Mapping[JobId, str]:
        """See the port."""
        return await self._looking_up.ask(self._reader.cancel_requests)

    def clock(self) -> float:
        """See the port: this host's, since nobody else can use the file."""
        return time.time()

    async def lead(self, owner: str, *, lease_s: float = 0.0, above: int = 0) -> Generation:
        """See the port. A lease is not written down: it ends with the process, whose file lock is the real one."""
        return await self._writing.ask(partial(self._writer.lead, owner, lease_s, above))

    async def renew(self, generation: Generation, lease_s: float) -> None:
        """See the port."""
        await self._writing.ask(partial(self._writer.renew, generation, lease_s))

    async def resign(self, generation: Generation) -> None:
        """See the port."""
        await self._writing.ask(partial(self._writer.resign, generation))

    async def brokers(self) -> Sequence[BrokerView]:
        """See the port."""
        return await self._writing.ask(self._writer.brokers)

    async def remember(self, name: str, value: bytes) -> None:
        """See the port."""
        await self._writing.ask(partial(self._writer.remember, name, value))

    async def get(self, job: JobId) -> Job | None:
        """See the port."""
        return await self._looking_up.ask(partial(self._reader.get, job))

    async def recall(self, name: str) -> bytes | None:
        """See the port."""
        return await self._looking_up.ask(partial(self._reader.recall, name))

    async def counts(self) -> dict[Status, int]:
        """See the port."""
        return dict(self._writer.counts)

    async def list(self, query: JobQuery) -> JobPage:
        """See the port."""
        return await self._searching.ask(partial(self._search.page, query, self._known_total(query)))

    async def open_jobs(self, known: Container[JobId] = frozenset()) -> Sequence[Job]:
        """See the port."""
        return await self._searching.ask(partial(self._search.open_jobs, known))

    async def expired(self, status: Status, finished_before: float, limit: int) -> Sequence[Job]:
        """See the port."""
        return await self._searching.ask(partial(self._search.expired, status, finished_before, limit))

    async def ended_since(self, at: float, limit: int) -> Sequence[Job]:
        """See the port."""
        return await self._searching.ask(partial(self._search.ended_since, at, limit))

    def _connect(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            taken = self._lock.take()
        except OSError as error:
            raise StoreBroken(
                f"{self.path.parent} cannot be used: {error.strerror}",
                suggestion="name a data folder that the server's user may write",
            ) from error
        if not taken:
            raise StoreBroken(
                f"{self.path} is in use by {self._lock.holder()}",
                suggestion="end that server, or give this one a data folder of its own",
            )
        with ExitStack() as held:
            held.callback(self._lock.release)
            self._writer = held.enter_context(closing(SqliteWriter(self.path, self._settings)))
            self._reader = held.enter_context(closing(SqliteReader(self.path, self._settings)))
            # A second one, so that a search through 100,000 records does not hold up a lookup by id.
            self._search = held.enter_context(closing(SqliteReader(self.path, self._settings)))
            self._held = held.pop_all()

    def _known_total(self, query: JobQuery) -> int | None:
        """How many match, where that is known without counting: all, or all of one status."""
        if query != JobQuery(status=query.status, limit=query.limit, offset=query.offset, cursor=query.cursor):
            return None
        counts = self._writer.counts
        return sum(counts.values()) if query.status is None else counts[query.status]
