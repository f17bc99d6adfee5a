from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from actors.stores.sqlite_file import SqliteSettings
from actors.stores.sqlite_reader import SqliteReader
from actors.stores.sqlite_writer import SqliteWriter
from aigc.core.errors import InputInvalid, StoreBroken
from aigc.core.ids import OwnerId
from aigc.core.job import Job, Status
from aigc.core.ports import JobQuery
from tests.actors.stores.store_kit import BOUND, job


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SqliteWriter]:
    with closing(SqliteWriter(tmp_path / "jobs.db", SqliteSettings())) as writer:
        yield writer


@pytest.fixture
def reader(writer: SqliteWriter, tmp_path: Path) -> Iterator[SqliteReader]:
    with closing(SqliteReader(tmp_path / "jobs.db", SqliteSettings())) as reader:
        yield reader


def create(writer: SqliteWriter, *jobs: Job) -> None:
    writer.run([partial(writer.create, one, msgspec.msgpack.encode(one), BOUND) for one in jobs])


def test_what_is_committed_is_read_at_once_and_nothing_before(writer: SqliteWriter, reader: SqliteReader) -> None:
    one, seen = job(), []

    writer.run(
        [partial(writer.create, one, msgspec.msgpack.encode(one), BOUND), lambda: seen.append(reader.get(one.id))]
    )

    assert (seen, reader.get(one.id)) == ([None], one)


def test_one_question_that_fails_does_not_harm_the_others(writer: SqliteWriter, reader: SqliteReader) -> None:
    create(writer, one := job())

    outcomes = reader.run(
        [
            partial(reader.page, JobQuery(cursor="x"), None),
            partial(reader.get, one.id),
            partial(reader._db.execute, "SELECT nonsense"),
            lambda: 1 // 0,
        ]
    )

    assert outcomes[1] == one
    assert [type(outcomes[n]) for n in (0, 2, 3)] == [InputInvalid, StoreBroken, ZeroDivisionError]


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        (lambda reader: reader.open_jobs(), "jobs_open"),
        (lambda reader: reader.expired(Status.FAILED, 9.0, 9), "jobs_finished"),
        (lambda reader: reader.get("x"), "sqlite_autoindex_jobs_1"),
        (lambda reader: reader.page(JobQuery(owner=OwnerId("ada")), None), "jobs_owner"),
        (lambda reader: reader.page(JobQuery(), 0), "INTEGER PRIMARY KEY"),
    ],
    ids=["open_jobs", "expired", "get", "by owner", "newest"],
)
def test_questions_are_answered_by_an_index(reader: SqliteReader, ask: object, index: str) -> None:
    statements: list[str] = []
    reader._db.set_trace_callback(statements.append)
    assert callable(ask)
    ask(reader)
    reader._db.set_trace_callback(None)

    for statement in statements:
        plan = " ".join(row[-1] for row in reader._db.execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert index in plan
        assert "TEMP B-TREE" not in plan


def test_a_total_that_is_known_is_not_counted(writer: SqliteWriter, reader: SqliteReader) -> None:
    create(writer, job(), job())

    assert reader.page(JobQuery(), 77).total == 77
    assert reader.page(JobQuery(), None).total == 2
