"""A real broker on real sockets with a real store; the worker and the gateway at the other ends do what a test says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
import zmq

from actors import house_news, inquiries
from actors.broker import Broker, BrokerSettings
from actors.stores.sqlite import SqliteJobStore
from aigc.core import lifecycle
from aigc.core.errors import Unavailable
from aigc.core.ids import AssetKey, AttemptId, BootId, DeviceId, JobId, ModelId, WorkerId
from aigc.core.job import Job, Lease, Output, Progress, Stage, Status
from aigc.core.messages import (
    AskEstimates,
    AskStatus,
    CancelAnswer,
    CancelJob,
    CancelLease,
    CatalogueChanged,
    Changed,
    ChangeLevel,
    ControlAnswer,
    ControlModel,
    ControlWorker,
    Device,
    DrainWorker,
    DropResult,
    Estimates,
    ForgetJob,
    Forgotten,
    GatewayHello,
    Grant,
    JobAnswer,
    LeaseFinished,
    LeaseProgress,
    LeaseStopped,
    LevelAnswer,
    LevelChanged,
    LoadModel,
    PinModel,
    QueueMoved,
    ReloadAnswer,
    ReloadCatalogue,
    ResumeWorker,
    SetLevel,
    Settled,
    Submit,
    SystemStatus,
    Telemetry,
    ToGateway,
    ToWatchers,
    ToWorker,
    UnloadModel,
    Welcome,
    WorkerHello,
)
from aigc.core.model import Catalogue, ModelSpec
from aigc.core.scheduling.settings import SchedulerSettings
from transport import Address, Backoff, Codec, Dealer, Envelope, LinkSettings, Patience, Subscriber

T = TypeVar("T")

LINK = LinkSettings(
    beat_s=0.1, patience=Patience(suspect_s=1.0, lost_s=2.0), backoff=Backoff(first_s=0.01, limit_s=0.05)
)
MODEL = ModelSpec(id=ModelId("m"), feature="f", class_path="a:B", memory_bytes=1 << 30)
CATALOGUE = Catalogue((MODEL,), "d")
W1 = BootId("w1")


def job(name: str) -> Job:
    return lifecycle.begin(Job(id=JobId(name), feature="f", model=ModelId("m"), created_at=1.0))


class Fussy(SqliteJobStore):
    """A store that can be told to be away, or to take its time."""

    away = hangs = False

    async def counts(self) -> dict[Status, int]:
        if self.hangs:
            await asyncio.Event().wait()
        if self.away:
            raise Unavailable("away", retry_after_s=0.1)
        return await super().counts()

    async def commit(self, generation: Any, jobs: Sequence[Job]) -> frozenset[JobId]:
        if self.away:
            raise Unavailable("away", retry_after_s=0.1)
        return await super().commit(generation, jobs)


class End:
    """One end of the house that writes down what it hears and can be waited for."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._news = asyncio.Event()

    def take(self, batch: Sequence[Envelope[Any]]) -> None:
        for envelope in batch:
            self.heard += envelope.messages
        self._news.set()

    async def next(self, kind: type[T]) -> T:
        """The first unread message of that kind."""
        async with asyncio.timeout(60):
            while True:
                for message in self.heard:
                    if isinstance(message, kind):
                        self.heard.remove(message)
                        return message
                self._news.clear()
                await self._news.wait()

    async def change(self, status: Status) -> Job:
        """The next published record of that status."""
        while True:
            changed = await self.next(Changed)
            if changed.job.status is status:
                return changed.job


class House:
    """A broker and the ends that talk to it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.context = zmq.Context()
        self.store = Fussy(folder / "jobs.db")
        self.settings = BrokerSettings(
            address=Address.parse(f"inproc://broker-{number}"),
            news_address=Address.parse(f"inproc://news-{number}"),
            scheduler=SchedulerSettings(adoption_s=30.0),
            link=LINK,
            news_s=0.05,
            agreed={"limits.queue": "10000"},
        )
        self.brokers = 0
        self.catalogue = CATALOGUE
        self.files = CATALOGUE
        """What the configuration's files say."""
        self.complaints: tuple[str, ...] = ()
        self.levels: list[tuple[str, str]] = []
        self.worker, self.gateway, self.watcher = End(), End(), End()
        self._hello: WorkerHello | None = None

    async def start(self) -> None:
        await self.store.open()
        self.broker = await self.new_broker()
        self.work: Dealer[Any, ToWorker] = self._dealer(self.worker, ToWorker, "worker-0", "w1", self._greet)
        self.ask: Dealer[Any, ToGateway] = self._dealer(self.gateway, ToGateway, "web", "g1")
        self.listen: Subscriber[ToWatchers] = Subscriber(
            self.context, self.settings.news_address, Codec(ToWatchers), self.watcher.take, lambda gap: None,
            name="web", settings=LINK,
        )  # fmt: skip

    def _dealer(
        self, end: End, kinds: Any, name: str, boot: str, on_reconnect: Callable[[], None] | None = None
    ) -> Dealer[Any, Any]:
        return Dealer(
            self.context, self.settings.address, Codec(kinds), end.take,
            name=name, boot=boot, on_reconnect=on_reconnect, settings=LINK,
        )  # fmt: skip

    async def new_broker(self) -> Broker:
        self.brokers += 1
        boot = BootId(f"b{self.brokers}")
        generation = await self.store.lead(boot)
        broker = Broker(
            self.context,
            self.settings,
            self.store,
            lambda: self.catalogue,
            generation=generation,
            boot=boot,
            reread=self.reread,
            set_level=lambda logger, level: self.levels.append((logger, level)),
        )
        await broker.start()
        return broker

    async def reread(self) -> inquiries.Reading:
        if not self.complaints:
            self.catalogue = self.files
            self.broker.reload()
        return inquiries.Reading(self.complaints)

    async def close(self) -> None:
        self.work.close()
        self.ask.close()
        self.listen.close()
        await self.broker.close()
        await self.store.close()
        self.context.destroy(linger=0)

    def hello(self, *leases: Lease, boot: BootId = W1) -> None:
        device = Device(id=DeviceId("cpu"), kind="cpu", total=8 << 30, usable=8 << 30)
        self._hello = WorkerHello(WorkerId("worker-0"), boot, device, 1, 2, leases, ())
        self.work.send(self._hello)

    def _greet(self) -> None:
        """As a worker does on a fresh link: what was said into one whose broker had gone was heard by nobody."""
        if self._hello is not None:
            self.work.send(self._hello)

    async def submit(self, name: str) -> None:
        made = job(name)
        await self.store.create(made, bound=100)
        self.ask.send(Submit(made))

    def finish(self, lease: Lease) -> None:
        output = Output(
            "mesh.glb", "model", AssetKey(f"jobs/{lease.job}/1/mesh.glb"), "glb", "model/gltf-binary", 4, "s"
        )
        self.work.send(LeaseFinished(WorkerId("worker-0"), lease, (output,), {}, (), 0.0, 1.0, 1))


numbers = iter(range(1, 1 << 30))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, next(numbers))
    await made.start()
    yield made
    await made.close()


async def test_a_lease_is_in_the_record_before_it_is_in_the_workers_hand(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    await house.submit("a")
    grant = await house.worker.next(Grant)
    record = await house.store.get(JobId("a"))
    assert record is not None
    assert (record.status, record.lease) == (Status.PROCESSING, grant.lease)


async def test_a_result_is_settled_and_published_after_it_is_durable(house: House) -> None:
    house.hello()
    await house.submit("a")
    grant = await house.worker.next(Grant)
    house.finish(grant.lease)
    assert (await house.worker.next(Settled)).leases == (grant.lease,)
    record = await house.store.get(JobId("a"))
    assert record is not None and record.status is Status.COMPLETED
    assert await house.watcher.change(Status.COMPLETED) == record


async def test_a_job_whose_creation_was_refused_is_never_granted(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    house.ask.send(Submit(job("refused")))
    await house.submit("real")
    assert (await house.worker.next(Grant)).lease.job == "real"
    assert not any(isinstance(message, Grant) for message in house.worker.heard)


async def test_a_new_broker_adopts_a_running_lease_and_accepts_its_result(house: House) -> None:
    house.hello()
    await house.submit("a")
    lease = (await house.worker.next(Grant)).lease
    await house.broker.close()
    house.broker = await house.new_broker()
    house.hello(lease)
    welcome = await house.worker.next(Welcome)
    while welcome.generation.number < 2:
        welcome = await house.worker.next(Welcome)
    house.finish(lease)
    assert (await house.worker.next(Settled)).leases == (lease,)
    record = await house.store.get(JobId("a"))
    assert record is not None and (record.status, record.attempt) == (Status.COMPLETED, 1)


async def test_a_lease_that_no_record_knows_is_stopped(house: House) -> None:
    stranger = Lease(JobId("a"), 1, AttemptId("made up"))
    house.hello(stranger)
    assert (await house.worker.next(CancelLease)).lease == stranger


async def test_a_deposed_broker_ends_and_has_written_nothing(house: House) -> None:
    house.hello()
    await house.submit("a")
    lease = (await house.worker.next(Grant)).lease
    await house.store.lead("another")
    house.finish(lease)
    async with asyncio.timeout(60):
        await house.broker.run()
    record = await house.store.get(JobId("a"))
    assert record is not None and record.status is Status.PROCESSING


async def test_a_result_is_kept_while_the_store_is_away_and_recorded_when_it_is_back(house: House) -> None:
    house.hello()
    await house.submit("a")
    lease = (await house.worker.next(Grant)).lease
    house.store.away = True
    house.finish(lease)
    status = await house.ask.ask(AskStatus(), timeout_s=60)  # the broker answers all the while
    assert isinstance(status, SystemStatus)
    house.store.away = False
    assert (await house.worker.next(Settled)).leases == (lease,)
    record = await house.store.get(JobId("a"))
    assert record is not None and record.status is Status.COMPLETED


async def test_what_a_broker_did_not_hear_it_finds_in_the_store(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    await house.store.create(job("unheard"), bound=100)
    house.ask.send(GatewayHello(BootId("g1")))
    assert (await house.worker.next(Grant)).lease.job == "unheard"


async def test_a_cancel_is_answered_with_the_truth(house: House) -> None:
    await house.store.create(job("unheard"), bound=100)
    waiting = await house.ask.ask(CancelJob(JobId("unheard"), "asked"), timeout_s=60)
    assert isinstance(waiting, CancelAnswer) and waiting.job is not None
    assert (waiting.job.status, waiting.cancelling) == (Status.CANCELLED, False)
    assert await house.ask.ask(CancelJob(JobId("nobody"), "asked"), timeout_s=60) == CancelAnswer(None)

    house.hello()
    await house.submit("running")
    lease = (await house.worker.next(Grant)).lease
    running = await house.ask.ask(CancelJob(JobId("running"), "asked"), timeout_s=60)
    assert isinstance(running, CancelAnswer) and running.cancelling
    assert (await house.worker.next(CancelLease)).lease == lease
    house.work.send(LeaseStopped(WorkerId("worker-0"), lease))
    assert (await house.watcher.change(Status.CANCELLED)).id in ("unheard", "running")


async def test_a_cancel_that_no_broker_heard_is_carried_out_by_the_next(house: House) -> None:
    house.hello()
    await house.submit("running")
    lease = (await house.worker.next(Grant)).lease
    house.work.send(LeaseProgress(WorkerId("worker-0"), lease, Stage.SAMPLING, Progress(fraction=0.5)))
    await house.watcher.next(Changed)
    await house.broker.close()
    await house.store.create(job("waiting"), bound=100)
    for name in ("running", "waiting"):
        assert await house.store.request_cancel(JobId(name), "asked while nobody led")
    house.broker = await house.new_broker()
    waiting = await house.store.get(JobId("waiting"))
    assert waiting is not None and waiting.status is Status.CANCELLED, "before anybody could be given it"
    house.hello(lease)
    assert (await house.worker.next(CancelLease)).lease == lease
    house.work.send(LeaseStopped(WorkerId("worker-0"), lease))
    assert (await house.worker.next(Settled)).leases == (lease,)
    running = await house.store.get(JobId("running"))
    assert running is not None
    assert (running.status, running.cancel_reason) == (Status.CANCELLED, "asked while nobody led")
    assert await house.store.cancel_requests() == {}


async def test_a_cancel_that_the_leading_broker_did_not_hear_it_finds_in_the_store(house: House) -> None:
    await house.submit("known")
    await house.watcher.change(Status.QUEUED)
    await house.store.create(job("unheard"), bound=100)
    for name in ("known", "unheard"):
        assert await house.store.request_cancel(JobId(name), "written down")
    house.ask.send(GatewayHello(BootId("g1")))
    ended = {(await house.watcher.change(Status.CANCELLED)).id for _ in range(2)}
    assert ended == {"known", "unheard"}


async def test_a_job_that_is_handed_over_after_its_end_is_no_news(house: House) -> None:
    made = job("late")
    await house.store.create(made, bound=100)
    await house.ask.ask(CancelJob(made.id, "asked"), timeout_s=60)
    house.ask.send(Submit(made))
    await house.submit("next")
    told: list[Status] = []
    while (changed := await house.watcher.next(Changed)).job.id != "next":
        told.append(changed.job.status)
    assert told == [Status.CANCELLED]


async def test_only_a_finished_job_can_be_forgotten(house: House) -> None:
    await house.submit("a")
    refused = await house.ask.ask(ForgetJob(JobId("a")), timeout_s=60)
    assert isinstance(refused, JobAnswer) and "cancel it first" in refused.refusal
    await house.ask.ask(CancelJob(JobId("a"), "asked"), timeout_s=60)
    forgotten = await house.ask.ask(ForgetJob(JobId("a")), timeout_s=60)
    assert isinstance(forgotten, JobAnswer) and forgotten.refusal == ""
    assert await house.store.get(JobId("a")) is None
    assert (await house.watcher.next(Forgotten)).job == "a"


async def test_a_finished_job_loses_its_result_for_all_who_read_it(house: House) -> None:
    house.hello()
    await house.submit("a")
    lease = (await house.worker.next(Grant)).lease
    refused = await house.ask.ask(DropResult(JobId("a")), timeout_s=5)
    assert isinstance(refused, JobAnswer) and "cancel it first" in refused.refusal
    house.finish(lease)
    await house.worker.next(Settled)
    before = await house.store.get(JobId("a"))
    assert before is not None and before.main_output is not None
    for _ in range(2):  # asking twice does no harm
        answer = await house.ask.ask(DropResult(JobId("a")), timeout_s=5)
        assert isinstance(answer, JobAnswer) and answer.job == await house.store.get(JobId("a"))
    after = answer.job
    assert after is not None and (after.main_output, after.deleted) == (None, (before.main_output,))
    assert (after.status, after.finished_at, after.seq) == (before.status, before.finished_at, before.seq + 1)
    assert after.history[-1].kind == "output_deleted"
    while (await house.watcher.next(Changed)).job != after:
        pass


async def test_a_waiting_job_is_told_where_it_stands_and_why(house: House) -> None:
    await house.submit("a")
    await house.submit("b")
    answer = await house.ask.ask(AskEstimates((JobId("a"), JobId("b"), JobId("nobody"))), timeout_s=60)
    assert isinstance(answer, Estimates)
    assert [(one.job, one.position) for one in answer.estimates] == [("a", 0), ("b", 1)]
    assert "worker" in answer.estimates[0].reason


async def test_what_was_learned_outlives_the_broker(house: House) -> None:
    house.hello()
    await house.submit("a")
    house.finish((await house.worker.next(Grant)).lease)
    await house.worker.next(Settled)
    before = await house.ask.ask(AskStatus(), timeout_s=60)
    await house.broker.close()
    house.broker = await house.new_broker()
    after = None
    while not isinstance(after, SystemStatus):
        try:
            after = await house.ask.ask(AskStatus(), timeout_s=1)
        except Exception:  # noqa: BLE001 - the link is being made anew
            await asyncio.sleep(0)
    assert isinstance(before, SystemStatus)
    assert before.learned["m"]["runs"] == after.learned["m"]["runs"] == 1
    assert after.learned["m"]["run_s"] == before.learned["m"]["run_s"]


# Operators.


async def status(house: House) -> SystemStatus:
    found = await house.ask.ask(AskStatus(), timeout_s=60)
    assert isinstance(found, SystemStatus)
    return found


async def control(house: House, wish: ControlModel | ControlWorker) -> ControlAnswer:
    answer = await house.ask.ask(wish, timeout_s=60)
    assert isinstance(answer, ControlAnswer)
    return answer


async def test_what_an_operator_wants_of_a_model_reaches_the_worker_and_is_answered(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    answer = await control(house, ControlModel(ModelId("m"), "pin"))
    assert [(step.worker, step.is_begun) for step in answer.steps] == [("worker-0", True)]
    assert (await house.worker.next(LoadModel)).need_bytes == 1 << 30
    assert (await house.worker.next(PinModel)).is_pinned
    await control(house, ControlModel(ModelId("m"), "unload", WorkerId("worker-0")))
    assert (await house.worker.next(UnloadModel)).residency == "m"
    assert (await control(house, ControlModel(ModelId("x"), "load"))).code == "unknown"


async def test_a_drained_worker_is_seen_at_once_by_those_who_watch(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    await control(house, ControlWorker(WorkerId("worker-0"), "drain"))
    assert isinstance(await house.worker.next(DrainWorker), DrainWorker)
    while [worker.draining for worker in (await house.watcher.next(Telemetry)).workers] != [True]:
        pass
    assert (await status(house)).workers[0].draining
    await control(house, ControlWorker(WorkerId("worker-0"), "resume"))
    assert isinstance(await house.worker.next(ResumeWorker), ResumeWorker)


async def test_what_a_closed_broker_is_still_told_is_told_to_nobody_and_no_fault(house: House) -> None:
    await house.broker.close()
    house.broker.publish(QueueMoved(7))
    house.broker = await house.new_broker()
    assert (await house.watcher.next(QueueMoved)).waiting == 0, "its successor's word, and not its own"


async def test_while_jobs_wait_their_estimates_are_told_anew_though_the_queue_stands_still(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house_news, "ESTIMATES_S", 0.0)
    house.hello()
    await house.worker.next(Welcome)
    await house.submit("a")
    lease = (await house.worker.next(Grant)).lease
    await house.submit("b")
    while (await house.watcher.next(QueueMoved)).waiting != 1:
        pass
    house.watcher.heard.clear()
    house.work.send(LeaseProgress(WorkerId("worker-0"), lease, Stage.SAMPLING, Progress(0.5)))
    assert (await house.watcher.next(QueueMoved)).waiting == 1


async def test_a_worker_that_is_lost_is_shown_as_lost_until_it_is_forgotten(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    house.work.close()
    while [worker.liveness for worker in (await house.watcher.next(Telemetry)).workers] != ["lost"]:
        pass
    answer = await control(house, ControlWorker(WorkerId("worker-0"), "forget"))
    assert answer.steps[0].is_begun
    assert (await status(house)).workers == ()


async def test_the_whole_picture_says_what_runs_what_waits_and_why_and_who_leads(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    for name in ("a", "b", "c"):
        await house.submit(name)
    lease = (await house.worker.next(Grant)).lease
    found = await status(house)
    while found.counts[Status.QUEUED] < 2:
        found = await status(house)
    assert [(one.lease, one.worker, one.model, one.stage) for one in found.running] == [
        (lease, "worker-0", "m", "loading_model")
    ]
    assert found.workers[0].leases[0].lease == lease
    assert found.waiting_by_priority == {5: 2}
    assert [(one.reason, one.jobs) for one in found.reasons] == [("waits for its turn", 2)]
    assert [(one.owner, one.generation) for one in found.brokers] == [("b1", 1)]
    assert (found.store_fault, found.agreed) == ("", {"limits.queue": "10000"})


@pytest.mark.parametrize(("how", "fault"), [("away", "away"), ("hangs", "does not answer")])
async def test_the_picture_is_told_though_the_store_is_away_and_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch, how: str, fault: str
) -> None:
    monkeypatch.setattr(inquiries, "STORE_S", 0.05)
    house.hello()
    await house.submit("a")
    house.finish((await house.worker.next(Grant)).lease)
    await house.worker.next(Settled)
    await house.submit("b")
    await house.worker.next(Grant)
    assert (await status(house)).counts[Status.COMPLETED] == 1
    setattr(house.store, how, True)
    found = await status(house)
    assert found.store_fault == fault
    assert (found.counts[Status.COMPLETED], found.counts[Status.PROCESSING]) == (1, 1)
    assert [one.owner for one in found.brokers] == ["b1"]
    setattr(house.store, how, False)


async def test_a_reload_is_answered_with_what_changed_and_told_to_everybody(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    other = msgspec.structs.replace(MODEL, id=ModelId("other"))
    house.files = Catalogue((msgspec.structs.replace(MODEL, run_s=1.0), other), "newer")
    answer = await house.ask.ask(ReloadCatalogue(), timeout_s=60)
    assert answer == ReloadAnswer("newer", added=(ModelId("other"),), changed=(ModelId("m"),))
    assert (await house.worker.next(Welcome)).catalogue.digest == "newer"
    assert (await house.watcher.next(CatalogueChanged)).digest == "newer"
    house.files = Catalogue((other,), "newest")
    assert await house.ask.ask(ReloadCatalogue(), timeout_s=60) == ReloadAnswer("newest", removed=(ModelId("m"),))


async def test_a_refused_reload_is_answered_with_every_complaint_and_changes_nothing(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    house.complaints = ("models.yaml:2:3: what: what to do", "models.yaml:9:1: that: this")
    answer = await house.ask.ask(ReloadCatalogue(), timeout_s=60)
    assert answer == ReloadAnswer(CATALOGUE.digest, complaints=house.complaints)
    assert not any(isinstance(message, Welcome) for message in house.worker.heard)


async def test_another_level_of_the_log_reaches_every_process_that_is_heard(house: House) -> None:
    house.hello()
    await house.worker.next(Welcome)
    house.ask.send(GatewayHello(BootId("g1")))
    answer = await house.ask.ask(ChangeLevel("aigc", "DEBUG"), timeout_s=60)
    assert (answer, house.levels) == (LevelAnswer(gateways=1, workers=1), [("aigc", "DEBUG")])
    told, heard = await house.worker.next(SetLevel), await house.watcher.next(LevelChanged)
    assert (told.logger, told.level) == (heard.logger, heard.level) == ("aigc", "DEBUG")


async def test_who_comes_after_a_level_was_set_hears_of_it_also_from_the_next_broker(house: House) -> None:
    await house.ask.ask(ChangeLevel("aigc", "DEBUG"), timeout_s=60)
    house.hello()
    assert (await house.worker.next(Welcome)).levels == {"aigc": "DEBUG"}
    await house.broker._levels._keeping  # type: ignore[misc]
    await house.broker.close()
    house.levels.clear()
    house.broker = await house.new_broker()
    assert house.levels == [("aigc", "DEBUG")]
    house.hello(boot=BootId("w2"))
    welcome = await house.worker.next(Welcome)
    assert (welcome.generation.number, welcome.levels) == (2, {"aigc": "DEBUG"})


async def test_a_broker_without_files_says_so() -> None:
    assert "without files" in (await inquiries.nothing_to_read()).complaints[0]
