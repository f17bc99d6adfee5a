"""Which workers are there, and what becomes of their leases when they come, go, or come back."""

from aigc.core.effects import SendOrder
from aigc.core.events import WorkerLost, WorkerSilent
from aigc.core.ids import BootId, WorkerId
from aigc.core.job import Failure, Lease
from aigc.core.messages import RetireWorker, WorkerBeat, WorkerBye, WorkerHello
from aigc.core.scheduling.attempts import refuse, revoke, send_again, send_cancel
from aigc.core.scheduling.books import Books
from aigc.core.scheduling.leases import Granted
from aigc.core.scheduling.outcomes import hand_back, strike
from aigc.core.scheduling.worker_state import WorkerState


def hello(books: Books, event: WorkerHello) -> None:
    """A worker is there: what it holds of the record goes on, what it holds besides is stopped, what it does not hold
    and should is lost. A new life of a worker voids what the old one held, and ends it if it should still live."""
    if books.fleet.is_retired(event.worker, event.boot):
        _retire(books, event.worker, event.boot)  # a late copy, or a double under the same name: the later life counts
        return
    worker = books.fleet.get(event.worker)
    if worker is not None and worker.boot != event.boot:
        books.fleet.leave(worker, is_retired=True)
        _retire(books, worker.id, worker.boot, event.host)
        for granted in [one for one in worker.held.values() if one.boot is not None]:
            _lose(books, granted, "its worker was restarted")
        worker = None
    if worker is None:
        worker = books.fleet.join(event, books.leases.held_by(event.worker))
    else:
        worker.greet(event)
    _reconcile_hello(books, worker, event.leases)
    worker.settle_in(books.now.monotonic)
    books.touch(worker)


def beat(books: Books, event: WorkerBeat) -> None:
    """The worker is alive, and this is how it is. One that did not introduce itself is not listened to."""
    worker = books.fleet.living(event.worker, event.boot)
    if worker is None:
        if books.fleet.is_retired(event.worker, event.boot):
            _retire(books, event.worker, event.boot)  # it has not heard it yet
        return
    worker.hear(event)
    if event.leases is not None:
        _reconcile_beat(books, worker, event.leases)
    worker.settle_in(books.now.monotonic)
    books.touch(worker)


def bye(books: Books, event: WorkerBye) -> None:
    """The worker left in order: nothing that it held counts against a job."""
    worker = books.fleet.living(event.worker, event.boot)
    if worker is None:
        return
    books.fleet.leave(worker)
    for granted in tuple(worker.held.values()):
        revoke(books, granted, _used_s(books, granted))
        hand_back(books, granted, "its worker has left")


def silent(books: Books, event: WorkerSilent) -> None:
    """The worker gets nothing new until it is heard again."""
    worker = books.fleet.living(event.worker, event.boot)
    if worker is not None:
        worker.liveness = "suspect"
        books.touch(worker)


def lost(books: Books, event: WorkerLost) -> None:
    """The worker is gone and its leases are void, whatever it may say if it comes back."""
    worker = books.fleet.living(event.worker, event.boot)
    if worker is None:
        return
    books.fleet.lose(worker, books.now.monotonic)
    for granted in tuple(worker.held.values()):
        _lose(books, granted, "its worker was not heard any more")


def never_came(books: Books, granted: Granted) -> None:
    """The worker of a restored lease did not present it in time."""
    _lose_restored(books, granted, "its worker did not come back after the broker was restarted")


def _retire(books: Books, worker: WorkerId, boot: BootId, host: str = "") -> None:
    """That life of the worker is told to end; `host` is where the later one is, if that is known."""
    later = books.fleet.get(worker)
    where = host or (later.host if later is not None else "")
    successor = f"another worker called {worker}" + (f", on {where}" if where else "")
    books.out.append(SendOrder(worker, boot, RetireWorker(books.generation, successor)))


def _reconcile_hello(books: Books, worker: WorkerState, leases: tuple[Lease, ...]) -> None:
    listed = {lease.job: lease for lease in leases}
    for granted in tuple(worker.held.values()):
        if listed.get(granted.lease.job) == granted.lease:
            granted.boot = worker.boot
        elif granted.boot is None:
            _lose_restored(books, granted, "its worker came back without it")
        else:
            _miss(books, granted)
    for lease in leases:
        granted_now = books.leases.match(worker.id, lease)
        if granted_now is None:
            refuse(books, worker.id, lease)
        elif granted_now.ending:
            send_cancel(books, granted_now)


def _reconcile_beat(books: Books, worker: WorkerState, leases: tuple[Lease, ...]) -> None:
    now, settings = books.now.monotonic, books.settings
    listed = {lease.job: lease for lease in leases}
    for granted in tuple(worker.held.values()):
        is_listed = listed.get(granted.lease.job) == granted.lease
        if is_listed:
            granted.boot = worker.boot
        if not is_listed and now - granted.sent_at > settings.delivery_s:
            _miss(books, granted)
        elif is_listed and granted.ending and now - granted.asked_at > settings.cancel_again_s:
            send_cancel(books, granted)
    for lease in leases:
        if books.leases.match(worker.id, lease) is None:
            refuse(books, worker.id, lease)


def _miss(books: Books, granted: Granted) -> None:
    """The same life of the worker does not have it: it did not arrive, and nobody is to blame."""
    if send_again(books, granted):
        return
    books.story.tell(books.now.monotonic, granted.lease.job, "missed", granted.worker)
    revoke(books, granted, 0.0, is_gone=granted.started_at is None)
    hand_back(books, granted, "the lease did not reach its worker")


def _lose_restored(books: Books, granted: Granted, how: str) -> None:
    """Broker and worker ended together, as when the whole server is killed: that is not the job's fault. Only one that
    keeps coming through such ends is suspected of causing them."""
    if granted.lease.attempt < books.settings.suspect_attempts:
        books.story.tell(books.now.monotonic, granted.lease.job, "lost", how)
        revoke(books, granted, _used_s(books, granted))
        hand_back(books, granted, how)
    else:
        _lose(books, granted, how)


def _lose(books: Books, granted: Granted, how: str) -> None:
    books.story.tell(books.now.monotonic, granted.lease.job, "lost", how)
    revoke(books, granted, _used_s(books, granted))
    strike(books, granted, Failure("worker_lost", f"{granted.worker}: {how}", retryable=True))


def _used_s(books: Books, granted: Granted) -> float:
    return books.now.monotonic - granted.granted_at if granted.boot is not None else 0.0
