"""The broker's shell in virtual time: applies what comes, commits in groups, and only then lets the effects out."""

from typing import TYPE_CHECKING, Any, NamedTuple

from aigc.core.effects import Answer, Commit, Discard, Effect, Publish, SendCancel, SendGrant, SendOrder
from aigc.core.errors import StaleGeneration
from aigc.core.events import Asked, Event, NeverCreated, Restored, Tick, WorkerLost, WorkerSilent
from aigc.core.ids import BootId, JobId, WorkerId
from aigc.core.job import Lease
from aigc.core.messages import (
    CancelJob,
    ControlModel,
    ControlWorker,
    LeaseFailed,
    LeaseFinished,
    LeaseReturned,
    LeaseStopped,
    MoveJob,
    Settled,
    Submit,
    Welcome,
    WorkerHello,
    WorkerMessage,
)
from aigc.core.scheduling.scheduler import Scheduler
from tests.simulation.fates import CATALOGUE

if TYPE_CHECKING:
    from tests.simulation.house import House
    from tests.simulation.worker import Worker

SUSPECT_S, LOST_S = 3.0, 5.0
DRAIN_S = 0.02
LAST_WORDS = (LeaseFinished, LeaseFailed, LeaseStopped, LeaseReturned)


class Question(NamedTuple):
    """By which an answer finds what was asked."""

    request: CancelJob | MoveJob | ControlModel | ControlWorker


class Settle:
    """A last word was heard: to be acknowledged after the commit of what followed from it."""

    def __init__(self, worker: "Worker", lease: Lease) -> None:
        self.worker, self.lease = worker, lease


class Broker:
    """One broker from its start to its death. A frozen one does nothing until it thaws, and does not know it was."""

    def __init__(self, house: "House") -> None:
        self._house, self._clock = house, house.clock
        self.is_alive, self._is_frozen = True, False
        self._frozen_calls: list[tuple[Any, tuple[Any, ...]]] = []
        self.generation = house.records.lead()
        self.scheduler = Scheduler(house.settings, CATALOGUE, self.generation, house.attempt_id)
        if house.records.learned is not None:
            assert self.scheduler.restore_learned(house.records.learned)
        self._peers: dict[tuple[WorkerId, BootId], Worker] = {}
        self._heard: dict[tuple[WorkerId, BootId], float] = {}
        self._inbox: list[Event] = []
        self._settles: list[Effect | Settle] = []
        self._outbox: list[Effect | Settle] = []
        self._is_writing = False
        self._tick_at: float | None = None
        self._steps = 0
        self.apply(Restored(tuple(house.records.open.values())))
        self._clock.after(1.0, self._watch)
        self._clock.after(5.0, self._catch_up)

    def die(self) -> None:
        """It is gone with everything that it had not committed or not let out."""
        self.is_alive = False

    def freeze(self) -> None:
        """It stops in the middle of whatever it does."""
        self._is_frozen = True

    def thaw(self) -> None:
        """It goes on where it stopped."""
        self._is_frozen = False
        calls, self._frozen_calls = self._frozen_calls, []
        for call, arguments in calls:
            call(*arguments)

    def present(self) -> list[tuple[WorkerId, BootId]]:
        """The workers that count for it, in which life."""
        views = self.scheduler.workers(self._clock.now)
        return [(view.id, view.boot) for view in views if view.liveness == "alive"]

    # What comes in.

    def hear(self, worker: "Worker", message: WorkerMessage) -> None:
        """A message of a worker has arrived."""
        if self._is_away(self.hear, worker, message):
            return
        who = (worker.id, worker.boot)
        if isinstance(message, WorkerHello):
            self._peers[who] = worker
            self._house.network.send(worker.hear, Welcome(self.generation, CATALOGUE))
        elif who not in self._peers:
            self._house.network.send(worker.reconnect)  # it was given up, and is told to introduce itself again
            return
        self._heard[who] = self._clock.time
        self._drain_soon(message)
        if isinstance(message, LAST_WORDS):
            self._settles.append(Settle(worker, message.lease))

    def take(self, submit: Submit) -> None:
        """A gateway's news of a job has arrived."""
        if not self._is_away(self.take, submit):
            self._drain_soon(submit)

    def ask(self, request: CancelJob | MoveJob) -> None:
        """A gateway's question has arrived."""
        if self._is_away(self.ask, request):
            return
        job = self._house.records.open.get(request.job)
        if self.scheduler.job(request.job) is None and job is not None:
            self.apply(Restored((job,)))
        self.apply(Asked(Question(request), request))

    def control(self, wish: ControlModel | ControlWorker) -> None:
        """An operator's wish has arrived."""
        if not self._is_away(self.control, wish):
            self.apply(Asked(Question(wish), wish))

    def _drain_soon(self, message: Event) -> None:
        """What comes within the next moment is applied as one batch."""
        self._inbox.append(message)
        if len(self._inbox) == 1:
            self._clock.after(DRAIN_S, self._drain)

    def _drain(self) -> None:
        if self._is_away(self._drain):
            return
        batch, self._inbox = self._inbox, []
        settles, self._settles = self._settles, []
        self.apply(*batch)
        self._let_out(settles)

    def apply(self, *events: Event) -> None:
        """The one door."""
        effects = self.scheduler.apply(events, self._clock.now)
        self._steps += 1
        if self._steps % self._house.check_every == 0:
            self.scheduler.validate()
        self._let_out(effects)
        self._set_tick()

    # What goes out.

    def _let_out(self, effects: list[Any]) -> None:
        self._outbox += effects
        if self._is_writing or not self._outbox:
            return
        group, self._outbox = self._outbox, []
        if any(isinstance(effect, Commit) for effect in group):
            self._is_writing = True
            self._clock.after(0.001, self._commit, group)
        else:
            self._release(group, frozenset())

    def _commit(self, group: list[Any]) -> None:
        if self._is_away(self._commit, group):
            return
        latest = {effect.job.id: effect.job for effect in group if isinstance(effect, Commit)}
        try:
            unknown = self._house.records.commit(self.generation, list(latest.values()))
        except StaleGeneration:
            return self.die()
        # A broker that dies here has written and not let out.
        self._clock.after(0.0002, self._released, group, unknown)
        return None

    def _released(self, group: list[Any], unknown: frozenset[JobId]) -> None:
        if self._is_away(self._released, group, unknown):
            return
        if unknown:
            self.apply(NeverCreated(tuple(sorted(unknown))))
        self._release(group, unknown)
        self._is_writing = False
        self._let_out([])

    def _release(self, group: list[Any], unknown: frozenset[JobId]) -> None:
        house = self._house
        for effect in group:
            match effect:
                case Commit(job=job) if job.id not in unknown:
                    house.checks.changed(job)
                case SendGrant(worker=worker, boot=boot, grant=grant) if grant.lease.job not in unknown:
                    self._send(worker, boot, grant)
                case SendCancel(worker=worker, boot=boot, cancel=cancel):
                    self._send(worker, boot, cancel)
                case SendOrder(worker=worker, boot=boot, order=order):
                    self._send(worker, boot, order)
                case Publish(job=published) if self.generation == house.records.generation:
                    news = self.scheduler.progressed(published, self._clock.now)
                    if news is not None:
                        house.checks.progressed(news)
                case Discard(lease=lease):
                    house.checks.discarded(lease)
                case Answer(token=Question() as question, reply=reply):
                    house.checks.answered(question, reply)
                case Settle(worker=worker, lease=lease):
                    house.network.send(worker.hear, Settled(self.generation, (lease,)))

    def _send(self, worker: WorkerId, boot: BootId, message: Any) -> None:
        peer = self._peers.get((worker, boot))
        if peer is not None:
            self._house.network.send(peer.hear, message)

    # Time.

    def _is_away(self, call: Any, *arguments: Any) -> bool:
        if self._is_frozen and self.is_alive:
            self._frozen_calls.append((call, arguments))
        return self._is_frozen or not self.is_alive

    def _set_tick(self) -> None:
        at = self.scheduler.next_tick(self._clock.now)
        if at is not None and (self._tick_at is None or at < self._tick_at):
            self._tick_at = at
            self._clock.after(max(0.0, at - self._clock.time), self._tick, at)

    def _tick(self, at: float) -> None:
        if not self._is_away(self._tick, at) and self._tick_at == at:
            self._tick_at = None
            self.apply(Tick())

    def _watch(self) -> None:
        if self._is_away(self._watch):
            return
        for who in list(self._peers):
            silence = self._clock.time - self._heard[who]
            if silence > LOST_S:
                del self._peers[who], self._heard[who]
                self.apply(WorkerLost(*who))
            elif silence > SUSPECT_S:
                self.apply(WorkerSilent(*who))
        self._clock.after(1.0, self._watch)

    def _catch_up(self) -> None:
        if self._is_away(self._catch_up):
            return
        self._house.records.learned = self.scheduler.learned()
        unheard = [job for job in self._house.records.open.values() if self.scheduler.job(job.id) is None]
        if unheard:
            self.apply(Restored(tuple(unheard)))
        self._clock.after(5.0, self._catch_up)
