"""What durable records and files cost on this disk.

    python -m bench.store [--rows 20000] [--rounds 3] [--folder PATH]

Variants of one table run one after the other in each round, so compare within a table. CPU is the whole process, in
microseconds for each row. A commit is what the broker does at each change of a job: groups of 32, as under load.
"""

import argparse
import asyncio
import gc
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import redis
import uvloop

from actors.stores.directory import DirectoryAssetStore, DirectorySettings
from actors.stores.redis import RedisJobStore, RedisSettings
from actors.stores.sqlite import SqliteJobStore
from actors.stores.sqlite_file import SqliteSettings, open_writer
from actors.stores.sqlite_writer import INSERT
from aigc.core.ids import AssetKey, Now
from aigc.core.job import Input, Job, Status
from aigc.core.lifecycle import begin, change
from aigc.core.ports import Asset, JobQuery, JobStore
from bench.harness import Figure, keep, redis_server

T = TypeVar("T")
BOUND = 10**9
ASKED = 50
FSYNC = ("everysec", "always")


class Took(NamedTuple):
    """One measurement."""

    per_s: float
    cpu_us: float
    p50_ms: float
    p99_ms: float


def jobs(count: int, ids: Callable[[int], str]) -> list[Job]:
    """New records of the usual size, about 450 bytes each."""
    image = Input(asset=AssetKey(f"uploads/{uuid.uuid4()}/image.png"), filename="cat.png", content_type="image/png")
    params = {"seed": 1, "texture_size": 1024, "faces": 20_000, "detail": 0.5}
    one = Job(
        id="",
        feature="image_to_textured_mesh",
        model="relief",
        created_at=1.8e9,
        inputs={"image": image},
        params=params,
    )
    return [begin(msgspec.structs.replace(one, id=ids(number), created_at=1.8e9 + number)) for number in range(count)]


def random_id(number: int) -> str:
    """As `uuid.uuid4` makes them: neighbours in time lie anywhere in the index."""
    return str(uuid.uuid4())


def timed_id(number: int) -> str:
    """The shape of a version 7 UUID: time first, so that new ones lie at the index's end."""
    return str(uuid.UUID(int=(1_800_000_000_000 + number) << 80 | 7 << 76 | 2 << 62 | int.from_bytes(os.urandom(7))))


async def alone(folder: Path, rows: Sequence[Job]) -> Took:
    """One commit for each row in the caller's own thread: what group commit is compared with."""
    encode = msgspec.msgpack.Encoder().encode
    with closing(open_writer(folder / "jobs.db", SqliteSettings())) as db:

        async def create(job: Job) -> None:
            values = (job.id, job.status.value, job.feature, job.owner, "", job.created_at, None, encode(job))
            db.execute(INSERT, values)

        return await clocked(create, rows, waiters=1)


@contextmanager
def in_sqlite(folder: Path | None) -> Iterator[JobStore]:
    """A store on the disk to be measured."""
    with tempfile.TemporaryDirectory(prefix="aigc-bench-", dir=folder) as place:
        yield SqliteJobStore(Path(place) / "jobs.db")


@contextmanager
def in_redis(appendfsync: str) -> Iterator[JobStore]:
    """A store on a private server; its folder is where temporary files are."""
    with redis_server() as server:
        with redis.Redis.from_url(server.url) as operator:
            operator.config_set("appendfsync", appendfsync)
        yield RedisJobStore(RedisSettings(url=server.url))


Make = Callable[[], AbstractContextManager[JobStore]]


async def creating(make: Make, rows: Sequence[Job], waiters: int) -> Took:
    """`create` by so many callers, each waiting for its own."""
    with make() as store:
        await store.open()
        took = await clocked(lambda job: store.create(job, bound=BOUND), rows, waiters)
        await store.close()
        return took


async def committing(make: Make, rows: Sequence[Job], group: int) -> Took:
    """`commit` of the change to processing, in groups, after all were created."""
    with make() as store:
        await store.open()
        took = await _committing(store, rows, group)
        await store.close()
        return took


async def _committing(store: JobStore, rows: Sequence[Job], group: int) -> Took:
    leader = await store.lead("bench")
    await _fill(store, rows)
    begun = [change(job, "started", Now(0, 0), status=Status.PROCESSING, attempt=1) for job in rows]
    groups = [begun[at : at + group] for at in range(0, len(begun), group)]
    took = await clocked(lambda jobs: store.commit(leader, jobs), groups, waiters=1)
    return took._replace(per_s=took.per_s * group, cpu_us=took.cpu_us / group)


async def reading(make: Make, records: int) -> dict[str, Figure]:
    """Milliseconds that questions take beside that many records."""
    with make() as store:
        await store.open()
        answers = await _reading(store, records)
        await store.close()
        return answers


async def _reading(store: JobStore, records: int) -> dict[str, Figure]:
    rows = jobs(records, random_id)
    await _fill(store, rows)
    first = await store.list(JobQuery())
    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "get": lambda: store.get(rows[records // 2].id),
        "newest page": lambda: store.list(JobQuery()),
        "next page of a status": lambda: store.list(JobQuery(status=Status.QUEUED, cursor=first.next_cursor)),
        "page by a tag, counted": lambda: store.list(JobQuery(tag="none")),
        "page by status and feature": lambda: store.list(
            JobQuery(status=Status.QUEUED, feature="image_to_textured_mesh")
        ),
    }
    answers = {}
    for name, ask in questions.items():
        took = await clocked(lambda _, ask=ask: ask(), range(ASKED), waiters=1)  # type: ignore[misc]
        answers[name] = Figure(took.p50_ms, took.p50_ms, took.p99_ms)
    begin_at = time.perf_counter()
    await store.open_jobs()
    once_ms = (time.perf_counter() - begin_at) * 1000
    answers["open_jobs, all of them"] = Figure(once_ms, once_ms, once_ms)
    return answers


async def files(folder: Path, count: int, waiters: int) -> tuple[Took, Took]:
    """Uploads of 64 KiB, and results of one file of 64 KiB published from staging."""
    store = DirectoryAssetStore(folder / "assets", DirectorySettings(min_free_bytes=0))
    await store.open()
    content = os.urandom(64 << 10)

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(content), 8192):
            yield content[at : at + 8192]

    async def upload(number: int) -> None:
        key = AssetKey(f"uploads/{uuid.uuid4()}/image.png")
        await store.put(key, chunks(), content_type="image/png", limit=1 << 20, expires_at=1.8e9)

    async def publish(number: int) -> None:
        staging = await store.staging()
        (staging / "mesh.glb").write_bytes(content)
        said = Asset(key=AssetKey("mesh.glb"), bytes=len(content), sha256="0", content_type="x/y", expires_at=1.8e9)
        await store.publish(staging, f"jobs/{uuid.uuid4()}/1", [said])

    took = await clocked(upload, range(count), waiters), await clocked(publish, range(count), waiters)
    await store.close()
    return took


async def bytes_each(records: int) -> Figure:
    """Bytes of Redis' memory that a waiting job takes, with its places in the indexes."""
    with redis_server() as server, redis.Redis.from_url(server.url) as operator:
        store = RedisJobStore(RedisSettings(url=server.url))
        await store.open()
        before = operator.info("memory")["used_memory"]
        await _fill(store, jobs(records, random_id))
        each = (operator.info("memory")["used_memory"] - before) / records
        await store.close()
        return Figure(each, each, each)


async def _fill(store: JobStore, rows: Sequence[Job]) -> None:
    for at in range(0, len(rows), 2000):
        await asyncio.gather(*(store.create(job, bound=BOUND) for job in rows[at : at + 2000]))


async def clocked(call: Callable[[T], Awaitable[object]], items: Sequence[T], waiters: int) -> Took:
    """Every item is given to the call by one of so many callers."""
    todo, latencies = iter(items), []

    async def caller() -> None:
        for item in todo:
            begun = time.perf_counter()
            await call(item)
            latencies.append(time.perf_counter() - begun)

    gc.collect()
    gc.freeze()  # as the service does once it runs
    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(waiters)))
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - cpu
    gc.unfreeze()
    latencies.sort()
    p50, p99 = (latencies[int(len(latencies) * share)] * 1000 for share in (0.5, 0.99))
    return Took(len(items) / wall_s, cpu_s / len(items) * 1e6, p50, p99)


def table(title: str, rounds: dict[str, list[Took]]) -> dict[str, list[Figure]]:
    """Medians with their range, printed and returned."""
    print(f"\n{title:44} {'per second':>28} {'CPU µs each':>22} {'p50 ms':>20} {'p99 ms':>20}")
    figures = {}
    for name, values in rounds.items():
        per_s, cpu, p50, p99 = figures[name] = [Figure.of(column) for column in zip(*values, strict=True)]
        print(f"{name:44} {per_s:,.0f} | {cpu:.1f} | {p50:.2f} | {p99:.2f}")
    return figures


def main() -> None:
    """Measure in turn and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--records", type=int, default=100_000, help="records beside which questions are asked")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    given = parser.parse_args()
    few = max(given.rows // 10, 1)
    disk = partial(in_sqlite, given.folder)
    records: dict[str, Callable[[Path], Awaitable[Took]]] = {
        "create: a commit each, same thread": lambda folder: alone(folder, jobs(few, random_id)),
        "create: group commit, 1 waiter": lambda folder: creating(disk, jobs(few, random_id), 1),
        "create: group commit, 64 waiters": lambda folder: creating(disk, jobs(given.rows, random_id), 64),
        "create: the same, time-ordered ids": lambda folder: creating(disk, jobs(given.rows, timed_id), 64),
        "commit: groups of 32": lambda folder: committing(disk, jobs(given.rows, random_id), 32),
        "commit: the same, time-ordered ids": lambda folder: committing(disk, jobs(given.rows, timed_id), 32),
    }
    for appendfsync in FSYNC:
        there = partial(in_redis, appendfsync)
        records |= {
            f"create: Redis {appendfsync}, 1 waiter": lambda _, at=there: creating(at, jobs(few, random_id), 1),
            f"create: Redis {appendfsync}, 64 waiters": (
                lambda _, at=there: creating(at, jobs(given.rows, random_id), 64)
            ),
            f"commit: Redis {appendfsync}, groups of 32": (
                lambda _, at=there: committing(at, jobs(given.rows, random_id), 32)
            ),
        }
    took: dict[str, list[Took]] = {name: [] for name in records}
    stored: dict[str, list[Took]] = {}
    for _ in range(given.rounds):
        for name, measure in records.items():
            with tempfile.TemporaryDirectory(prefix="aigc-bench-", dir=given.folder) as folder:
                took[name].append(uvloop.run(measure(Path(folder))))
        for waiters in (1, 8):
            with tempfile.TemporaryDirectory(prefix="aigc-bench-", dir=given.folder) as folder:
                upload, publish = uvloop.run(files(Path(folder), 200, waiters))
                stored.setdefault(f"upload of 64 KiB, {waiters} at a time", []).append(upload)
                stored.setdefault(f"result of 64 KiB, {waiters} at a time", []).append(publish)
    figures = table("durable records", took) | table("durable files", stored)
    answers = uvloop.run(reading(disk, given.records))
    answers |= {
        f"{name}: Redis": it for name, it in uvloop.run(reading(partial(in_redis, "everysec"), given.records)).items()
    }
    print(f"\nquestions beside {given.records:,} records, ms: p50 and p99 of {ASKED}")
    for name, figure in answers.items():
        print(f"{name:44} {figure.median:8.2f} {figure.high:8.2f}")
    memory = uvloop.run(bytes_each(given.records))
    print(f"\na waiting job takes {memory.median:,.0f} bytes of Redis' memory")
    group, each = (
        statistics.median(one.per_s for one in took[name])
        for name in ("create: group commit, 64 waiters", "create: a commit each, same thread")
    )
    print(
        f"\ngroup commit at 64 waiters: {group:,.0f} durable records a second, {group / each:.1f} times a commit each"
    )
    keep("store", {"durable": figures, "questions": answers, "bytes of Redis a job": memory})


if __name__ == "__main__":
    main()
