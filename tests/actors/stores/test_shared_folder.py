"""One folder, many real processes at it at once, as of one host and of several."""

import asyncio
import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from aigc.core.errors import Conflict
from aigc.core.ids import AssetKey
from aigc.core.ports import Asset, AssetStore

ROOMY = DirectorySettings(min_free_bytes=0)
SIZE = 30_000


async def stream(data: bytes) -> AsyncIterator[bytes]:
    yield data


# What the processes do. Each prints one line of JSON for what was acknowledged.


async def put_all(store: AssetStore, name: str, count: int) -> None:
    """Store under the keys that everybody stores under, everybody's content of the same size."""
    for number in range(count):
        data = random.Random(f"{name} {number}").randbytes(SIZE)
        try:
            asset = await store.put(AssetKey(f"uploads/{number}/x"), stream(data), content_type="x/y", limit=SIZE)
        except Conflict:
            print(json.dumps({"number": number}), flush=True)
        else:
            print(json.dumps({"number": number, "sha256": asset.sha256}), flush=True)


async def publish_all(store: AssetStore, name: str, count: int) -> None:
    """Publish results of two files each; half of them have expired already."""
    for number in range(count):
        folder = await store.staging()
        data = random.Random(f"{name} {number}").randbytes(SIZE)
        expires_at = time.time() + (3600 if number % 2 else -60)
        said = [
            Asset(key=AssetKey(file), bytes=SIZE, sha256="", content_type="x/y", expires_at=expires_at)
            for file in ("mesh.glb", "thumbnail.png")
        ]
        for one in said:
            (folder / one.key).write_bytes(data)
        for asset in await store.publish(folder, f"jobs/{name}-{number}/1", said):
            print(json.dumps({"key": asset.key, "sha256": asset.sha256, "expires_at": expires_at}), flush=True)


async def sweep_all(store: AssetStore, name: str, count: int) -> None:
    """What has expired goes, or gets an hour more, in turn, until told to end."""
    end = Path(name)
    while not await asyncio.to_thread(end.exists):
        for turn, asset in enumerate(await store.expired(time.time(), 50)):
            if turn % 2:
                await store.delete(asset.key)
                print(json.dumps({"key": asset.key}), flush=True)
            else:
                await store.touch(asset.key, time.time() + 3600)


async def open_all(store: AssetStore, name: str, count: int) -> None:
    """Others come and go: each sweeps what it takes for dead."""
    for _ in range(count):
        other = DirectoryAssetStore(store.folder, ROOMY)  # type: ignore[attr-defined]
        await other.open()
        await other.close()


async def act(folder: str, what: str, name: str, count: str) -> None:
    store = DirectoryAssetStore(Path(folder), ROOMY)
    await store.open()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await globals()[what](store, name, int(count))
    await store.close()


class Child:
    """A process that has opened the store and waits to be told."""

    def __init__(self, folder: Path, what: str, name: str = "", count: int = 0, boot: str = "") -> None:
        code = "import asyncio, sys; from tests.actors.stores import test_shared_folder as here\n"
        if boot:
            code += f"from actors.stores import workspace; workspace.this_boot = lambda: {boot!r}\n"
        code += "asyncio.run(here.act(*sys.argv[1:]))"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder), what, name, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def told(self, lines: int) -> list[Any]:
        """The first so many things that it acknowledged."""
        assert self._process.stdout is not None
        return [json.loads(self._process.stdout.readline()) for _ in range(lines)]

    def kill(self) -> list[Any]:
        """It was killed; what else it had acknowledged."""
        self._process.kill()
        out, _ = self._process.communicate()
        return [json.loads(line) for line in out.splitlines() if line.endswith("}")]

    def ended(self) -> list[Any]:
        out, _ = self._process.communicate(timeout=60)
        assert self._process.returncode == 0
        return [json.loads(line) for line in out.splitlines()]


@contextmanager
def started(*children: Child) -> Iterator[None]:
    for child in children:
        child.go()
    try:
        yield
    finally:
        for child in children:
            child._process.kill()


async def test_of_many_who_store_under_one_key_one_has_stored_and_the_file_is_its(tmp_path: Path) -> None:
    count = 40
    children = [Child(tmp_path, "put_all", name, count) for name in ("ada", "bob", "eve")]
    with started(*children):
        told = [line for child in children for line in child.ended()]

    won = {line["number"]: line["sha256"] for line in told if "sha256" in line}
    assert sorted(won) == list(range(count))
    assert len(told) == 3 * count
    assert sum("sha256" in line for line in told) == count
    store = DirectoryAssetStore(tmp_path, ROOMY)
    await store.open()
    for number, digest in won.items():
        path = await store.local(AssetKey(f"uploads/{number}/x"))
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert len([path for path in (tmp_path / "files").rglob("*") if path.is_file()]) == 2 * count
    await store.close()


async def test_results_of_several_hosts_stand_while_a_sweeper_and_newcomers_are_at_the_folder(tmp_path: Path) -> None:
    end = tmp_path / "end"
    folder = tmp_path / "assets"
    publishers = [Child(folder, "publish_all", name, 25, boot=name) for name in ("host-a", "host-b")]
    sweeper = Child(folder, "sweep_all", str(end), boot="host-c")
    newcomer = Child(folder, "open_all", "", 40, boot="host-d")
    with started(*publishers, sweeper, newcomer):
        stored = {line["key"]: line for child in publishers for line in child.ended()}
        newcomer.ended()
        end.touch()
        deleted = {line["key"] for line in sweeper.ended()}

    assert len(stored) == 2 * 25 * 2
    assert deleted and all(stored[key]["expires_at"] < time.time() for key in deleted)
    store = DirectoryAssetStore(folder, ROOMY)
    await store.open()
    for key in stored.keys() - deleted:
        digest = hashlib.sha256((await store.local(AssetKey(key))).read_bytes()).hexdigest()
        assert digest == stored[key]["sha256"]
    listed = {asset.key for asset in await store.list("jobs")}
    assert listed == stored.keys() - deleted
    assert {asset.key for asset in await store.expired(float("inf"), 1000)} == listed  # each is looked at again
    assert [path.name for path in (folder / "tmp").iterdir() if path.is_dir()] == [store._files.workspace.folder.name]
    await store.close()


async def test_what_a_killed_process_had_stored_is_whole_and_the_rest_is_nothing(tmp_path: Path) -> None:
    acknowledged: dict[str, str] = {}
    for life in range(5):
        child = Child(tmp_path, "publish_all", f"life-{life}", 1000)
        with started(child):
            told = child.told(1 + 7 * life) + child.kill()
        acknowledged |= {line["key"]: line["sha256"] for line in told}

    store = DirectoryAssetStore(tmp_path, ROOMY)
    await store.open()
    listed = {asset.key: asset for asset in await store.list("jobs", 10_000)}
    assert acknowledged.keys() <= listed.keys()
    for key, asset in listed.items():
        digest = hashlib.sha256((await store.local(key)).read_bytes()).hexdigest()
        assert (digest, asset.bytes) == (asset.sha256, SIZE)
        assert acknowledged.get(key, digest) == digest
    assert [path.name for path in (tmp_path / "tmp").iterdir() if path.is_dir()] == [store._files.workspace.folder.name]
    await store.close()
