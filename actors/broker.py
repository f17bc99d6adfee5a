"""The broker: drains what came, has the scheduler decide, commits in one group, and only then lets the effects out.

    Router ──► Scheduler.apply ──► Outbox ──► JobStore.commit ──► Router (grants, cancels, answers)
                                                              └─► Publisher (changes, progress)

Nothing here decides anything about jobs: see `aigc.core.scheduling`. What gateways ask is answered by `inquiries`.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog
import zmq
from msgspec import Struct

from actors import job_log
from actors.actor import Fate
from actors.experience import Experience
from actors.house_news import HouseNews
from actors.inquiries import Asker, Inquiries, Reread, cancellations, nothing_to_read
from actors.job_spans import JobSpans
from actors.levels_in_force import LevelsInForce
from actors.log_level import SetLogLevel, no_log
from actors.outbox import Outbox, Tell
from actors.progress_news import ProgressNews
from actors.random_hex import RandomHex
from aigc.core.effects import Answer, Commit, Effect, Publish, SendCancel, SendGrant, SendOrder
from aigc.core.errors import StaleGeneration
from aigc.core.events import Event, NeverCreated, Reloaded, Restored, Tick, WorkerLost, WorkerSilent
from aigc.core.ids import AttemptId, BootId, JobId, Now, WorkerId
from aigc.core.job import Job, Lease
from aigc.core.messages import (
    CatalogueChanged,
    Changed,
    Counted,
    GatewayMessage,
    Generation,
    Grant,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    LevelChanged,
    SetLevel,
    Settled,
    Submit,
    ToBroker,
    ToGateway,
    ToWatchers,
    ToWorker,
    Welcome,
    WorkerBeat,
    WorkerBye,
    WorkerHello,
)
from aigc.core.metrics.census import Census
from aigc.core.model import Catalogue
from aigc.core.ports import JobStore
from aigc.core.scheduling.scheduler import Scheduler
from aigc.core.scheduling.settings import SchedulerSettings
from aigc.core.trace import Export
from transport import Address, Codec, Envelope, LinkSettings, Publisher, Router, TransportError, Verdict

log = structlog.get_logger()


class BrokerSettings(Struct, frozen=True, kw_only=True):
    """What a broker must be told."""

    address: Address
    """Where workers and gateways connect."""
    news_address: Address
    """Where gateways listen."""
    takeover: bool = False
    """Whether to listen there although a predecessor, who lost its lease, still holds the place."""
    scheduler: SchedulerSettings
    link: LinkSettings
    queue_bound: int = 10_000
    """Waiting jobs beyond which new ones are refused: told to operators here, enforced when a record is created."""
    remember_s: float = 10.0
    """How often what was learned is kept in the store."""
    news_s: float = 1.0
    """Telemetry and movements of the queue are published at most this often."""
    backend: str = "directory"
    """What files are kept in, as metrics call it."""
    agreed: dict[str, str] = {}
    """Settings that every process must share, for those who compare theirs, see `config.agreement`."""


class Broker:
    """The leading broker of one generation. Ends (`run` returns) when another one leads.

    Args:
        generation: what it leads with, as the store granted it to its owner, see `actors.leader`.
        catalogue: the one in force.
        export: takes spans of jobs, where somebody collects traces.
        reread: brings into force what the configuration's files say now, and calls `reload`.
        set_level: has this process log from another level on.
    """

    def __init__(
        self,
        context: "zmq.Context[Any]",
        settings: BrokerSettings,
        store: JobStore,
        catalogue: Callable[[], Catalogue],
        *,
        generation: Generation,
        boot: BootId,
        reread: Reread = nothing_to_read,
        export: Export | None = None,
        set_level: SetLogLevel = no_log,
    ) -> None:
        self._context = context
        self._set_level = set_level
        self._settings = settings
        self._store = store
        self._catalogue = catalogue
        self._boot = boot
        self._fate = Fate()
        self._census = Census(settings.backend)
        self._spans = JobSpans(export) if export is not None else None
        self._progress = ProgressNews(lambda job: self._scheduler.progressed(job, self._now()), self.publish)
        self._outbox = Outbox(commit=self._commit, release=self._release, forget=self._forget, fail=self._end)
        self._generation = generation
        random = RandomHex()
        new_id = lambda: AttemptId(random.take(16))  # noqa: E731 - a span's id in a trace, too
        self._scheduler = Scheduler(settings.scheduler, catalogue(), generation, new_id)
        self._levels = LevelsInForce(store, self._announce_level)
        self._experience = Experience(self._scheduler, store)
        self._house_news = HouseNews(self._scheduler, self._now, self.publish, settings.news_s)
        self._inquiries = Inquiries(
            self._scheduler,
            store,
            self,
            generation=generation,
            boot=boot,
            started_at=store.clock(),
            queue_bound=settings.queue_bound,
            census=self._census,
            agreed=settings.agreed,
            catalogue=catalogue,
            reread=reread,
            now=self._now,
        )
        self._router: Router[ToWorker | ToGateway, ToBroker] | None = None
        self._news: Publisher[ToWatchers] | None = None
        self._peers: dict[tuple[WorkerId, BootId], bytes] = {}
        self._workers: dict[bytes, tuple[WorkerId, BootId]] = {}
        self._tick: asyncio.TimerHandle | None = None
        self._remembering: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """What the store holds was replayed, and workers and gateways are listened to."""
        await self._levels.recall()
        await self._experience.recall()
        # The ends first: whatever has one stands among the open jobs that are read afterwards, or is over.
        cancels = cancellations(await self._store.cancel_requests())
        open_jobs = tuple(await self._store.open_jobs())
        self.apply([Restored(open_jobs), *cancels])
        await self._outbox.flush()
        link = self._settings.link
        self._news = Publisher(
            self._context,
            self._settings.news_address,
            Codec(ToWatchers),
            boot=self._boot,
            takeover=self._settings.takeover,
            settings=link,
        )
        self._router = Router(
            self._context,
            self._settings.address,
            Codec(ToBroker),
            self._on_batch,
            boot=self._boot,
            on_peer=self._on_peer,
            takeover=self._settings.takeover,
            settings=link,
        )
        remembering = self._experience.go_on_keeping(self._settings.remember_s)
        self._remembering = asyncio.get_running_loop().create_task(remembering, name="broker-memory")
        log.info("broker.leading", generation=self._generation.number, open_jobs=len(open_jobs))

    async def run(self) -> None:
        """Return when another broker leads; raise what made this one useless."""
        await self._fate.settled()

    async def close(self) -> None:
        """Stop listening. What was decided and not committed is decided anew from the store."""
        if self._remembering is not None:
            self._remembering.cancel()
        await self._inquiries.close()
        if not self._fate.is_settled:
            await self._leave_in_order()
        self._outbox.close()
        # Last, since what has come in until now may have begun them anew.
        self._progress.close()
        self._house_news.close()
        self._levels.close()
        if self._tick is not None:
            self._tick.cancel()
        for socket in (self._router, self._news):
            if socket is not None:
                socket.close()
        self._router = self._news = None

    def reload(self) -> None:
        """Another catalogue is in force: the scheduler, the workers and the gateways hear of it."""
        catalogue = self._catalogue()
        self.apply([Reloaded(catalogue)])
        for peer in self._workers:
            self._send(peer, Welcome(self._generation, catalogue, self._levels.now()))
        self.publish(CatalogueChanged(catalogue.digest))

    # What comes in.

    def _on_batch(self, batch: Sequence[tuple[bytes, Envelope[ToBroker]]]) -> None:
        events: list[Event] = []
        questions: list[tuple[Asker, GatewayMessage]] = []
        over: dict[bytes, list[Lease]] = {}
        now = time.monotonic()
        for peer, envelope in batch:
            for message in envelope.messages:
                match message:
                    case LeaseFinished() | LeaseFailed() | LeaseStopped() | LeaseReturned():
                        over.setdefault(peer, []).append(message.lease)
                        self._census.heard(message, now)
                        events.append(message)
                    case WorkerHello():
                        self._welcome(peer, message)
                        self._census.heard(message, now)
                        events.append(message)
                    case Submit(job=job):
                        self._tell_new(job)
                        events.append(message)
                    case LeaseStarted() | LeaseProgress() | LeaseRan() | WorkerBeat() | WorkerBye():
                        self._census.heard(message, now)
                        events.append(message)
                    case Counted():
                        self._census.told(peer, message)
                    case _:
                        questions.append((Asker(peer, envelope.correlation), message))
        self.apply(events)
        for asker, question in questions:
            self._inquiries.take(asker, question)
        for peer, leases in over.items():
            # After the commit, and not before: the worker forgets the result then.
            self._outbox.add([Tell(peer, Settled(self._generation, tuple(leases)))])

    def _welcome(self, peer: bytes, hello: WorkerHello) -> None:
        who = (hello.worker, hello.boot)
        former = self._peers.get(who)
        if former is not None:
            self._workers.pop(former, None)
        self._peers[who] = peer
        self._workers[peer] = who
        self._send(peer, Welcome(self._generation, self._catalogue(), self._levels.now()))

    def _tell_new(self, job: Job) -> None:
        # Durable already: a gateway hands over what the store has acknowledged. The other gateways hear of it here,
        # unless it came so late that the job, found in the store before, has ended: that would be old news for ever.
        if self._scheduler.job(job.id) is None and not self._scheduler.is_over(job.id):
            self.publish(Changed(job))

    def _on_peer(self, peer: bytes, verdict: Verdict) -> None:
        who = self._workers.get(peer)
        if who is None:
            if verdict is Verdict.LOST:
                self._inquiries.lost(peer)
                self._census.parted(peer)
            return
        if verdict is Verdict.SUSPECT:
            self.apply([WorkerSilent(*who)])
        elif verdict is Verdict.LOST:
            del self._workers[peer]
            del self._peers[who]
            self._census.lost(who[0])
            self.apply([WorkerLost(*who)])

    def apply(self, events: Sequence[Event]) -> None:
        """Let the scheduler have these; their effects go out in order, after what they speak of is durable."""
        if self._fate.is_settled or not events:
            return
        try:
            effects = self._scheduler.apply(events, self._now())
        except Exception as defect:
            # Some may be half applied, so this scheduler is not to be trusted: begin again from the store.
            log.exception("broker.defect", events=repr(events)[:2000])
            self._end(defect)
            return
        self._outbox.add(effects)
        self._set_tick()
        self._house_news.applied(events)

    # What goes out.

    async def _commit(self, jobs: Sequence[Job]) -> frozenset[JobId]:
        return await self._store.commit(self._generation, jobs)

    def _forget(self, jobs: frozenset[JobId]) -> None:
        self.apply([NeverCreated(tuple(jobs))])

    def _release(self, effects: Sequence[Effect | Tell]) -> None:
        for effect in effects:
            match effect:
                case Commit(job=job):
                    self._progress.drop(job.id)
                    self._census.committed(job)
                    job_log.tell(job)
                    if self._spans is not None:
                        self._spans.committed(job)
                    self.publish(Changed(job))
                case Publish(job=published, attempt=attempt):
                    self._progress.take(published, attempt)
                case SendGrant(worker=worker, boot=boot, grant=grant):
                    self._census.granted(grant, time.monotonic())
                    if self._spans is not None:
                        self._spans.granted(grant)
                    self._send(self._peers.get((worker, boot)), grant)
                case SendCancel(worker=worker, boot=boot, cancel=cancel):
                    self._send(self._peers.get((worker, boot)), cancel)
                case SendOrder(worker=worker, boot=boot, order=order):
                    self._send(self._peers.get((worker, boot)), order)
                case Tell(peer=peer, message=message):
                    self._send(peer, message)
                case Answer(token=Asker(peer=peer, correlation=correlation), reply=reply):
                    self._send(peer, reply, correlation)

    def reply(self, asker: Asker, message: ToGateway) -> None:
        """Send an answer at once: it tells of nothing that is not durable yet."""
        self._send(asker.peer, message, asker.correlation)

    def publish(self, news: ToWatchers) -> None:
        """Tell all watchers."""
        if self._news is not None:
            self._news.publish(news)

    def _send(self, peer: bytes | None, message: ToWorker | ToGateway, correlation: int = 0) -> None:
        if self._router is None or peer is None:
            return
        try:
            if correlation:
                self._router.reply(peer, correlation, message)
            else:
                self._router.send(peer, message, urgent=not isinstance(message, Grant))
        except TransportError as error:
            # A peer that cannot be reached is found lost by its silence; what it should have heard it asks again.
            log.debug("message.undelivered", kind=type(message).__name__, error=str(error))

    def change_level(self, logger: str, level: str) -> int:
        """See `Desk`."""
        self._levels.set(logger, level)
        return len(self._workers)

    def _announce_level(self, logger: str, level: str) -> None:
        self._set_level(logger, level)
        self.publish(LevelChanged(logger, level))
        for peer in self._workers:
            self._send(peer, SetLevel(self._generation, logger, level))

    # Time.

    def _now(self) -> Now:
        return Now(time.monotonic(), self._store.clock())

    def _set_tick(self) -> None:
        at = self._scheduler.next_tick(self._now())
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if at is not None:
            self._tick = asyncio.get_running_loop().call_later(max(0.0, at - time.monotonic()), self._on_tick)

    def _on_tick(self) -> None:
        self._tick = None
        self.apply([Tick()])

    async def _leave_in_order(self) -> None:
        try:
            async with asyncio.timeout(5):
                await self._outbox.flush()
                await self._experience.keep()
        except TimeoutError:
            log.warning("broker.unremembered", error="the store takes its time")

    def _end(self, reason: BaseException) -> None:
        if isinstance(reason, StaleGeneration):
            log.warning("broker.deposed", generation=self._generation.number)
            self._fate.finish()
        else:
            self._fate.fail(reason)
