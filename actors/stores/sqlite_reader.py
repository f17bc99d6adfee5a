"""What a reading thread of a `SqliteJobStore` does: its own connection, which waits for no writer."""

import sqlite3
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from actors.stores.group_thread import Call
from actors.stores.sqlite_file import SqliteSettings, decoded, open_reader, translated
from actors.stores.sqlite_writer import BY_ID, TAG_END
from aigc.core.errors import InputInvalid
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.ports import JobPage, JobQuery

# The condition's words are those of the partial index: SQLite uses it only then.
OPEN = "SELECT id, record FROM jobs WHERE status IN ('queued', 'processing') ORDER BY seq"
EXPIRED = """SELECT record FROM jobs
    WHERE status = ? AND finished_at < ? AND finished_at IS NOT NULL ORDER BY finished_at LIMIT ?"""
# One index serves each of the statuses.
ENDED = """SELECT record FROM jobs WHERE status IN ('completed', 'failed', 'cancelled')
    AND finished_at >= ? AND finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT ?"""
CANCELS = "SELECT job, reason FROM cancel_requests"
RECALL = "SELECT value FROM kept WHERE name = ?"


class SqliteReader:
    """Questions to the tables. `run` is called by one thread; everything below it is called within `run`.

    Args:
        path, settings: the database, which a writer has opened before.
    """

    def __init__(self, path: Path, settings: SqliteSettings) -> None:
        self._path = path
        self._db = open_reader(path, settings)

    def close(self) -> None:
        """The connection is gone."""
        self._db.close()

    def run(self, calls: Sequence[Call]) -> Sequence[object]:
        """One outcome for each call, an exception where it failed."""
        return [self._outcome(call) for call in calls]

    def get(self, job: JobId) -> Job | None:
        """See `JobStore.get`."""
        return next(iter(self._fetch(BY_ID, (job,))), None)

    def open_jobs(self, known: Container[JobId] = frozenset()) -> Sequence[Job]:
        """See `JobStore.open_jobs`."""
        return [decoded(record, self._path) for job, record in self._db.execute(OPEN) if job not in known]

    def expired(self, status: Status, finished_before: float, limit: int) -> Sequence[Job]:
        """See `JobStore.expired`."""
        return self._fetch(EXPIRED, (status.value, finished_before, limit))

    def ended_since(self, at: float, limit: int) -> Sequence[Job]:
        """See `JobStore.ended_since`."""
        return self._fetch(ENDED, (at, limit))

    def cancel_requests(self) -> Mapping[JobId, str]:
        """See `JobStore.cancel_requests`."""
        return {JobId(job): reason for job, reason in self._db.execute(CANCELS)}

    def recall(self, name: str) -> bytes | None:
        """See `JobStore.recall`."""
        row = self._db.execute(RECALL, (name,)).fetchone()
        return row[0] if row else None

    def page(self, query: JobQuery, total: int | None) -> JobPage:
        """See `JobStore.list`; `total` where it is known without counting."""
        where, values = _condition(query)  # the terms are ours, only the values are the asker's
        if total is None:
            total = self._db.execute(f"SELECT count(*) FROM jobs WHERE {where}", values).fetchone()[0]  # noqa: S608
        statement = f"SELECT seq, record FROM jobs WHERE {where} AND seq < ? ORDER BY seq DESC LIMIT ? OFFSET ?"  # noqa: S608
        # One more than asked for tells whether there is another page.
        window = (_position(query.cursor), query.limit + 1, 0 if query.cursor else query.offset)
        rows = self._db.execute(statement, (*values, *window)).fetchall()
        shown = rows[: query.limit]
        more = len(rows) > query.limit and bool(shown)
        jobs = tuple(decoded(record, self._path) for _, record in shown)
        return JobPage(jobs, total, next_cursor=str(shown[-1][0]) if more else "")

    def _outcome(self, call: Call) -> object:
        try:
            return call()
        except sqlite3.Error as error:
            return translated(error, self._path)
        except Exception as error:  # noqa: BLE001 - handed to the one who asked
            return error

    def _fetch(self, statement: str, values: tuple[object, ...] = ()) -> list[Job]:
        return [decoded(record, self._path) for (record,) in self._db.execute(statement, values)]


def _condition(query: JobQuery) -> tuple[str, list[Any]]:
    """The WHERE clause of a query and its values."""
    terms: list[tuple[str, object]] = []
    if query.status is not None:
        terms.append(("status = ?", query.status.value))
    if query.feature:
        terms.append(("feature = ?", query.feature))
    if query.owner is not None:
        # Said twice, because the index holds no jobs without an owner and SQLite must see that none is wanted.
        terms.append(("owner = ? AND owner != ''" if query.owner else "owner = ?", query.owner))
    if query.tag:
        terms.append(("instr(tags, ?)", TAG_END + query.tag + TAG_END))
    if query.created_from is not None:
        terms.append(("created_at >= ?", query.created_from))
    if query.created_to is not None:
        terms.append(("created_at < ?", query.created_to))
    return " AND ".join(("TRUE", *(term for term, _ in terms))), [value for _, value in terms]


def _position(cursor: str) -> int:
    """The place that a cursor marks: records that came before it follow."""
    if not cursor:
        return 1 << 62
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise InputInvalid(f"{cursor[:40]!r} is not a cursor", suggestion="send next_cursor of a page", where="/cursor")
    return int(cursor)
