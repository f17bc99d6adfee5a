"""What is particular to the directory store; what every AssetStore must do is in tests/contract."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from actors.stores.upload import Upload
from aigc.core.errors import InputInvalid, StoreBroken, Unavailable
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset
from tests.actors.stores.store_kit import fill, remount, small_disk

ROOMY = DirectorySettings(min_free_bytes=0)
KEY = AssetKey("uploads/a/mesh.glb")


@asynccontextmanager
async def opened(folder: Path, settings: DirectorySettings = ROOMY) -> AsyncIterator[DirectoryAssetStore]:
    store = DirectoryAssetStore(folder, settings)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def put(store: DirectoryAssetStore, key: str, *chunks: bytes, **fields: Any) -> Asset:
    return await store.put(AssetKey(key), stream(*chunks), content_type="x/y", limit=1 << 30, **fields)


def files_in(folder: Path) -> list[str]:
    """All that lies there, without what a store's own life needs."""
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"
    )


# A disk that is full.


async def test_an_upload_on_a_full_disk_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        async with opened(disk / "assets", DirectorySettings(min_free_bytes=0, block_bytes=256 << 10)) as store:
            earlier = await put(store, "uploads/before/x", b"x" * 1000)
            before = files_in(disk)

            for size in (5 << 20, 4 << 20):
                with pytest.raises(Unavailable) as refused:
                    await put(store, KEY, *[b"x" * 8192] * (size // 8192))
                assert (refused.value.code, refused.value.retry_after_s) == ("disk_full", 30)
                assert await store.stat(KEY) is None
                assert files_in(disk) == before

            filler = fill(disk)
            with pytest.raises(Unavailable) as refused:
                await put(store, KEY, b"small", expires_at=5.0)
            assert refused.value.code == "disk_full"
            assert await store.list("uploads") == [earlier]
            filler.unlink()

            assert (await put(store, KEY, b"x" * (1 << 20))).bytes == 1 << 20
            assert files_in(disk / "assets/tmp") == []


async def test_a_result_on_a_full_disk_is_refused_and_can_be_published_later(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        async with opened(disk / "assets") as store:
            folder = await store.staging()
            (folder / "mesh.glb").write_bytes(b"mesh")
            filler = fill(disk)
            said = Asset(key=AssetKey("mesh.glb"), bytes=4, sha256="", content_type="x/y", expires_at=5.0)

            with pytest.raises(Unavailable, match="full"):
                await store.publish(folder, "jobs/j/1", [said])
            assert await store.list("jobs") == []
            filler.unlink()

            assert [asset.key for asset in await store.publish(folder, "jobs/j/1", [said])] == ["jobs/j/1/mesh.glb"]


async def test_uploads_leave_room_for_results(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        settings = DirectorySettings(min_free_bytes=4 << 20, block_bytes=256 << 10)
        async with opened(disk / "assets", settings) as store:
            await put(store, "uploads/small/x", b"x" * (1 << 20))
            with pytest.raises(Unavailable, match="4 MiB are kept for results") as refused:
                await put(store, KEY, *[b"x" * (256 << 10)] * 16)
            folder = await store.staging()
            (folder / "mesh.glb").write_bytes(b"x" * (5 << 20))
            said = Asset(key=AssetKey("mesh.glb"), bytes=5 << 20, sha256="", content_type="x/y")

            assert refused.value.code == "disk_full"
            assert len(await store.publish(folder, "jobs/j/1", [said])) == 1


# A folder that cannot be used.


async def test_a_folder_that_cannot_be_written_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreBroken, match="may write"):
        await DirectoryAssetStore(tmp_path / "file" / "assets").open()
    with small_disk(tmp_path / "disk", "4m") as disk:
        async with opened(disk / "assets") as store:
            await put(store, KEY, b"x")
        remount(disk, "ro")
        with pytest.raises(StoreBroken, match="Read-only file system"):
            await DirectoryAssetStore(disk / "assets").open()

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("assets")]


async def test_a_folder_that_vanished_is_said_to_be_unreachable(tmp_path: Path) -> None:
    async with opened(tmp_path / "assets") as store:
        await put(store, KEY, b"x")
        (tmp_path / "assets").rename(tmp_path / "moved")

        with pytest.raises(Unavailable) as refused:
            await put(store, "uploads/b/x", b"x")
        assert refused.value.code == "assets_unavailable"
        assert await store.stat(KEY) is None

        (tmp_path / "moved").rename(tmp_path / "assets")
        assert await store.stat(KEY) is not None


# Threads and hops.


async def test_small_chunks_travel_to_the_threads_in_large_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks: list[int] = []
    write = Upload.write

    def counted(upload: Upload, chunks: list[bytes]) -> None:
        blocks.append(sum(map(len, chunks)))
        write(upload, chunks)

    monkeypatch.setattr(Upload, "write", counted)
    async with opened(tmp_path) as store:
        await put(store, KEY, *[b"x" * 8192] * 500)
        await put(store, "uploads/b/small", b"x")

    assert len(blocks) == 3
    assert min(blocks) >= 1 << 20


async def test_the_loop_goes_on_while_a_disk_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, go_on = threading.Event(), threading.Event()
    sync = os.fsync

    def hanging(descriptor: int) -> None:
        hangs.set()
        go_on.wait()
        sync(descriptor)

    async with opened(tmp_path) as store:
        asset = await put(store, "uploads/b/x", b"x")
        monkeypatch.setattr(os, "fsync", hanging)
        storing = asyncio.ensure_future(put(store, KEY, b"x"))
        await asyncio.to_thread(hangs.wait)

        assert await store.stat(asset.key) == asset
        assert await store.stat(KEY) is None
        go_on.set()
        assert await storing == await store.stat(KEY)


async def test_a_cancel_while_the_file_is_being_finished_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, go_on = threading.Event(), threading.Event()
    finish = Upload.finish

    def hanging(upload: Upload, chunks: list[bytes], asset: Asset) -> Asset:
        done = finish(upload, chunks, asset)  # it stands
        hangs.set()
        go_on.wait()
        return done

    monkeypatch.setattr(Upload, "finish", hanging)
    async with opened(tmp_path) as store:
        storing = asyncio.ensure_future(put(store, KEY, b"x"))
        await asyncio.to_thread(hangs.wait)
        storing.cancel()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await storing

        assert await store.stat(KEY) is None
        assert files_in(tmp_path) == []


async def test_closing_leaves_no_thread_and_no_temporary_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as store:
        await store.staging()
        await asyncio.gather(*(put(store, f"uploads/{n}/x", b"x") for n in range(8)))
        assert [thread for thread in threading.enumerate() if thread.name.startswith("assets")]

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("assets")]
    assert list((tmp_path / "tmp").iterdir()) == []


# Several processes.


async def test_two_processes_may_use_one_folder(tmp_path: Path) -> None:
    async with opened(tmp_path) as gateway, opened(tmp_path) as worker:
        folder = await worker.staging()
        (folder / "mesh.glb").write_bytes(b"mesh")
        async with opened(tmp_path):  # a third comes and sweeps
            pass
        said = Asset(key=AssetKey("mesh.glb"), bytes=4, sha256="", content_type="x/y")
        await worker.publish(folder, "jobs/j/1", [said])

        assert (await gateway.local(AssetKey("jobs/j/1/mesh.glb"))).read_bytes() == b"mesh"
        with pytest.raises(InputInvalid, match="staging"):
            await gateway.discard(await worker.staging())
