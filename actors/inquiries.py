"""What gateways ask the broker: cancel, move, forget, where does it stand, what is going on, what an operator wants.

Only the leading broker changes records, so a gateway's wish comes here. Jobs that this broker has not heard of are
looked up in the store before the answer is given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from actors.candidates import said
from aigc.core.errors import AigcError
from aigc.core.events import Asked, Event, Restored
from aigc.core.ids import BootId, JobId, Now
from aigc.core.job import Job, Status
from aigc.core.lifecycle import without
from aigc.core.messages import (
    AskCatalogue,
    AskEstimates,
    AskMetrics,
    AskQueue,
    AskStatus,
    BrokerView,
    CancelAnswer,
    CancelJob,
    CatalogueAnswer,
    Changed,
    ChangeLevel,
    ControlModel,
    ControlWorker,
    DropResult,
    Estimates,
    ForgetJob,
    Forgotten,
    GatewayHello,
    GatewayMessage,
    GatewayView,
    Generation,
    JobAnswer,
    LevelAnswer,
    Metrics,
    MoveJob,
    ReloadAnswer,
    ReloadCatalogue,
    SystemStatus,
    ToGateway,
    ToWatchers,
)
from aigc.core.metrics.census import Census
from aigc.core.metrics.tally import Row
from aigc.core.model import Catalogue
from aigc.core.ports import JobStore
from aigc.core.scheduling.scheduler import Scheduler

log = structlog.get_logger()

STORE_S = 1.0
"""The store may take so long for its part of the whole picture; without it the rest is told all the same."""


class Reading(Struct, frozen=True):
    """How it went when the configuration's files were read again."""

    complaints: tuple[str, ...] = ()
    """`file:line:col: what: what to do`; if there is one, the catalogue of before is still in force."""
    notes: tuple[str, ...] = ()
    """What the files say and what is not in force before the next start."""
    digest: str = ""
    """Of the catalogue that is in force now; empty where there is a complaint."""


Reread = Callable[[], Awaitable[Reading]]
"""Brings into force what the configuration's files say now, or nothing of it."""


async def nothing_to_read() -> Reading:
    """Of a broker that has no files."""
    return Reading(("this broker was started without files that it could read again",))


def cancellations(requests: Mapping[JobId, str]) -> list[Asked]:
    """Of `JobStore.cancel_requests`, what the scheduler is asked; nobody waits for its answers any more."""
    return [Asked(None, CancelJob(job, reason)) for job, reason in requests.items()]


class Asker(Struct, frozen=True):
    """Who asked, and how the answer finds its question."""

    peer: bytes
    correlation: int


class Desk(Protocol):
    """What answering needs of the broker."""

    def apply(self, events: Sequence[Event]) -> None:
        """Let the scheduler have these; their effects go out in order."""

    def reply(self, asker: Asker, message: ToGateway) -> None:
        """Send an answer at once: it tells of nothing that is not durable yet."""

    def publish(self, news: ToWatchers) -> None:
        """Tell all watchers."""

    def change_level(self, logger: str, level: str) -> int:
        """Log from that level on, here, at the gateways and at the workers, those included that start within
        `told_levels.HOLD_S`; tell how many workers there are."""


class Inquiries:
    """Answers everything that gateways ask one leading broker."""

    def __init__(
        self,
        scheduler: Scheduler,
        store: JobStore,
        desk: Desk,
        *,
        generation: Generation,
        boot: BootId,
        started_at: float,
        queue_bound: int,
        census: Census,
        agreed: dict[str, str],
        catalogue: Callable[[], Catalogue],
        reread: Reread,
        now: Callable[[], Now],
    ) -> None:
        self._scheduler = scheduler
        self._store = store
        self._desk = desk
        self._generation = generation
        self._boot = boot
        self._started_at = started_at
        self._queue_bound = queue_bound
        self._census = census
        self._agreed = agreed
        self._catalogue = catalogue
        self._reread = reread
        self._now = now
        self._counts = dict.fromkeys(Status, 0)
        self._brokers: tuple[BrokerView, ...] = ()
        self._gateways: dict[bytes, GatewayHello] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_behind = self._is_catching_up = False

    def take(self, asker: Asker, question: GatewayMessage) -> None:
        """Answer now, or as soon as the store has been asked."""
        match question:
            case AskEstimates(jobs=jobs):
                self._answer(asker, Estimates(self._scheduler.estimates(jobs, self._now())))
            case AskQueue():
                self._answer(asker, self._scheduler.queue_page(question, self._now()))
            case AskMetrics():
                self._look_up(self._metrics(asker))
            case AskCatalogue():
                self._answer(asker, CatalogueAnswer(self._catalogue()))
            case ControlModel() | ControlWorker():
                self._desk.apply([Asked(asker, question)])
            case CancelJob() | MoveJob():
                self._change(asker, question)
            case ForgetJob() | DropResult():
                self._look_up(self._delete(asker, question))
            case AskStatus():
                self._look_up(self._status(asker))
            case ChangeLevel(logger=logger, level=level):
                self._change_level(asker, logger, level)
            case ReloadCatalogue():
                self._look_up(self._reload(asker))
            case GatewayHello():
                self._gateways[asker.peer] = question
                self.catch_up()
            case _:
                log.warning("question.unexpected", kind=type(question).__name__)

    def _change_level(self, asker: Asker, logger: str, level: str) -> None:
        workers = self._desk.change_level(logger, level)
        self._answer(asker, LevelAnswer(len(self._gateways), workers))

    def lost(self, peer: bytes) -> None:
        """A peer that is no worker is not heard any more. A gateway, perhaps: what it created last it may have told
        nobody."""
        self._gateways.pop(peer, None)
        self.catch_up()

    def catch_up(self) -> None:
        """What gateways could tell nobody, since they or their broker were lost, is found in the store: jobs that they
        created, and cancels that they accepted."""
        self._is_behind = True
        if not self._is_catching_up:
            self._is_catching_up = True
            self._look_up(self._catch_up())

    async def close(self) -> None:
        """Drop what is not answered; who asked will ask the next broker."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _change(self, asker: Asker, question: CancelJob | MoveJob) -> None:
        if self._scheduler.job(question.job) is not None:
            self._desk.apply([Asked(asker, question)])
        else:
            self._look_up(self._change_unheard(asker, question))

    async def _change_unheard(self, asker: Asker, question: CancelJob | MoveJob) -> None:
        job = await self._store.get(question.job)
        if job is not None and not job.status.is_final:
            self._desk.apply([Restored((job,)), Asked(asker, question)])
        elif isinstance(question, CancelJob):
            self._answer(asker, CancelAnswer(job))
        else:
            self._answer(asker, JobAnswer(job, refusal=_over(job)))

    async def _delete(self, asker: Asker, question: ForgetJob | DropResult) -> None:
        job = await self._store.get(question.job)
        if job is None:
            self._answer(asker, JobAnswer(None, refusal="there is no such job"))
        elif not job.status.is_final:
            self._answer(asker, JobAnswer(job, refusal=f"the job is {job.status}; cancel it first"))
        elif isinstance(question, DropResult):
            self._answer(asker, JobAnswer(await self._without_result(job)))
        else:
            await self._store.delete(self._generation, [job.id])
            self._desk.publish(Forgotten(job.id))
            self._answer(asker, JobAnswer(job))

    async def _without_result(self, job: Job) -> Job:
        main = job.main_output
        if main is not None:
            job = without(job, main, self._now())
            await self._store.commit(self._generation, [job])
            self._desk.publish(Changed(job))
        return job

    async def _status(self, asker: Asker) -> None:
        fault = await self._ask_store()
        scheduler, now = self._scheduler, self._now()
        running = scheduler.running(now)
        if fault:
            self._counts |= {Status.QUEUED: scheduler.waiting_count, Status.PROCESSING: len(running)}
        status = SystemStatus(
            generation=self._generation,
            broker=self._boot,
            started_at=self._started_at,
            workers=scheduler.workers(now),
            counts=self._counts,
            waiting_by_feature=scheduler.waiting_by_feature(),
            waiting_by_owner=scheduler.waiting_by_owner(),
            running=running,
            queue_bound=self._queue_bound,
            retry_after_s=scheduler.retry_after_s(now),
            learned=scheduler.learned_view(),
            catalogue_digest=self._catalogue().digest,
            brokers=self._brokers,
            waiting_by_priority=scheduler.waiting_by_priority(),
            reasons=scheduler.reasons(now),
            store_fault=fault,
            agreed=self._agreed,
            gateways=tuple(_seen(hello) for hello in self._gateways.values()),
        )
        self._answer(asker, status)

    async def _metrics(self, asker: Asker) -> None:
        fault = await self._ask_store()
        rows = (
            *self._census.rows(),
            *self._scheduler.metrics(self._now()),
            Row("aigc_broker_generation", (), (float(self._generation.number),)),
            Row("aigc_broker_candidates", (), (float(len(self._brokers)),)),
            Row("aigc_store_up", (), (float(not fault),)),
        )
        self._answer(asker, Metrics(rows))

    async def _ask_store(self) -> str:
        """Its part of the picture is known, or as it was last; why not, then."""
        try:
            async with asyncio.timeout(STORE_S):
                self._counts = await self._store.counts()
                words = await said(self._store)
                self._brokers = tuple(
                    msgspec.structs.replace(broker, agreed=words.get(broker.owner, {}))
                    for broker in await self._store.brokers()
                )
        except TimeoutError:
            return "does not answer"
        except AigcError as error:
            return str(error)
        return ""

    async def _reload(self, asker: Asker) -> None:
        before = {spec.id: spec for spec in self._catalogue().models}
        reading = await self._reread()
        catalogue = self._catalogue()
        after = {spec.id: spec for spec in catalogue.models}
        answer = ReloadAnswer(
            catalogue.digest,
            added=tuple(model for model in after if model not in before),
            removed=tuple(model for model in before if model not in after),
            changed=tuple(model for model in after if model in before and after[model] != before[model]),
            complaints=reading.complaints,
            notes=reading.notes,
        )
        self._answer(asker, answer)

    async def _catch_up(self) -> None:
        try:
            while self._is_behind:
                self._is_behind = False
                cancels = cancellations(await self._store.cancel_requests())
                unheard = await self._store.open_jobs(known=self._scheduler)
                if unheard:
                    self._desk.apply([Restored(tuple(unheard))])
                    for job in unheard:
                        self._desk.publish(Changed(job))
                self._desk.apply(cancels)
        finally:
            self._is_catching_up = False

    def _answer(self, asker: Asker, message: ToGateway) -> None:
        self._desk.reply(asker, message)

    def _look_up(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._looked_up)

    def _looked_up(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The asker's own time limit tells it; the store's trouble is told by the outbox.
            log.warning("question.unanswered", error=str(error))


def _seen(hello: GatewayHello) -> GatewayView:
    return GatewayView(boot=hello.boot, host=hello.host, pid=hello.pid, version=hello.version, agreed=hello.agreed)


def _over(job: Job | None) -> str:
    return "there is no such job" if job is None else f"the job is {job.status} already"
