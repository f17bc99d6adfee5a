"""The one object that handlers talk to: requests go to the store and the broker, news come back as records and events.

The gateway creates records and reads them; every change is asked from the broker. What it holds is a cache.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TypeVar

import msgspec
import structlog
import zmq
from msgspec import Struct, field

from actors import told_levels
from actors.log_level import HeardLevels, SetLogLevel, no_log
from aigc.core.errors import AigcError, NotFound, Unavailable
from aigc.core.ids import BootId, JobId, OwnerId
from aigc.core.job import Job, Status
from aigc.core.messages import (
    AskEstimates,
    AskMetrics,
    AskQueue,
    ChangeLevel,
    ControlModel,
    ControlWorker,
    Estimate,
    Estimates,
    Metrics,
    QueuePage,
    ReloadCatalogue,
    SystemStatus,
)
from aigc.core.metrics.tally import Row
from aigc.core.model import Catalogue
from aigc.core.ports import AssetStore, JobPage, JobQuery, JobStore
from aigc.core.trace import Export
from transport import Address, LinkSettings
from web import origin
from web.admission import Admission
from web.broker import NO_BROKER, BrokerLink
from web.catalogue import KEY, KnownCatalogue
from web.changes import Changes
from web.count_reports import CountReports
from web.counters import Counters
from web.creation import Creation, outward
from web.hub import Hub, StreamSettings
from web.inputs import Fetch
from web.news import News
from web.signing import Sign, unsigned
from web.submission import Submission, Submitted

__all__ = ["Fetch", "Gateway", "GatewaySettings", "Health", "Submission", "Submitted"]

log = structlog.get_logger(__name__)

A = TypeVar("A")
Wish = ControlModel | ControlWorker | ReloadCatalogue | ChangeLevel

HANDOVERS = 2
"""A change waits for so many times `GatewaySettings.handover_s` since a broker was heard: it may meet one that ends,
and then the one that follows."""


class GatewaySettings(Struct, frozen=True, kw_only=True):
    """What one gateway needs to know."""

    queue_bound: int = 10_000
    """Records that may be `queued` at once; one more is refused."""
    owner_bound: int = 0
    """Records of one owner that may be queued or processing at once; 0: as many as there is room for."""
    ask_timeout_s: float = 2.0
    """How long a question may take at the broker."""
    handover_s: float = 5.0
    """A broker that has not been heard for so long is a fault; less is what one takes to follow another."""
    cached_records: int = 4096
    agreed: dict[str, str] = {}
    """Settings that every process must share, as this one has them; the broker is told."""
    alone: bool = True
    """No other gateway serves the same clients, who could have heard something there before it is heard here."""
    stream: StreamSettings = field(default_factory=StreamSettings)


class Health(Struct, frozen=True):
    """What is wrong, by part (`broker`, `store`, `catalogue`); empty if the gateway can do all its work."""

    faults: dict[str, str]


class Gateway:
    """Submits, reads and watches jobs; `changes` changes them.

    Args:
        context: the process's ZeroMQ context.
        broker, news: where the broker takes requests and where it publishes.
        store, assets: opened by the caller, closed by the caller.
        fetch: resolves URL inputs.
        name, boot: who this process is on the wire.
        clock: seconds since the epoch.
        sign: makes URLs of files that can be fetched as they are.
        set_level: has this process log from another level on.

    Every method that takes an `owner` raises `NotFound` for a job of another owner; `None` may see all.
    """

    hub: Hub
    """Event streams join here; there from `start` on."""
    changes: Changes
    """What can be done to jobs that are there; from `start` on, too."""

    def __init__(
        self,
        context: "zmq.Context[zmq.Socket[bytes]]",
        broker: Address | Sequence[Address],
        news: Address | Sequence[Address],
        store: JobStore,
        assets: AssetStore,
        *,
        fetch: Fetch,
        settings: GatewaySettings,
        name: str,
        boot: BootId,
        link: LinkSettings | None = None,
        clock: Callable[[], float] = time.time,
        counters: Counters | None = None,
        sign: Sign = unsigned,
        export: Export | None = None,
        set_level: SetLogLevel = no_log,
    ) -> None:
        self._levels = HeardLevels(set_level)
        self._hearing: asyncio.Task[None] | None = None
        self.sign = sign
        self.store = store
        self.assets = assets
        self.settings = settings
        self._context, self._addresses, self._name, self._boot, self._link_settings = (
            context, (broker, news), name, boot, link,
        )  # fmt: skip
        self._clock = clock
        self.counters = counters or Counters()
        self._creation = Creation(
            store,
            self.counters,
            bound=settings.queue_bound,
            owner_bound=settings.owner_bound,
            retry_after_s=self._retry_after_s,
            export=export,
        )
        self._admission = Admission(assets, fetch, self.get)
        self._known_catalogue = KnownCatalogue(store, self._admission.use)
        self._telling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Linked, and the catalogue known or being asked for. A broker that is away does not hold it up."""
        broker, news = self._addresses
        await self._known_catalogue.recall()
        await self._hear_levels()
        with ExitStack() as opened:
            self.hub = Hub(self.settings.stream, self.sign)
            opened.callback(self.hub.close)
            self._link = BrokerLink(
                self._context,
                broker,
                name=self._name,
                boot=self._boot,
                ask_timeout_s=self.settings.ask_timeout_s,
                on_alive=self._catch_up,
                agreed=self.settings.agreed,
                settings=self._link_settings,
            )
            opened.callback(self._link.close)
            self._news = News(
                self._context,
                news,
                self.store,
                self.hub,
                name=self._name,
                capacity=self.settings.cached_records,
                alone=self.settings.alone,
                on_catalogue=self._catch_up,
                on_queue=self._queue_moved,
                on_level=self._levels.change,
                clock=self._clock,
                settings=self._link_settings,
            )
            opened.callback(self._news.close)
            self._opened = opened.pop_all()
        self.changes = Changes(
            self._link,
            self._news,
            self.store,
            self.assets,
            self.get,
            patience_s=HANDOVERS * self.settings.handover_s,
            ask_timeout_s=self.settings.ask_timeout_s,
        )
        self._reports = CountReports(self._link, self.counters, self.hub)
        self._opened.callback(self._reports.close)

    def release(self) -> None:
        """Those who wait or watch are let go, since the server goes away; everything else still works.

        Who waits or watches from now on is let go by the next call.
        """
        self.hub.release()
        self._news.release()

    async def close(self) -> None:
        """Links and watchers closed."""
        self._opened.close()
        self._known_catalogue.close()
        for task in (self._telling, self._hearing):
            if task is not None:
                task.cancel()

    # Jobs

    async def ready(self) -> None:
        """Return once it is known which models can be asked for: from a broker, or from the store's memory of one."""
        await self._known_catalogue.known.wait()

    @property
    def catalogue(self) -> Catalogue:
        """The models that can be asked for. Raises Unavailable while no broker has ever told."""
        known = self._known_catalogue.value
        if known is None:
            raise Unavailable(
                "the catalogue is not known yet, since no broker has told it",
                suggestion="is the broker running?",
                code=NO_BROKER,
            )
        return known

    async def submit(self, submission: Submission) -> Submitted:
        """Check a request, commit its record and hand it to the broker; returns when the record is durable.

        Raises:
            InputInvalid: with every error at once in `errors`, each with its JSON pointer.
            NotFound: an upload or job that an input names.
            Conflict: the idempotency key was used for another request, or an input's job is not completed.
            QueueFull, Unavailable: come again after `retry_after_s`.
        """
        if self._known_catalogue.value is None:
            _ = self.catalogue  # raises, and says why
        return await self._create(await self._admission.admit(submission, self._clock()))

    async def retry(self, job: JobId, owner: OwnerId | None, seed: int | None = None) -> Submitted:
        """A new job like an earlier one, with another seed (`seed`, or a random one) where its model takes one."""
        return await self._create(await self._admission.again(await self.get(job, owner), seed, self._clock()))

    async def get(self, job: JobId, owner: OwnerId | None) -> Job:
        """The record with the live stage and progress: no older than what any gateway has told of it before.

        But one that another gateway has just forgotten may still be seen here for a moment.
        """
        return self._seen_by(owner, job, await self._news.read(job))

    @staticmethod
    def _seen_by(owner: OwnerId | None, job: JobId, found: Job | None) -> Job:
        if found is None or (owner is not None and found.owner != owner):
            raise NotFound(f"there is no job {job[:80]!r}", suggestion="finished jobs are kept for a limited time")
        return found

    async def list(self, query: JobQuery) -> JobPage:
        """Records that match, newest first, running ones with live progress."""
        page = await self.store.list(query)
        live = self._news.records.with_progress
        return msgspec.structs.replace(page, jobs=tuple(live(job) for job in page.jobs))

    async def wait(self, job: JobId, owner: OwnerId | None, timeout_s: float) -> Job:
        """The record when it is final, or as it is after `timeout_s`."""
        if timeout_s <= 0:
            return await self.get(job, owner)
        # Of a job whose end was told elsewhere, the news arrive here as well: no need to ask the store first.
        found = self._seen_by(owner, job, await self._news.heard(job))
        if found.status.is_final:
            return found
        return await self._news.wait(found, timeout_s) or await self.get(job, owner)

    async def _create(self, job: Job) -> Submitted:
        job = msgspec.structs.replace(job, origin=origin.current())
        self._link.check(job)
        epoch = self._news.records.epoch
        created = await self._creation.create(job)
        if created.job.status is Status.QUEUED:
            # Also one that stood there before: whoever created it may have ended before it told the broker.
            self._link.submit(created.job)
        self._news.created(created.job, epoch)
        return Submitted(created.job, created.replayed)

    async def _retry_after_s(self, default: float) -> float:
        try:
            return (await self.status()).retry_after_s if self._link.is_alive else default
        except Unavailable:
            return default

    # The queue and the system

    @property
    def is_linked(self) -> bool:
        """A broker is heard."""
        return self._link.is_alive

    def now(self) -> float:
        """Seconds since the epoch, as all who share the store agree."""
        return self._clock()

    def age_s(self, job: Job) -> float:
        """Seconds since the job was accepted, by this host's clock."""
        return self._clock() - job.created_at

    async def estimates(self, jobs: Sequence[JobId]) -> dict[JobId, Estimate]:
        """Where waiting jobs stand; jobs that wait no more, or a broker that is away, leave gaps."""
        return await self._link.estimates(jobs)

    async def queue(self, asked: AskQueue) -> QueuePage:
        """A page of those who wait, everybody's. Raises Unavailable if no broker answers."""
        return await self._link.ask(asked, QueuePage)

    async def status(self) -> SystemStatus:
        """The whole picture, as the broker sees it; at most a second old. Raises Unavailable if no broker answers."""
        return await self._link.status()

    async def metrics(self) -> tuple[Row, ...]:
        """All that is counted, here and elsewhere, and how all is now. Raises Unavailable if no broker answers."""
        self._reports.tell()
        return (await self._link.ask(AskMetrics(), Metrics)).rows

    async def ask(self, wish: Wish, kind: type[A], *, timeout_s: float | None = None) -> A:
        """The broker's answer to what an operator wants. Raises Unavailable if none comes."""
        answer = await self.changes.ask(wish, kind, timeout_s or 0.0)
        self._link.forget_status()
        return answer

    async def refresh(self) -> None:
        """The catalogue here is the one that the broker has, if it answers."""
        await self._known_catalogue.refresh(self._link)

    @property
    def broker_silent_s(self) -> float:
        """For how long no broker has been heard; 0 while one is."""
        return self._link.silent_s

    async def ping(self) -> None:
        """A broker has answered just now. Raises Unavailable if none does."""
        await self._link.ask(AskEstimates(()), Estimates)

    async def health(self) -> Health:
        """What is away, as far as can be known without writing."""
        faults = {}
        if not self._link.is_alive and self._link.silent_s >= self.settings.handover_s:
            faults["broker"] = f"no broker answers{await self._last_heard()}; accepted jobs wait for one"
        if self._known_catalogue.value is None:
            faults["catalogue"] = "not known yet, since no broker has told it"
        try:
            async with asyncio.timeout(self.settings.ask_timeout_s):
                await self.store.recall(KEY)
        except TimeoutError:
            faults["store"] = "does not answer"
        except AigcError as error:
            faults["store"] = outward(error)
        if self._creation.fault:
            faults.setdefault("store", self._creation.fault)
        return Health(faults)

    async def _last_heard(self) -> str:
        """Which broker led, and when the store heard of it."""
        try:
            async with asyncio.timeout(self.settings.ask_timeout_s):
                led = next((broker for broker in await self.store.brokers() if broker.generation), None)
        except (AigcError, TimeoutError):
            return ""
        return f" ({led.owner} led as generation {led.generation}, heard {led.seen_s:.0f} s ago)" if led else ""

    def _queue_moved(self) -> None:
        self._link.forget_estimates()
        if self.hub.waiting and (self._telling is None or self._telling.done()):
            self._telling = asyncio.get_running_loop().create_task(self._tell_places(), name="gateway places")

    async def _tell_places(self) -> None:
        self.hub.moved((await self.estimates(self.hub.waiting)).values())

    def _catch_up(self) -> None:
        """The broker is heard, for the first time or again, or news were missed."""
        self._known_catalogue.learn(self._link)
        if self._hearing is None or self._hearing.done():
            self._hearing = asyncio.get_running_loop().create_task(self._hear_levels(), name="gateway levels")

    async def _hear_levels(self) -> None:
        """Levels of the log that were set while nothing was heard here are in force here, too."""
        try:
            self._levels.use(await told_levels.in_force(self.store))
        except AigcError as error:
            log.debug("levels.unheard", reason=str(error))
