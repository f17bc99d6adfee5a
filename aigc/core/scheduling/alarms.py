"""What is done when an instant has come. A timer only says when to look: what it was set for may be over."""

from aigc.core.events import Tick
from aigc.core.ids import JobId, WorkerId
from aigc.core.scheduling.attempts import ask_to_end
from aigc.core.scheduling.attendance import never_came
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.dispatch import release, start_or_wait
from aigc.core.scheduling.leases import DEADLINE_PASSED, RUN_LIMIT_PASSED
from aigc.core.scheduling.outcomes import late
from aigc.core.scheduling.timers import Alarm, Timer


def tick(books: Books, event: Tick) -> None:
    """Everything that is due has been seen to."""
    while (timer := books.timers.due(books.now.monotonic)) is not None:
        if timer.alarm is Alarm.UNMARK:
            _unmark(books, timer)
        elif timer.alarm in (Alarm.ADOPTION, Alarm.RUN_LIMIT):
            _look_at_lease(books, timer)
        else:
            _look_at_job(books, timer)


def _look_at_job(books: Books, timer: Timer) -> None:
    entry = books.entries.get(JobId(timer.subject))
    if entry is None:
        return
    if timer.alarm is Alarm.DEADLINE:
        granted = books.leases.of(entry.job.id)
        if granted is not None:
            ask_to_end(books, granted, DEADLINE_PASSED)
        else:
            books.fail(entry, late(books, entry.job, DEADLINE_PASSED))
    elif timer.alarm is Alarm.RELEASE:
        if entry.not_before == timer.at:
            release(books, entry, WorkerId(str(timer.detail)))
    elif entry.group is not None and entry.group.demand.need.avoid:
        books.leave_queue(entry)
        start_or_wait(books, entry)


def _look_at_lease(books: Books, timer: Timer) -> None:
    granted = books.leases.of(JobId(timer.subject))
    if granted is None or granted.lease != timer.detail:
        return
    if timer.alarm is Alarm.RUN_LIMIT:
        ask_to_end(books, granted, RUN_LIMIT_PASSED)
    elif granted.boot is None:
        never_came(books, granted)


def _unmark(books: Books, timer: Timer) -> None:
    worker = books.fleet.get(WorkerId(timer.subject))
    residency = str(timer.detail)
    if worker is not None and worker.marks.get(residency) == timer.at:
        del worker.marks[residency]
        books.touch(worker)
