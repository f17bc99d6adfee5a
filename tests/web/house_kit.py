"""A whole web house in one process: the real application on a real port, real links, real stores, and a broker that
does what a test says. The broker commits and publishes as the real one does, but schedules nothing by itself."""

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import zmq
from aiohttp import web

from actors.log_level import no_log
from actors.stores.directory import DirectoryAssetStore
from actors.stores.sqlite import SqliteJobStore
from aigc.core import lifecycle
from aigc.core.ids import AssetKey, AttemptId, BootId, DeviceId, JobId, ModelId, Now, OwnerId, WorkerId
from aigc.core.job import Job, Lease, Output, Progress, Stage, Status
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
    CatalogueChanged,
    Changed,
    ChangeLevel,
    ControlAnswer,
    ControlModel,
    ControlWorker,
    Counted,
    Device,
    DropResult,
    Estimate,
    Estimates,
    ForgetJob,
    Forgotten,
    GatewayHello,
    GatewayView,
    Generation,
    JobAnswer,
    LeaseView,
    LevelAnswer,
    LevelChanged,
    Metrics,
    MoveJob,
    Progressed,
    QueuedJob,
    QueueMoved,
    QueuePage,
    ReloadAnswer,
    ReloadCatalogue,
    Resident,
    Step,
    Submit,
    SystemStatus,
    Telemetry,
    ToBroker,
    ToGateway,
    ToWatchers,
    WaitReason,
    WorkerView,
)
from aigc.core.metrics.tally import Tally
from aigc.core.model import Catalogue, ModelSpec
from aigc.features import FEATURES
from transport import Address, Backoff, Codec, Envelope, LinkSettings, Patience, Publisher, Router
from web.access import Access
from web.app import WebSettings, make_app, make_runner
from web.compat_logs import Levels
from web.configuration import Setting
from web.fetch import Fetcher
from web.gateway import Gateway, GatewaySettings
from web.intake import Intake, IntakeLimits
from web.signing import Sign, unsigned
from web.submission import Reference, Submission

GIB = 1 << 30
names = itertools.count(1)

BRISK = LinkSettings(
    beat_s=0.05, patience=Patience(suspect_s=0.4, lost_s=0.8), backoff=Backoff(first_s=0.01, limit_s=0.05)
)
"""Heartbeats fast enough for tests in which a broker goes and comes."""


def spec(feature: str, name: str, **more: Any) -> ModelSpec:
    known = FEATURES[feature]
    return ModelSpec(
        id=ModelId(name),
        feature=feature,
        class_path=f"somewhere:{name}",
        schema=known.parameters.model_json_schema(),
        inputs=(*known.inputs, *(known.optional_inputs or {})),
        outputs=known.output_formats,
        memory_bytes=GIB,
        **more,
    )


CATALOGUE = Catalogue(
    models=(
        spec("text_to_textured_mesh", "shapes", is_default=True, description="Simple shapes.", licence="Apache-2.0"),
        spec("text_to_textured_mesh", "shapes-slow"),
        spec("image_to_textured_mesh", "inflate", is_default=True),
        spec("mesh_retopology", "quadric", is_default=True),
    ),
    digest="d1",
)

WORKER = WorkerView(
    id=WorkerId("gpu-0"),
    boot=BootId("w1"),
    liveness="alive",
    device=Device(
        id=DeviceId("GPU-1"), kind="cuda", name="Test GPU", total=16 * GIB, usable=15 * GIB, used=4 * GIB,
        reserved=3 * GIB, utilisation=0.5, temperature_c=60.0,
    ),
    residents=(Resident(residency="shapes", state="running", bytes=3 * GIB, pid=42, pinned=True),),
    leases=(
        LeaseView(
            lease=Lease(JobId("j-9"), 2, AttemptId("x")), worker=WorkerId("gpu-0"), model=ModelId("shapes"),
            residency="shapes", need_bytes=3 * GIB, held_s=12.0, running_s=10.0, stage=Stage.SAMPLING, fraction=0.25,
        ),
    ),
)  # fmt: skip


class Broker:
    """Answers as told. `jobs` holds what it was given, by id; `heard` every message in order."""

    def __init__(self, house: "House", boot: str) -> None:
        self.house = house
        self.boot = boot
        self.jobs: dict[JobId, Job] = {}
        self.heard: list[Any] = []
        self.catalogue = CATALOGUE
        self.estimates: dict[JobId, Estimate] = {}
        self.deaf: set[type] = set()
        """Kinds of question that get no answer."""
        self.retry_after_s = 7.0
        self.running = WORKER.leases
        self.worker_agreed: dict[str, str] = {}
        self.control = ControlAnswer((Step(WorkerId("gpu-0"), True, "begins"),))
        """What operators are answered."""
        self.reloaded = ReloadAnswer("d1")
        self.counted = Tally()
        self._arrived = asyncio.Event()
        self._generation = Generation(0, "")
        self._router: Router[ToGateway, ToBroker] = Router(
            house.context, house.broker_address, Codec(ToBroker), self._batch, boot=boot, settings=BRISK
        )
        self._publisher: Publisher[ToWatchers] = Publisher(
            house.context, house.news_address, Codec(ToWatchers), boot=boot, settings=BRISK
        )
        self._answers: dict[type, Callable[[Any], ToGateway]] = {
            AskCatalogue: lambda _: CatalogueAnswer(self.catalogue),
            AskStatus: lambda _: self.status(),
            AskMetrics: lambda _: Metrics(self.counted.rows()),
            AskEstimates: lambda ask: Estimates(
                tuple(self.estimates[job] for job in ask.jobs if job in self.estimates)
            ),
            AskQueue: self._queue,
            CancelJob: lambda ask: CancelAnswer(self.jobs.get(ask.job), cancelling=True),
            MoveJob: self._move,
            ForgetJob: lambda ask: JobAnswer(self.jobs.pop(ask.job, None)),
            ControlModel: lambda _: self.control,
            ControlWorker: lambda _: self.control,
            ReloadCatalogue: lambda _: self.reloaded,
            ChangeLevel: self._change_level,
        }

    def _change_level(self, asked: ChangeLevel) -> LevelAnswer:
        self.publish(LevelChanged(asked.logger, asked.level))
        return LevelAnswer(gateways=1, workers=2)

    async def lead(self) -> None:
        self._generation = await self.house.store.lead(self.boot)
        self.jobs |= {job.id: job for job in await self.house.store.open_jobs()}

    def close(self) -> None:
        self._router.close()
        self._publisher.close()

    async def until(self, condition: Callable[[], Any]) -> None:
        """Returns when `condition` holds; it is looked at after every message."""
        while not condition():
            self._arrived.clear()
            await self._arrived.wait()

    async def change(self, job: JobId, kind: str, **updates: Any) -> Job:
        """A durable change of a job, committed and published."""
        changed = lifecycle.change(self.jobs[job], kind, Now(0.0, self.house.clock()), **updates)
        self.jobs[job] = changed
        await self.house.store.commit(self._generation, [changed])
        self.publish(Changed(changed))
        return changed

    async def begin(self, job: JobId) -> Job:
        return await self.change(job, "started", status=Status.PROCESSING, stage=Stage.LOADING_MODEL, attempt=1)

    async def complete(self, job: JobId, outputs: tuple[Output, ...] = ()) -> Job:
        return await self.change(job, "completed", status=Status.COMPLETED, outputs=outputs)

    async def run(self, job: JobId) -> Job:
        await self.begin(job)
        return await self.complete(job)

    async def run_silently(self, job: JobId) -> None:
        """The job ends, and nobody hears of it."""
        publish, self.publish = self.publish, lambda message: None  # type: ignore[method-assign]
        await self.run(job)
        self.publish = publish  # type: ignore[method-assign]

    def progress(self, job: JobId, fraction: float, attempt: int = 1, message: str = "") -> None:
        told = Progress(fraction=fraction, step=1, steps=10, message=message)
        self.publish(Progressed(job, attempt, Stage.SAMPLING, told))

    def publish(self, message: ToWatchers) -> None:
        self._publisher.publish(message)

    def queue_moved(self) -> None:
        self.publish(QueueMoved(waiting=len(self.estimates)))

    def telemetry(self) -> None:
        self.publish(Telemetry((WORKER,)))

    def use(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.publish(CatalogueChanged(catalogue.digest))

    def forget(self, job: JobId) -> None:
        self.publish(Forgotten(job))

    def status(self) -> SystemStatus:
        counts = {status: sum(job.status is status for job in self.jobs.values()) for status in Status}
        return SystemStatus(
            generation=self._generation,
            broker=BootId(self.boot),
            started_at=self.house.clock(),
            workers=(msgspec.structs.replace(WORKER, agreed=self.worker_agreed),),
            counts=counts,
            waiting_by_feature={"text_to_textured_mesh": counts[Status.QUEUED]},
            waiting_by_owner={OwnerId(""): counts[Status.QUEUED]},
            running=self.running,
            queue_bound=1000,
            retry_after_s=self.retry_after_s,
            learned={"shapes": {"run_s": 2.0}},
            catalogue_digest=self.catalogue.digest,
            brokers=(
                BrokerView(owner=self.boot, generation=self._generation.number, seen_s=0.5),
                BrokerView(owner="another", seen_s=1.0, agreed={"limits.queue": "400"}),
            ),
            waiting_by_priority={5: counts[Status.QUEUED]},
            reasons=(WaitReason("waits for its turn", counts[Status.QUEUED], (ModelId("shapes"),)),),
            agreed={"limits.queue": "1000"},
            gateways=(GatewayView(boot=BootId("g1"), host="here", pid=7, version="1", agreed={"limits.queue": "500"}),),
        )

    def _queue(self, ask: AskQueue) -> QueuePage:
        """Those who wait, as they came."""
        waiting = [job for job in self.jobs.values() if job.status is Status.QUEUED and ask.owner in (None, job.owner)]
        rows = [
            QueuedJob(
                job.id, job.name, job.feature, job.model, job.owner, job.priority, job.created_at, job.attempt,
                Estimate(job.id, place, 1.0, 2.0, "waits"),
            )
            for place, job in enumerate(waiting)
        ]  # fmt: skip
        return QueuePage(len(rows), tuple(rows[ask.offset : ask.offset + ask.limit]))

    async def _drop_result(self, peer: bytes, correlation: int, job_id: JobId) -> None:
        job = self.jobs[job_id]
        if job.main_output is not None:
            job = self.jobs[job_id] = lifecycle.without(job, job.main_output, Now(0.0, self.house.clock()))
            await self.house.store.commit(self._generation, [job])
            self.publish(Changed(job))
        self._router.reply(peer, correlation, JobAnswer(job))

    def _move(self, ask: MoveJob) -> JobAnswer:
        job = self.jobs.get(ask.job)
        if job is None or job.status is not Status.QUEUED:
            return JobAnswer(job, refusal="it waits no more")
        self.jobs[ask.job] = lifecycle.change(job, "priority", Now(0.0, 0.0), priority=ask.priority)
        return JobAnswer(self.jobs[ask.job])

    def _batch(self, batch: list[tuple[bytes, Envelope[ToBroker]]]) -> None:
        for peer, envelope in batch:
            for message in envelope.messages:
                if isinstance(message, Counted):
                    self.counted.merge(message.rows)  # at any moment; no part of what a test has it hear
                    continue
                self.heard.append(message)
                if isinstance(message, Submit):
                    self.jobs.setdefault(message.job.id, message.job)
                elif isinstance(message, DropResult):
                    dropping = self._drop_result(peer, envelope.correlation, message.job)
                    self._dropping = asyncio.create_task(dropping)
                elif not isinstance(message, GatewayHello) and type(message) not in self.deaf:
                    self._router.reply(peer, envelope.correlation, self._answers[type(message)](message))
        self._arrived.set()


class House:
    """The web side with its stores and its broker: `async with house.running(): …`."""

    def __init__(self, folder: Path, settings: GatewaySettings | None = None) -> None:
        self.number = next(names)
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.broker_address = Address.parse(f"inproc://broker-{self.number}")
        self.news_address = Address.parse(f"inproc://news-{self.number}")
        self.store = SqliteJobStore(folder / "jobs.db")
        self.assets = DirectoryAssetStore(folder / "assets")
        self.settings = settings or GatewaySettings(handover_s=0.0)
        self.now = 1_800_000_000.0
        self.base = ""
        self.log_every = 0
        self.access: Access | None = None
        self.sign: Sign = unsigned
        self.levels: Levels | None = None
        self.set_level: Callable[[str, str], None] = no_log
        self._folder = folder
        self._boots = itertools.count(1)
        self._runner: web.AppRunner | None = None
        self.extend: Callable[[web.Application], None] = lambda app: None
        """Called with the application before it starts: a test may add routes."""

    def clock(self) -> float:
        self.now += 0.001
        return self.now

    @asynccontextmanager
    async def running(self, *, with_broker: bool = True) -> AsyncIterator["House"]:
        """Started, and stopped whatever happens."""
        await self.start(with_broker=with_broker)
        try:
            yield self
        finally:
            await self.stop()

    async def start(self, *, with_broker: bool = True) -> None:
        await self.store.open()
        await self.assets.open()
        if with_broker:
            await self.start_broker()
        await self.start_web()
        self.session = aiohttp.ClientSession(self.base)
        if with_broker:
            await self.linked()

    async def start_broker(self) -> Broker:
        self.broker = Broker(self, f"b{self.number}x{next(self._boots)}")
        await self.broker.lead()
        return self.broker

    async def start_web(self) -> None:
        self.gateway = Gateway(
            self.context,
            self.broker_address,
            self.news_address,
            self.store,
            self.assets,
            fetch=Fetcher(Intake(self.assets, IntakeLimits())),
            settings=self.settings,
            name="web-0",
            boot=BootId(f"w{self.number}x{next(self._boots)}"),
            link=BRISK,
            clock=self.clock,
            sign=self.sign,
            set_level=self.set_level,
        )
        settings = WebSettings(
            data_path=str(self._folder),
            configuration=(Setting("server.port", 1, "system.yaml:1:2"),),
            log_every=self.log_every,
            levels=self.levels,
        )
        self.app = make_app(self.gateway, settings, self.access)
        self.extend(self.app)
        self._runner = make_runner(self.app, settings)
        await self._runner.setup()
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.port: int = listening.getsockname()[1]
        await web.SockSite(self._runner, listening, backlog=2048).start()
        self.base = f"http://127.0.0.1:{self.port}"

    async def linked(self) -> None:
        """The gateway hears the broker and its news, and knows the catalogue."""
        await eventually(lambda: self.gateway._link.is_alive and self.gateway._news.is_current)
        await eventually(lambda: self.gateway._known_catalogue.value is not None)

    async def stop_web(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def restart_web(self) -> None:
        """Another life of the web side, with `settings` as they are now."""
        await self.session.close()
        await self.stop_web()
        await self.start_web()
        self.session = aiohttp.ClientSession(self.base)
        await self.linked()

    async def result(self, job: JobId, name: str, content: bytes) -> Output:
        """A file of the job's first attempt, stored as a worker stores it."""

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        suffix = name.rpartition(".")[2]
        key = AssetKey(f"jobs/{job}/1/{name}")
        asset = await self.assets.put(key, chunks(), content_type="application/octet-stream", limit=1 << 30)
        return Output(
            name=name, role="model", asset=key, format=suffix, content_type=asset.content_type, bytes=asset.bytes,
            sha256=asset.sha256,
        )  # fmt: skip

    async def stop(self) -> None:
        await self.session.close()
        await self.stop_web()
        if hasattr(self, "broker"):
            self.broker.close()
        await self.store.close()
        await self.assets.close()
        self.context.destroy(linger=0)

    async def submit(self, text: str = "a chair", **more: Any) -> JobId:
        """One job over HTTP."""
        body = {"feature": "text_to_textured_mesh", "inputs": {"text": text}, **more}
        async with self.session.post("/api/v1/jobs", json=body) as response:
            assert response.status == 202, await response.text()
            return JobId((await response.json())["id"])

    async def call(self, method: str, path: str, **more: Any) -> tuple[int, Any]:
        """Status and JSON body of one request."""
        async with self.session.request(method, path, **more) as response:
            raw = await response.read()
            return response.status, msgspec.json.decode(raw) if raw else None


async def eventually(condition: Callable[[], Any], limit_s: float = 60.0) -> None:
    """Returns when `condition` holds; for what the loop does by itself and nobody announces."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - nobody would set an event
            await asyncio.sleep(0.002)


async def read_events(content: aiohttp.StreamReader, until: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """Server-sent events up to the first for which `until` holds, or the stream's end; each with its `id`."""
    found: list[dict[str, Any]] = []
    event: dict[str, Any] = {}
    async for raw in content:
        line = raw.decode().rstrip("\n")
        if line.startswith("id: "):
            event["id"] = int(line[4:])
        elif line.startswith("data: "):
            event |= msgspec.json.decode(line[6:])
        elif not line and event:
            found.append(event)
            if until(event):
                break
            event = {}
    return found


Until = Callable[[dict[str, Any]], bool]


class Listener:
    """A WebSocket client that keeps what it hears."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    async def say(self, **message: Any) -> None:
        await self.socket.send_json(message)

    async def until(self, wanted: Until) -> dict[str, Any]:
        """The next event for which `wanted` holds; those before it are kept too."""
        while True:
            for event in await self.frame():
                if wanted(event):
                    return event

    async def frame(self) -> list[dict[str, Any]]:
        message = await self.socket.receive(timeout=60)
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise EOFError(message)
        events: list[dict[str, Any]] = msgspec.json.decode(message.data)
        self.heard += events
        return events


def is_type(kind: str, job: str = "") -> Until:
    return lambda event: event["type"] == kind and job in ("", event.get("job_id"))


def asking(**more: Any) -> Submission:
    """What a handler makes of a small request."""
    return Submission(feature="text_to_textured_mesh", inputs={"text": Reference(text="a chair")}, **more)


async def submitted(house: House, **more: Any) -> JobId:
    """A job that the broker has heard of."""
    job = (await house.gateway.submit(asking(**more))).job.id
    await house.broker.until(lambda: job in house.broker.jobs)
    return job
