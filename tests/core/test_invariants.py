"""Contradictions are found."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from aigc.core.job import Status
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.story import InvariantBroken
from tests.core.scheduler_kit import Desk, spec


def first(books: Books) -> Any:
    return next(iter(books.entries.values()))


def spoil_status(books: Books) -> None:
    entry = first(books)
    entry.job = msgspec.structs.replace(entry.job, status=Status.COMPLETED)


def spoil_lease(books: Books) -> None:
    entry = first(books)
    entry.job = msgspec.structs.replace(entry.job, lease=None)


def spoil_strikes(books: Books) -> None:
    entry = first(books)
    entry.job = msgspec.structs.replace(entry.job, strikes=1)


SPOILS: dict[str, tuple[Callable[[Books], Any], str]] = {
    "status": (spoil_status, "it is completed and open"),
    "lease": (spoil_lease, "its record says None"),
    "strikes": (spoil_strikes, "0 failures, 1 strikes"),
    "two places": (lambda books: books.paused.update({first(books).job.id: first(books)}), "it is in 2 of"),
    "worker": (lambda books: books.fleet.leave(next(iter(books.fleet))), "is not there"),
    "count": (lambda books: setattr(books.waiting, "count", 7), "1 wait, 7 counted"),
    "models": (lambda books: books.waiting.by_residency.clear(), "do not add up"),
    "rest": (lambda books: books.leases.remove(books.leases.all()[0]), "it is in 0 of"),
    "turns": (lambda books: books.waiting.classes[0].turns.clear(), "holds others than the books"),
}


@pytest.mark.parametrize("name", SPOILS)
def test_a_contradiction_is_found_and_told_with_the_story(name: str) -> None:
    spoil, words = SPOILS[name]
    desk = Desk()
    desk.worker()
    desk.submit()
    desk.submit()
    desk.scheduler.validate()
    spoil(desk.scheduler._books)

    with pytest.raises(InvariantBroken, match=words) as broken:
        desk.scheduler.validate()
    assert "story:" in str(broken.value)


def test_a_device_that_rests_while_a_job_fits_there_is_found() -> None:
    desk = Desk(spec("a"), spec("b"))
    desk.worker(slots=2)
    desk.submit("a")
    desk.submit("a")
    desk.scheduler.validate()
    books = desk.scheduler._books
    (waiting,) = (entry for entry in books.entries.values() if entry.group is not None)
    waiting.demand.residency = "b"  # type: ignore[union-attr]

    with pytest.raises(InvariantBroken, match="w rests while"):
        desk.scheduler.validate()
