"""Leases come and go: granted, asked to end, void."""

from aigc.core.effects import Discard, SendCancel, SendGrant
from aigc.core.ids import WorkerId
from aigc.core.job import Lease, Progress, Stage, Status, Timings
from aigc.core.messages import CancelLease, Grant
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.leases import Granted
from aigc.core.scheduling.placement import offer
from aigc.core.scheduling.story import InvariantBroken
from aigc.core.scheduling.waiting import Demand, Entry
from aigc.core.scheduling.worker_state import STOPPING, WorkerState

NOTHING_YET = Progress()


def grant(books: Books, entry: Entry, worker: WorkerState) -> None:
    """The waiting job is the worker's: recorded first, then sent."""
    demand, now = entry.demand, books.now.monotonic
    found = offer(worker, demand) if demand is not None else None
    if demand is None or found is None:
        raise InvariantBroken(f"it is granted to {worker.id}, which cannot take it", books.story, entry.job.id)
    evicts = _evicted(books, worker, demand)
    stage, progress = Stage.LOADING_MODEL if found.cost_s else Stage.PREPROCESSING, NOTHING_YET
    if demand.residency in worker.busy:
        stage, progress = Stage.WAITING, Progress(message=f"next on {worker.id}")
    books.stop_waiting(entry)
    lease = Lease(entry.job.id, entry.job.attempt + 1, books.new_attempt_id())
    job = books.record(
        entry,
        "started",
        worker.id,
        status=Status.PROCESSING,
        stage=stage,
        attempt=lease.attempt,
        lease=lease,
        worker=worker.id,
        started_at=books.now.wall,
        progress=progress,
        timings=Timings(entry.job.timings.queued_s + now - entry.queued_at),
    )
    need_bytes, charged_s = demand.profile.need_bytes, demand.profile.run_s + found.cost_s
    granted = Granted(
        entry=entry,
        lease=lease,
        demand=demand,
        worker=worker.id,
        granted_at=now,
        need_bytes=need_bytes,
        boot=worker.boot,
        evicts=evicts,
        charged_s=charged_s,
    )
    books.leases.add(granted)
    worker.take_in(granted, now)
    books.fleet.refresh(worker)
    books.learned.want(demand.residency, now)
    books.waiting.charge(job.owner, charged_s, now)
    granted.message = Grant(
        generation=books.generation,
        lease=lease,
        model=job.model,
        feature=job.feature,
        inputs=job.inputs,
        params=job.params,
        output_format=job.output_format,
        need_bytes=need_bytes,
        alone=demand.need.alone,
        evict=evicts,
        stall_limit_s=demand.spec.stall_limit_s,
        time_left_s=_time_left_s(books, entry, demand),
        origin=job.origin,
    )
    _send_grant(books, granted, granted.message)


def send_again(books: Books, granted: Granted) -> bool:
    """Whether the grant was sent once more to a worker that does not list it; a worker ignores a second copy."""
    if granted.is_sent_again or granted.ending or granted.message is None:
        return False
    granted.is_sent_again = True
    _send_grant(books, granted, granted.message)
    return True


def revoke(books: Books, granted: Granted, used_s: float, *, is_gone: bool = False) -> None:
    """The lease is void; its worker, if it lives, has room again.

    Args:
        used_s: device-seconds that were really used: the owner is charged these instead of the expected ones.
        is_gone: the model is not on the device any more either.
    """
    books.leases.remove(granted)
    books.waiting.charge(granted.entry.job.owner, used_s - granted.charged_s, books.now.monotonic)
    worker = books.fleet.get(granted.worker)
    if worker is not None and worker.boot == granted.boot:
        if not granted.is_storing:  # else it was let out before
            worker.let_out(granted, books.now.monotonic, is_gone=is_gone)
        books.relieve(worker)


def ask_to_end(books: Books, granted: Granted, reason: str) -> None:
    """The attempt is asked to end: whatever it reports next ends the job as the first reason given says."""
    if not granted.ending:
        granted.ending = reason
        books.record(granted.entry, "cancelling", reason, stage=Stage.CANCELLING, cancel_reason=reason)
    send_cancel(books, granted)


def send_cancel(books: Books, granted: Granted) -> None:
    """The worker hears (again) that the attempt has to end; one that has not come back yet hears it when it does."""
    granted.asked_at = books.now.monotonic
    if granted.boot is not None:
        cancel = CancelLease(books.generation, granted.lease, granted.ending)
        books.out.append(SendCancel(granted.worker, granted.boot, cancel))


def refuse(books: Books, worker: WorkerId, lease: Lease, *, is_over: bool = False) -> None:
    """Whoever names this lease is stale: it is told to stop, or, if it is over, its files are nothing any more.

    Two are left alone: one whose end was the job's end, for a last word is repeated until it is settled; and the files
    of a job that is not known here, for they may be the result that an earlier broker accepted.
    """
    job = lease.job
    if job in books.over and books.over[job] == lease:
        return
    books.story.tell(books.now.monotonic, job, "refused", (worker, lease.attempt))
    state = books.fleet.get(worker)
    if is_over:
        if job in books.over or job in books.entries:
            books.out.append(Discard(lease))
    elif state is not None:
        cancel = CancelLease(books.generation, lease, "another attempt counts, or none any more")
        books.out.append(SendCancel(worker, state.boot, cancel))


def _send_grant(books: Books, granted: Granted, message: Grant) -> None:
    granted.sent_at = books.now.monotonic
    if granted.boot is not None:
        books.out.append(SendGrant(granted.worker, granted.boot, message))


def _evicted(books: Books, worker: WorkerState, demand: Demand) -> tuple[str, ...]:
    if demand.need.alone:
        return tuple(
            name
            for name, tenant in worker.tenants.items()
            if name != demand.residency and not tenant.pinned and tenant.state != STOPPING
        )
    leaving = books.placement.evicted(worker, demand, books.now.monotonic) or ()
    return tuple(one.residency for one in leaving)


def _time_left_s(books: Books, entry: Entry, demand: Demand) -> float | None:
    run_limit_s = demand.spec.run_limit_s
    if entry.deadline is None:
        return run_limit_s or None
    left_s = max(0.0, entry.deadline - books.now.monotonic)
    return min(run_limit_s, left_s) if run_limit_s else left_s
