from pathlib import Path

from actors.stores.sqlite import SqliteJobStore
from actors.told_levels import KEY, Held, held, in_force, tell


async def test_a_level_is_in_force_until_its_time_is_over(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    assert await in_force(store) == {}
    now = store.clock()
    told = {"aigc": Held("DEBUG", now + 3600.0), "asyncio": Held("ERROR", now - 1.0)}
    await tell(store, told)
    assert (await held(store), await in_force(store)) == (told, {"aigc": "DEBUG"})
    await store.remember(KEY, b"\xc1 of another version")
    assert await in_force(store) == {}
    await store.close()
