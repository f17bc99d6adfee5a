"""Jobs found by words, a bounded number of records at a time."""

from dataclasses import dataclass, field

import msgspec

from aigc.core.ids import JobId, ModelId
from aigc.core.job import Input, Job
from aigc.core.ports import JobPage, JobQuery
from web.search import LOOKS, is_found, search


def job(text: str, feature: str = "auto_rig") -> Job:
    given = {"text": Input(text=text), "mesh": Input(filename="Old_Chair.obj")}
    return Job(
        id=JobId("90a9341d"), feature=feature, model=ModelId("heat-rig"), created_at=0.0, inputs=given, tags=("red",)
    )


def test_all_words_must_be_somewhere_in_what_is_remembered() -> None:
    one = job("a BLUE robot")
    for words in ("blue", "robot blue", "old chair", "rigging", "auto rig", "heat", "red obj", "90a934"):
        assert is_found(one, words.split()), words
    for words in ("green", "blue green", "90a93", "0a9341"):
        assert not is_found(one, words.split()), words


@dataclass
class Shelf:
    """A store of so many records, of which each n-th is one that is sought."""

    size: int
    every: int
    asked: list[int] = field(default_factory=list)

    async def __call__(self, query: JobQuery) -> JobPage:
        start = int(query.cursor or 0)
        end = min(self.size, start + query.limit)
        self.asked.append(end - start)
        found = tuple(job("pearl" if at % self.every == 0 else "pebble") for at in range(start, end))
        return JobPage(found, self.size, str(end) if end < self.size else "")


async def test_a_page_is_filled_from_as_many_records_as_needed_and_no_more_are_looked_at_than_allowed() -> None:
    shelf = Shelf(10_000, every=2)
    page = await search(shelf, JobQuery(limit=50), "Pearl")
    assert (len(page.jobs), sum(shelf.asked)) == (50, int(page.next_cursor))

    rare = Shelf(10_000, every=5_000)
    page = await search(rare, JobQuery(limit=50), "pearl")
    assert len(page.jobs) == 1 and len(rare.asked) == LOOKS
    seen, query = list(page.jobs), JobQuery(limit=50)
    while page.next_cursor:
        page = await search(rare, msgspec.structs.replace(query, cursor=page.next_cursor), "pearl")
        seen += page.jobs
    assert len(seen) == 2, "cursors lead through everything once"
    assert sum(rare.asked) == rare.size
