"""What workers report about leases. A report counts only if it names the present lease of its job, in full."""

import msgspec

from aigc.core.effects import Discard, Publish
from aigc.core.job import Progress, Stage, Status, Timings
from aigc.core.messages import (
    LeaseFailed,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseReturned,
    LeaseStarted,
    LeaseStopped,
)
from aigc.core.scheduling.attempts import refuse, revoke
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.dispatch import ease
from aigc.core.scheduling.leases import Granted
from aigc.core.scheduling.outcomes import conclude, hand_back, strike
from aigc.core.scheduling.pace import walked
from aigc.core.scheduling.retries import OUT_OF_MEMORY, doubled
from aigc.core.scheduling.timers import Alarm
from aigc.core.scheduling.waiting import Demand


def started(books: Books, event: LeaseStarted) -> None:
    """The attempt runs: its model is resident. The record is not written for this, watchers hear it."""
    granted = books.leases.match(event.worker, event.lease)
    if granted is None:
        return refuse(books, event.worker, event.lease)
    if granted.started_at is not None:
        return None
    demand = granted.demand
    if demand is None:
        return None
    _start(books, granted, demand, event.load_s)
    if demand.spec.run_limit_s > 0.0:
        limit_at = books.now.monotonic + demand.spec.run_limit_s
        books.timers.set(limit_at, Alarm.RUN_LIMIT, event.lease.job, event.lease)
    if not granted.ending:
        # A message from before, such as where it was next, is not true any more.
        _show(books, granted, Stage.PREPROCESSING, msgspec.structs.replace(granted.entry.job.progress, message=""))
    return None


def progressed(books: Books, event: LeaseProgress) -> None:
    """Watchers hear it; the record takes it along with its next change. What came too late is dropped."""
    granted = books.leases.match(event.worker, event.lease)
    if granted is None:
        return refuse(books, event.worker, event.lease)
    if not granted.ending and event.progress.fraction >= granted.entry.job.progress.fraction:
        if granted.started_at is not None:
            walked(granted.trail, event.progress.fraction, books.now.monotonic - granted.started_at)
        _show(books, granted, event.stage, event.progress)
    return None


def ran(books: Books, event: LeaseRan) -> None:
    """The worker has room again, though the attempt is not over: its result is being stored."""
    granted = books.leases.match(event.worker, event.lease)
    if granted is None:
        return refuse(books, event.worker, event.lease)
    if granted.is_storing:
        return None
    if granted.started_at is None and granted.demand is not None:
        _start(books, granted, granted.demand, event.load_s)
    books.leases.held_by(granted.worker).let_out(granted)
    worker = books.fleet.get(granted.worker)
    if worker is not None:
        worker.let_out(granted, books.now.monotonic, is_gone=False)
        books.relieve(worker)
    if not granted.ending:
        _show(books, granted, Stage.STORING, granted.entry.job.progress)
    return None


def finished(books: Books, event: LeaseFinished) -> None:
    """The job is completed, unless its end was decided before: then that stands, and the result is discarded."""
    granted = books.leases.match(event.worker, event.lease)
    if granted is None:
        return refuse(books, event.worker, event.lease, is_over=True)
    demand = granted.demand
    if demand is not None:
        if granted.started_at is None:
            _start(books, granted, demand, event.load_s)
        if granted.message is not None:  # of another broker's lease it is not known when it was where
            demand.profile.history.pace.learn(granted.trail, event.run_s)
        if demand.profile.learn(event.run_s, event.peak_bytes, _ceiling(books, granted, demand)):
            ease(books, demand.profile.history)
    revoke(books, granted, event.load_s + event.run_s)
    if granted.ending:
        return conclude(books, granted)
    entry = granted.entry
    job = entry.job
    books.close(
        entry,
        "completed",
        status=Status.COMPLETED,
        outputs=event.outputs,
        info=event.info,
        warnings=event.warnings,
        progress=msgspec.structs.replace(job.progress, fraction=1.0),
        peak_bytes=event.peak_bytes,
        timings=Timings(job.timings.queued_s, event.load_s, event.run_s),
    )
    return None


def failed(books: Books, event: LeaseFailed) -> None:
    """The attempt ended badly: what it teaches is learned, and the job is tried again or has failed."""
    granted = books.leases.match(event.worker, event.lease)
    if granted is None:
        return refuse(books, event.worker, event.lease, is_over=True)
    code = event.failure.code
    if code == OUT_OF_MEMORY and granted.demand is not None and not granted.ending:
        _learn_need(books, granted, granted.demand, event.peak_bytes)
    if code == "model_load_failed":
        _mark(books, granted, books.settings.mark_s)
    revoke(books, granted, event.load_s + event.run_s, is_gone=event.killed_runner or granted.started_at is None)
    return strike(books, granted, event.failure, has_killed=event.killed_runner)


def stopped(books: Books, event: LeaseStopped) -> None:
    """The attempt has ended as it was asked to: the job ends as was decided then."""
    granted = books.leases.match(event.worker, event.lease)
    if granted is None:
        return refuse(books, event.worker, event.lease, is_over=True)
    revoke(books, granted, event.run_s, is_gone=granted.started_at is None)
    if granted.ending:
        return conclude(books, granted)
    books.out.append(Discard(event.lease))
    return hand_back(books, granted, "its worker stopped it though nobody here asked for that")


def returned(books: Books, event: LeaseReturned) -> None:
    """The lease came back unharmed: the job waits again, and the worker is left in peace for a moment."""
    granted = books.leases.match(event.worker, event.lease)
    if granted is None:
        return refuse(books, event.worker, event.lease, is_over=True)
    _mark(books, granted, books.settings.no_room_s)
    revoke(books, granted, 0.0, is_gone=granted.started_at is None)
    return hand_back(books, granted, event.reason)


def _show(books: Books, granted: Granted, stage: Stage, progress: Progress) -> None:
    granted.entry.job = msgspec.structs.replace(granted.entry.job, stage=stage, progress=progress)
    books.out.append(Publish(granted.lease.job, granted.lease.attempt))


def _start(books: Books, granted: Granted, demand: Demand, load_s: float) -> None:
    granted.started_at = books.now.monotonic
    if load_s > 0.0:
        demand.load.learn(load_s)
    books.learned.overhead.learn(load_s)
    worker = books.fleet.get(granted.worker)
    if worker is None:
        return
    worker.troubles.pop(demand.residency, None)
    worker.marks.pop(demand.residency, None)
    if granted.evicts:
        worker.arrive(granted)
        books.touch(worker)


def _learn_need(books: Books, granted: Granted, demand: Demand, peak_bytes: int) -> None:
    if demand.profile.ran_out(granted.need_bytes, peak_bytes, _ceiling(books, granted, demand)):
        ease(books, demand.profile.history)


def _ceiling(books: Books, granted: Granted, demand: Demand) -> int:
    """The most that any device can give to the model."""
    return books.fleet.most(demand.spec.devices) or granted.need_bytes


def _mark(books: Books, granted: Granted, first_s: float) -> None:
    worker, settings = books.fleet.get(granted.worker), books.settings
    if worker is None or not granted.residency:
        return
    troubles = worker.troubles[granted.residency] = worker.troubles.get(granted.residency, 0) + 1
    until = books.now.monotonic + doubled(first_s, troubles, settings.mark_limit_s)
    worker.marks[granted.residency] = until
    books.timers.set(until, Alarm.UNMARK, worker.id, granted.residency)
