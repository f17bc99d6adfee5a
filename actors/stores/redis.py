"""Job records in Redis, shared by any number of processes and machines: scripts, group commit, four connections."""

from collections.abc import Container, Mapping, Sequence

import structlog

from actors.stores.record import encoded
from actors.stores.redis_clock import RedisClock
from actors.stores.redis_greeting import RedisGreeting
from actors.stores.redis_link import RedisLink
from actors.stores.redis_reader import RedisReader
from actors.stores.redis_sentinels import RedisSentinels
from actors.stores.redis_settings import RedisSettings, places
from actors.stores.redis_writer import RedisWriter
from aigc.core.errors import Unavailable
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.messages import BrokerView, Generation
from aigc.core.ports import Created, JobPage, JobQuery

__all__ = ["RedisJobStore", "RedisSettings"]

log = structlog.get_logger()


class RedisJobStore:
    """The `JobStore` of a house of many processes.

    Calls made while a group is under way share the next one: one round trip, one script for all new records. Each kind
    of call has a connection of its own, made when it is first needed: new records, changes, look-ups, searches.
    A server that is away is found again by whoever calls; nothing runs while nobody asks.
    """

    def __init__(self, settings: RedisSettings | None = None) -> None:
        self._settings = settings or RedisSettings()
        self._clock = RedisClock()

    async def open(self) -> None:
        """Ready for use. A server that is away is no obstacle: processes may start before it does.

        Raises:
            StoreBroken: the settings make no sense, or the server is unfit: see `RedisGreeting`.
        """
        where = places(self._settings)
        timeout_s = self._settings.timeout_s
        greeting = RedisGreeting(self._settings.durability)

        def link() -> RedisLink:
            return RedisLink(RedisSentinels(where, timeout_s), greeting, self._clock, timeout_s)

        self._writer = RedisWriter(link(), link(), self._settings)
        self._reader = RedisReader(link())
        # A second one, so that a search through 100,000 records does not hold up a lookup by id.
        self._search = RedisReader(link())
        try:
            await self._reader.check()
        except Unavailable as error:
            log.warning("records.waiting", reason=str(error), do="it is used as soon as it answers")
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Everything handed in before has its outcome, and all connections are gone."""
        await self._writer.close()
        await self._reader.close()
        await self._search.close()

    async def create(self, job: Job, *, bound: int, owner_bound: int = 0) -> Created:
        """See the port."""
        if self._writer.waiting >= self._settings.pending_limit:
            raise Unavailable(
                f"{self._writer.waiting} new jobs wait for the server that keeps the records",
                retry_after_s=5,
                suggestion="try again; if it goes on, look for what keeps Redis busy",
            )
        return await self._writer.create(job, encoded(job), bound, owner_bound)

    async def commit(self, generation: Generation, jobs: Sequence[Job]) -> frozenset[JobId]:
        """See the port. A record whose `seq` is lower than the standing one's is left alone, and its id returned."""
        return await self._writer.commit(generation, [(job, encoded(job)) for job in jobs])

    async def delete(self, generation: Generation, jobs: Sequence[JobId]) -> None:
        """See the port."""
        await self._writer.delete(generation, jobs)

    async def request_cancel(self, job: JobId, reason: str) -> bool:
        """See the port."""
        return await self._writer.request_cancel(job, reason)

    async def cancel_requests(self) -> Mapping[JobId, str]:
        """See the port."""
        return await self._reader.cancel_requests()

    def clock(self) -> float:
        """See the port: the server's, as far as it was ever heard."""
        return self._clock.now()

    async def lead(self, owner: str, *, lease_s: float = 0.0, above: int = 0) -> Generation:
        """See the port. Leases run by the server's clock."""
        return await self._writer.lead(owner, lease_s, above)

    async def renew(self, generation: Generation, lease_s: float) -> None:
        """See the port."""
        await self._writer.renew(generation, lease_s)

    async def resign(self, generation: Generation) -> None:
        """See the port."""
        await self._writer.resign(generation)

    async def brokers(self) -> Sequence[BrokerView]:
        """See the port."""
        return await self._reader.brokers()

    async def remember(self, name: str, value: bytes) -> None:
        """See the port."""
        await self._writer.remember(name, value)

    async def get(self, job: JobId) -> Job | None:
        """See the port."""
        return await self._reader.get(job)

    async def recall(self, name: str) -> bytes | None:
        """See the port."""
        return await self._reader.recall(name)

    async def counts(self) -> dict[Status, int]:
        """See the port."""
        return await self._reader.counts()

    async def list(self, query: JobQuery) -> JobPage:
        """See the port. The total is told before the page: what comes in between is on the page alone."""
        return await self._search.page(query)

    async def open_jobs(self, known: Container[JobId] = frozenset()) -> Sequence[Job]:
        """See the port."""
        return await self._search.open_jobs(known)

    async def expired(self, status: Status, finished_before: float, limit: int) -> Sequence[Job]:
        """See the port."""
        return await self._search.expired(status, finished_before, limit)

    async def ended_since(self, at: float, limit: int) -> Sequence[Job]:
        """See the port."""
        return await self._search.ended_since(at, limit)
