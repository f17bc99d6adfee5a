"""What a `RedisJobStore` changes: new records in groups, everything else call by call, all by scripts."""

import secrets
from collections.abc import Callable, Sequence
from typing import cast

import hiredis
from msgspec import Struct

from actors.stores.redis_errors import meaning, unavailable
from actors.stores.redis_group import RedisGroup
from actors.stores.redis_link import RedisLink
from actors.stores.redis_reader import decoded
from actors.stores.redis_scripts import CANCEL, COMMIT, CREATE, DELETE, FORMAT, KEPT, LEAD, RENEW, RESIGN
from actors.stores.redis_settings import RedisSettings
from actors.stores.redis_wire import Command, Reply
from aigc.core.errors import AigcError, AlreadyLed, Conflict, QueueFull, owner_full
from aigc.core.ids import JobId
from aigc.core.job import Job
from aigc.core.messages import Generation
from aigc.core.ports import Created

SEEN_MS = 30_000
"""How long a broker that asked to lead counts as standing by."""
CHANGES = 32
"""Calls other than `create` in one group. Each is a script of its own, so Redis serves others in between."""


class Creation(Struct, frozen=True):
    """A call of `create`."""

    job: Job
    record: bytes
    bound: int
    owner_bound: int

    def arguments(self) -> Sequence[str | bytes | int]:
        """As `create.lua` takes them."""
        job = self.job
        asked = (self.bound, self.owner_bound, job.id, repr(job.created_at))
        return (*asked, job.feature, job.owner, job.idempotency_key, len(job.tags), *job.tags, self.record)


class Change(Struct, frozen=True):
    """Any other call that writes."""

    command: Command
    understood: Callable[[Reply], object] = lambda _: None
    """Makes the outcome of a reply that is no error."""
    is_copied: bool = False
    """True if replicas must have it. Leases need none: a master that takes over may grant a number twice, not an id."""


class RedisWriter:
    """Makes commands of calls, and outcomes of replies.

    New records have a connection of their own: a broker's commit never waits for a crowd of them.
    """

    def __init__(self, creating: RedisLink, changing: RedisLink, settings: RedisSettings) -> None:
        self._creating, self._changing = creating, changing
        self._replicas = settings.replicas
        # Half of what a call may take, so that too few replicas are not taken for a server that is away.
        self._wait: list[Command] = [("WAIT", self._replicas, int(settings.timeout_s * 500))] if self._replicas else []
        self._creations = RedisGroup(self._create, settings.group_limit)
        self._changes = RedisGroup(self._change, CHANGES)

    @property
    def waiting(self) -> int:
        """New records that have not been sent yet."""
        return self._creations.waiting

    async def close(self) -> None:
        """Everything handed in before has its outcome, and the connections are gone."""
        await self._creations.close()
        await self._changes.close()
        await self._creating.close()
        await self._changing.close()

    async def create(self, job: Job, record: bytes, bound: int, owner_bound: int) -> Created:
        """See `JobStore.create`; `record` is the job encoded."""
        return cast(Created, await self._creations.ask(Creation(job, record, bound, owner_bound)))

    async def commit(self, generation: Generation, rows: Sequence[tuple[Job, bytes]]) -> frozenset[JobId]:
        """See `JobStore.commit`; each job comes with its record."""
        arguments: list[str | bytes | int] = [FORMAT, generation.number, generation.id]
        for job, record in rows:
            finished_at = "" if job.finished_at is None or not job.status.is_final else repr(job.finished_at)
            arguments += (job.id, job.status, job.seq, finished_at, job.owner, job.feature, record)
        command = COMMIT.of_sound(arguments)
        left = await self._changes.ask(Change(command, lambda reply: frozenset(_ids(reply)), is_copied=True))
        return cast(frozenset[JobId], left)

    async def delete(self, generation: Generation, jobs: Sequence[JobId]) -> None:
        """See `JobStore.delete`."""
        command = DELETE.call(FORMAT, generation.number, generation.id, *jobs)
        await self._changes.ask(Change(command, is_copied=True))

    async def request_cancel(self, job: JobId, reason: str) -> bool:
        """See `JobStore.request_cancel`."""
        change = Change(CANCEL.call(FORMAT, job, reason), bool, is_copied=True)
        return cast(bool, await self._changes.ask(change))

    async def lead(self, owner: str, lease_s: float, above: int) -> Generation:
        """See `JobStore.lead`."""
        identity = secrets.token_hex(8)

        def understood(reply: Reply) -> object:
            if isinstance(reply, int):
                return Generation(reply, identity)
            leader, number, for_ms = reply
            return AlreadyLed(leader.decode(), number, for_ms / 1000)

        command = LEAD.call(FORMAT, owner, _ms(lease_s), above, identity, SEEN_MS)
        return cast(Generation, await self._changes.ask(Change(command, understood)))

    async def renew(self, generation: Generation, lease_s: float) -> None:
        """See `JobStore.renew`."""
        await self._changes.ask(Change(RENEW.call(FORMAT, generation.number, generation.id, _ms(lease_s))))

    async def resign(self, generation: Generation) -> None:
        """See `JobStore.resign`."""
        await self._changes.ask(Change(RESIGN.call(generation.number, generation.id)))

    async def remember(self, name: str, value: bytes) -> None:
        """See `JobStore.remember`."""
        await self._changes.ask(Change(("HSET", KEPT, name.encode(), value)))

    # Groups

    async def _create(self, calls: Sequence[Creation]) -> Sequence[object]:
        arguments: list[str | bytes | int] = [FORMAT]
        for call in calls:
            arguments += call.arguments()
        answer = await self._creating.exchange([CREATE.of_sound(arguments), *self._wait])
        replies, *copies = answer.replies
        if isinstance(replies, hiredis.ReplyError):
            raise meaning(str(replies), self._creating.server)
        if (missing := self._missing(copies, self._creating.server)) is not None:
            raise missing
        return [_created(call, reply, answer.resent) for call, reply in zip(calls, replies, strict=True)]

    async def _change(self, calls: Sequence[Change]) -> Sequence[object]:
        wait = self._wait if any(call.is_copied for call in calls) else []
        replies = (await self._changing.exchange([*(call.command for call in calls), *wait])).replies
        missing = self._missing(replies[len(calls) :], self._changing.server)
        return [self._changed(call, reply, missing) for call, reply in zip(calls, replies, strict=False)]

    def _changed(self, call: Change, reply: Reply, missing: AigcError | None) -> object:
        if isinstance(reply, hiredis.ReplyError):
            return meaning(str(reply), self._changing.server)
        return missing if missing is not None and call.is_copied else call.understood(reply)

    def _missing(self, copies: Sequence[Reply], server: object) -> AigcError | None:
        """What to say unless enough replicas have what was written; `copies` is what WAIT replied, if it was asked."""
        for count in copies:
            if isinstance(count, hiredis.ReplyError):
                return meaning(str(count), server)
            if count < self._replicas:
                return unavailable(
                    f"has {count} of {self._replicas} replicas that follow it", retry_after_s=5, code="too_few_replicas"
                )
        return None


def _created(call: Creation, reply: Reply, resent: bool) -> object:
    job = call.job
    if reply == 1:
        return Created(job)
    if reply == 0:
        return QueueFull(
            f"{call.bound} jobs wait already", retry_after_s=5, suggestion="try again when some have begun"
        )
    if reply == -1:
        return owner_full(call.owner_bound)
    try:
        standing = decoded(reply)
    except Exception as error:  # noqa: BLE001 - its sender's trouble alone
        return error
    if standing.id == job.id:
        # What stands there after a connection was lost was most likely brought there by ourselves.
        return Created(standing, replayed=not resent)
    if standing.request_digest != job.request_digest:
        return Conflict(
            f"the idempotency key {job.idempotency_key!r} was used for another request, job {standing.id}",
            suggestion="send a new key with a new request",
        )
    return Created(standing, replayed=True)


def _ids(reply: Sequence[bytes]) -> list[JobId]:
    return [JobId(one.decode()) for one in reply]


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
