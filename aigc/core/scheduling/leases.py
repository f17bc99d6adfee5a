"""Who may work on what: every lease that is out, found by job and by worker."""

from msgspec import Struct, field

from aigc.core.ids import BootId, JobId, Now, WorkerId
from aigc.core.job import Lease
from aigc.core.messages import Grant, LeaseView
from aigc.core.scheduling.waiting import Demand, Entry

DEADLINE_PASSED = "its deadline has passed"
"""Reason of a cancel that ends in `failed`, not in `cancelled`; it stands in the record, so a restart knows it too."""
RUN_LIMIT_PASSED = "it has run as long as its model may"
FAILING = (DEADLINE_PASSED, RUN_LIMIT_PASSED)


class Granted(Struct, eq=False):
    """One lease that is out. Instants are monotonic seconds."""

    entry: Entry
    lease: Lease
    demand: Demand | None
    """None only for a restored lease whose model left the catalogue meanwhile."""
    worker: WorkerId
    granted_at: float
    need_bytes: int
    boot: BootId | None = None
    """Which life of the worker holds it; None: restored, and its worker has not been heard yet."""
    evicts: tuple[str, ...] = ()
    """Residencies that leave the device for it."""
    charged_s: float = 0.0
    """Device-seconds that its owner was charged in advance."""
    message: Grant | None = None
    """What was sent to the worker; None: by an earlier broker."""
    sent_at: float = 0.0
    is_sent_again: bool = False
    started_at: float | None = None
    trail: list[float] = field(default_factory=list)
    """Seconds since then after which it said that it was at each of the marks of `pace`."""
    is_storing: bool = False
    """Its model is done with it, and only its files are still on their way to the store."""
    ending: str = ""
    """Why it was asked to end; empty: it was not. Whatever it reports then, it has ended."""
    asked_at: float = 0.0
    """When it was last asked to end."""

    @property
    def residency(self) -> str:
        """What is loaded for it; empty if nobody knows any more."""
        return self.demand.residency if self.demand is not None else ""

    @property
    def is_alone(self) -> bool:
        """Whether nothing else may run beside it."""
        return self.demand is not None and self.demand.need.alone

    def view(self, now: Now) -> LeaseView:
        """As operators see it. Since when it is held the record says, which may be older than this broker."""
        job = self.entry.job
        return LeaseView(
            lease=self.lease,
            worker=self.worker,
            model=job.model,
            name=job.name,
            feature=job.feature,
            owner=job.owner,
            residency=self.residency,
            need_bytes=self.need_bytes,
            held_s=max(0.0, now.wall - (job.started_at or now.wall)),
            running_s=now.monotonic - self.started_at if self.started_at is not None else None,
            stage=job.stage,
            fraction=job.progress.fraction,
            ending=self.ending,
        )


class Hands(dict[JobId, Granted]):
    """What is in one worker's hands, oldest grant first; and how much of it is work, by demand: most is of one."""

    def __init__(self) -> None:
        super().__init__()
        self.work: dict[Demand | None, int] = {}
        """How many leases wait or run; the others need nothing of the device any more."""

    def take(self, granted: Granted) -> None:
        """It is here."""
        self[granted.lease.job] = granted
        self.work[granted.demand] = self.work.get(granted.demand, 0) + 1

    def let_out(self, granted: Granted) -> None:
        """Its model is done with it: only its files are still on their way to the store."""
        granted.is_storing = True
        self._worked(granted.demand)

    def drop(self, granted: Granted) -> None:
        """It is here no more."""
        del self[granted.lease.job]
        if not granted.is_storing:
            self._worked(granted.demand)

    def _worked(self, demand: Demand | None) -> None:
        self.work[demand] -= 1
        if not self.work[demand]:
            del self.work[demand]


class LeaseTable:
    """All leases that are out: at most one per job, and each of them in the hands of one worker."""

    def __init__(self) -> None:
        self._by_job: dict[JobId, Granted] = {}
        self._by_worker: dict[WorkerId, Hands] = {}

    def __len__(self) -> int:
        return len(self._by_job)

    def all(self) -> tuple[Granted, ...]:
        """Every lease, oldest grant first."""
        return tuple(self._by_job.values())

    def add(self, granted: Granted) -> None:
        """It is out now. Its job has no other."""
        self._by_job[granted.lease.job] = granted
        self.held_by(granted.worker).take(granted)

    def remove(self, granted: Granted) -> None:
        """It is void: nothing that still comes in its name changes anything."""
        del self._by_job[granted.lease.job]
        self._by_worker[granted.worker].drop(granted)

    def of(self, job: JobId) -> Granted | None:
        """The lease of that job."""
        return self._by_job.get(job)

    def match(self, worker: WorkerId, lease: Lease) -> Granted | None:
        """The lease, if it is the present one of its job and this worker's; otherwise whoever names it is stale."""
        granted = self._by_job.get(lease.job)
        if granted is None or granted.worker != worker or granted.lease != lease:
            return None
        return granted

    def held_by(self, worker: WorkerId) -> Hands:
        """What is in that worker's hands; a live view."""
        held = self._by_worker.get(worker)
        if held is None:
            held = self._by_worker[worker] = Hands()
        return held
