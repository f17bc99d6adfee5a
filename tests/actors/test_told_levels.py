from pathlib import Path

from actors.stores.sqlite import SqliteJobStore
from actors.told_levels import KEY, tell, told


async def test_levels_go_with_the_broker_that_was_told_them(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    assert await told(store, 1) == {}
    await tell(store, 1, {"aigc": "DEBUG"})
    assert await told(store, 1) == {"aigc": "DEBUG"}
    assert await told(store, 2) == {}
    await store.remember(KEY, b"\xc1 of another version")
    assert await told(store, 1) == {}
    await store.close()
