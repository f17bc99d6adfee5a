"""Changes of jobs that are there, by their owners and by operators. Each is the broker's to make, when it is asked."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from aigc.core.errors import Conflict, NotFound, Unavailable
from aigc.core.ids import JobId, OwnerId
from aigc.core.job import Job, Output
from aigc.core.messages import (
    CancelAnswer,
    CancelJob,
    DropResult,
    ForgetJob,
    GatewayMessage,
    JobAnswer,
    MoveJob,
)
from aigc.core.ports import AssetStore, JobStore
from web.broker import NO_BROKER, BrokerLink
from web.news import News

A = TypeVar("A")


class Changes:
    """Cancelled, moved, forgotten.

    Args:
        get: the record as it is known here; raises `NotFound` for a job of another owner, as the methods here do.
        patience_s: how long a change waits for a broker since one was heard.
        ask_timeout_s: how long a question may take in any case.
    """

    def __init__(
        self,
        link: BrokerLink,
        news: News,
        store: JobStore,
        assets: AssetStore,
        get: Callable[[JobId, OwnerId | None], Awaitable[Job]],
        *,
        patience_s: float,
        ask_timeout_s: float,
    ) -> None:
        self._link, self._news, self._store, self._assets, self._get = link, news, store, assets, get
        self._patience_s, self._ask_timeout_s = patience_s, ask_timeout_s

    async def cancel(self, job: JobId, owner: OwnerId | None, reason: str = "asked by the client") -> Job:
        """The job after its end was asked for: cancelled, finished before, or still running with stage `cancelling`.

        Where no broker answers it is as it was, and the wish is durable in the store: the next one follows it, unless
        the job ends before.
        """
        found = await self._get(job, owner)
        if found.status.is_final:
            return found
        if self._link.silent_s < self._ask_timeout_s:  # else a question would be in vain
            try:
                answer = await self._link.ask(CancelJob(job, reason), CancelAnswer)
                return await self._known(job, answer.job)
            except Unavailable as error:
                if error.code != NO_BROKER:
                    raise
        if not await self._store.request_cancel(job, reason):
            return await self._get(job, owner)  # it ended meanwhile
        self._link.greet_soon()
        return found

    async def move(self, job: JobId, owner: OwnerId | None, priority: int) -> Job:
        """The waiting job in its new priority class. Raises Conflict if it waits no more."""
        await self._get(job, owner)
        answer = await self.ask(MoveJob(job, priority), JobAnswer)
        found = await self._known(job, answer.job)
        if answer.refusal:
            raise Conflict(answer.refusal, suggestion="only a waiting job can be moved")
        return found

    async def forget(self, job: JobId, owner: OwnerId | None) -> Job:
        """The finished job as it was; its record and its result's files are gone. Raises Conflict if not finished."""
        found = await self._get(job, owner)
        if not found.status.is_final:
            raise Conflict(f"job {job} is {found.status}", suggestion="cancel it first, or wait until it is finished")
        answer = await self.ask(ForgetJob(job), JobAnswer)
        if answer.refusal and answer.job is not None:  # else it is gone: by another's wish, or by ours, asked twice
            raise Conflict(answer.refusal)
        self._news.records.forget(job)
        await self._assets.delete(f"jobs/{job}")
        return answer.job or found

    async def drop_result(self, job: JobId, owner: OwnerId | None) -> Output | None:
        """The finished job's main output as it was, None where it has none: its file is gone and the record stays."""
        found = await self._get(job, owner)
        main = found.main_output
        if main is None:
            return None
        answer = await self.ask(DropResult(job), JobAnswer)
        if answer.refusal or answer.job is None:
            raise Conflict(answer.refusal)
        self._news.records.put(answer.job)
        await self._assets.delete(main.asset)
        return main

    async def ask(self, wish: GatewayMessage, kind: type[A], timeout_s: float = 0.0) -> A:
        """As `BrokerLink.ask`, with the patience for one broker to follow another; the next may hear the wish anew."""
        patience_s = self._patience_s - self._link.silent_s
        return await self._link.ask(wish, kind, timeout_s=max(patience_s, timeout_s, self._ask_timeout_s))

    async def _known(self, job: JobId, answer: Job | None) -> Job:
        """The job as the broker told it; of one that it does not know (any more), as the store has it."""
        # The broker keeps no job that is over, and its answer left when that was durable.
        found = answer or await self._store.get(job)
        if found is None:
            raise NotFound(f"there is no job {job!r}")
        if answer is None and not found.status.is_final:
            raise Unavailable("the broker does not know the job yet", retry_after_s=1.0, code=NO_BROKER)
        return self._news.records.put(found)
