from pathlib import Path

from actors.candidates import KEY, introduce, said
from actors.stores.sqlite import SqliteJobStore


async def test_what_candidates_say_is_known_until_they_are_gone(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    await introduce(store, "silent", {})
    assert await store.recall(KEY) is None, "who has nothing to say writes nothing"
    await introduce(store, "gone", {"limits.queue": "1"})
    await store.lead("a")
    await introduce(store, "a", {"limits.queue": "2"})
    await introduce(store, "b", {"limits.queue": "3"})
    assert await said(store) == {"a": {"limits.queue": "2"}, "b": {"limits.queue": "3"}}
    await store.remember(KEY, b"\xc1 of another version")
    assert await said(store) == {}
    await store.close()
