"""What is particular to the SQLite store; what every JobStore must do is in tests/contract."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from actors.stores.sqlite import SqliteJobStore
from actors.stores.sqlite_file import SqliteSettings
from aigc.core.errors import StoreBroken, Unavailable
from aigc.core.ids import Now
from aigc.core.job import Job, Status
from aigc.core.lifecycle import change
from aigc.core.ports import JobQuery
from tests.actors.stores.store_kit import BOUND, fill, job, remount, small_disk


@asynccontextmanager
async def opened(path: Path, settings: SqliteSettings | None = None) -> AsyncIterator[SqliteJobStore]:
    store = SqliteJobStore(path, settings)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def refusal(path: Path, settings: SqliteSettings | None = None) -> str:
    """What a server that cannot open the store tells its operator."""
    with pytest.raises(StoreBroken) as broken:
        await SqliteJobStore(path, settings).open()
    assert broken.value.suggestion
    return str(broken.value)


# A process that dies.

CHILD = """
import asyncio, pathlib, sys
from actors.stores.sqlite import SqliteJobStore
from aigc.core.ids import Now
from aigc.core.job import Status
from aigc.core.lifecycle import change
from tests.actors.stores.store_kit import BOUND, job

async def main():
    store = SqliteJobStore(pathlib.Path(sys.argv[1]))
    await store.open()
    leader = await store.lead("child")

    async def client():
        while True:
            one = job()
            await store.create(one, bound=BOUND)
            print("created", one.id, flush=True)
            running = change(one, "started", Now(0, 0), status=Status.PROCESSING)
            await store.commit(leader, [running])
            print("started", one.id, flush=True)

    await asyncio.gather(*(client() for _ in range(16)))

asyncio.run(main())
"""


async def test_what_a_killed_process_acknowledged_is_there(tmp_path: Path) -> None:
    dice = random.Random(7)
    acknowledged: dict[str, str] = {}
    for _ in range(5):
        with subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this loop
            [sys.executable, "-c", CHILD, str(tmp_path / "jobs.db")], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            for _ in range(dice.randrange(1, 400)):
                what, name = child.stdout.readline().split()
                acknowledged[name] = what
            child.kill()
            # What it said before it died counts as well; a last line may have been cut.
            for line in child.stdout.read().splitlines(keepends=True):
                if line.endswith("\n"):
                    what, name = line.split()
                    acknowledged[name] = what

        async with opened(tmp_path / "jobs.db") as store:
            records = {one.id: one for one in await store.open_jobs()}
            counts = await store.counts()

        assert acknowledged.keys() <= records.keys()
        assert all(records[name].seq == 2 for name, what in acknowledged.items() if what == "started")
        # At most the 16 that were under way are there without having been told.
        assert len(records) <= len(acknowledged) + 16 * 5
        assert counts[Status.QUEUED] + counts[Status.PROCESSING] == len(records)


# A disk that is full.


async def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        async with opened(disk / "jobs.db") as store:
            leader = await store.lead("me")
            before = [job() for _ in range(20)]
            for one in before:
                await store.create(one, bound=BOUND)
            filler = fill(disk)

            refused, accepted = [], []
            for _ in range(3000):
                one = job(metadata={"note": "x" * 500})
                try:
                    await store.create(one, bound=BOUND)
                    accepted.append(one)
                except Unavailable as error:
                    refused.append(error)
                    if len(refused) == 5:
                        break
            assert {error.code for error in refused} == {"disk_full"}
            assert refused[0].retry_after_s == 30
            assert "full" in str(refused[0])
            counts = await store.counts()
            assert counts[Status.QUEUED] == len(before) + len(accepted)
            assert await store.get(before[0].id) == before[0]

            filler.unlink()
            later = job()
            await store.create(later, bound=BOUND)
            running = change(before[0], "started", Now(0, 0), status=Status.PROCESSING)
            await store.commit(leader, [running])

        async with opened(disk / "jobs.db") as store:
            assert [one.id for one in await store.open_jobs()] == [one.id for one in (*before, *accepted, later)]
            assert await store.get(before[0].id) == running


async def test_a_commit_on_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        async with opened(disk / "jobs.db") as store:
            leader = await store.lead("me")
            jobs = [job() for _ in range(500)]
            await asyncio.gather(*(store.create(one, bound=BOUND) for one in jobs))
            filler = fill(disk)
            big = [change(one, "started", Now(0, 0), detail="x" * 4000, status=Status.PROCESSING) for one in jobs]
            with pytest.raises(Unavailable, match="full"):
                await store.commit(leader, big)
            unchanged = await store.open_jobs(), await store.counts()
            filler.unlink()
            small = [change(one, "started", Now(0, 0), status=Status.PROCESSING) for one in jobs[:50]]
            await store.commit(leader, small)

            assert list(unchanged[0]) == jobs
            assert unchanged[1][Status.QUEUED] == 500
            assert (await store.counts())[Status.PROCESSING] == 50


# A file that is locked, damaged, foreign, gone, or not writable.


async def test_a_locked_file_is_said_to_be_locked_and_used_again_later(tmp_path: Path) -> None:
    settings = SqliteSettings(busy_timeout_s=0.01)
    async with opened(tmp_path / "jobs.db", settings) as store:
        (one,) = [job()]
        await store.create(one, bound=BOUND)
        with closing(sqlite3.connect(tmp_path / "jobs.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match="locked") as refused:
                await store.create(job(), bound=BOUND)
            assert await store.get(one.id) == one
            other.execute("ROLLBACK")
        await store.create(job(), bound=BOUND)

        assert refused.value.code == "store_locked"
        assert "fuser" in refused.value.suggestion
        assert (await store.counts())[Status.QUEUED] == 2


async def test_a_file_that_another_program_holds_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    async with opened(path):
        pass
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        assert "locked" in await refusal(path, SqliteSettings(busy_timeout_s=0.01))


async def test_a_second_server_on_the_same_file_is_told_who_has_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "jobs.db"):
        said = await refusal(tmp_path / "jobs.db")

    assert f"in use by process {os.getpid()} on " in said
    assert " since 20" in said
    assert "data folder of its own" in said
    async with opened(tmp_path / "jobs.db"):
        pass


async def filled(path: Path, count: int = 500) -> list[Job]:
    jobs = [job() for _ in range(count)]
    async with opened(path) as store:
        await asyncio.gather(*(store.create(one, bound=BOUND) for one in jobs))
    return jobs


def garble(path: Path, start: int, stop: int | None = None) -> None:
    """The bytes from `start` are flipped."""
    content = bytearray(path.read_bytes())
    stop = len(content) if stop is None else stop
    content[start:stop] = bytes(byte ^ 0xFF for byte in content[start:stop])
    path.write_bytes(content)


@pytest.mark.parametrize("span", [(0, 16), (4096, 4196), (8192, None), (100, 110)])
async def test_a_damaged_file_is_not_opened(tmp_path: Path, span: tuple[int, int | None]) -> None:
    path = tmp_path / "jobs.db"
    await filled(path)
    garble(path, *span)

    said = await refusal(path)

    assert "damaged" in said
    assert ".recover" in said


async def test_a_file_that_is_damaged_under_it_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    jobs = await filled(path, 5000)
    async with opened(path) as store:
        with path.open("r+b") as file:  # in place: a replaced file would be another one
            file.seek(4096)
            file.write(b"\xff" * (path.stat().st_size - 4096))

        with pytest.raises(StoreBroken, match="damaged"):
            await store.get(jobs[2500].id)
        with pytest.raises(StoreBroken, match="damaged"):
            await store.open_jobs()


async def test_a_record_that_cannot_be_read_is_said_to_be_so_and_others_can(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    first, second = await filled(path, 2)
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE jobs SET record = x'c1ff' WHERE id = ?", (first.id,))

    async with opened(path) as store:
        with pytest.raises(StoreBroken, match="cannot be read"):
            await store.get(first.id)
        with pytest.raises(StoreBroken, match="cannot be read"):
            await store.create(first, bound=BOUND)
        assert await store.get(second.id) == second


async def test_a_file_that_was_removed_under_it_is_not_written_any_more(tmp_path: Path) -> None:
    async with opened(tmp_path / "jobs.db") as store:
        await store.create(job(), bound=BOUND)
        (tmp_path / "jobs.db").rename(tmp_path / "moved.db")

        with pytest.raises(StoreBroken, match="removed or replaced"):
            await store.create(job(), bound=BOUND)

        (tmp_path / "moved.db").rename(tmp_path / "jobs.db")
        await store.create(job(), bound=BOUND)
        assert (await store.counts())[Status.QUEUED] == 2


async def test_a_read_only_folder_is_said_to_be_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m") as disk:
        await filled(disk / "jobs.db", 3)
        remount(disk, "ro")
        said = [await refusal(disk / "jobs.db"), await refusal(disk / "new" / "jobs.db")]
        remount(disk, "rw")
        async with opened(disk / "jobs.db") as store:
            assert (await store.list(JobQuery())).total == 3

    assert all("Read-only file system" in one and "may write" in one for one in said)


async def test_a_folder_that_is_a_file_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    assert str(tmp_path / "data") in await refusal(tmp_path / "data" / "jobs.db")


# Manners.


async def test_a_path_with_strange_signs_works(tmp_path: Path) -> None:
    path = tmp_path / "my data?mode=ro#1 % ü" / "jobs.db"
    jobs = await filled(path, 2)

    async with opened(path) as store:
        assert [await store.get(one.id) for one in jobs] == jobs
    assert sorted(one.name for one in path.parent.iterdir()) == ["jobs.db", "jobs.db.lock"]


async def test_closing_and_failing_to_open_leave_no_thread(tmp_path: Path) -> None:
    async with opened(tmp_path / "jobs.db") as store:
        await refusal(tmp_path / "jobs.db")
        await store.get("x")
        names = {thread.name for thread in threading.enumerate()}
        assert {"jobs-writer", "jobs-reader", "jobs-search"} <= names

    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("jobs-")]


async def test_nothing_may_be_called_after_closing(tmp_path: Path) -> None:
    async with opened(tmp_path / "jobs.db") as store:
        pass

    with pytest.raises(Unavailable, match="closed"):
        await store.create(job(), bound=BOUND)
    with pytest.raises(Unavailable, match="closed"):
        await store.get("x")


async def test_more_new_jobs_than_the_disk_takes_are_refused_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "jobs.db", SqliteSettings(pending_limit=3)) as store:
        answers = await asyncio.gather(*(store.create(job(), bound=BOUND) for _ in range(10)), return_exceptions=True)

        refused = [one for one in answers if isinstance(one, Unavailable)]
        assert (len(refused), (await store.counts())[Status.QUEUED]) == (7, 3)
        assert refused[0].retry_after_s > 0


async def test_a_search_does_not_hold_up_a_lookup(tmp_path: Path) -> None:
    async with opened(tmp_path / "jobs.db") as store:
        await store.create(one := job(), bound=BOUND)
        gate = threading.Event()
        searching = asyncio.ensure_future(store._searching.ask(gate.wait))  # a search that does not end

        assert await store.get(one.id) == one
        await store.create(job(), bound=BOUND)
        gate.set()
        await searching
