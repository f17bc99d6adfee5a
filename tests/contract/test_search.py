"""Jobs found by words in every JobStore, through its own cursors and filters."""

import msgspec

from aigc.core.ids import OwnerId
from aigc.core.job import Input, Status
from aigc.core.ports import JobPage, JobQuery, JobStore
from tests.contract.test_job_store import created, ended, job, started
from web.search import LOOKS, search


async def test_cursors_lead_through_all_that_is_found_once_while_jobs_come_and_go(store: JobStore) -> None:
    size = 3 * LOOKS
    jobs = [
        job(n, inputs={"text": Input(text="Ein grüner Drache" if n % 20 == 0 else "a pebble")}) for n in range(size)
    ]
    await created(store, *jobs)
    sought = [one.id for one in jobs if one.inputs["text"].text != "a pebble"][::-1]
    query, seen, page = JobQuery(limit=1), [], JobPage((), 0, "")
    while True:
        page = await search(store.list, msgspec.structs.replace(query, cursor=page.next_cursor), "drache GRÜNER")
        assert page.total >= size and len(page.jobs) <= 1
        seen += [one.id for one in page.jobs]
        if not page.next_cursor:
            break
        await created(store, job(size, inputs={"text": Input(text="Noch ein grüner Drache")}))
    assert seen == sought


async def test_words_are_sought_among_what_the_other_filters_leave(store: JobStore) -> None:
    ada, bob = OwnerId("ada"), OwnerId("bob")
    old, chair, other, rigged = await created(
        store,
        job(0, owner=ada, tags=("wood",), inputs={"text": Input(text="a chair")}),
        job(1, owner=ada, tags=("wood",), inputs={"mesh": Input(filename="My_Chair.obj")}),
        job(2, owner=bob, tags=("wood",), inputs={"text": Input(text="a chair")}),
        job(3, owner=ada, feature="auto_rig", inputs={"text": Input(text="a chair")}),
    )
    generation = await store.lead("test")
    await store.commit(generation, [ended(started(chair))])

    async def found(words: str, **query: object) -> list[str]:
        page = await search(store.list, JobQuery(limit=50, **query), words)  # type: ignore[arg-type]
        return [one.id for one in page.jobs]

    assert await found("chair") == [rigged.id, other.id, chair.id, old.id]
    assert await found("chair wood", owner=ada) == [chair.id, old.id]
    assert await found("chair", owner=ada, status=Status.COMPLETED) == [chair.id]
    assert await found("rig", feature="auto_rig") == [rigged.id]
    assert await found("chair", tag="wood", created_from=chair.created_at) == [other.id, chair.id]
    assert await found(old.id[:8]) == [old.id]
    assert await found("table") == []
