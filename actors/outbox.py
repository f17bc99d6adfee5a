"""Effects on their way out: in order, and never before the records they speak of are durable."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from msgspec import Struct

from aigc.core.effects import Commit, Discard, Effect, Publish, SendCancel, SendGrant
from aigc.core.errors import Unavailable
from aigc.core.ids import JobId
from aigc.core.job import Job
from aigc.core.messages import ToWorker

log = structlog.get_logger()

RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses between attempts at a group while the store is away; the last one repeats."""


class Tell(Struct, frozen=True):
    """A message to one peer that must not overtake the records before it."""

    peer: bytes
    message: ToWorker


class Outbox:
    """One queue of effects, let out group by group.

    While one group is being committed the next one gathers, so under load a commit carries many jobs and at low load
    it carries one at once. A store that is away delays everything and loses nothing.

    Args:
        commit: writes records, all or none; returns the ids that have no record.
        release: lets effects out, in order; called with what is durable.
        forget: called with ids that have no record: their creation was refused.
        fail: called once with what makes going on impossible; nothing is let out any more.
    """

    def __init__(
        self,
        *,
        commit: Callable[[Sequence[Job]], Awaitable[frozenset[JobId]]],
        release: Callable[[Sequence[Effect | Tell]], None],
        forget: Callable[[frozenset[JobId]], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._commit = commit
        self._release = release
        self._forget = forget
        self._fail = fail
        self._waiting: list[Effect | Tell] = []
        self._writing: asyncio.Task[None] | None = None

    def add(self, effects: Sequence[Effect | Tell]) -> None:
        """Let these out as soon as what they speak of, and all that came before, is durable."""
        self._waiting.extend(effects)
        if self._writing is not None or not self._waiting:
            return
        if not any(isinstance(effect, Commit) for effect in self._waiting):
            ready, self._waiting = self._waiting, []
            self._release(ready)
            return
        self._writing = asyncio.get_running_loop().create_task(self._drain(), name="outbox")

    async def flush(self) -> None:
        """Wait until nothing is on its way."""
        while self._writing is not None:
            await asyncio.wait({self._writing})

    def close(self) -> None:
        """Let nothing out any more; what is not durable is replayed from the store by the next broker."""
        self._waiting.clear()
        if self._writing is not None:
            self._writing.cancel()

    async def _drain(self) -> None:
        try:
            # Everything that this turn of the loop still adds travels in the same group.
            await asyncio.sleep(0)
            while self._waiting:
                group, self._waiting = self._waiting, []
                latest = {effect.job.id: effect.job for effect in group if isinstance(effect, Commit)}
                unknown = await self._written(list(latest.values())) if latest else frozenset()
                if unknown:
                    self._forget(unknown)
                    group = [effect for effect in group if subject(effect) not in unknown]
                self._release(group)
        except asyncio.CancelledError:
            raise
        except BaseException as reason:  # noqa: BLE001 - whatever it is, the owner decides
            self._fail(reason)
        finally:
            self._writing = None

    async def _written(self, jobs: Sequence[Job]) -> frozenset[JobId]:
        tries = 0
        while True:
            try:
                return await self._commit(jobs)
            except Unavailable as error:
                if tries == 0:
                    log.warning("store.away", error=str(error), jobs=len(jobs))
                await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
                tries += 1


def subject(effect: Effect | Tell) -> JobId | None:
    """Which job an effect is about; None for an answer, which is due in any case."""
    match effect:
        case Commit(job=job):
            return job.id
        case SendGrant(grant=grant):
            return grant.lease.job
        case SendCancel(cancel=cancel):
            return cancel.lease.job
        case Publish(job=published):
            return published
        case Discard(lease=lease):
            return lease.job
        case _:
            return None
