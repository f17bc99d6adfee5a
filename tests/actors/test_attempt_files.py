"""Inputs, staging folders and results of attempts, over a real directory store."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from actors.attempt_files import PREVIEW_BYTES, AttemptFiles, prefix_of
from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from aigc.core.errors import Unavailable
from aigc.core.ids import AssetKey
from aigc.core.job import Input, Lease, Progress, Stage
from aigc.core.runner_events import RunnerId, RunnerProgressed, Staged, Stored, StoringFailed
from tests.actors.worker_kit import new_lease

RUNNER = RunnerId("a-1")
FAR = {"mesh": Input(asset=AssetKey("uploads/far/mesh.glb"))}


class Desk:
    """`AttemptFiles` over a store, and all that it told."""

    def __init__(self, store: DirectoryAssetStore) -> None:
        self.store = store
        self.told: list[Any] = []
        self.defects: list[BaseException] = []
        self.files = AttemptFiles(store, lambda *events: self.told.extend(events), self.defects.append)
        self.ready: list[tuple[Mapping[str, str], Path]] = []

    async def prepared(self, inputs: dict[str, Input] | None = None) -> tuple[Lease, Path]:
        lease = new_lease()
        self.files.prepare(lease, inputs or {})
        self.files.when_ready(lease, RUNNER, lambda given, folder: self.ready.append((given, folder)))
        await self.files.settle()
        return lease, self.ready[-1][1]

    def folders(self) -> list[Path]:
        kept = self.store._staging._kept
        return [path for path in self.store._files.workspace.folder.iterdir() if path.is_dir() and path not in kept]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    store = DirectoryAssetStore(tmp_path / "assets", DirectorySettings(min_free_bytes=0))
    await store.open()
    desk = Desk(store)
    yield desk
    await desk.files.close()
    assert desk.folders() == []
    assert desk.defects == []
    await store.close()


def staged(folder: Path, name: str, data: bytes) -> Staged:
    (folder / name).write_bytes(data)
    return Staged(name, "model", "glb", "model/gltf-binary", len(data), sha256(data).hexdigest(), {"triangles": 1})


def progressed(lease: Lease, preview: str) -> RunnerProgressed:
    return RunnerProgressed(RUNNER, lease, Stage.SAMPLING, Progress(0.5, preview=AssetKey(preview)))


async def test_texts_are_handed_on_and_files_become_paths(desk: Desk):
    async def content() -> AsyncIterator[bytes]:
        yield b"glTF"

    key = AssetKey("uploads/a/mesh.glb")
    await desk.store.put(key, content(), content_type="model/gltf-binary", limit=100)
    await desk.prepared({"text": Input(text="a cube"), "mesh": Input(asset=key), "nothing": Input()})
    (inputs, folder) = desk.ready[0]
    assert (inputs["text"], inputs["nothing"]) == ("a cube", "")
    assert inputs["mesh"] == str(await desk.store.local(key))
    assert list(folder.iterdir()) == []


async def test_who_asks_later_is_told_at_once(desk: Desk):
    lease = new_lease()
    desk.files.prepare(lease, {})
    await desk.files.settle()
    desk.files.when_ready(lease, RUNNER, lambda given, folder: desk.ready.append((given, folder)))
    assert len(desk.ready) == 1


async def test_an_input_that_is_gone_is_told_as_the_client_s_to_mend(desk: Desk):
    lease = new_lease()
    desk.files.prepare(lease, FAR)
    await desk.files.settle()
    (failed,) = desk.told
    assert isinstance(failed, StoringFailed)
    assert (failed.failure.code, failed.failure.retryable) == ("input_invalid", False)
    assert failed.failure.suggestion == "upload it again"
    desk.files.drop(lease)


async def test_a_store_that_is_away_is_worth_another_attempt(desk: Desk):
    async def away(key: AssetKey) -> Path:
        raise Unavailable("files cannot be reached", code="assets_unavailable")

    desk.store.local = away  # type: ignore[method-assign]
    desk.files.prepare(new_lease(), FAR)
    await desk.files.settle()
    (failed,) = desk.told
    assert (failed.failure.code, failed.failure.retryable) == ("storage_failed", True)


async def test_outputs_are_published_under_the_attempt_and_the_folder_is_gone(desk: Desk):
    lease, folder = await desk.prepared()
    desk.files.store(lease, (staged(folder, "mesh.glb", b"glTF"),))
    await desk.files.settle()
    (stored,) = desk.told
    assert isinstance(stored, Stored)
    (output,) = stored.outputs
    assert output.asset == f"jobs/{lease.job}/1-{lease.id}/mesh.glb" == f"{prefix_of(lease)}/mesh.glb"
    assert (output.name, output.role, output.bytes, output.stats) == ("mesh.glb", "model", 4, {"triangles": 1})
    assert await desk.store.stat(output.asset) is not None
    assert desk.folders() == []


async def test_an_output_that_is_not_what_was_said_is_refused_for_good(desk: Desk):
    lease, folder = await desk.prepared()
    output = staged(folder, "mesh.glb", b"glTF")
    (folder / "mesh.glb").unlink()
    (folder / "mesh.glb").symlink_to("/etc/hostname")
    desk.files.store(lease, (output,))
    await desk.files.settle()
    (failed,) = desk.told
    assert (failed.failure.code, failed.failure.retryable) == ("result_invalid", False)
    desk.files.drop(lease)


async def test_a_dropped_attempt_leaves_nothing_whenever_it_is_dropped(desk: Desk):
    at_once = new_lease()
    desk.files.prepare(at_once, {})
    desk.files.drop(at_once)
    ready, folder = await desk.prepared()
    (folder / "half.glb").write_bytes(b"gl")
    desk.files.drop(ready)
    await desk.files.settle()
    assert desk.folders() == []
    desk.files.drop(ready)


async def test_a_dropped_attempt_does_not_wait_for_an_input_that_never_comes(desk: Desk):
    asked, never = asyncio.Event(), asyncio.Event()

    async def stuck(key: AssetKey) -> Path:
        asked.set()
        await never.wait()
        raise AssertionError

    desk.store.local = stuck  # type: ignore[method-assign]
    lease = new_lease()
    desk.files.prepare(lease, FAR)
    await asked.wait()
    desk.files.drop(lease)
    await asyncio.wait_for(desk.files.settle(), 60)
    assert desk.folders() == []


async def test_an_attempt_is_recalled_only_before_its_files_are_there(desk: Desk):
    early = new_lease()
    desk.files.prepare(early, {})
    desk.files.when_ready(early, RUNNER, lambda given, folder: desk.ready.append((given, folder)))
    assert desk.files.recall(early)
    await desk.files.settle()
    assert desk.ready == []
    late, _ = await desk.prepared()
    assert not desk.files.recall(late)
    assert not desk.files.recall(new_lease())
    for lease in (early, late):
        desk.files.drop(lease)


async def test_a_runner_is_handed_its_attempts_in_their_order_whoever_has_its_files_first(desk: Desk):
    slow, quick, other = new_lease(), new_lease(), new_lease()
    handed: list[Lease] = []
    fetched = asyncio.Event()

    async def local(key: AssetKey) -> Path:
        await fetched.wait()
        return Path("mesh.glb")

    desk.store.local = local  # type: ignore[method-assign]
    for lease, runner, inputs in ((slow, RUNNER, FAR), (quick, RUNNER, {}), (other, RunnerId("b-1"), {})):
        desk.files.prepare(lease, inputs)
        desk.files.when_ready(lease, runner, lambda given, folder, lease=lease: handed.append(lease))
    await asyncio.wait(desk.files._tasks, return_when=asyncio.FIRST_COMPLETED)
    assert slow not in handed
    assert quick not in handed
    fetched.set()
    await desk.files.settle()
    assert sorted(handed, key=[slow, quick, other].index) == [slow, quick, other]
    assert handed.index(slow) < handed.index(quick)
    for lease in handed:
        desk.files.drop(lease)


async def test_whoever_is_behind_a_recalled_attempt_is_handed_over(desk: Desk):
    recalled, behind = new_lease(), new_lease()
    handed: list[Lease] = []
    for lease in (recalled, behind):
        desk.files.prepare(lease, {})
        desk.files.when_ready(lease, RUNNER, lambda given, folder, lease=lease: handed.append(lease))
    assert desk.files.recall(recalled)
    await desk.files.settle()
    assert handed == [behind]
    for lease in (recalled, behind):
        desk.files.drop(lease)


async def test_a_preview_is_told_when_it_can_be_fetched_and_not_too_often(desk: Desk):
    lease, folder = await desk.prepared()
    (folder / ".preview.png").write_bytes(b"\x89PNG")
    for _ in range(3):
        desk.files.preview(progressed(lease, ".preview.png"))
    await desk.files.settle()
    (shown,) = desk.told
    assert shown.progress == Progress(0.5, preview=AssetKey(f"{prefix_of(lease)}/preview.png"))
    path = await desk.store.local(shown.progress.preview)
    assert path.read_bytes() == b"\x89PNG"


@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "outside", "missing"])
async def test_a_preview_that_is_no_plain_file_of_the_attempt_is_never_read(desk: Desk, tmp_path: Path, kind: str):
    lease, folder = await desk.prepared()
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    match kind:
        case "link":
            (folder / "p").symlink_to(secret)
        case "pipe":
            os.mkfifo(folder / "p")
        case "folder":
            (folder / "p").mkdir()
    name = str(secret) if kind == "outside" else "p"
    desk.files.preview(progressed(lease, name))
    await asyncio.wait_for(desk.files.settle(), 60)
    assert desk.told == []


async def test_of_a_preview_that_is_too_large_only_so_much_is_read(desk: Desk):
    lease, folder = await desk.prepared()
    (folder / "p").write_bytes(bytes(PREVIEW_BYTES + 10))
    desk.files.preview(progressed(lease, "p"))
    await desk.files.settle()
    stat = await desk.store.stat(AssetKey(f"{prefix_of(lease)}/preview.png"))
    assert stat is not None
    assert stat.bytes == PREVIEW_BYTES


async def test_what_nobody_foresaw_is_told(tmp_path: Path):
    store = DirectoryAssetStore(tmp_path / "assets", DirectorySettings(min_free_bytes=0))
    await store.open()
    desk = Desk(store)

    async def broken() -> Path:
        raise ZeroDivisionError("a defect")

    desk.store.staging = broken  # type: ignore[method-assign]
    desk.files.prepare(new_lease(), {})
    await desk.files.settle()
    assert [type(defect) for defect in desk.defects] == [ZeroDivisionError]
    await desk.files.close()
    await store.close()
