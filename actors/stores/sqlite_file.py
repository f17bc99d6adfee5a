"""The database file behind `SqliteJobStore`: its tables, how it is opened, and what its errors mean to a person."""

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

import msgspec
import structlog
from msgspec import Struct

from aigc.core.errors import AigcError, StoreBroken, Unavailable
from aigc.core.job import Job

APPLICATION_ID = 0x61696763
"""`aigc` in ASCII, in the file's header: tells our database from a stranger's."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # `seq` is the order of arrival. The record (msgpack) is the truth, the columns before it are for searching.
        """CREATE TABLE jobs (
            seq INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            status TEXT NOT NULL,
            feature TEXT NOT NULL,
            owner TEXT NOT NULL,
            tags TEXT NOT NULL,
            created_at REAL NOT NULL,
            finished_at REAL,
            idempotency_key TEXT,
            record BLOB NOT NULL
        )""",
        # Partial, each: a job without owner, key or end pays for no entry.
        "CREATE INDEX jobs_open ON jobs (seq) WHERE status IN ('queued', 'processing')",
        "CREATE INDEX jobs_finished ON jobs (status, finished_at) WHERE finished_at IS NOT NULL",
        "CREATE INDEX jobs_owner ON jobs (owner) WHERE owner != ''",
        "CREATE UNIQUE INDEX jobs_key ON jobs (owner, idempotency_key) WHERE idempotency_key IS NOT NULL",
        "CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        """CREATE TABLE leader (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            number INTEGER NOT NULL,
            id TEXT NOT NULL,
            owner TEXT NOT NULL,
            since TEXT NOT NULL
        )""",
    ),
    (
        # How many open jobs an owner has is asked at each submission.
        "CREATE INDEX jobs_open_of ON jobs (owner) WHERE owner != '' AND status IN ('queued', 'processing')",
    ),
    ("CREATE TABLE cancel_requests (job TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID",),
)
"""The statements that lead from version n to n + 1, never changed once released. A new file goes through all."""

ROOM_BYTES = 1 << 20
"""With less than this free, an input/output error is taken for a full disk."""


log = structlog.get_logger()

_DECODER = msgspec.msgpack.Decoder(Job)


class SqliteSettings(Struct, frozen=True, kw_only=True):
    """What a SQLite store must be told."""

    busy_timeout_s: float = 5.0
    """How long a write waits for another program that holds the database."""
    pending_limit: int = 10_000
    """New records that may wait for a slow disk; beyond, `create` raises Unavailable at once."""


def open_writer(path: Path, settings: SqliteSettings) -> sqlite3.Connection:
    """The one connection that writes; the file is whole, ours, and of this version.

    Raises:
        StoreBroken: it is not, or cannot be used; with what to do.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = _connected(str(path), settings)
        _check_origin(connection, path)
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreBroken(
                f"{path}: this file system cannot hold a write-ahead log", suggestion="put the data on a local disk"
            )
        connection.execute("PRAGMA synchronous = FULL")
        _check_whole(connection, path)
        _migrate(connection, path)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            meaning = translated(error, path)
            place = "" if str(path) in meaning.message else f"{path}: "
            raise StoreBroken(f"{place}{meaning.message}", suggestion=meaning.suggestion) from error
        raise
    return connection


def open_reader(path: Path, settings: SqliteSettings) -> sqlite3.Connection:
    """A connection that cannot write; every statement sees what was committed before it began."""
    return _connected(f"file:{quote(str(path))}?mode=ro", settings)


def decoded(record: bytes, path: Path) -> Job:
    """The job that a record holds.

    Raises:
        StoreBroken: it is damaged, or of a later version.
    """
    try:
        return _DECODER.decode(record)
    except msgspec.DecodeError as error:
        raise StoreBroken(
            f"{path} holds a record that cannot be read ({error}): {record[:60]!r}",
            suggestion="put back a backup, or run the version that wrote it",
        ) from error


def translated(error: sqlite3.Error, path: Path) -> AigcError:
    """What the error means to us, and what somebody can do about it.

    Clients read an Unavailable, so it names no path of this host; the log does.
    """
    name = getattr(error, "sqlite_errorname", "")
    # Extended names begin with the primary one: SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_WRITE.
    kind = "_".join(name.split("_")[:2])
    if kind == "SQLITE_FULL" or (kind == "SQLITE_IOERR" and _is_full(path.parent)):
        log.warning("records.unavailable", path=str(path), reason=str(error))
        return Unavailable(
            "the disk that holds the records is full", retry_after_s=30, suggestion="make room on it", code="disk_full"
        )
    if kind in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        log.warning("records.unavailable", path=str(path), reason=str(error), do=f"fuser -v {path}")
        return Unavailable(
            f"another program keeps the records locked ({error})",
            retry_after_s=5,
            suggestion=f"find it with `fuser -v {path.name}` and end it, or wait until its backup is done",
            code="store_locked",
        )
    if kind in ("SQLITE_CORRUPT", "SQLITE_NOTADB"):
        return _damaged(path, str(error))
    if kind in ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"):
        return StoreBroken(
            f"{path} cannot be written ({error})",
            suggestion="let the server's user write the file and its folder, on a disk that is not mounted read-only",
        )
    return StoreBroken(f"{path} failed: {error} ({name or type(error).__name__})", suggestion="look at the disk's log")


def _connected(name: str, settings: SqliteSettings) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name,
        uri=name.startswith("file:"),
        timeout=settings.busy_timeout_s,
        isolation_level=None,
        check_same_thread=False,  # opened by one thread, used by one other
    )
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _check_origin(connection: sqlite3.Connection, path: Path) -> None:
    origin = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if origin != APPLICATION_ID and tables:
        raise StoreBroken(f"{path} is another program's database", suggestion="name another data folder, or move it")


def _check_whole(connection: sqlite3.Connection, path: Path) -> None:
    # 0.15 s for 100,000 records. SQLite keeps no checksums, so this finds broken structure, not every flipped bit.
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise _damaged(path, verdict)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > len(MIGRATIONS):
        raise StoreBroken(
            f"{path} was written by a newer version (format {version}, this one reads {len(MIGRATIONS)})",
            suggestion="install that version again, or name another data folder",
        )
    if version == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    for statement in (statement for step in MIGRATIONS[version:] for statement in step):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _damaged(path: Path, evidence: str) -> StoreBroken:
    return StoreBroken(
        f"{path} is damaged: {' '.join(evidence.split())}",
        suggestion=f"stop the server, keep a copy of {path.name}* and put back a backup, "
        f"or save what can be read: sqlite3 {path} .recover | sqlite3 recovered.db",
    )


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < ROOM_BYTES
