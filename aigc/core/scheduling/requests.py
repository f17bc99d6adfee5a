"""What gateways and the store bring: jobs, and wishes about them."""

from aigc.core.effects import Answer
from aigc.core.events import Asked, NeverCreated, Reloaded, Restored
from aigc.core.ids import Now
from aigc.core.job import Job, Stage
from aigc.core.lifecycle import FINAL
from aigc.core.messages import CancelAnswer, CancelJob, ControlModel, JobAnswer, MoveJob, Submit
from aigc.core.scheduling.attempts import ask_to_end, revoke, send_cancel
from aigc.core.scheduling.books import ANYBODY, Books
from aigc.core.scheduling.control import control_model, control_worker
from aigc.core.scheduling.dispatch import enqueue, place, start_or_wait
from aigc.core.scheduling.leases import Granted
from aigc.core.scheduling.timers import Alarm
from aigc.core.scheduling.waiting import Entry

PRIORITIES = range(10)


def submit(books: Books, event: Submit) -> None:
    """A new job waits, or starts at once. One that is known, or over, changes nothing."""
    job, now = event.job, books.now.monotonic
    if job.id in books.entries or job.id in books.over or job.status in FINAL:
        return
    # The deadline counts from the gateway's own clock to the arrival here, so hosts need not agree on the time.
    deadline = now + job.deadline_at - job.created_at if job.deadline_at is not None else None
    books.story.tell(now, job.id, "submitted", job.model)
    start_or_wait(books, books.admit(job, now, deadline))


def restore(books: Books, event: Restored) -> None:
    """Jobs from the store: those with a lease wait for their worker to present it, the others wait for a device."""
    for job in sorted(event.jobs, key=lambda job: job.created_at):
        if job.id in books.entries or job.id in books.over or job.status in FINAL:
            continue
        books.story.tell(books.now.monotonic, job.id, "restored", (job.status, job.attempt))
        entry = books.admit(job, _since(job, books.now), _deadline(job, books.now))
        # What it has waited is known by the wall clock alone; a clock that was set back gives no negative waiting.
        changed_at = job.history[-1].at if job.history else job.created_at
        entry.queued_at -= max(0.0, books.now.wall - changed_at)
        if job.lease is not None:
            _restore_lease(books, entry)
        else:
            enqueue(books, entry)
    for demand in books.waiting.demands():
        place(books, demand)


def never_created(books: Books, event: NeverCreated) -> None:
    """The store refused these jobs: they leave without a trace, and what was granted for them is taken back."""
    for job in event.jobs:
        entry = books.entries.get(job)
        if entry is None:
            books.over.pop(job, None)
            continue
        books.story.tell(books.now.monotonic, job, "never created")
        granted = books.leases.of(job)
        if granted is not None:
            granted.ending = "the job was never created"
            send_cancel(books, granted)
            revoke(books, granted, 0.0)
        books.forget(entry)


def ask(books: Books, event: Asked) -> None:
    """A wish is followed or refused; the answer is the truth as it is now."""
    request = event.request
    if isinstance(request, CancelJob):
        books.out.append(Answer(event.token, _cancel(books, request)))
    elif isinstance(request, MoveJob):
        books.out.append(Answer(event.token, _move(books, request)))
    elif isinstance(request, ControlModel):
        books.out.append(Answer(event.token, control_model(books, request)))
    else:
        books.out.append(Answer(event.token, control_worker(books, request)))


def reload(books: Books, event: Reloaded) -> None:
    """Another catalogue is in force: waiting jobs of models that left have failed, everything else is seen anew."""
    books.use(event.catalogue)
    for worker in books.fleet:
        # The new entry may mend what made a model fail.
        worker.marks.clear()
        worker.troubles.clear()
        books.fleet.unkeep(worker)
        books.touch(worker)
    for entry in books.waiting.clear():
        enqueue(books, entry, entry.demand.need.avoid if entry.demand is not None else ANYBODY)
    for demand in books.waiting.demands():
        place(books, demand)


def _cancel(books: Books, request: CancelJob) -> CancelAnswer:
    entry = books.entries.get(request.job)
    if entry is None:
        return CancelAnswer(None)
    reason = request.reason or "cancelled"
    granted = books.leases.of(request.job)
    if granted is None:
        return CancelAnswer(books.cancel(entry, reason))
    ask_to_end(books, granted, reason)
    return CancelAnswer(entry.job, cancelling=True)


def _move(books: Books, request: MoveJob) -> JobAnswer:
    entry = books.entries.get(request.job)
    if entry is None:
        return JobAnswer(None, refusal="no open job has this id")
    if request.priority not in PRIORITIES:
        return JobAnswer(entry.job, refusal=f"priority {request.priority} is not one of 0 to 9")
    if books.leases.of(request.job) is not None:
        return JobAnswer(entry.job, refusal="the job runs already")
    if request.priority == entry.job.priority:
        return JobAnswer(entry.job)
    demand = entry.demand if entry.group is not None else None
    books.leave_queue(entry)
    books.record(entry, "priority", f"{entry.job.priority} -> {request.priority}", priority=request.priority)
    if demand is not None:
        start_or_wait(books, entry, demand.need.avoid)
    return JobAnswer(entry.job)


def _restore_lease(books: Books, entry: Entry) -> None:
    job, now = entry.job, books.now.monotonic
    lease = job.lease
    if lease is None:
        return
    demand = books.demand_of(job)
    need_bytes = demand.profile.need_bytes if demand is not None else 0
    granted = Granted(entry, lease, demand, job.worker, now, need_bytes, sent_at=now)
    if job.stage is Stage.CANCELLING:
        granted.ending = job.cancel_reason or "cancelled"
    books.leases.add(granted)
    books.timers.set(now + books.settings.adoption_s, Alarm.ADOPTION, job.id, lease)


def _since(job: Job, now: Now) -> float:
    return now.monotonic - max(0.0, now.wall - job.created_at)


def _deadline(job: Job, now: Now) -> float | None:
    if job.deadline_at is None:
        return None
    # A clock that was set back cannot give it more time than it had in all.
    return now.monotonic + job.deadline_at - max(now.wall, job.created_at)
