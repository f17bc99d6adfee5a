"""What the one writing thread of a `SqliteJobStore` does: each group of calls is one transaction and one fsync."""

import os
import secrets
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from actors.stores.group_thread import Call
from actors.stores.sqlite_file import SqliteSettings, decoded, open_writer, translated
from aigc.core.errors import AigcError, AlreadyLed, Conflict, QueueFull, StaleGeneration, StoreBroken, owner_full
from aigc.core.ids import JobId
from aigc.core.job import Job, Status
from aigc.core.messages import BrokerView, Generation
from aigc.core.ports import Created

INSERT = """INSERT INTO jobs (id, status, feature, owner, tags, created_at, idempotency_key, record)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
BY_ID = "SELECT record FROM jobs WHERE id = ?"
BY_KEY = "SELECT record FROM jobs WHERE owner = ? AND idempotency_key = ?"
FIND = "SELECT seq, status FROM jobs WHERE id = ?"
UPDATE = "UPDATE jobs SET status = ?, finished_at = ?, record = ? WHERE seq = ?"
DELETE = "DELETE FROM jobs WHERE seq = ?"
WISH = "REPLACE INTO cancel_requests (job, reason) VALUES (?, ?)"
UNWISH = "DELETE FROM cancel_requests WHERE job = ?"
OPEN_OF = "SELECT count(*) FROM jobs WHERE owner = ? AND owner != '' AND status IN ('queued', 'processing')"
COUNTS = "SELECT status, count(*) FROM jobs GROUP BY status"
LEADER = "SELECT number, id FROM leader"
LEAD = "REPLACE INTO leader (one, number, id, owner, since) VALUES (1, ?, ?, ?, ?)"
REMEMBER = "REPLACE INTO kept (name, value) VALUES (?, ?)"

TAG_END = "\x1f"
"""Stands before and after each tag of the searched column, so that no tag is found inside another."""


class SqliteWriter:
    """Changes of the tables. `run` is called by one thread; everything below it is called within `run`.

    Nobody else writes, so the counts by status, the leader and the place of each open record are kept in memory too:
    the queue's bound and the generation are checked without a query. They follow the transaction, forward and back.

    Args:
        path, settings: the database, see `open_writer`, which also says what is raised.
    """

    def __init__(self, path: Path, settings: SqliteSettings) -> None:
        self._path = path
        self._db = open_writer(path, settings)
        self._file = os.stat(path)
        found = dict(self._db.execute(COUNTS).fetchall())
        leader = self._db.execute(LEADER).fetchone()
        self.counts: dict[Status, int] = {status: found.get(status, 0) for status in Status}
        """Committed records by status; replaced, never changed, so that any thread may read it."""
        self._leader = Generation(*leader) if leader else None
        self._owner, self._leased_until, self._seen_at = "", 0.0, 0.0
        self._tally = self.counts
        self._places: dict[JobId, tuple[int, Status]] = {}
        """`seq` and status of open records, as far as this process wrote them: spares a commit its search."""

    def close(self) -> None:
        """The log is folded into the database and the connection is gone."""
        self._db.close()

    def run(self, calls: Sequence[Call]) -> Sequence[object]:
        """One outcome for each call: durable, or none of the group is.

        A call refused by a rule (QueueFull, StaleGeneration) is refused alone: it has written nothing. An error of the
        database is everybody's.
        """
        leader = self._leader
        self._tally = dict(self.counts)
        try:
            self._check_in_place()
            self._db.execute("BEGIN IMMEDIATE")
            outcomes = [_outcome(call) for call in calls]
            self._db.execute("COMMIT")
        except Exception as error:
            self._leader = leader
            self._places.clear()
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                return [translated(error, self._path) for _ in calls]
            raise
        self.counts = self._tally
        return outcomes

    def create(self, job: Job, record: bytes, bound: int, owner_bound: int = 0) -> Created:
        """See `JobStore.create`; `record` is the job encoded."""
        is_full = owner_bound > 0 and self._db.execute(OPEN_OF, (job.owner,)).fetchone()[0] >= owner_bound
        if self._tally[Status.QUEUED] < bound and not is_full:
            tags = TAG_END.join(("", *job.tags, "")) if job.tags else ""
            key = job.idempotency_key or None
            inserted = self._db.execute(
                INSERT, (job.id, job.status.value, job.feature, job.owner, tags, job.created_at, key, record)
            )
            if inserted.rowcount:
                self._places[job.id] = cast(int, inserted.lastrowid), job.status
                self._tally[job.status] += 1
                return Created(job)
        return Created(self._standing(job, owner_full(owner_bound) if is_full else _full(bound)), replayed=True)

    def replace(self, generation: Generation, rows: Sequence[tuple[Job, bytes]]) -> frozenset[JobId]:
        """See `JobStore.commit`; each job comes with its record."""
        self._check_leader(generation)
        missing = set()
        for job, record in rows:
            place = self._place(job.id)
            status = job.status
            # A late copy of a submission may make a new broker begin a job that ended under an earlier one.
            if place is None or (place[1].is_final and not status.is_final):
                missing.add(job.id)
                continue
            seq, former = place
            finished_at = None
            if status.is_final:
                finished_at = job.finished_at
                self._places.pop(job.id, None)
                self._db.execute(UNWISH, (job.id,))
            else:
                self._places[job.id] = seq, status
            self._db.execute(UPDATE, (status.value, finished_at, record, seq))
            self._tally[former] -= 1
            self._tally[status] += 1
        return frozenset(missing)

    def delete(self, generation: Generation, jobs: Sequence[JobId]) -> None:
        """See `JobStore.delete`."""
        self._check_leader(generation)
        for job in jobs:
            place = self._place(job)
            if place is not None:
                seq, status = place
                self._db.execute(DELETE, (seq,))
                self._db.execute(UNWISH, (job,))
                self._places.pop(job, None)
                self._tally[status] -= 1

    def request_cancel(self, job: JobId, reason: str) -> bool:
        """See `JobStore.request_cancel`."""
        place = self._place(job)
        if place is None or place[1].is_final:
            return False
        self._db.execute(WISH, (job, reason))
        return True

    def lead(self, owner: str, lease_s: float = 0.0, above: int = 0) -> Generation:
        """See `JobStore.lead`."""
        now = time.monotonic()
        if self._leader is not None and owner != self._owner and now < self._leased_until:
            raise AlreadyLed(self._owner, self._leader.number, self._leased_until - now)
        leader = Generation(max(self._leader.number if self._leader else 0, above) + 1, secrets.token_hex(8))
        since = datetime.now(UTC).isoformat(" ", "seconds")
        self._db.execute(LEAD, (leader.number, leader.id, owner, since))
        self._leader, self._owner, self._leased_until, self._seen_at = leader, owner, now + lease_s, now
        return leader

    def renew(self, generation: Generation, lease_s: float) -> None:
        """See `JobStore.renew`."""
        self._check_leader(generation)
        self._seen_at = time.monotonic()
        self._leased_until = self._seen_at + lease_s

    def resign(self, generation: Generation) -> None:
        """See `JobStore.resign`."""
        if generation == self._leader:
            self._leased_until = 0.0

    def brokers(self) -> Sequence[BrokerView]:
        """See `JobStore.brokers`; only one that led in this process, since no other one can use the file."""
        if self._leader is None or not self._owner:
            return []
        seen_s = time.monotonic() - self._seen_at
        return [BrokerView(owner=self._owner, generation=self._leader.number, seen_s=seen_s)]

    def remember(self, name: str, value: bytes) -> None:
        """See `JobStore.remember`."""
        self._db.execute(REMEMBER, (name, value))

    def _place(self, job: JobId) -> tuple[int, Status] | None:
        """Where the record stands and its status there, or None."""
        known = self._places.get(job)
        if known is not None:
            return known
        row = self._db.execute(FIND, (job,)).fetchone()
        return (row[0], Status(row[1])) if row else None

    def _standing(self, job: Job, full: QueueFull) -> Job:
        """The record that keeps this one out; raises `full` where there is none."""
        row = self._db.execute(BY_ID, (job.id,)).fetchone()
        if row is not None:
            return decoded(row[0], self._path)
        row = self._db.execute(BY_KEY, (job.owner, job.idempotency_key)).fetchone() if job.idempotency_key else None
        if row is None:
            raise full
        standing = decoded(row[0], self._path)
        if standing.request_digest != job.request_digest:
            raise Conflict(
                f"the idempotency key {job.idempotency_key!r} was used for another request, job {standing.id}",
                suggestion="send a new key with a new request",
            )
        return standing

    def _check_leader(self, generation: Generation) -> None:
        if generation != self._leader:
            leads = f"generation {self._leader.number}" if self._leader else "nobody"
            raise StaleGeneration(f"generation {generation.number} may not write: {leads} leads now")

    def _check_in_place(self) -> None:
        # A file that was removed or replaced would take writes until the server stops, and then be gone.
        try:
            in_place = os.path.samestat(os.stat(self._path), self._file)
        except OSError:
            in_place = False
        if not in_place:
            raise StoreBroken(
                f"{self._path} was removed or replaced while the server used it",
                suggestion="stop the server, put the file back, start again",
            )


def _full(bound: int) -> QueueFull:
    return QueueFull(f"{bound} jobs wait already", retry_after_s=5, suggestion="try again when some have begun")


def _outcome(call: Call) -> object:
    try:
        return call()
    except AigcError as refusal:
        return refusal
