import stat
from pathlib import Path

import pytest

from actors.stores.sqlite_accounts import SqliteAccountStore
from aigc.core.errors import AigcError, StoreBroken


async def test_only_the_owner_of_the_file_may_read_it_and_its_log(tmp_path: Path) -> None:
    store = SqliteAccountStore(tmp_path / "new" / "accounts.db")
    await store.open()
    await store.secret("urls", b"s")
    files = list((tmp_path / "new").iterdir())
    assert {file.name for file in files} >= {"accounts.db", "accounts.db-wal"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    await store.close()


async def test_a_file_that_is_none_of_ours_or_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "accounts.db").write_bytes(b"not a database, but longer than its header would be" * 40)
    with pytest.raises(AigcError, match=r"accounts\.db"):
        await SqliteAccountStore(tmp_path / "accounts.db").open()
    (tmp_path / "file").touch()
    with pytest.raises(StoreBroken, match="as the user who runs the server"):
        await SqliteAccountStore(tmp_path / "file" / "accounts.db").open()
