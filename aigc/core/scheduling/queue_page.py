"""One page of the queue as operators look at it: who waits, in the order asked for, and where each of them stands."""

from itertools import chain
from operator import attrgetter
from typing import Any

from aigc.core.job import Job
from aigc.core.messages import AskQueue, QueuedJob, QueuePage
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.forecast import Forecast


def queue_page(books: Books, asked: AskQueue) -> QueuePage:
    """What was asked for. Looks at everybody who waits, some 1 µs each; only those of the page are foretold."""
    # Those who pause are the first of their owners' when they are back.
    waiting = [entry.job for entry in chain(books.paused.values(), books.waiting.by_turn())]
    if asked.owner is not None or asked.model or asked.words:
        words = asked.words.casefold()
        waiting = [job for job in waiting if _matches(job, asked, words)]
    if asked.order != "place":
        waiting.sort(key=_KEYS[asked.order])
    if asked.is_reversed:
        waiting.reverse()
    page = waiting[asked.offset : asked.offset + asked.limit]
    estimates = {estimate.job: estimate for estimate in Forecast(books).of(job.id for job in page)}
    jobs = (
        QueuedJob(
            job.id, job.name, job.feature, job.model, job.owner, job.priority, job.created_at, job.attempt,
            estimates[job.id],
        )
        for job in page
    )  # fmt: skip
    return QueuePage(len(waiting), tuple(jobs))


def _matches(job: Job, asked: AskQueue, words: str) -> bool:
    if asked.owner is not None and job.owner != asked.owner:
        return False
    if asked.model and job.model != asked.model:
        return False
    return not words or any(words in text.casefold() for text in (job.name, job.id, job.owner, job.model, job.feature))


_KEYS: dict[str, Any] = {
    "age": attrgetter("created_at", "id"),
    "owner": attrgetter("owner", "created_at", "id"),
    "model": attrgetter("model", "created_at", "id"),
    "feature": attrgetter("feature", "model", "created_at", "id"),
}
