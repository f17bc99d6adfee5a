from actors.experience import KEY, Experience
from tests.actors.keeping_kit import KeepingStore
from tests.core.scheduler_kit import Desk


def practised() -> Desk:
    desk = Desk()
    desk.worker()
    job = desk.submit()
    desk.start(job, load_s=3.0)
    desk.finish(job, run_s=7.0)
    return desk


async def test_a_successor_knows_what_was_learned(store: KeepingStore) -> None:
    before, after = practised(), Desk()
    experience = Experience(before.scheduler, store)
    await experience.recall()
    await experience.keep()
    await Experience(after.scheduler, store).recall()
    assert after.scheduler.learned() == before.scheduler.learned() != Desk().scheduler.learned()


async def test_only_what_is_new_is_written(store: KeepingStore) -> None:
    desk = practised()
    experience = Experience(desk.scheduler, store)
    await experience.recall()
    await experience.keep()
    await experience.keep()
    assert store.given == 1
    desk.finish(desk.submit(), run_s=9.0)
    await experience.keep()
    assert store.given == 2


async def test_who_did_not_recall_overwrites_nothing(store: KeepingStore) -> None:
    await store.remember(KEY, b"what all before learned")
    await Experience(practised().scheduler, store).keep()
    assert await store.recall(KEY) == b"what all before learned"


async def test_what_a_store_that_was_away_has_missed_is_kept_when_it_is_back(store: KeepingStore) -> None:
    experience = Experience(practised().scheduler, store)
    await experience.recall()
    store.away = True
    await experience.keep()
    store.away = False
    await experience.keep()
    assert await store.recall(KEY) is not None
