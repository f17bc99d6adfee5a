"""Memory is back before it is given to the next: real runner processes, and a driver that takes its time."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from actors.device_watch import NOISE_BYTES, WatchSettings
from actors.devices.nvml import Gpu
from aigc.core.messages import LeaseFailed, LeaseFinished, LeaseReturned, LeaseStarted, UnloadModel, WorkerBeat
from tests.actors.devices.nvml_kit import Card, Driver
from tests.actors.worker_kit import FIRST, GIB, WorkerHouse, model
from tests.runner.kit import is_alive, seconds_until_gone

QUICK = WatchSettings(measure_s=0.05, rest_s=0.05, return_s=20.0)


class LiveCard(Card):
    """A GPU of 10 GiB on which every model process takes 6 GiB, and which has them back when `keeps` lets it."""

    def __init__(self) -> None:
        self.house: WorkerHouse | None = None
        self.keeps = threading.Event()
        self.stranger = 0
        self.looks = 0
        self._held: set[int] = set()
        super().__init__("GPU-1", total=11 * GIB)

    @property
    def running(self) -> dict[int, int]:  # type: ignore[override]
        runners = self.house.worker._runners if self.house is not None else None
        self._held |= {pids[1] for pids in (runners.pids() if runners else {}).values() if len(pids) > 1}
        if not self.keeps.is_set():
            self._held = {pid for pid in self._held if is_alive(pid)}
        return dict.fromkeys(self._held, 6 * GIB)

    @running.setter
    def running(self, _: object) -> None: ...

    @property
    def used(self) -> int:  # type: ignore[override]
        self.looks += 1
        return sum(self.running.values()) + self.stranger

    @used.setter
    def used(self, _: object) -> None: ...


class GpuHouse(WorkerHouse):
    """A worker of that GPU."""

    def __init__(self, folder: Path, watch: WatchSettings) -> None:
        self.card = LiveCard()
        super().__init__(folder, watch=watch)
        self.probe = Gpu("GPU-1", sees_pids=True)  # type: ignore[assignment]
        self.worker = self.new_worker()
        self.card.house = self

    async def loaded(self) -> list[int]:
        """The processes of an idle runner that holds the better part of the GPU."""
        lease = self.grant("noop", need=6 * GIB)
        await self.broker.until(LeaseFinished)
        self.settle(lease)
        await self.states(noop="idle")
        await self.beat(used=6 * GIB)
        return self.pids()

    def pids(self) -> list[int]:
        assert self.worker._runners is not None
        return [pid for pids in self.worker._runners.pids().values() for pid in pids]

    async def looked(self, times: int) -> None:
        """So many more looks have come and gone."""
        until = self.card.looks + times
        async with asyncio.timeout(60):
            while self.card.looks < until:  # noqa: ASYNC110 - a thread looks
                await asyncio.sleep(0.01)

    async def beat(self, **fields: Any) -> WorkerBeat:
        """The next beat in which the device is so."""

        def is_so(beat: WorkerBeat) -> bool:
            return all(getattr(beat.device, name) == value for name, value in fields.items())

        return await self.broker.until(WorkerBeat, is_so)


@pytest.fixture
def pynvml(monkeypatch: pytest.MonkeyPatch):
    def install(house: GpuHouse) -> GpuHouse:
        monkeypatch.setitem(sys.modules, "pynvml", Driver(house.card))
        return house

    return install


@pytest.fixture
async def house(tmp_path: Path, pynvml: Any) -> AsyncIterator[GpuHouse]:
    async with pynvml(GpuHouse(tmp_path, QUICK)) as house:
        yield house


async def test_the_next_model_is_loaded_when_the_memory_of_the_last_one_is_back_and_not_before(house: GpuHouse):
    former = await house.loaded()
    house.card.keeps.set()
    lease = house.grant("other", need=6 * GIB)
    await seconds_until_gone(former)
    await house.looked(5)
    assert house.pids() == []
    assert lease not in [one.lease for one in house.broker.of(LeaseStarted)]
    assert house.worker._device is not None
    assert house.worker._device.reserved() == 6 * GIB
    house.card.keeps.clear()
    assert (await house.broker.until(LeaseFinished)).lease == lease
    assert (await house.beat(used=6 * GIB)).device.note == ""


async def test_a_job_whose_runner_died_is_told_as_failed_when_its_memory_is_back(house: GpuHouse):
    lease = house.grant("noop", need=6 * GIB, sleep_s=200)
    await house.states(noop="running")
    await house.beat(used=6 * GIB)
    house.card.keeps.set()
    pids = house.pids()
    os.kill(pids[1], signal.SIGKILL)
    await seconds_until_gone(pids)
    await house.looked(5)
    assert house.broker.of(LeaseFailed) == []
    house.card.keeps.clear()
    assert (await house.broker.until(LeaseFailed)).lease == lease


async def test_what_does_not_come_back_counts_as_a_stranger_s_and_is_said(tmp_path: Path, pynvml: Any):
    async with pynvml(GpuHouse(tmp_path, msgspec.structs.replace(QUICK, return_s=0.2))) as house:
        await house.loaded()
        house.card.keeps.set()
        house.broker.tell(UnloadModel(FIRST, "noop"))
        device = (await house.beat(reserved=0)).device
        assert (device.healthy, device.strangers, device.usable) == (True, 6 * GIB, 4 * GIB)
        assert device.note.startswith("6.0 GiB did not come back when a runner ended and count as a stranger's; see")

        too_large = house.grant("other", need=6 * GIB)
        returned = await house.broker.until(LeaseReturned)
        assert returned.lease == too_large
        assert "4.0 GiB are usable here" in returned.reason

        house.card.keeps.clear()
        assert (await house.beat(note="")).device.usable == 10 * GIB


async def test_a_stranger_that_comes_at_the_same_moment_is_waited_for_no_longer_than_that(tmp_path: Path, pynvml: Any):
    async with pynvml(GpuHouse(tmp_path, msgspec.structs.replace(QUICK, return_s=0.2))) as house:
        await house.loaded()
        house.card.stranger = 2 * GIB + NOISE_BYTES
        house.card.keeps.set()
        house.broker.tell(UnloadModel(FIRST, "noop"))
        house.card.keeps.clear()
        assert (await house.beat(reserved=0)).device.strangers == 2 * GIB + NOISE_BYTES


async def test_a_device_that_hangs_meanwhile_keeps_nobody_and_gets_no_work(tmp_path: Path, pynvml: Any):
    watch = msgspec.structs.replace(QUICK, answer_s=1.0)
    async with pynvml(GpuHouse(tmp_path, watch)) as house:
        await house.loaded()
        go_on = threading.Event()
        sample = house.probe.sample
        house.probe.sample = lambda *arguments: (go_on.wait(), sample(*arguments))[1]  # type: ignore[method-assign]
        house.broker.tell(UnloadModel(FIRST, "noop"))
        assert (await house.beat(reserved=0)).device.healthy is False
        go_on.set()
        assert (await house.beat(healthy=True)).device.usable == 10 * GIB


async def test_a_worker_that_ends_waits_for_no_memory_and_hands_its_job_back(tmp_path: Path, pynvml: Any):
    async with pynvml(GpuHouse(tmp_path, QUICK)) as house:
        lease = house.grant("noop", need=6 * GIB, sleep_s=200)
        await house.states(noop="running")
        house.card.keeps.set()
        await asyncio.wait_for(house.worker.close(), 60)
        assert (await house.broker.until(LeaseReturned)).lease == lease


async def test_on_a_cpu_memory_is_free_when_the_processes_are_gone_and_not_before(tmp_path: Path):
    models = (model("holding", "holding:Holding"),)
    async with WorkerHouse(tmp_path, models=models, watch=QUICK) as house:
        lease = house.grant("holding")
        await house.broker.until(LeaseFinished)
        house.settle(lease)
        beat = await house.states(holding="idle")
        assert beat.device.reserved > 0
        assert house.worker._runners is not None
        ((guard, holder),) = house.worker._runners.pids().values()
        assert psutil.Process(holder).memory_info().rss > 200 << 20
        os.kill(holder, signal.SIGSTOP)  # it cannot leave in order
        house.broker.tell(UnloadModel(FIRST, "holding"))
        assert (await house.states(holding="stopping")).device.reserved == beat.device.reserved
        assert (await house.states()).device.reserved == 0
        assert not is_alive(guard)
        assert not is_alive(holder)
