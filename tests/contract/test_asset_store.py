"""What every AssetStore must do. Nothing here knows which one it is."""

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from aigc.core.errors import Conflict, InputInvalid, NotFound
from aigc.core.ids import AssetKey, OwnerId
from aigc.core.ports import Asset, AssetStore

MIB = 1 << 20
BAD_KEYS = [
    "",
    "/",
    "single",
    "/absolute/key",
    "a/../b",
    "../a/b",
    "a/..",
    "a/./b",
    "a//b",
    "a/b/",
    "a/.hidden",
    ".hidden/a",
    "a/b\x00c",
    "a/b\n",
    "a/b c",
    "a/b%2f..",
    "a\\b/c",
    "C:/windows/x",
    "a/ü.png",
    "a/b:stream",
    "a/" + "x" * 300,
    "a/~root/$HOME",
    "a/*",
]


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def new_key(name: str = "mesh.glb") -> AssetKey:
    return AssetKey(f"uploads/{uuid.uuid4()}/{name}")


async def put(assets: AssetStore, key: str, content: bytes = b"content", **fields: Any) -> Asset:
    return await assets.put(AssetKey(key), stream(content), content_type="model/gltf-binary", limit=10 * MIB, **fields)


async def content(assets: AssetStore, key: str) -> bytes:
    return (await assets.local(AssetKey(key))).read_bytes()


def output(folder: Path, name: str, data: bytes = b"output", **fields: Any) -> Asset:
    """What a runner leaves in a staging folder, and what its worker knows of it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    measured = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "content_type": "model/gltf-binary"}
    return Asset(key=AssetKey(name), **(measured | fields))


# Streams.


async def test_a_stored_stream_is_found_whole_with_what_is_known_of_it(assets: AssetStore) -> None:
    key, data = new_key(), b"glTF" * 1000
    before = time.time()

    asset = await assets.put(
        key,
        stream(data[:10], b"", data[10:]),
        content_type="model/gltf-binary",
        limit=len(data),
        filename="Stühle/椅子 ../\u202e.glb",
        owner=OwnerId("ada"),
        expires_at=before + 60,
        tags={"kind": "mesh", "faces": 12},
    )

    assert asset == Asset(
        key=key,
        bytes=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        content_type="model/gltf-binary",
        filename="Stühle/椅子 ../\u202e.glb",
        owner=OwnerId("ada"),
        created_at=asset.created_at,
        expires_at=before + 60,
        tags={"kind": "mesh", "faces": 12},
    )
    assert before <= asset.created_at <= time.time()
    assert await assets.stat(key) == asset
    assert await content(assets, key) == data


async def test_a_stored_stream_is_there_after_a_restart(another_assets: Callable[[], AssetStore]) -> None:
    assets = another_assets()
    await assets.open()
    asset = await put(assets, new_key())
    await assets.close()

    reopened = another_assets()
    await reopened.open()
    assert await reopened.stat(asset.key) == asset
    assert await content(reopened, asset.key) == b"content"
    await reopened.close()


async def test_an_empty_stream_is_a_file_of_no_bytes(assets: AssetStore) -> None:
    asset = await assets.put(new_key(), stream(), content_type="text/plain", limit=0)

    assert (asset.bytes, asset.sha256) == (0, hashlib.sha256().hexdigest())
    assert await content(assets, asset.key) == b""


async def test_a_long_stream_of_small_chunks_arrives_in_order(assets: AssetStore) -> None:
    chunks = [bytes([n % 251]) * 8192 for n in range(512)]

    asset = await assets.put(new_key(), stream(*chunks), content_type="x/y", limit=512 * 8192)

    assert asset.sha256 == hashlib.sha256(b"".join(chunks)).hexdigest()
    assert await content(assets, asset.key) == b"".join(chunks)


@pytest.mark.parametrize("size", [10, 3 * MIB])
async def test_a_stream_beyond_the_limit_leaves_nothing(assets: AssetStore, size: int) -> None:
    key = new_key()

    with pytest.raises(InputInvalid) as refused:
        await assets.put(key, stream(*[b"x" * 8192] * (size // 8192), b"x" * size), content_type="x/y", limit=size - 1)

    assert refused.value.code == "too_large"
    assert await assets.stat(key) is None
    assert await assets.list("uploads") == []


@pytest.mark.parametrize("size", [10, 3 * MIB])
async def test_a_stream_that_raises_leaves_nothing(assets: AssetStore, size: int) -> None:
    key = new_key()

    async def cut() -> AsyncIterator[bytes]:
        yield b"x" * size
        raise ConnectionResetError("client left")

    with pytest.raises(ConnectionResetError):
        await assets.put(key, cut(), content_type="x/y", limit=10 * MIB)

    assert await assets.stat(key) is None
    assert await put(assets, key)


@pytest.mark.parametrize("size", [10, 3 * MIB])
async def test_a_cancelled_stream_leaves_nothing(assets: AssetStore, size: int) -> None:
    key, waits = new_key(), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x" * size
        waits.set()
        await asyncio.Event().wait()

    task = asyncio.ensure_future(assets.put(key, endless(), content_type="x/y", limit=10 * MIB))
    await waits.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await assets.stat(key) is None
    assert await put(assets, key)


async def test_a_file_is_not_seen_before_it_is_whole(assets: AssetStore) -> None:
    key, seen = new_key(), []

    async def watched() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 2 * MIB
            seen.append(await assets.stat(key))
            seen.extend(await assets.list("uploads"))

    await assets.put(key, watched(), content_type="x/y", limit=10 * MIB)

    assert seen == [None, None, None]
    assert await assets.stat(key) is not None


async def test_a_key_is_written_once(assets: AssetStore) -> None:
    asset = await put(assets, new_key(), b"first")

    with pytest.raises(Conflict):
        await put(assets, asset.key, b"second")

    assert await content(assets, asset.key) == b"first"
    assert await assets.stat(asset.key) == asset


async def test_a_key_below_or_above_another_is_a_conflict_or_another_file(assets: AssetStore) -> None:
    await put(assets, "a/b/c", b"first")

    for key in ("a/b", "a/b/c/d"):
        try:
            await put(assets, key, b"second")
        except Conflict:
            assert await assets.stat(AssetKey(key)) is None
        else:
            assert await content(assets, key) == b"second"

    assert await content(assets, "a/b/c") == b"first"


async def test_many_streams_at_once_do_not_mix(assets: AssetStore) -> None:
    async def slowly(number: int) -> AsyncIterator[bytes]:
        for _ in range(5):
            await asyncio.sleep(0)
            yield bytes([number]) * 300_000

    keys = [new_key() for _ in range(20)]
    await asyncio.gather(
        *(assets.put(key, slowly(n), content_type="x/y", limit=10 * MIB) for n, key in enumerate(keys))
    )

    for number, key in enumerate(keys):
        assert await content(assets, key) == bytes([number]) * 1_500_000


# Keys.


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_a_key_of_another_form_is_refused_everywhere(assets: AssetStore, key: str) -> None:
    bad = AssetKey(key)
    with pytest.raises(InputInvalid, match="key"):
        await put(assets, bad)
    for call in (assets.stat, assets.local, lambda key: assets.touch(key, None)):
        with pytest.raises(InputInvalid, match="key"):
            await call(bad)
    if key != "single":  # as a prefix it is one
        for ask in (assets.list, assets.delete):
            with pytest.raises(InputInvalid, match="key"):
                await ask(key)


async def test_keys_that_look_alike_are_different_files(assets: AssetStore) -> None:
    keys = ["a/b/c", "a/b/c.d", "a/b/C", "a/b/c-d", "a/b.c/d", "A/b/c", "a/b/c.json", "a/c/b", "aa/b/c", "-a/_b/c..d"]
    for key in keys:
        await put(assets, key, key.encode())

    assert [await content(assets, key) for key in keys] == [key.encode() for key in keys]


async def test_what_is_not_there_is_said_to_be_missing(assets: AssetStore) -> None:
    await put(assets, "a/b/c")

    for key in (new_key(), AssetKey("a/b"), AssetKey("a/b/c/d")):
        assert await assets.stat(key) is None
        with pytest.raises(NotFound):
            await assets.local(key)
        with pytest.raises(NotFound):
            await assets.touch(key, 1.0)
    assert await assets.delete("a/b/c/d") == 0


# Staging and publishing.


async def test_published_files_stand_under_the_prefix(assets: AssetStore) -> None:
    folder = await assets.staging()
    files = [output(folder, "mesh.glb", b"mesh" * 99, expires_at=5.0), output(folder, "parts/leg-1.glb", b"leg")]

    published = await assets.publish(folder, "jobs/j1/1", files, owner=OwnerId("ada"))

    assert [asset.key for asset in published] == ["jobs/j1/1/mesh.glb", "jobs/j1/1/parts/leg-1.glb"]
    assert [(asset.bytes, asset.sha256, asset.expires_at) for asset in published] == [
        (one.bytes, one.sha256, one.expires_at) for one in files
    ]
    assert {asset.owner for asset in published} == {OwnerId("ada")}
    assert [await assets.stat(asset.key) for asset in published] == list(published)
    assert await content(assets, "jobs/j1/1/parts/leg-1.glb") == b"leg"
    assert not folder.exists()


async def test_only_named_files_are_published(assets: AssetStore) -> None:
    folder = await assets.staging()
    (folder / "debug.log").write_text("noise")

    await assets.publish(folder, "jobs/j1/1", [output(folder, "mesh.glb")])

    assert [asset.key for asset in await assets.list("jobs")] == ["jobs/j1/1/mesh.glb"]


async def test_a_missing_digest_is_filled_in(assets: AssetStore) -> None:
    folder = await assets.staging()

    (published,) = await assets.publish(folder, "jobs/j1/1", [output(folder, "mesh.glb", b"data", sha256="")])

    assert published.sha256 == hashlib.sha256(b"data").hexdigest()


async def test_files_can_be_published_beside_what_is_there(assets: AssetStore) -> None:
    await put(assets, "jobs/j1/1/preview-1.png", b"preview")
    folder = await assets.staging()

    await assets.publish(folder, "jobs/j1/1", [output(folder, "mesh.glb")])

    assert {asset.key for asset in await assets.list("jobs/j1")} == {"jobs/j1/1/preview-1.png", "jobs/j1/1/mesh.glb"}


@pytest.mark.parametrize("fault", ["missing", "shorter", "link", "folder", "hard link", "linked folder", "traversal"])
async def test_a_staging_folder_with_a_false_file_publishes_nothing(
    assets: AssetStore, tmp_path: Path, fault: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    folder = await assets.staging()
    good = output(folder, "good.glb")
    bad = output(folder, "sub/bad.glb", b"secret")
    path = folder / "sub" / "bad.glb"
    match fault:
        case "missing":
            path.unlink()
        case "shorter":
            path.write_bytes(b"s")
        case "link":
            path.unlink()
            path.symlink_to(secret)
        case "folder":
            path.unlink()
            path.mkdir()
        case "hard link":
            path.unlink()
            path.hardlink_to(secret)
        case "linked folder":
            path.unlink()
            path.parent.rmdir()
            path.parent.symlink_to(tmp_path)
            bad = Asset(key=AssetKey("sub/secret"), bytes=6, sha256="", content_type="x/y")
        case "traversal":
            bad = Asset(key=AssetKey("../../../secret"), bytes=6, sha256="", content_type="x/y")

    with pytest.raises(InputInvalid):
        await assets.publish(folder, "jobs/j1/1", [good, bad])

    assert await assets.list("jobs") == []
    await assets.discard(folder)
    assert secret.read_bytes() == b"secret"


async def test_an_attempt_publishes_once(assets: AssetStore) -> None:
    first, second = await assets.staging(), await assets.staging()
    await assets.publish(first, "jobs/j1/1", [output(first, "mesh.glb", b"first")])

    with pytest.raises(Conflict):
        await assets.publish(second, "jobs/j1/1", [output(second, "a.glb"), output(second, "mesh.glb", b"second")])

    assert await content(assets, "jobs/j1/1/mesh.glb") == b"first"
    assert await assets.stat(AssetKey("jobs/j1/1/a.glb")) is None
    await assets.discard(second)


async def test_staging_folders_are_fresh_and_can_be_discarded(assets: AssetStore) -> None:
    first, second = await assets.staging(), await assets.staging()
    (first / "deep").mkdir()
    (first / "deep" / "file").write_text("x")

    await assets.discard(first)

    assert first != second
    assert (first.exists(), list(second.iterdir())) == (False, [])
    await assets.discard(first)  # twice does no harm
    await assets.discard(second)


async def test_a_folder_that_is_not_for_staging_is_refused(assets: AssetStore, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    staging = await assets.staging()

    for folder in (other, staging / "..", staging.parent, Path("/")):
        with pytest.raises(InputInvalid, match="staging"):
            await assets.discard(folder)
        with pytest.raises(InputInvalid, match="staging"):
            await assets.publish(folder, "jobs/j1/1", [])

    assert other.exists()
    await assets.discard(staging)


# Several processes at one place: two stores that are open at once.


@pytest.fixture
async def both(another_assets: Callable[[], AssetStore]) -> AsyncIterator[tuple[AssetStore, AssetStore]]:
    stores = another_assets(), another_assets()
    for one in stores:
        await one.open()
    yield stores
    for one in stores:
        await one.close()


async def test_what_one_stores_the_other_has(both: tuple[AssetStore, AssetStore]) -> None:
    here, there = both
    asset = await put(here, new_key(), b"content", expires_at=5.0)
    folder = await here.staging()
    (published,) = await here.publish(folder, "jobs/j1/1", [output(folder, "mesh.glb", b"mesh")])

    assert await there.stat(asset.key) == asset
    assert await content(there, published.key) == b"mesh"
    await there.touch(asset.key, 6.0)
    assert [(one.key, one.expires_at) for one in await here.expired(9.0, 9)] == [(asset.key, 6.0)]
    assert await there.delete("jobs/j1") == 1
    assert await here.stat(published.key) is None
    with pytest.raises(NotFound):
        await here.local(published.key)


async def test_of_many_who_store_under_one_key_at_once_one_has_stored(both: tuple[AssetStore, AssetStore]) -> None:
    key = new_key()

    stored = await asyncio.gather(
        *(put(both[number % 2], key, bytes([number]) * 9999) for number in range(8)), return_exceptions=True
    )

    won = [one for one in stored if isinstance(one, Asset)]
    assert len(won) == 1
    assert all(isinstance(one, Asset | Conflict) for one in stored)
    for one in both:
        assert hashlib.sha256(await content(one, key)).hexdigest() == won[0].sha256


async def test_the_staging_folder_of_another_is_not_ours(both: tuple[AssetStore, AssetStore]) -> None:
    folder = await both[0].staging()

    with pytest.raises(InputInvalid, match="staging"):
        await both[1].discard(folder)

    await both[1].publish(await both[1].staging(), "jobs/j1/1", [])
    assert folder.exists()
    await both[0].discard(folder)


async def test_what_is_touched_and_deleted_at_once_is_gone_or_whole(both: tuple[AssetStore, AssetStore]) -> None:
    keys = [(await put(both[0], new_key(), expires_at=1.0)).key for _ in range(10)]

    done = await asyncio.gather(
        *(both[0].touch(key, 2.0) for key in keys), *(both[1].delete(key) for key in keys), return_exceptions=True
    )

    assert {type(one) for one in done} <= {type(None), int, NotFound}
    for key in keys:
        assert await both[0].stat(key) is None
        await put(both[0], new_key(), expires_at=3.0)
    assert len(await both[0].expired(9.0, 99)) == 10


# Listing, expiry, deletion.


async def test_files_are_listed_newest_first_below_a_prefix(assets: AssetStore) -> None:
    keys = ["jobs/j1/1/a.glb", "jobs/j1/2/b.glb", "jobs/j10/1/c.glb", "uploads/j1/d.glb", "jobs/j1/1/e.glb"]
    for key in keys:
        await put(assets, key)

    assert [asset.key for asset in await assets.list("jobs/j1")] == [keys[4], keys[1], keys[0]]
    assert [asset.key for asset in await assets.list("jobs", limit=3)] == [keys[4], keys[2], keys[1]]
    assert [asset.key for asset in await assets.list("jobs/j1/1/a.glb")] == []
    assert [asset.key for asset in await assets.list("nothing")] == []


async def test_touching_changes_nothing_but_the_expiry(assets: AssetStore) -> None:
    first = await put(assets, new_key(), expires_at=100.0)
    second = await put(assets, new_key())

    await assets.touch(first.key, None)
    touched = await assets.stat(first.key)
    await assets.touch(first.key, 200.5)

    assert touched is not None
    assert (touched.expires_at, touched.sha256, touched.created_at) == (None, first.sha256, first.created_at)
    assert [asset.key for asset in await assets.list("uploads")] == [second.key, first.key]
    assert [asset.expires_at for asset in await assets.expired(201.0, 10)] == [200.5]


async def test_expired_files_come_soonest_first(assets: AssetStore) -> None:
    times = [7200.5, 100.25, None, 7200.0, 3600.0, 100.0]
    stored = [await put(assets, new_key(), expires_at=at) for at in times]

    async def found(before: float, limit: int = 10) -> list[int]:
        return [stored.index(asset) for asset in await assets.expired(before, limit)]

    assert await found(float("inf")) == [5, 1, 4, 3, 0]
    assert await found(7200.5) == [5, 1, 4, 3]
    assert await found(3600.0) == [5, 1]
    assert await found(100.0) == []
    assert await found(float("inf"), 2) == [5, 1]


async def test_only_the_last_expiry_counts(assets: AssetStore) -> None:
    later, never, deleted, sooner = [await put(assets, new_key(), expires_at=at) for at in (1.0, 1.0, 1.0, 9e9)]
    await assets.touch(later.key, 50.0)
    await assets.touch(never.key, None)
    await assets.delete(deleted.key)
    await assets.touch(sooner.key, 2.0)

    assert [asset.key for asset in await assets.expired(10.0, 10)] == [sooner.key]
    assert [asset.key for asset in await assets.expired(60.0, 10)] == [sooner.key, later.key]
    assert [asset.key for asset in await assets.expired(float("inf"), 10)] == [sooner.key, later.key]


async def test_expiry_is_known_after_a_restart(another_assets: Callable[[], AssetStore]) -> None:
    assets = another_assets()
    await assets.open()
    asset = await put(assets, new_key(), expires_at=10.0)
    await assets.close()

    reopened = another_assets()
    await reopened.open()
    assert list(await reopened.expired(11.0, 10)) == [asset]
    await reopened.close()


async def test_deleting_a_key_or_a_prefix_says_how_many_files_went(assets: AssetStore) -> None:
    for key in ("jobs/j1/1/a", "jobs/j1/1/b", "jobs/j1/2/c", "jobs/j10/1/d", "uploads/j1/e"):
        await put(assets, key)

    assert await assets.delete("jobs/j1/1/a") == 1
    assert await assets.delete("jobs/j1/1/a") == 0
    assert await assets.delete("jobs/j1") == 2
    assert await assets.delete("jobs/j1") == 0
    assert [asset.key for asset in await assets.list("jobs")] == ["jobs/j10/1/d"]
    assert await assets.delete("jobs") == 1
    assert await assets.stat(AssetKey("uploads/j1/e")) is not None


async def test_a_deleted_key_can_be_written_again(assets: AssetStore) -> None:
    asset = await put(assets, new_key(), b"first", expires_at=1.0)
    await assets.delete(asset.key)

    await put(assets, asset.key, b"second", expires_at=2.0)

    assert await content(assets, asset.key) == b"second"
    assert [found.expires_at for found in await assets.expired(9.0, 9)] == [2.0]


async def test_a_file_that_is_being_read_stays_readable_when_it_is_deleted(assets: AssetStore) -> None:
    data = b"x" * 3 * MIB
    asset = await put(assets, new_key(), data)

    with (await assets.local(asset.key)).open("rb") as reader:
        begun = reader.read(MIB)
        await assets.delete(asset.key)
        rest = reader.read()

    assert begun + rest == data
    assert await assets.stat(asset.key) is None
