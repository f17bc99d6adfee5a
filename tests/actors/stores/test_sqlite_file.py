import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from actors.stores import sqlite_file
from actors.stores.sqlite_file import MIGRATIONS, SqliteSettings, open_reader, open_writer
from aigc.core.errors import StoreBroken

SETTINGS = SqliteSettings(busy_timeout_s=0.01)


def test_a_writer_syncs_fully_and_a_reader_cannot_write(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "x.db", SETTINGS)) as writer:
        assert writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert writer.execute("PRAGMA synchronous").fetchone() == (2,)
        with closing(open_reader(tmp_path / "x.db", SETTINGS)) as reader, pytest.raises(sqlite3.OperationalError):
            reader.execute("DELETE FROM jobs")


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").touch()

    with closing(open_writer(tmp_path / "x.db", SETTINGS)) as writer:
        assert writer.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("CREATE TABLE jobs (mine)")
    content = path.read_bytes()

    with pytest.raises(StoreBroken, match="another program's"):
        open_writer(path, SETTINGS)
    assert path.read_bytes() == content


def test_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with closing(open_writer(path, SETTINGS)) as writer:
        writer.execute("PRAGMA user_version = 99")

    with pytest.raises(StoreBroken, match="newer version") as refused:
        open_writer(path, SETTINGS)
    assert "install that version" in refused.value.suggestion


def test_an_older_version_is_brought_up_with_its_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.db"
    with closing(open_writer(path, SETTINGS)) as writer:
        writer.execute("INSERT INTO kept VALUES ('a', x'01')")
    later = (*MIGRATIONS, ("ALTER TABLE kept ADD COLUMN since REAL", "UPDATE kept SET since = 1.5"))
    monkeypatch.setattr(sqlite_file, "MIGRATIONS", later)

    with closing(open_writer(path, SETTINGS)) as writer:
        assert writer.execute("SELECT * FROM kept").fetchall() == [("a", b"\x01", 1.5)]
        assert writer.execute("PRAGMA user_version").fetchone() == (len(later),)


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.db"
    with closing(open_writer(path, SETTINGS)):
        pass
    monkeypatch.setattr(sqlite_file, "MIGRATIONS", (*MIGRATIONS, ("DROP TABLE kept", "DROP TABLE absent")))
    with pytest.raises(StoreBroken, match="no such table"):
        open_writer(path, SETTINGS)
    monkeypatch.undo()

    with closing(open_writer(path, SETTINGS)) as writer:
        assert writer.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_the_first_version_stays_as_it_was_released() -> None:
    # A file in the field has these tables: a change is a new migration, not an edit.
    columns = "seq, id, status, feature, owner, tags, created_at, finished_at, idempotency_key, record"
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in MIGRATIONS[0]:
            db.execute(statement)
        assert [row[1] for row in db.execute("PRAGMA table_info(jobs)")] == columns.split(", ")
