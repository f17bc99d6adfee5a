from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from actors.stores.group_thread import Call
from actors.stores.sqlite_file import SqliteSettings
from actors.stores.sqlite_writer import SqliteWriter
from aigc.core.errors import QueueFull, StoreBroken
from aigc.core.ids import Now
from aigc.core.job import Job, Status
from aigc.core.lifecycle import change
from aigc.core.ports import Created
from tests.actors.stores.store_kit import BOUND, job


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SqliteWriter]:
    with closing(SqliteWriter(tmp_path / "jobs.db", SqliteSettings())) as writer:
        yield writer


def create(writer: SqliteWriter, one: Job, bound: int = BOUND) -> Call:
    return partial(writer.create, one, msgspec.msgpack.encode(one), bound)


def rows(*jobs: Job) -> list[tuple[Job, bytes]]:
    return [(one, msgspec.msgpack.encode(one)) for one in jobs]


def test_a_group_is_one_transaction_with_one_statement_for_each_new_record(writer: SqliteWriter) -> None:
    statements: list[str] = []
    writer._db.set_trace_callback(statements.append)

    writer.run([create(writer, job()) for _ in range(64)])

    assert [statement.split()[0] for statement in statements] == ["BEGIN", *["INSERT"] * 64, "COMMIT"]


def test_a_change_of_a_record_that_was_written_before_is_one_statement(writer: SqliteWriter) -> None:
    one = job()
    _, leader = writer.run([create(writer, one), partial(writer.lead, "me")])
    statements: list[str] = []
    writer._db.set_trace_callback(statements.append)

    running = change(one, "started", Now(0, 0), status=Status.PROCESSING)
    writer.run([partial(writer.replace, leader, rows(running))])

    assert [statement.split()[0] for statement in statements] == ["BEGIN", "UPDATE", "COMMIT"]


def test_a_refused_call_does_not_harm_its_group(writer: SqliteWriter) -> None:
    first, second = job(), job()

    outcomes = writer.run([create(writer, first), create(writer, second, bound=1), create(writer, job())])

    assert [type(outcome) for outcome in outcomes] == [Created, QueueFull, Created]
    assert writer.counts[Status.QUEUED] == 2


def test_an_error_of_the_database_undoes_the_whole_group(writer: SqliteWriter) -> None:
    known, fresh = job(), job()
    _, leader = writer.run([create(writer, known), partial(writer.lead, "me")])
    running = change(known, "started", Now(0, 0), status=Status.PROCESSING)
    group = [create(writer, fresh), partial(writer.replace, leader, rows(running)), partial(writer.lead, "other")]

    outcomes = writer.run([*group, partial(writer._db.execute, "SELECT nonsense")])

    assert [type(outcome) for outcome in outcomes] == [StoreBroken] * 4
    assert writer.counts[Status.QUEUED] == 1
    assert writer._db.execute("SELECT id, status FROM jobs").fetchall() == [(known.id, "queued")]
    # And it goes on as if nothing had happened, under the same leader.
    assert writer.run([create(writer, fresh), partial(writer.replace, leader, rows(running))])[1] == frozenset()
    assert (writer.counts[Status.QUEUED], writer.counts[Status.PROCESSING]) == (1, 1)


def test_a_defect_in_a_call_undoes_the_whole_group(writer: SqliteWriter) -> None:
    with pytest.raises(ZeroDivisionError):
        writer.run([create(writer, job()), lambda: 1 // 0])

    assert writer.counts[Status.QUEUED] == 0
    assert not writer._db.in_transaction


def test_counts_are_never_seen_before_they_are_durable(writer: SqliteWriter) -> None:
    seen: list[int] = []

    writer.run([create(writer, job()), lambda: seen.append(writer.counts[Status.QUEUED])])

    assert (seen, writer.counts[Status.QUEUED]) == ([0], 1)
