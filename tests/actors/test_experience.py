from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from actors.experience import KEY, Experience
from actors.stores.sqlite import SqliteJobStore
from aigc.core.errors import Unavailable
from tests.core.scheduler_kit import Desk


class Fussy(SqliteJobStore):
    """A store that can be told to be away, and counts what it was given."""

    away = False
    given = 0

    async def remember(self, name: str, value: bytes) -> None:
        if self.away:
            raise Unavailable("away", retry_after_s=0.1)
        self.given += 1
        await super().remember(name, value)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Fussy]:
    store = Fussy(tmp_path / "jobs.db")
    await store.open()
    yield store
    await store.close()


def practised() -> Desk:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.start(job, load_s=3.0)
    desk.finish(job, run_s=7.0)
    return desk


async def test_a_successor_knows_what_was_learned(store: Fussy) -> None:
    before, after = practised(), Desk()
    experience = Experience(before.scheduler, store)
    await experience.recall()
    await experience.keep()
    await Experience(after.scheduler, store).recall()
    assert after.scheduler.learned() == before.scheduler.learned() != Desk().scheduler.learned()


async def test_only_what_is_new_is_written(store: Fussy) -> None:
    desk = practised()
    experience = Experience(desk.scheduler, store)
    await experience.recall()
    await experience.keep()
    await experience.keep()
    assert store.given == 1
    desk.finish(desk.submit(), run_s=9.0)
    await experience.keep()
    assert store.given == 2


async def test_who_did_not_recall_overwrites_nothing(store: Fussy) -> None:
    await store.remember(KEY, b"what all before learned")
    await Experience(practised().scheduler, store).keep()
    assert await store.recall(KEY) == b"what all before learned"


async def test_what_a_store_that_was_away_has_missed_is_kept_when_it_is_back(store: Fussy) -> None:
    experience = Experience(practised().scheduler, store)
    await experience.recall()
    store.away = True
    await experience.keep()
    store.away = False
    await experience.keep()
    assert await store.recall(KEY) is not None
