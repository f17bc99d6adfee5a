"""Jobs found by words. Nothing is indexed for it: the newest records that the other filters leave are looked through,
as many as one answer may cost, and the answer's cursor goes on where it stopped."""

from collections.abc import Awaitable, Callable

import msgspec

from aigc.core.job import Job
from aigc.core.ports import JobPage, JobQuery
from aigc.features import FEATURES

LOOKS = 20
"""So many questions to the store at most, each for no more records than the page still has room for."""
WORDS_LENGTH = 200
ID_LETTERS = 6
"""A word of so many letters may be the beginning of an id."""


async def search(listed: Callable[[JobQuery], Awaitable[JobPage]], query: JobQuery, words: str) -> JobPage:
    """A page of the jobs of `query` in which all words are, in any order. Its total is that of the query without them.

    It may hold less than was asked for, or nothing, and still have a cursor.
    """
    wanted = _plain(words[:WORDS_LENGTH]).split()
    page = JobPage((), 0)
    found: list[Job] = []
    for _ in range(LOOKS):
        page = await listed(msgspec.structs.replace(query, limit=query.limit - len(found), cursor=query.cursor))
        found += [job for job in page.jobs if is_found(job, wanted)]
        query = msgspec.structs.replace(query, cursor=page.next_cursor, offset=0)
        if len(found) == query.limit or not page.next_cursor:
            break
    return JobPage(tuple(found), page.total, page.next_cursor)


def is_found(job: Job, words: list[str]) -> bool:
    """Whether all of these, in lower case and without underscores, are in what its owner may remember of it."""
    told = "\n".join(
        (
            job.name, job.feature, job.model, FEATURES[job.feature].title if job.feature in FEATURES else "", *job.tags,
            *(text for given in job.inputs.values() for text in (given.text or "", given.filename, given.title)),
            *(output.format for output in job.outputs),
        )
    )  # fmt: skip
    plain = _plain(told)
    return all(word in plain or (len(word) >= ID_LETTERS and job.id.startswith(word)) for word in words)


def _plain(text: str) -> str:
    return text.lower().replace("_", " ")
