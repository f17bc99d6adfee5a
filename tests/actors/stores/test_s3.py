"""What is particular to the S3 store; what every AssetStore must do is in tests/contract."""

import asyncio
import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.stores.s3 import S3AssetStore
from actors.stores.s3_bucket import Bucket
from actors.stores.s3_settings import S3Settings
from actors.stores.sqlite import SqliteJobStore
from actors.stores.sweeper import Sweeper, SweeperSettings
from aigc.core.errors import NotFound, StoreBroken, Unavailable
from aigc.core.ids import AssetKey, JobId, Now
from aigc.core.job import Input, Output, Status
from aigc.core.lifecycle import change
from aigc.core.ports import Asset
from tests.actors.stores.store_kit import BOUND, job
from tests.s3_kit import CREDENTIALS, Proxy, S3Server, Way, s3_server

KEY = AssetKey("uploads/a/mesh.glb")
MIB = 1 << 20


@pytest.fixture
def server(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    return s3_server(pytestconfig)


@pytest.fixture
async def proxy(server: S3Server) -> AsyncIterator[Proxy]:
    async with Proxy(server.port).running() as proxy:
        yield proxy


@asynccontextmanager
async def opened(folder: Path, settings: S3Settings) -> AsyncIterator[S3AssetStore]:
    store = S3AssetStore(folder, settings)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def put(store: S3AssetStore, key: str, *chunks: bytes, **fields: Any) -> Asset:
    return await store.put(AssetKey(key), stream(*chunks), content_type="x/y", limit=1 << 30, **fields)


async def staged(store: S3AssetStore, data: bytes, name: str = "mesh.glb", **fields: Any) -> tuple[Path, Asset]:
    folder = await store.staging()
    (folder / name).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return folder, Asset(key=AssetKey(name), bytes=len(data), sha256=digest, content_type="x/y", **fields)


def cached(store: S3AssetStore) -> list[Path]:
    return [path for path in (store.folder / "cache").iterdir() if not path.name.startswith(".")]


# A server that cannot be reached.


@pytest.mark.parametrize("way", [Way.REFUSED, Way.SILENT])
async def test_nothing_is_answered_while_the_server_is_away_and_all_when_it_is_back(
    server: S3Server, proxy: Proxy, tmp_path: Path, way: Way
) -> None:
    settings = server.settings(port=proxy.port, request_s=1.0, retries=1)
    async with opened(tmp_path, settings) as store:
        stored = await put(store, KEY, b"content")
        folder, said = await staged(store, b"mesh")
        proxy.turn(way)

        calls = (
            put(store, "uploads/b/x", b"x"),
            store.publish(folder, "jobs/j/1", [said]),
            store.stat(KEY),
            store.local(KEY),
            store.list("uploads"),
            store.touch(KEY, 1.0),
            store.delete("uploads"),
            store.expired(9.0, 9),
        )
        async with asyncio.timeout(60):
            failed = await asyncio.gather(*calls, return_exceptions=True)
        assert [getattr(one, "code", one) for one in failed] == ["assets_unavailable"] * len(calls)

        proxy.turn(Way.OPEN)
        assert list(await store.list("uploads")) == [stored]
        assert (await store.local(KEY)).read_bytes() == b"content"
        assert [asset.key for asset in await store.publish(folder, "jobs/j/1", [said])] == ["jobs/j/1/mesh.glb"]
        await put(store, "uploads/b/x", b"x")


async def test_a_call_waits_no_longer_than_it_may(server: S3Server, proxy: Proxy, tmp_path: Path) -> None:
    async with opened(tmp_path, server.settings(port=proxy.port, request_s=1.0, retries=0)) as store:
        store._settings = msgspec.structs.replace(store._settings, call_s=0.2)  # opening may take its time
        proxy.turn(Way.SILENT)

        with pytest.raises(Unavailable, match="in time"):
            await store.stat(KEY)
        proxy.turn(Way.OPEN)


async def test_a_connection_that_is_cut_in_mid_upload_is_not_felt(
    server: S3Server, proxy: Proxy, tmp_path: Path
) -> None:
    async with opened(tmp_path, server.settings(port=proxy.port)) as store:

        async def cut_in_the_middle() -> AsyncIterator[bytes]:
            for number in range(24):
                if number == 12:
                    proxy.cuts = 1
                yield bytes([number]) * MIB

        asset = await store.put(KEY, cut_in_the_middle(), content_type="x/y", limit=1 << 30)

        assert proxy.cuts == 0
        assert hashlib.sha256((await store.local(KEY)).read_bytes()).hexdigest() == asset.sha256


async def test_of_an_upload_that_stays_cut_nothing_is_seen(server: S3Server, proxy: Proxy, tmp_path: Path) -> None:
    settings = server.settings(port=proxy.port, retries=1, part_bytes=5 * MIB)
    async with opened(tmp_path, settings) as store:
        proxy.passed, proxy.cut_after = 0, 10 * MIB

        with pytest.raises(Unavailable):
            await put(store, KEY, *[b"x" * MIB] * 24, expires_at=5.0)

        proxy.cut_after = None
        assert await store.stat(KEY) is None
        assert await store.list("uploads") == []
        assert await asyncio.to_thread(Bucket(settings).below, "files") == []
        assert (await put(store, KEY, b"again")).bytes == 5


async def test_a_result_that_is_cut_while_it_is_stored_can_be_stored_again(
    server: S3Server, proxy: Proxy, tmp_path: Path
) -> None:
    settings = server.settings(port=proxy.port, retries=1, part_bytes=5 * MIB)
    async with opened(tmp_path, settings) as store:
        folder, mesh = await staged(store, os.urandom(12 * MIB))
        (folder / "thumbnail.png").write_bytes(b"png!")
        picture = Asset(key=AssetKey("thumbnail.png"), bytes=4, sha256="", content_type="image/png")
        proxy.passed, proxy.cut_after = 0, 6 * MIB

        with pytest.raises(Unavailable):
            await store.publish(folder, "jobs/j/1", [picture, mesh])
        assert folder.exists()
        proxy.cut_after = None
        assert await store.list("jobs") == []

        await store.publish(folder, "jobs/j/1", [picture, mesh])
        assert len(await store.list("jobs")) == 2
        assert not folder.exists()


async def test_a_download_that_is_cut_leaves_nothing_half_and_succeeds_later(
    server: S3Server, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = server.settings(port=proxy.port, retries=1, part_bytes=5 * MIB)
    async with opened(tmp_path, settings) as store:
        data = os.urandom(12 * MIB)
        await put(store, KEY, data)
        read = Bucket.get_part
        loop = asyncio.get_running_loop()

        async def cut() -> None:
            proxy.turn(Way.REFUSED)

        def cut_after_the_first(bucket: Bucket, path: str, start: int, length: int) -> bytes | None:
            if start:
                asyncio.run_coroutine_threadsafe(cut(), loop).result()
            return read(bucket, path, start, length)

        monkeypatch.setattr(Bucket, "get_part", cut_after_the_first)
        with pytest.raises(Unavailable):
            await store.local(KEY)
        assert cached(store) == []
        assert list(store._workspace.folder.iterdir()) == []
        monkeypatch.setattr(Bucket, "get_part", read)
        proxy.turn(Way.OPEN)

        assert (await store.local(KEY)).read_bytes() == data


# A store that cannot be opened.


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("port", "see that it runs"),
        ("bucket", "has the bucket"),
        ("key", "AWS_SECRET_ACCESS_KEY"),
        ("package", "aigc\\[s3\\]"),
        ("conditions", "If-None-Match"),
        ("folder", "mounted"),
    ],
)
async def test_what_keeps_it_from_opening_is_said_with_what_to_do(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, said: str
) -> None:
    settings, folder = server.settings(retries=0), tmp_path / "assets"
    match fault:
        case "port":
            settings = server.settings(port=1, retries=0)
        case "bucket":
            settings = S3Settings(bucket="no-such-bucket", endpoint=settings.endpoint)
        case "key":
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        case "package":
            monkeypatch.setitem(sys.modules, "actors.stores.s3_bucket", None)
        case "conditions":
            monkeypatch.setattr(Bucket, "create", lambda *_: True)
        case "folder":
            folder.write_text("not a folder")

    with pytest.raises(StoreBroken, match=said):
        await S3AssetStore(folder, settings).open()

    for thread in threading.enumerate():
        if thread.name.startswith("assets"):
            await asyncio.to_thread(thread.join, 10)
            assert not thread.is_alive()


async def test_opening_leaves_nothing_in_the_bucket(server: S3Server, tmp_path: Path) -> None:
    settings = server.settings()
    async with opened(tmp_path, settings):
        bucket = Bucket(settings)
        assert [bucket.below(folder) for folder in ("probe", "files", "expiry")] == [[], [], []]


def test_a_process_that_used_it_ends_in_peace(server: S3Server, tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from actors.stores.s3 import S3AssetStore\n"
        "from actors.stores.s3_settings import S3Settings\n"
        "async def main():\n"
        "    store = S3AssetStore(Path(sys.argv[1]), S3Settings(bucket=sys.argv[2], endpoint=sys.argv[3]))\n"
        "    await store.open()\n"
        "    await asyncio.gather(*(store.stat(f'a/{n}') for n in range(20)))\n"
        "    if sys.argv[4] == 'close':\n"
        "        await store.close()\n"
        "asyncio.run(main())\n"
    )
    settings = server.settings()
    for how in ("close", "close", "drop"):
        arguments = [sys.executable, "-c", code, str(tmp_path), settings.bucket, str(settings.endpoint), how]
        ended = subprocess.run(arguments, capture_output=True, text=True, cwd=Path(__file__).parents[3])
        assert (ended.returncode, ended.stderr) == (0, "")


# The cache.


async def test_what_was_fetched_once_is_not_fetched_again(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, server.settings(part_bytes=5 * MIB)) as store:
        data = os.urandom(12 * MIB)
        await put(store, KEY, data)
        fetched: list[int] = []
        read = Bucket.get_part

        def counted(bucket: Bucket, path: str, start: int, length: int) -> bytes | None:
            fetched.append(start)
            return read(bucket, path, start, length)

        monkeypatch.setattr(Bucket, "get_part", counted)
        paths = await asyncio.gather(*(store.local(KEY) for _ in range(10)))
        paths.append(await store.local(KEY))

        assert fetched == [0, 5 * MIB, 10 * MIB]
        assert {path.read_bytes() for path in set(paths)} == {data}
        assert paths[0].suffix == ".glb"


async def test_who_stops_waiting_for_a_file_does_not_stop_the_others(
    server: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, server.settings()) as store:
        await put(store, KEY, b"x" * MIB)
        begun, go_on = threading.Event(), threading.Event()
        read = Bucket.get_part

        def held_up(bucket: Bucket, path: str, start: int, length: int) -> bytes | None:
            begun.set()
            go_on.wait()
            return read(bucket, path, start, length)

        monkeypatch.setattr(Bucket, "get_part", held_up)
        first, second = (asyncio.ensure_future(store.local(KEY)) for _ in range(2))
        await asyncio.to_thread(begun.wait)
        first.cancel()
        go_on.set()

        assert (await second).stat().st_size == MIB
        assert first.cancelled()


async def test_the_cache_holds_no_more_than_it_may(server: S3Server, tmp_path: Path) -> None:
    async with opened(tmp_path, server.settings(cache_bytes=3 * MIB, in_use_s=0.0)) as store:
        for number in range(6):
            await put(store, f"uploads/{number}/x", bytes([number]) * MIB)
            await store.local(AssetKey(f"uploads/{number}/x"))

        assert len(cached(store)) == 3
        assert (await store.local(AssetKey("uploads/0/x"))).read_bytes() == bytes(MIB)


async def test_a_deleted_file_is_not_handed_out_of_any_cache(server: S3Server, tmp_path: Path) -> None:
    settings = server.settings()
    async with opened(tmp_path / "here", settings) as here, opened(tmp_path / "there", settings) as there:
        asset = await put(here, KEY, b"first")
        for store in (here, there):
            await store.local(asset.key)
        await here.delete(asset.key)

        assert (len(cached(here)), len(cached(there))) == (0, 1)
        for store in (here, there):
            with pytest.raises(NotFound):
                await store.local(asset.key)
        await put(here, KEY, b"second")
        assert (await there.local(KEY)).read_bytes() == b"second"


@pytest.mark.parametrize("damage", ["missing", "shorter", "other"])
async def test_a_content_that_is_not_what_was_stored_is_not_handed_out(
    server: S3Server, tmp_path: Path, damage: str
) -> None:
    settings = server.settings()
    async with opened(tmp_path, settings) as store:
        await put(store, KEY, b"content")
        whole = await put(store, "uploads/b/x", b"content")
        bucket = Bucket(settings)
        (path,) = [one.path for one in bucket.below(f"files/{KEY}") if "@data-" in one.path]
        match damage:
            case "missing":
                bucket.delete([path])
            case "shorter":
                bucket.put(path, b"cont")
            case "other":
                bucket.put(path, b"CONTENT")

        with pytest.raises(NotFound, match="damaged"):
            await store.local(KEY)

        assert cached(store) == []
        assert (await store.local(whole.key)).read_bytes() == b"content"


async def test_a_disk_without_room_for_a_download_is_full(server: S3Server, tmp_path: Path) -> None:
    async with opened(tmp_path, server.settings(min_free_bytes=1 << 60)) as store:
        await put(store, KEY, b"content")
        with pytest.raises(Unavailable) as refused:
            await store.local(KEY)

        assert refused.value.code == "disk_full"


async def test_closing_leaves_no_thread_and_nothing_but_the_cache(server: S3Server, tmp_path: Path) -> None:
    async with opened(tmp_path, server.settings()) as store:
        folder = await store.staging()
        assert folder.is_relative_to(store.staging_root)
        await put(store, KEY, b"content")
        await store.local(KEY)

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("assets")]
    assert list(store.staging_root.iterdir()) == []
    assert len(cached(store)) == 1


# Retention.


async def test_what_somebody_uses_outlives_its_time_and_the_rest_goes(server: S3Server, tmp_path: Path) -> None:
    day, now = 86_400.0, 1_800_000_000.0
    jobs = SqliteJobStore(tmp_path / "jobs.db")
    await jobs.open()
    leader = await jobs.lead("me")
    settings = server.settings()
    async with opened(tmp_path / "assets", settings) as assets:
        used, unused = [await put(assets, f"uploads/{n}/x", b"x", expires_at=now) for n in range(2)]
        waiting = (await jobs.create(job(inputs={"image": Input(asset=used.key)}), bound=BOUND)).job
        done = (await jobs.create(job(), bound=BOUND)).job
        keys = []
        for attempt in (1, 2):
            folder, said = await staged(assets, b"mesh", expires_at=now)
            keys += [asset.key for asset in await assets.publish(folder, f"jobs/{done.id}/{attempt}", [said])]
        running = change(done, "started", Now(0, now), status=Status.PROCESSING, attempt=2)
        named = (Output("mesh.glb", "model", keys[1], "glb", "x/y", 4, ""),)
        await jobs.commit(leader, [change(running, "done", Now(0, now), status=Status.COMPLETED, outputs=named)])
        forgotten: list[JobId] = []
        sweeper = Sweeper(
            jobs,
            assets,
            SweeperSettings(completed_s=10 * day),
            lambda: leader,
            clock=lambda: now,
            forgotten=forgotten.extend,
        )

        now += day
        swept = await sweeper.sweep()
        there = {asset.key for asset in (*await assets.list("uploads"), *await assets.list("jobs"))}
        assert (swept.files, swept.renewed) == (2, 2)
        assert there == {used.key, keys[1]}
        assert await jobs.get(waiting.id) is not None

        now += 10 * day
        await sweeper.sweep()
        now += day
        await sweeper.sweep()
        assert forgotten == [done.id]
        assert [asset.key for asset in await assets.list("jobs")] == []
        assert not [one for one in Bucket(settings).below(f"files/{unused.key}") if "@" in one.path]
    await jobs.close()
