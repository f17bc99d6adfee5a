from pathlib import Path

import pytest
from msgspec.structs import replace

from actors.stores.sqlite import SqliteJobStore
from aigc.core import lifecycle
from aigc.core.ids import Now, OwnerId
from aigc.core.job import Job, Status
from tests.web.stream_kit import fresh
from web.missed import MARGIN_S, missed

T0 = 1_800_000_000.0


async def over(store: SqliteJobStore, at: float, owner: str = "") -> Job:
    """A job that ended then."""
    made = replace(fresh(), id=f"{owner}-{at}", owner=OwnerId(owner))
    await store.create(made, bound=100)
    ended = lifecycle.change(made, "cancelled", Now(0.0, at), status=Status.CANCELLED)
    await store.commit(await store.lead("broker"), [ended])
    return ended


async def test_all_that_ended_since_is_told_in_order_and_a_little_of_what_ended_before(tmp_path: Path) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    await over(store, T0 - MARGIN_S - 1, "ada")
    ada = [await over(store, at, "ada") for at in (T0 - MARGIN_S + 1, T0 + 5, T0 + 9)]
    eve = await over(store, T0 + 7, "eve")
    assert (await missed(store, OwnerId("ada"), T0)).jobs == tuple(ada)
    everybodys = await missed(store, None, T0)
    assert everybodys.jobs == (*ada[:2], eve, ada[2])
    assert not everybodys.is_gap
    await store.close()


async def test_of_too_many_the_last_are_told_and_that_there_are_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteJobStore(tmp_path / "jobs.db")
    await store.open()
    ended = [await over(store, T0 + second) for second in range(4)]
    for most, is_gap in ((3, True), (4, False)):
        monkeypatch.setattr("web.missed.MOST_JOBS", most)
        found = await missed(store, None, T0)
        assert (found.jobs, found.is_gap) == (tuple(ended[-most:]), is_gap)
    await store.close()
