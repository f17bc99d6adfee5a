"""Sweeping real stores under a clock that the test turns."""

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from actors.stores.sqlite import SqliteJobStore
from actors.stores.sweeper import LOOK_AGAIN_S, Sweeper, SweeperSettings, Swept
from aigc.core.errors import StoreBroken, Unavailable
from aigc.core.ids import AssetKey, JobId, Now
from aigc.core.job import Input, Job, Output, Progress, Status
from aigc.core.lifecycle import change
from aigc.core.messages import Generation
from aigc.core.ports import Asset
from tests.actors.stores.store_kit import BOUND, job, small_disk

HOUR, DAY = 3600.0, 86_400.0
T0 = 1_800_000_000.0
SETTINGS = SweeperSettings(completed_s=10 * DAY, failed_s=5 * DAY, cancelled_s=DAY)


class House:
    """Both stores, a leader, a clock to turn, and a sweeper."""

    def __init__(self, folder: Path) -> None:
        self.jobs = SqliteJobStore(folder / "jobs.db")
        self.assets = DirectoryAssetStore(folder / "assets", DirectorySettings(min_free_bytes=0))
        self.now = T0
        self.leader: Generation | None = None
        self.forgotten: list[JobId] = []
        self.sweeper = self.a_sweeper()

    def a_sweeper(self, settings: SweeperSettings = SETTINGS, **others: Any) -> Sweeper:
        given = {"clock": lambda: self.now, "forgotten": self.forgotten.extend} | others
        return Sweeper(self.jobs, self.assets, settings, lambda: self.leader, **given)

    async def open(self) -> None:
        await self.jobs.open()
        await self.assets.open()
        self.leader = await self.jobs.lead("me")

    async def close(self) -> None:
        await self.jobs.close()
        await self.assets.close()

    async def upload(self, name: str, expires_in: float = DAY) -> AssetKey:
        async def content() -> AsyncIterator[bytes]:
            yield b"picture"

        key = AssetKey(f"uploads/{name}/image.png")
        asset = await self.assets.put(
            key, content(), content_type="image/png", limit=99, expires_at=self.now + expires_in
        )
        return asset.key

    async def publish(self, one: Job, attempt: int = 1, keep_s: float | None = HOUR) -> AssetKey:
        """What a worker does at the end of an attempt."""
        folder = await self.assets.staging()
        (folder / "mesh.glb").write_bytes(b"mesh")
        expires_at = None if keep_s is None else self.now + keep_s
        said = Asset(key=AssetKey("mesh.glb"), bytes=4, sha256="", content_type="x/y", expires_at=expires_at)
        (asset,) = await self.assets.publish(folder, f"jobs/{one.id}/{attempt}", [said])
        return asset.key

    async def submit(self, *inputs: AssetKey) -> Job:
        given = {f"image{number}": Input(asset=key) for number, key in enumerate(inputs)}
        created = await self.jobs.create(job(created_at=self.now, inputs=given), bound=BOUND)
        return created.job

    async def start(self, one: Job) -> Job:
        return await self._commit(
            change(one, "started", Now(0, self.now), status=Status.PROCESSING, attempt=one.attempt + 1)
        )

    async def finish(self, one: Job, *outputs: AssetKey, status: Status = Status.COMPLETED, **more: Any) -> Job:
        """The job has ended now, with these outputs."""
        running = one if one.status is Status.PROCESSING else await self.start(one)
        named = tuple(Output("mesh.glb", "model", key, "glb", "model/gltf-binary", 4, "") for key in outputs)
        return await self._commit(change(running, str(status), Now(0, self.now), status=status, outputs=named, **more))

    async def _commit(self, one: Job) -> Job:
        assert self.leader is not None
        await self.jobs.commit(self.leader, [one])
        return one

    async def there(self, *keys: AssetKey) -> list[bool]:
        return [await self.assets.stat(key) is not None for key in keys]

    async def live(self, seconds: float) -> Swept:
        """That much time passes, with the sweeper at work as `run` would have it. Returns the sum."""
        total = Swept()
        end = self.now + seconds
        while True:
            swept = await self.sweeper.sweep()
            total = Swept(total.jobs + swept.jobs, total.files + swept.files, total.renewed + swept.renewed)
            pause = SETTINGS.pause_s if swept.more else await self.sweeper.next_due_s()
            if self.now + pause > end:
                self.now = end
                return total
            self.now += pause


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    await house.open()
    yield house
    await house.close()


async def test_an_upload_goes_after_its_time_and_not_before(house: House) -> None:
    key = await house.upload("a")

    await house.live(DAY)
    assert await house.there(key) == [True]
    swept = await house.live(2 * SETTINGS.grace_s)

    assert swept == Swept(files=1)
    assert await house.there(key) == [False]


async def test_an_upload_stays_while_a_job_that_waits_or_runs_needs_it(house: House) -> None:
    for_waiting, for_running = await house.upload("a"), await house.upload("b")
    waiting = await house.submit(for_waiting)
    running = await house.start(await house.submit(for_running))

    await house.live(2 * DAY)
    assert await house.there(for_waiting, for_running) == [True, True]
    await house.finish(waiting, status=Status.CANCELLED)
    await house.finish(running)
    await house.live(2 * HOUR)

    assert await house.there(for_waiting, for_running) == [False, False]


async def test_a_job_that_came_just_before_its_upload_expired_keeps_it(house: House) -> None:
    key = await house.upload("a")
    await house.live(DAY - 1)
    before_expiry = house.now
    house.now = before_expiry + SETTINGS.grace_s / 2  # the record is committed after the upload's time, within grace
    await house.submit(key)

    await house.live(DAY)

    assert await house.there(key) == [True]


@pytest.mark.parametrize(
    ("status", "kept_s"), [(Status.COMPLETED, 10 * DAY), (Status.FAILED, 5 * DAY), (Status.CANCELLED, DAY)]
)
async def test_a_record_and_its_files_go_together_after_the_time_of_its_status(
    house: House, status: Status, kept_s: float
) -> None:
    one = await house.submit()
    key = await house.publish(one)
    await house.finish(one, key, status=status)

    await house.live(kept_s - 1)
    assert await house.jobs.get(one.id) is not None
    assert await house.there(key) == [True]
    await house.live(2 * SETTINGS.grace_s + 2)

    assert await house.jobs.get(one.id) is None
    assert await house.there(key) == [False]
    assert house.forgotten == [one.id]


async def test_what_is_kept_for_ever_stays_for_ever(house: House) -> None:
    house.sweeper = house.a_sweeper(replace(SETTINGS, completed_s=None))
    one = await house.submit()
    key = await house.publish(one)
    await house.finish(one, key)

    swept = await house.live(40 * DAY)

    assert await house.there(key) == [True]
    assert await house.jobs.get(one.id) is not None
    assert 2 <= swept.renewed <= 40 * DAY / LOOK_AGAIN_S + 1


async def test_the_files_of_an_attempt_that_was_given_up_go_and_the_result_stays(house: House) -> None:
    one = await house.start(await house.submit())
    stale = await house.publish(one, attempt=1)
    again = await house.start(one)
    result = await house.publish(again, attempt=2)
    await house.live(5 * HOUR)
    assert await house.there(stale, result) == [True, True]  # the broker has not said yet which it takes

    await house.finish(again, result)
    await house.live(2 * HOUR)

    assert await house.there(stale, result) == [False, True]


async def test_a_result_that_comes_after_its_record_is_gone_goes_too(house: House) -> None:
    one = await house.finish(await house.submit(), status=Status.CANCELLED)
    await house.live(2 * DAY)
    assert await house.jobs.get(one.id) is None

    late = await house.publish(one)
    await house.live(2 * HOUR)

    assert await house.there(late) == [False]


async def test_previews_stay_with_the_record_that_names_them(house: House) -> None:
    one = await house.submit()
    shown, other = await house.publish(one, attempt=1), await house.publish(one, attempt=2)
    await house.finish(one, progress=Progress(1.0, preview=shown))

    await house.live(DAY)

    assert await house.there(shown, other) == [True, False]


async def test_another_jobs_result_stays_while_it_is_an_input(house: House) -> None:
    first = await house.submit()
    mesh = await house.publish(first)
    await house.finish(first, mesh)
    second = await house.start(await house.submit(mesh))

    await house.live(11 * DAY)
    assert await house.jobs.get(first.id) is None
    assert await house.there(mesh) == [True]
    await house.finish(second)
    await house.live(2 * HOUR)

    assert await house.there(mesh) == [False]


async def test_a_download_that_has_begun_is_not_cut(house: House) -> None:
    one = await house.submit()
    mesh = await house.publish(one)
    await house.finish(one, mesh)

    with (await house.assets.local(mesh)).open("rb") as reader:
        await house.live(11 * DAY)
        assert await house.there(mesh) == [False]
        assert reader.read() == b"mesh"


@pytest.mark.parametrize("keep_s", [HOUR, None])
async def test_a_crash_between_record_and_files_leaves_nothing_broken_and_nothing_for_ever(
    house: House, keep_s: float | None
) -> None:
    one = await house.submit()
    mesh = await house.publish(one, keep_s=keep_s)
    await house.finish(one, mesh)
    house.now += 11 * DAY
    delete = house.jobs.delete

    async def crash_before(*arguments: Any) -> None:
        raise StoreBroken("crash")

    async def crash_after(*arguments: Any) -> None:
        await delete(*arguments)
        raise StoreBroken("crash")

    house.jobs.delete = crash_before  # type: ignore[method-assign]
    with pytest.raises(StoreBroken):
        await house.sweeper.sweep()
    assert await house.jobs.get(one.id) is not None
    assert await house.there(mesh) == [True]

    house.jobs.delete = crash_after  # type: ignore[method-assign]
    with pytest.raises(StoreBroken):
        await house.sweeper.sweep()
    house.jobs.delete = delete  # type: ignore[method-assign]
    assert await house.jobs.get(one.id) is None

    await house.live(2 * HOUR)
    assert await house.there(mesh) == [False]


async def test_one_round_does_bounded_work_and_says_if_there_is_more(house: House) -> None:
    house.sweeper = house.a_sweeper(replace(SETTINGS, batch=4))
    for number in range(6):
        await house.upload(str(number))
        await house.finish(await house.submit(), status=Status.FAILED)
    house.now += 6 * DAY

    rounds = [await house.sweeper.sweep() for _ in range(3)]

    assert rounds == [Swept(4, 4, 0, True), Swept(2, 2, 0, False), Swept()]


async def test_files_in_use_do_not_hide_those_behind_them(house: House) -> None:
    house.sweeper = house.a_sweeper(replace(SETTINGS, batch=2))
    used = [await house.upload(f"used-{number}") for number in range(6)]
    await house.submit(*used)
    free = await house.upload("free", expires_in=DAY + 1)

    await house.live(DAY + 3 * HOUR)

    assert await house.there(*used, free) == [True] * 6 + [False]


async def test_nothing_is_swept_by_one_that_does_not_lead(house: House) -> None:
    await house.finish(await house.submit(), status=Status.FAILED)
    await house.upload("a")
    house.now += 100 * DAY

    stale, house.leader = house.leader, None
    assert await house.sweeper.sweep() == Swept()
    assert await house.sweeper.next_due_s() == SETTINGS.retry_s  # it may lead soon
    house.leader = stale
    assert (await house.sweeper.sweep()).jobs == 1


async def test_a_leader_that_was_stopped_in_a_round_removes_nothing_that_is_in_use_when_it_goes_on(
    house: House,
) -> None:
    unused, used = await house.upload("a"), await house.upload("b")
    one = await house.start(await house.submit(used))
    left = await house.publish(await house.start(await house.submit()), keep_s=HOUR)
    house.now += DAY + SETTINGS.grace_s + 1
    stopped, go_on = asyncio.Event(), asyncio.Event()
    expired = house.assets.expired

    async def held_up(before: float, limit: int) -> Any:
        found = await expired(before, limit)
        stopped.set()
        await go_on.wait()
        return found

    house.assets.expired = held_up  # type: ignore[method-assign]
    old = asyncio.ensure_future(house.sweeper.sweep())
    await stopped.wait()
    house.assets.expired = expired  # type: ignore[method-assign]
    house.leader = await house.jobs.lead("another")
    swept = await house.sweeper.sweep()
    made = await house.publish(one)
    await house.finish(one, made)
    go_on.set()
    await old

    assert (swept.files, swept.renewed) == (1, 2)
    assert await house.there(unused, used, left, made) == [False, False, True, True]


async def test_the_next_round_is_when_the_next_thing_expires(house: House) -> None:
    assert await house.sweeper.next_due_s() == SETTINGS.interval_s
    await house.finish(await house.submit(), status=Status.CANCELLED)
    house.now += DAY - 1200
    assert await house.sweeper.next_due_s() == pytest.approx(1200)
    await house.upload("a", expires_in=300)
    assert await house.sweeper.next_due_s() == pytest.approx(300 + SETTINGS.grace_s)
    house.now += DAY
    assert await house.sweeper.next_due_s() == SETTINGS.pause_s


async def test_it_goes_on_by_itself_also_when_a_store_fails(house: House) -> None:
    waits: list[float] = []
    rounds = asyncio.Event()
    failing = [True]

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        house.now += seconds
        if len(waits) == 5:
            rounds.set()
            await asyncio.Event().wait()

    expired = house.assets.expired

    async def at_times_away(before: float, limit: int) -> Any:
        if failing and not math.isinf(before):
            failing.clear()
            raise Unavailable("the disk is away")
        return await expired(before, limit)

    house.assets.expired = at_times_away  # type: ignore[method-assign]
    key = await house.upload("a", expires_in=HOUR / 2)
    sweeper = house.a_sweeper(sleep=sleep)
    await sweeper.start()
    running = asyncio.ensure_future(sweeper.run())
    await rounds.wait()
    running.cancel()
    await sweeper.close()

    assert waits[0] == SETTINGS.retry_s
    assert waits[1] == pytest.approx(HOUR / 2 + SETTINGS.grace_s - SETTINGS.retry_s)
    assert await house.there(key) == [False]
    assert waits[-1] == SETTINGS.interval_s


async def test_a_full_disk_is_made_room_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        house = House(disk)
        await house.open()

        async def content() -> AsyncIterator[bytes]:
            yield b"x" * (5 << 20)

        key = AssetKey("uploads/a/x")
        await house.assets.put(key, content(), content_type="x/y", limit=9 << 20, expires_at=T0)
        one = await house.finish(await house.submit(), status=Status.CANCELLED)
        with (disk / "filler").open("wb", buffering=0) as filler, pytest.raises(OSError, match="No space"):
            while True:
                filler.write(b"x" * 4096)
        house.now += 2 * DAY

        await house.live(HOUR)

        assert await house.there(key) == [False]
        assert await house.jobs.get(one.id) is None
        await house.close()
