"""What the tests of the Redis store share: stores, what must hold in the database, and a line that can be cut."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec

from actors.stores.redis import RedisJobStore, RedisSettings
from aigc.core.errors import Unavailable
from aigc.core.ids import Now
from aigc.core.job import Job, Status
from aigc.core.lifecycle import change
from tests.redis_kit import RedisServer

T = TypeVar("T")
HEADER = struct.Struct(">BBIQd")


@asynccontextmanager
async def opened(url: str, **settings: Any) -> AsyncIterator[RedisJobStore]:
    """An open store. Patient, because the machine is shared; tests of impatience say otherwise."""
    store = RedisJobStore(RedisSettings(**({"url": url, "timeout_s": 20.0} | settings)))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def hurry(store: RedisJobStore, timeout_s: float) -> None:
    """From now on its calls have so little time; what a test builds up before is not at the mercy of a busy machine."""
    writer, readers = store._writer, (store._reader, store._search)
    for link in (writer._creating, writer._changing, *(reader._link for reader in readers)):
        link._timeout_s = timeout_s


async def answered(call: Callable[[], Awaitable[T]], despite: type[Exception] = Unavailable) -> T:
    """What the call returns once it is not refused like that any more; it is made again and again, as clients do."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await call()
            except despite:
                await asyncio.sleep(0.02)


async def until(condition: Callable[[], object]) -> None:
    """Return once it holds; for what the server does and tells nobody."""
    async with asyncio.timeout(60):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


def started(job: Job) -> Job:
    return change(job, "started", Now(0, 0), status=Status.PROCESSING, attempt=job.attempt + 1)


def ended(job: Job, status: Status = Status.COMPLETED, at: float = 1.0) -> Job:
    return change(job, str(status), Now(0, at), status=status)


def waiting(server: RedisServer) -> int:
    """What operators look at."""
    count: int = server.ask("ZCARD", "3daigc:queue:pending")
    return count


def records(server: RedisServer) -> dict[str, Job]:
    """Every record, with every index checked against it: nothing is missing and nothing is left over."""
    found: dict[str, Job] = {}
    expected: dict[str, dict[str, float]] = {}
    keys: dict[str, str] = {}
    tallies: dict[str, dict[str, int]] = {}
    for key in server.ask("KEYS", "3daigc:job:*"):
        value = server.ask("GET", key)
        status, has_owner, seq, arrival, created_at = HEADER.unpack(value[: HEADER.size])
        job = msgspec.msgpack.decode(value[HEADER.size :], type=Job)
        assert (list(Status)[status - 1], bool(has_owner), seq, created_at) == (
            job.status, bool(job.owner), job.seq, job.created_at,
        )  # fmt: skip
        found[job.id] = job
        sets = {"jobs", f"jobs:feature:{job.feature}", *(f"jobs:tag:{tag}" for tag in job.tags)}
        sets.add("queue:pending" if job.status is Status.QUEUED else f"jobs:{job.status}")
        sets |= {f"jobs:owner:{job.owner}"} if job.owner else set()
        for name in sets:
            expected.setdefault(name, {})[job.id] = arrival
        if job.finished_at is not None and job.status.is_final:
            expected.setdefault(f"finished:{job.status}", {})[job.id] = job.finished_at
        for tally in ("tally", f"tally:owner:{job.owner}"):
            counts = tallies.setdefault(tally, {})
            counts[f"{job.status}:{job.feature}"] = counts.get(f"{job.status}:{job.feature}", 0) + 1
        if job.idempotency_key:
            keys[f"{len(job.owner.encode())}:{job.owner}:{job.idempotency_key}"] = job.id
    assert _sorted_sets(server) == expected
    assert _hash(server, "3daigc:keys") == keys
    assert {
        key.removeprefix("3daigc:"): {field: int(count) for field, count in _hash(server, key).items()}
        for key in _words(server.ask("KEYS", "3daigc:tally*"))
    } == tallies
    return found


def _hash(server: RedisServer, key: str) -> dict[str, str]:
    flat = _words(server.ask("HGETALL", key))
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _sorted_sets(server: RedisServer) -> dict[str, dict[str, float]]:
    sets = {}
    for key in server.ask("KEYS", "3daigc:*"):
        name = key.decode().removeprefix("3daigc:")
        if server.ask("TYPE", key) == b"zset" and name != "brokers":
            flat = server.ask("ZRANGE", key, 0, -1, "WITHSCORES")
            sets[name] = {id.decode(): float(score) for id, score in zip(flat[::2], flat[1::2], strict=True)}
    return sets


def _words(raw: Iterable[bytes]) -> list[str]:
    return [word.decode() for word in raw]


class Line:
    """Between a store and its server: counts connections, and is cut where a test wants it."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self.path = server.folder / "line.sock"
        self.connections = 0
        self.cuts_next_reply = False
        """The next reply is lost with its connection: what was asked has been done."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    async def __aenter__(self) -> "Line":
        self._listening = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(self._server.path)
        except OSError:
            writer.close()
            return
        try:
            await asyncio.wait(
                {
                    asyncio.ensure_future(self._copy(reader, up_writer, is_reply=False)),
                    asyncio.ensure_future(self._copy(up_reader, writer, is_reply=True)),
                },
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            up_writer.close()
            writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_reply: bool) -> None:
        while data := await reader.read(65536):
            if is_reply and self.cuts_next_reply:
                self.cuts_next_reply = False
                return
            writer.write(data)
            await writer.drain()
