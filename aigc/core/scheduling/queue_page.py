"""One page of the queue as operators look at it: who waits, in the order asked for, and where each of them stands."""

from collections.abc import Callable, Iterator
from typing import Any

from aigc.core.job import Job
from aigc.core.messages import AskQueue, QueuedJob, QueuePage
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.forecast import Forecast
from aigc.core.scheduling.waiting import Entry


def queue_page(books: Books, asked: AskQueue) -> QueuePage:
    """What was asked for. Looks at everybody who waits: some 2 µs each; only those of the page are foretold."""
    forecast = Forecast(books)
    matching = [entry for entry in _waiting(books) if _matches(entry.job, asked)]
    matching.sort(key=_KEYS[asked.order](forecast), reverse=asked.is_reversed)
    page = [entry.job for entry in matching[asked.offset : asked.offset + asked.limit]]
    estimates = {estimate.job: estimate for estimate in forecast.of(job.id for job in page)}
    jobs = (
        QueuedJob(
            job.id, job.name, job.feature, job.model, job.owner, job.priority, job.created_at, job.attempt,
            estimates[job.id],
        )
        for job in page
    )  # fmt: skip
    return QueuePage(len(matching), tuple(jobs))


def _waiting(books: Books) -> Iterator[Entry]:
    yield from books.waiting.entries()
    yield from books.paused.values()


def _matches(job: Job, asked: AskQueue) -> bool:
    if asked.owner is not None and job.owner != asked.owner:
        return False
    if asked.model and job.model != asked.model:
        return False
    words = asked.words.casefold()
    return not words or any(words in text.casefold() for text in (job.name, job.id, job.owner, job.model, job.feature))


def _by(*fields: str) -> Callable[[Forecast], Callable[[Entry], Any]]:
    return lambda _: lambda entry: (*(getattr(entry.job, field) for field in fields), entry.since, entry.order)


_KEYS: dict[str, Callable[[Forecast], Callable[[Entry], Any]]] = {
    "place": lambda forecast: lambda entry: (*forecast.place(entry), entry.since, entry.order),
    "age": _by(),
    "owner": _by("owner"),
    "model": _by("model"),
    "feature": _by("feature", "model"),
}
