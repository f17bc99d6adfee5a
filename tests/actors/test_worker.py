"""A worker between a real link, real runner processes and a real store; only the device is made up."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic

import msgspec
import pytest

from actors.device_watch import WatchSettings
from aigc.core.errors import Conflict, Retired, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.job import Input, Stage
from aigc.core.messages import (
    DrainWorker,
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
    ResumeWorker,
    RetireWorker,
    WorkerBeat,
    WorkerBye,
    WorkerHello,
)
from tests.actors.worker_kit import FIRST, WorkerHouse, model, new_lease
from tests.house.kit import Gate
from tests.runner.kit import is_alive
from transport import LinkSettings
from transport.backoff import Backoff
from transport.liveness import Patience

QUICK_LINK = LinkSettings(beat_s=0.02, patience=Patience(0.3, 0.6), backoff=Backoff(0.01, 2.0, 0.1))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[WorkerHouse]:
    async with WorkerHouse(tmp_path) as house:
        yield house


async def content(house: WorkerHouse, key: AssetKey) -> bytes:
    path = await house.assets.local(key)
    return await asyncio.to_thread(path.read_bytes)


async def upload(house: WorkerHouse, data: bytes) -> Input:
    async def once() -> AsyncIterator[bytes]:
        yield data

    key = AssetKey(f"uploads/{new_lease().job}/mesh.glb")
    await house.assets.put(key, once(), content_type="model/gltf-binary", limit=1 << 20)
    return Input(asset=key)


# One job


async def test_a_granted_job_ends_with_its_files_in_the_store(house: WorkerHouse):
    lease = house.grant("noop", bytes=1000)
    started = await house.broker.until(LeaseStarted)
    finished = await house.broker.until(LeaseFinished)
    assert (started.lease, finished.lease) == (lease, lease)
    assert finished.load_s == started.load_s > 0
    (output,) = finished.outputs
    assert output.asset == f"jobs/{lease.job}/1-{lease.id}/noop.glb"
    data = await content(house, output.asset)
    assert len(data) == output.bytes >= 1000
    assert house.folders() == []


async def test_a_file_input_reaches_the_model_as_a_path(house: WorkerHouse):
    house.grant("noop", inputs={"mesh": await upload(house, b"glTF"), "text": Input(text="a cube")})
    await house.broker.until(LeaseFinished)


async def test_an_input_that_is_gone_fails_the_job_for_good(house: WorkerHouse):
    lease = house.grant("noop", inputs={"mesh": Input(asset=AssetKey("uploads/gone/mesh.glb"))})
    failed = await house.broker.until(LeaseFailed)
    assert (failed.lease, failed.failure.code, failed.failure.retryable) == (lease, "input_invalid", False)


async def test_jobs_of_one_model_run_in_order_on_one_load(house: WorkerHouse):
    leases = [house.grant("noop") for _ in range(5)]
    ended = {(await house.broker.until(LeaseFinished)).lease for _ in leases}
    assert ended == set(leases)
    started = house.broker.of(LeaseStarted)
    assert [(one.lease, one.load_s > 0) for one in started] == [(lease, lease is leases[0]) for lease in leases]


async def test_progress_and_a_preview_come_through(house: WorkerHouse, tmp_path: Path):
    gate = Gate(tmp_path)  # a result would take the place of a preview that was not told yet
    house.grant("stepping", plan=[[0.5, "sampling", "half"]], preview=True, gate=gate.path)
    shown = await house.broker.until(LeaseProgress, lambda news: news.progress.preview is not None)
    assert shown.stage is Stage.SAMPLING
    assert (await content(house, AssetKey(str(shown.progress.preview)))).startswith(b"\x89PNG")
    gate.open()
    await house.broker.until(LeaseFinished)


# Ends of other kinds


async def test_a_runner_that_dies_fails_its_job_with_evidence_and_the_next_job_gets_another(house: WorkerHouse):
    lease = house.grant("dying", way="segfault")
    failed = await house.broker.until(LeaseFailed)
    assert (failed.lease, failed.failure.code, failed.killed_runner) == (lease, "runner_crashed", True)
    assert "SIGSEGV" in failed.failure.message
    assert "these are my last words" in failed.failure.log_tail
    house.grant("noop")
    await house.broker.until(LeaseFinished)
    assert house.folders() == []


async def test_a_cancelled_job_in_native_code_is_gone_when_that_is_said_and_the_next_one_runs(house: WorkerHouse):
    lease = house.grant("hanging", way="native")
    await house.broker.until(LeaseProgress, lambda news: news.stage is Stage.SAMPLING)
    assert house.worker._runners is not None
    (pids,) = house.worker._runners.pids().values()
    house.cancel(lease)
    stopped = await house.broker.until(LeaseStopped)
    assert stopped.lease == lease
    assert not any(is_alive(pid) for pid in pids)
    house.grant("noop", need=4 << 30)
    await house.broker.until(LeaseFinished)


async def test_a_model_that_obeys_a_cancel_keeps_its_process(house: WorkerHouse):
    first = house.grant("hanging", way="steps")
    await house.broker.until(LeaseProgress, lambda news: news.stage is Stage.SAMPLING)
    house.cancel(first)
    await house.broker.until(LeaseStopped)
    await house.states(hanging="idle")
    second = house.grant("hanging", way="steps")
    started = await house.broker.until(LeaseStarted)
    assert (started.lease, started.load_s) == (second, 0.0)


async def test_a_cancel_while_the_inputs_are_still_fetched_does_not_wait_for_them(house: WorkerHouse):
    house.grant("noop")
    await house.broker.until(LeaseFinished)
    asked, never = asyncio.Event(), asyncio.Event()

    async def stuck(key: AssetKey) -> Path:
        asked.set()
        await never.wait()
        raise AssertionError

    house.assets.local = stuck  # type: ignore[method-assign]
    lease = house.grant("noop", inputs={"mesh": Input(asset=AssetKey("uploads/far/mesh.glb"))})
    await asked.wait()
    house.cancel(lease)
    assert (await house.broker.until(LeaseStopped)).lease == lease
    await house.states(noop="idle")
    await house.worker._files.settle()
    assert house.folders() == []


async def test_a_model_makes_room_for_another(house: WorkerHouse):
    house.grant("noop", need=3 << 30)
    await house.broker.until(LeaseFinished)
    house.grant("other", need=3 << 30)
    await house.broker.until(LeaseFinished)
    await house.states(other="idle")


async def test_a_job_that_needs_more_than_there_is_comes_back_with_the_reason(house: WorkerHouse):
    house.grant("noop", need=5 << 30)
    returned = await house.broker.until(LeaseReturned)
    assert returned.reason == "noop needs 5.0 GiB; 4.0 GiB are usable here, less what is pinned"


async def test_a_runner_that_dies_idle_is_replaced_when_it_is_needed(house: WorkerHouse):
    house.grant("noop")
    await house.broker.until(LeaseFinished)
    assert house.worker._runners is not None
    (pids,) = house.worker._runners.pids().values()
    os.kill(pids[-1], signal.SIGKILL)
    await house.states()
    house.grant("noop")
    await house.broker.until(LeaseFinished)


# The device


async def test_beats_tell_what_the_probe_saw_and_the_probe_is_told_who_is_ours(house: WorkerHouse):
    house.grant("noop")
    await house.broker.until(LeaseFinished)
    house.probe.device = msgspec.structs.replace(house.probe.device, strangers=1 << 30, utilisation=0.5)
    beat = await house.broker.until(WorkerBeat, lambda beat: beat.device.strangers == 1 << 30)
    assert (beat.device.usable, beat.device.utilisation) == (3 << 30, 0.5)
    assert house.worker._runners is not None
    (pids,) = house.worker._runners.pids().values()
    assert set(pids) <= set(house.probe.sees[-1])


async def test_a_probe_that_hangs_is_a_device_that_does_not_answer_until_it_does(tmp_path: Path):
    async with WorkerHouse(tmp_path, watch=WatchSettings(measure_s=0.05, rest_s=0.05, answer_s=1.0)) as house:
        release = threading.Event()
        house.probe.before = release.wait
        try:
            ill = await house.broker.until(WorkerBeat, lambda beat: not beat.device.healthy)
            assert ill.device.note.startswith("it has not answered for")
        finally:
            release.set()
        await house.broker.until(WorkerBeat, lambda beat: beat.device.healthy)


async def test_a_worker_whose_probe_never_answers_does_not_start(tmp_path: Path):
    async with WorkerHouse(tmp_path, watch=WatchSettings(measure_s=0.05, rest_s=0.05, answer_s=1.0)) as house:
        release = threading.Event()
        house.probe.before = release.wait
        second = house.new_worker()
        try:
            with pytest.raises(Unavailable, match="did not answer for"):
                await second.start()
        finally:
            release.set()
            await second.close()


async def test_a_probe_that_raises_ends_the_worker(house: WorkerHouse):
    def broken() -> None:
        raise ZeroDivisionError("a defect")

    house.probe.before = broken
    with pytest.raises(ZeroDivisionError):
        await house.worker.run()


# The broker goes and comes


async def test_a_job_goes_on_without_the_broker_and_the_next_broker_hears_how_it_ended(tmp_path: Path):
    async with WorkerHouse(tmp_path, link=QUICK_LINK) as house:
        gate = Gate(tmp_path)
        lease = house.grant("stepping", gate=gate.path)
        await house.broker.until(LeaseStarted)
        house.replace_broker()
        hello = await house.broker.until(WorkerHello)
        assert hello.leases == (lease,)
        gate.open()
        assert (await house.broker.until(LeaseFinished)).lease == lease


async def test_a_result_that_no_broker_settled_is_told_to_the_next(tmp_path: Path):
    async with WorkerHouse(tmp_path, link=QUICK_LINK) as house:
        lease = house.grant("noop")
        first = await house.broker.until(LeaseFinished)
        house.replace_broker()
        assert (await house.broker.until(LeaseFinished)) == first
        assert first.lease == lease


async def test_a_settled_lease_is_not_in_the_next_hello(tmp_path: Path):
    async with WorkerHouse(tmp_path, link=QUICK_LINK) as house:
        lease = house.grant("noop")
        await house.broker.until(LeaseFinished)
        house.settle(lease)
        await house.broker.until(WorkerBeat, lambda beat: beat.leases == ())
        house.replace_broker()
        assert (await house.broker.until(WorkerHello)).leases == ()


# The end


async def test_a_worker_whose_name_another_one_has_ends_for_good_with_all_that_it_ran(tmp_path: Path):
    async with WorkerHouse(tmp_path) as house:
        house.grant("hanging", way="steps")
        await house.broker.until(LeaseStarted)
        house.broker.tell(RetireWorker(FIRST, "another worker called worker-0, on box"))
        with pytest.raises(Retired, match="worker-0 gave way to another worker called worker-0, on box"):
            await asyncio.wait_for(house.worker.run(), 60)


async def test_a_second_worker_of_this_name_is_refused_while_the_first_one_lives(house: WorkerHouse):
    second = house.new_worker()
    with pytest.raises(Conflict, match="worker worker-0 runs on this machine already"):
        await second.start()
    await second.close()
    house.grant("noop")
    await house.broker.until(LeaseFinished)


async def test_a_drain_lets_a_job_end_and_says_goodbye(house: WorkerHouse, tmp_path: Path):
    gate = Gate(tmp_path)
    running, waiting = house.grant("stepping", gate=gate.path), house.grant("noop")
    await house.broker.until(LeaseStarted)
    draining = asyncio.create_task(house.worker.drain(300.0))
    assert (await house.broker.until(LeaseReturned)).lease == waiting
    gate.open()
    assert (await house.broker.until(LeaseFinished)).lease == running
    house.settle(running, waiting)
    await house.broker.until(WorkerBye)
    await draining
    assert house.worker._runners is not None
    assert house.worker._runners.pids() == {}


async def test_what_outlasts_the_budget_is_handed_back(house: WorkerHouse):
    lease = house.grant("hanging", way="steps")
    await house.broker.until(LeaseStarted)
    draining = asyncio.create_task(house.worker.drain(0.1))
    assert (await house.broker.until(LeaseReturned)).lease == lease
    house.settle(lease)
    await draining


async def test_a_drain_at_the_end_waits_for_the_job_that_runs_though_an_earlier_one_was_over(tmp_path: Path):
    async with WorkerHouse(tmp_path, settle_s=0.05) as house:
        house.broker.tell(DrainWorker(FIRST))
        await house.broker.until(WorkerBeat, lambda beat: beat.draining)
        house.broker.tell(ResumeWorker(FIRST))
        await house.broker.until(WorkerBeat, lambda beat: not beat.draining)
        gate = Gate(tmp_path)
        house.grant("stepping", gate=gate.path)
        await house.broker.until(LeaseStarted)
        draining = asyncio.create_task(house.worker.drain(300.0))
        await house.broker.until(WorkerBeat, lambda beat: beat.draining)
        assert not draining.done()
        gate.open()
        await house.broker.until(LeaseFinished)
        await draining


async def test_a_drained_worker_does_not_wait_for_a_broker_that_settles_nothing(tmp_path: Path):
    async with WorkerHouse(tmp_path, settle_s=0.1) as house:
        house.grant("noop")
        await house.broker.until(LeaseFinished)
        await asyncio.wait_for(house.worker.drain(300.0), 60)
        assert house.broker.of(WorkerBye) == []


async def test_a_worker_that_is_closed_hands_back_its_job_and_blames_nobody(tmp_path: Path):
    async with WorkerHouse(tmp_path) as house:
        lease = house.grant("hanging", way="python")
        await house.broker.until(LeaseStarted)
        assert house.worker._runners is not None
        (pids,) = house.worker._runners.pids().values()
        began = monotonic()
        await house.worker.close()
        assert monotonic() - began < 20
        assert not any(is_alive(pid) for pid in pids)
        assert (await house.broker.until(LeaseReturned)).lease == lease
        assert house.broker.of(LeaseFailed) == []
        assert house.folders() == []


async def test_closing_a_worker_that_never_started_does_no_harm(house: WorkerHouse):
    await house.new_worker().close()


async def test_jobs_of_a_model_that_takes_several_share_a_run_and_a_cancel_hurts_only_its_own(tmp_path: Path) -> None:
    models = (model("batching", "batching:Batching", batch=4),)
    gates = [str(tmp_path / f"gate-{number}") for number in range(4)]
    async with WorkerHouse(tmp_path, models=models) as house:
        first = house.grant("batching", until=gates[0])
        await house.broker.until(LeaseProgress, lambda said: said.stage is Stage.SAMPLING)
        others = [house.grant("batching", until=gate) for gate in gates[1:]]
        for _ in others:
            await house.broker.until(LeaseStarted)
        await house.handed_over()
        await asyncio.to_thread(Path(gates[0]).touch)
        assert (await house.broker.until(LeaseFinished)).lease == first

        await house.broker.until(LeaseProgress, lambda said: said.lease == others[1])
        house.cancel(others[1])
        assert (await house.broker.until(LeaseStopped)).lease == others[1]
        for gate in gates[1:]:
            await asyncio.to_thread(Path(gate).touch)
        ends = [await house.broker.until(LeaseFinished) for _ in range(2)]

    assert {end.lease: end.info for end in ends} == {others[0]: {"together": 3}, others[2]: {"together": 3}}
