"""Who waits gets a device, as `placement` decides."""

from aigc.core.effects import Effect
from aigc.core.ids import WorkerId
from aigc.core.job import Failure, Job, Stage, Status
from aigc.core.scheduling.attempts import NOTHING_YET, grant
from aigc.core.scheduling.books import ANYBODY, Books
from aigc.core.scheduling.placement import offer
from aigc.core.scheduling.profiles import History, bucket
from aigc.core.scheduling.timers import Alarm
from aigc.core.scheduling.waiting import Demand, Entry
from aigc.core.scheduling.worker_state import WorkerState


def start_or_wait(books: Books, entry: Entry, avoid: WorkerId = ANYBODY) -> None:
    """The job has a device if one is open for it, and waits if not."""
    if not books.waiting.count:
        # Nobody whose turn could come before it: no need to queue first. Most jobs of a server at ease go this way.
        demand = books.demand_of(entry.job, avoid)
        worker = books.placement.find(demand, books.now.monotonic) if demand is not None else None
        if worker is not None:
            entry.demand = demand
            return grant(books, entry, worker)
    return seek(books, enqueue(books, entry, avoid))


def enqueue(books: Books, entry: Entry, avoid: WorkerId = ANYBODY) -> Demand | None:
    """The job waits with this demand; None if its model has left the catalogue, for then it has failed."""
    demand = books.demand_of(entry.job, avoid)
    if demand is None:
        books.fail(entry, _removed(books, entry.job))
        return None
    books.waiting.add(entry, demand, demand.profile.run_s + books.learned.overhead.mean)
    return demand


def seek(books: Books, demand: Demand | None) -> None:
    """One more job waits with this demand, and starts if it can."""
    # If another one waits with the same demand, no open device could take that, so none can take this one either.
    if demand is not None and (demand.waiting == 1 or books.fleet.kept):
        place(books, demand)


def place(books: Books, demand: Demand) -> None:
    """As many of the jobs that wait with this demand start as can."""
    while demand.waiting:
        worker = books.placement.find(demand, books.now.monotonic)
        if worker is None or not fill(books, worker):
            break
    if not demand.waiting:
        return
    for worker in tuple(books.fleet.kept.values()):
        found = offer(worker, demand)
        if found is not None and found.is_ready:
            fill(books, worker)


def fill(books: Books, worker: WorkerState) -> bool:
    """The worker has as much to do as it takes, or is kept for what does not fit yet; whether anything changed."""
    was_kept_for = worker.kept_for
    books.fleet.unkeep(worker)
    has_granted = False
    while (choice := books.placement.choose(worker)) is not None:
        if not choice.is_ready:
            books.fleet.keep(worker, choice.entry)
            break
        grant(books, choice.entry, worker)
        has_granted = True
    return has_granted or worker.kept_for is not was_kept_for


def ease(books: Books, history: History) -> None:
    """The model turned out to need less than it was thought to: what waits for it may fit now."""
    for demand in books.waiting.demands():
        if demand.profile.history is history:
            place(books, demand)


def requeue(
    books: Books, entry: Entry, kind: str, detail: str, *, avoid: WorkerId = ANYBODY, pause_s: float = 0.0
) -> None:
    """The job waits again, after a pause, and shuns a worker for a while if another one could take it."""
    stage = Stage.RETRYING if kind == "retrying" else Stage.WAITING
    books.record(entry, kind, detail, status=Status.QUEUED, stage=stage, lease=None, progress=NOTHING_YET)
    entry.queued_at = books.now.monotonic
    if pause_s <= 0.0:
        return release(books, entry, avoid)
    entry.not_before = books.now.monotonic + pause_s
    books.paused[entry.job.id] = entry
    books.timers.set(entry.not_before, Alarm.RELEASE, entry.job.id, avoid)
    return None


def release(books: Books, entry: Entry, avoid: WorkerId) -> None:
    """The job may be tried again, if possible not by the worker that failed it."""
    books.paused.pop(entry.job.id, None)
    entry.not_before = None
    if avoid and _others_could(books, entry.job, avoid):
        books.timers.set(books.now.monotonic + books.settings.avoid_s, Alarm.FORGIVE, entry.job.id)
    else:
        avoid = ANYBODY
    start_or_wait(books, entry, avoid)


def settle(books: Books) -> list[Effect]:
    """Every worker on which something became free is filled; returns what is to be done about all that happened."""
    books.fleet.catch_up()
    while books.changed:
        worker = books.changed.pop(next(iter(books.changed)))
        if books.waiting.count and books.fleet.get(worker.id) is worker:
            fill(books, worker)
    return books.out


def _others_could(books: Books, job: Job, avoid: WorkerId) -> bool:
    spec = books.specs.get(job.model)
    if spec is None:
        return False
    need_bytes = books.learned.profile(spec, bucket(job.input_size)).need_bytes
    return any(
        worker.id != avoid and worker.takes_jobs and worker.can_hold(spec.devices, spec.residency, need_bytes)
        for worker in books.fleet
    )


def _removed(books: Books, job: Job) -> Failure:
    return Failure(
        "model_removed",
        f"the model {job.model} is not in the catalogue any more",
        "submit the job again with another model",
        attempt=job.attempt,
        at=books.now.wall,
    )
