"""What a `RedisJobStore` is asked. No question holds Redis up: long ones are many short ones."""

import asyncio
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

import hiredis
import msgspec

from actors.stores import redis_scripts as scripts
from actors.stores.redis_errors import meaning
from actors.stores.redis_group import RedisGroup
from actors.stores.redis_link import RedisLink
from actors.stores.redis_wire import Command, Reply
from aigc.core.errors import InputInvalid, StoreBroken
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.messages import BrokerView
from aigc.core.ports import JobPage, JobQuery

CHUNK = 500
"""Records that are fetched, or ids that are listed, in one go."""
QUESTIONS = 64
"""In one group."""

_DECODER = msgspec.msgpack.Decoder(Job)


def decoded(value: bytes) -> Job:
    """The job of a record, which stands behind a header.

    Raises:
        StoreBroken: it is damaged, or of a later version.
    """
    try:
        return _DECODER.decode(memoryview(value)[scripts.HEADER_BYTES :])
    except msgspec.DecodeError as error:
        raise StoreBroken(
            f"the store holds a record that cannot be read ({error}): {value[:60]!r}",
            suggestion="put back a backup, or run the version that wrote it",
        ) from error


class RedisReader:
    """Questions over one connection."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link
        self._group = RedisGroup(self._answer, QUESTIONS)

    async def check(self) -> None:
        """The server answers, and is fit to be used. Raises Unavailable, StoreBroken."""
        await self._ask(("GET", scripts.VERSION))

    async def close(self) -> None:
        """Every question has its answer, and the connection is gone."""
        await self._group.close()
        await self._link.close()

    async def get(self, job: JobId) -> Job | None:
        """See `JobStore.get`."""
        value = await self._ask(("GET", scripts.job_key(job)))
        return None if value is None else decoded(value)

    async def recall(self, name: str) -> bytes | None:
        """See `JobStore.recall`."""
        return cast(bytes | None, await self._ask(("HGET", scripts.KEPT, name.encode())))

    async def counts(self) -> dict[Status, int]:
        """See `JobStore.counts`."""
        return dict(zip(Status, await self._ask(scripts.COUNTS.call()), strict=True))

    async def brokers(self) -> Sequence[BrokerView]:
        """See `JobStore.brokers`."""
        leader, seen, (seconds, micros) = await asyncio.gather(
            self._ask(("HMGET", scripts.LEADER, "owner", "number")),
            self._ask(("ZRANGE", scripts.BROKERS, 0, -1, "REV", "WITHSCORES")),
            self._ask(("TIME",)),
        )
        now_s = int(seconds) + int(micros) / 1e6
        views = [
            BrokerView(
                owner=owner.decode(),
                generation=int(leader[1]) if owner == leader[0] else 0,
                seen_s=max(0.0, now_s - float(at_ms) / 1000),
            )
            for owner, at_ms in _pairs(seen)
        ]
        return sorted(views, key=lambda view: view.generation == 0)

    async def page(self, query: JobQuery) -> JobPage:
        """See `JobStore.list`."""
        if query.cursor and not (query.cursor.isascii() and query.cursor.isdigit() and len(query.cursor) < 16):
            raise InputInvalid(
                f"{query.cursor[:40]!r} is not a cursor", suggestion="send next_cursor of a page", where="/cursor"
            )
        total = await self._total(query)
        # One more than asked for tells whether there is another page.
        rows = await self._rows(query, query.limit + 1) if total else []
        shown = rows[: query.limit]
        more = len(rows) > query.limit and bool(shown)
        jobs = tuple(decoded(value) for _, value in shown)
        return JobPage(jobs, total, next_cursor=shown[-1][0].decode() if more else "")

    async def open_jobs(self, known: Container[JobId] = frozenset()) -> Sequence[Job]:
        """See `JobStore.open_jobs`. It goes by the order of arrival, which a record keeps when it changes: whatever is
        open all the while is met once."""
        jobs: list[Job] = []
        above = b"-inf"
        while True:
            queued, processing = await self._ask(scripts.OPEN.call(above, CHUNK))
            met = sorted((*_arrivals(queued), *_arrivals(processing)))
            # Beyond where the shorter list was cut, the other one may hold some that come before.
            cuts = [int(rows[-1]) for rows in (queued, processing) if len(rows) == 2 * CHUNK]
            end = min(cuts, default=met[-1][0] if met else 0)
            wanted = [JobId(id.decode()) for arrival, id in met if arrival <= end]
            jobs += await self._records([job for job in wanted if job not in known])
            if not cuts:
                return [job for job in jobs if not job.status.is_final]
            above = b"(%d" % end

    async def cancel_requests(self) -> Mapping[JobId, str]:
        """See `JobStore.cancel_requests`."""
        found = await self._ask(("HGETALL", scripts.CANCELS))
        return {JobId(job.decode()): reason.decode() for job, reason in _pairs(found)}

    async def expired(self, status: Status, finished_before: float, limit: int) -> Sequence[Job]:
        """See `JobStore.expired`."""
        before = f"({finished_before!r}"
        ids = await self._ask(("ZRANGE", scripts.finished_key(status), "-inf", before, "BYSCORE", "LIMIT", 0, limit))
        return await self._records([JobId(id.decode()) for id in ids])

    async def ended_since(self, at: float, limit: int) -> Sequence[Job]:
        """See `JobStore.ended_since`."""
        ends = await asyncio.gather(
            *(
                self._ask(
                    ("ZRANGE", scripts.finished_key(status), "+inf", repr(at), "BYSCORE", "REV", "LIMIT", 0, limit,
                     "WITHSCORES")
                )
                for status in Status
                if status.is_final
            )
        )  # fmt: skip
        latest = sorted(((float(end), id) for flat in ends for id, end in _pairs(flat)), reverse=True)[:limit]
        return await self._records([JobId(id.decode()) for _, id in latest])

    async def _records(self, jobs: Sequence[JobId]) -> list[Job]:
        """Those that are still there."""
        found: list[Job] = []
        for at in range(0, len(jobs), CHUNK):
            values = await self._ask(("MGET", *map(scripts.job_key, jobs[at : at + CHUNK])))
            found += [decoded(value) for value in values if value is not None]
        return found

    async def _rows(self, query: JobQuery, wanted: int) -> list[tuple[bytes, bytes]]:
        """Arrival and record of so many matches, newest first."""
        rows: list[tuple[bytes, bytes]] = []
        sought = _sought(query)
        below = f"({query.cursor}".encode() if query.cursor else b"+inf"
        skip = 0 if query.cursor else query.offset
        while True:
            on, met, *found = await self._ask(sought.command(below, skip, wanted - len(rows)))
            rows += _pairs(found)
            if not on or len(rows) == wanted:
                return rows
            below, skip = b"(" + on, max(0, skip - met)

    async def _total(self, query: JobQuery) -> int:
        """How many match: told by a tally, by an index, or by going through the smallest index in steps."""
        total: int = 0
        if not query.tag and query.created_from is None and query.created_to is None:
            owned = b"" if query.owner is None else f":owner:{query.owner}".encode()
            for field, count in _pairs(await self._ask(("HGETALL", scripts.TALLY + owned))):
                status, _, feature = field.decode().partition(":")
                if query.status in (None, status) and query.feature in ("", feature):
                    total += int(count)
            return total
        sought = _sought(query)
        if not any(sought.inside) and len(sought.sets) == 1:
            return cast(int, await self._ask(("ZCARD", *sought.sets)))
        below = b"+inf"
        while True:
            on, met = await self._ask(sought.command(below, 0, 0))
            total += met
            if not on:
                return total
            below = b"(" + on

    async def _ask(self, command: Command) -> Reply:
        return await self._group.ask(command)

    async def _answer(self, commands: Sequence[Command]) -> Sequence[object]:
        replies = (await self._link.exchange(commands)).replies
        return [
            meaning(str(reply), self._link.server) if isinstance(reply, hiredis.ReplyError) else reply
            for reply in replies
        ]


class _Sought(NamedTuple):
    """What `page.lua` is told to look for."""

    inside: tuple[bytes, bytes, bytes]
    """Of the records themselves: created from, created to, without an owner; empty where it does not matter."""
    sets: tuple[bytes, ...]
    """The indexes in all of which they must be."""

    def command(self, below: bytes, skip: int, wanted: int) -> Command:
        """The next step down from there."""
        return scripts.PAGE.call(below, skip, wanted, *self.inside, *self.sets)


def _sought(query: JobQuery) -> _Sought:
    limits = (b"" if at is None else repr(float(at)).encode() for at in (query.created_from, query.created_to))
    sets = [scripts.status_key(query.status)] if query.status is not None else []
    for name, value in (("feature", query.feature), ("owner", query.owner), ("tag", query.tag)):
        if value:
            sets.append(scripts.JOBS + f":{name}:{value}".encode())
    created_from, created_to = limits
    ownerless = b"1" if query.owner == "" else b""
    return _Sought((created_from, created_to, ownerless), tuple(sets) or (scripts.JOBS,))


def _pairs(flat: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    return zip(flat[::2], flat[1::2], strict=True)


def _arrivals(flat: Sequence[bytes]) -> list[tuple[int, bytes]]:
    return [(int(arrival), id) for id, arrival in _pairs(flat)]
