"""Whether the books agree with themselves. Tests and the simulation look after every step; production need not."""

from collections import Counter

from aigc.core.ids import JobId
from aigc.core.job import Status
from aigc.core.lifecycle import FINAL
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.leases import Granted
from aigc.core.scheduling.placement import offer
from aigc.core.scheduling.story import InvariantBroken
from aigc.core.scheduling.waiting import Entry
from aigc.core.scheduling.worker_state import WorkerState


def check(books: Books) -> None:
    """Raises InvariantBroken for the first contradiction found."""
    for entry in books.entries.values():
        _check_job(books, entry)
    for granted in books.leases.all():
        _check_lease(books, granted)
    for worker in books.fleet:
        _check_worker(books, worker)
    _check_queue(books)


def _require(holds: bool, what: str, books: Books, job: JobId | None = None) -> None:
    if not holds:
        raise InvariantBroken(what, books.story, job)


def _check_job(books: Books, entry: Entry) -> None:
    job = entry.job
    granted = books.leases.of(job.id)
    where = (entry.group is not None) + (job.id in books.paused) + (granted is not None)
    _require(where == 1, f"it is in {where} of: waiting, paused, leased", books, job.id)
    _require(job.status not in FINAL and job.id not in books.over, f"it is {job.status} and open", books, job.id)
    expected = Status.QUEUED if granted is None else Status.PROCESSING
    _require(job.status is expected, f"it is {job.status}, not {expected}", books, job.id)
    _require(job.lease == (granted.lease if granted else None), f"its record says {job.lease}", books, job.id)
    _require(job.strikes <= job.attempt, f"{job.strikes} strikes in {job.attempt} attempts", books, job.id)
    _require(len(job.failures) == job.strikes, f"{len(job.failures)} failures, {job.strikes} strikes", books, job.id)
    if entry.held_device is not None:
        worker = books.fleet.get(entry.held_device)
        is_mutual = worker is not None and worker.kept_for is entry and entry.group is not None
        _require(is_mutual, f"{entry.held_device} should be kept for it", books, job.id)


def _check_lease(books: Books, granted: Granted) -> None:
    job = granted.lease.job
    _require(job in books.entries, "it is leased and not open", books, job)
    _require(books.entries[job] is granted.entry, "its lease is another entry's", books, job)
    _require(books.leases.held_by(granted.worker).get(job) is granted, "its worker does not hold it", books, job)
    worker = books.fleet.get(granted.worker)
    if granted.boot is not None:
        is_there = worker is not None and worker.boot == granted.boot
        _require(is_there, f"its worker {granted.worker} is not there in life {granted.boot}", books, job)


def _check_worker(books: Books, worker: WorkerState) -> None:
    for granted in worker.held.values():
        is_this_life = granted.boot in (None, worker.boot)
        _require(is_this_life, f"{worker.id} holds it in life {granted.boot}", books, granted.lease.job)
    counted = Counter(granted.demand for granted in worker.at_work)
    _require(worker.held.work == counted, f"{worker.id} is at work on {counted}, not {worker.held.work}", books)
    if any(granted.is_alone for granted in worker.at_work):
        # Adopted leases may share a device with one that was to be alone: what runs is not stopped for that.
        _require(not worker.is_open, f"{worker.id} holds a lease alone and is open", books)
    if worker.kept_for is not None:
        _require(worker.kept_for.held_device == worker.id, f"{worker.id} is kept for nobody", books)
    _require((worker.id in books.fleet.kept) == (worker.kept_for is not None), f"{worker.id} is kept or not", books)
    if worker.is_open and worker.takes_jobs:
        _check_rest(books, worker)


def _check_rest(books: Books, worker: WorkerState) -> None:
    for demand in books.waiting.demands():
        found = offer(worker, demand)
        could_start = found is not None and found.is_ready and demand.residency not in worker.busy
        _require(not could_start, f"{worker.id} rests while {demand.need} waits and fits there", books)


def _check_queue(books: Books) -> None:
    waiting = [entry for entry in books.entries.values() if entry.group is not None]
    _require(len(waiting) == books.waiting.count, f"{len(waiting)} wait, {books.waiting.count} counted", books)
    _require(sum(1 for _ in books.waiting.entries()) == len(waiting), "the queue holds others than the books", books)
    for counts in (books.waiting.by_place(), books.waiting.by_owner(), books.waiting.by_residency):
        _require(sum(counts.values()) == len(waiting), f"{counts} do not add up to {len(waiting)}", books)
    for demand in books.waiting.demands():
        count = sum(1 for entry in waiting if entry.group is not None and entry.group.demand is demand)
        _require(count == demand.waiting, f"{demand.need}: {demand.waiting} counted, {count} wait", books)
    for cls in books.waiting.classes:
        turns = [item[:2] for item in cls.turns]
        _require(turns == sorted(turns), f"turns of class {cls.priority} are out of order", books)
        _require(len(turns) == len(cls.owners), f"class {cls.priority} has turns for strangers", books)
