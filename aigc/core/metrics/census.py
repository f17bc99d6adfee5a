"""What a leading broker counts of all that passes it. It begins at zero, as every process does.

A successor knows nothing of its predecessor's counts, and `aigc_broker_generation` has grown then. Keeping them in the
store would be worse: what a crash left a little too low looks to Prometheus like a restart that counted all of it anew.
"""

from msgspec import Struct

from aigc.core.ids import BootId, JobId, ModelId, WorkerId
from aigc.core.job import Job, Stage, Status
from aigc.core.messages import (
    Counted,
    Grant,
    LeaseFinished,
    LeaseProgress,
    LeaseRan,
    LeaseStarted,
    WorkerBeat,
    WorkerBye,
    WorkerHello,
    WorkerMessage,
)
from aigc.core.metrics.tally import Row, Tally


class _Attempt(Struct):
    """How far a job is that a worker has."""

    model: ModelId
    stage: Stage
    since: float
    is_loaded: bool = False
    """How long its model took to load is counted."""


class Census:
    """Counts jobs, loads, evictions and restarts.

    Args:
        backend: what the files are kept in, as a word.
    """

    def __init__(self, backend: str = "directory") -> None:
        self.tally = Tally()
        self._backend = backend
        self._streams: dict[bytes, dict[str, int]] = {}
        self._attempts: dict[JobId, _Attempt] = {}
        self._boots: dict[WorkerId, BootId] = {}
        self._gone: dict[WorkerId, str] = {}
        self._left: dict[WorkerId, dict[tuple[str, str], int]] = {}

    def told(self, gateway: bytes, message: Counted) -> None:
        """A gateway has counted this."""
        self.tally.merge(message.rows)
        self._streams[gateway] = message.streams

    def parted(self, gateway: bytes) -> None:
        """That gateway, if it is one, is heard no more, and its streams are gone."""
        self._streams.pop(gateway, None)

    def granted(self, grant: Grant, now: float) -> None:
        """A job was handed to a worker."""
        self._attempts[grant.lease.job] = _Attempt(grant.model, Stage.WAITING, now)
        size = sum(given.bytes for given in grant.inputs.values())
        if size:
            self.tally.add("aigc_storage_bytes_total", ("out", self._backend), size)

    def committed(self, job: Job) -> None:
        """A record is durable: what its last line says has happened."""
        kind = job.history[-1].kind if job.history else ""
        if kind == "retrying":
            reason = job.failures[-1].code if job.failures else "handed_back"
            self.tally.add("aigc_job_retries_total", (job.feature, reason))
            self._attempts.pop(job.id, None)
        elif job.status.is_final:
            self._finished(job)

    def _finished(self, job: Job) -> None:
        tally = self.tally
        self._attempts.pop(job.id, None)
        tally.add("aigc_jobs_finished_total", (job.feature, job.model, job.status))
        tally.observe("aigc_job_queue_seconds", (), job.timings.queued_s)
        if job.status is Status.COMPLETED:
            tally.observe("aigc_job_run_seconds", (job.feature, job.model), job.timings.running_s)
            written = sum(output.bytes for output in job.outputs)
            tally.add("aigc_storage_bytes_total", ("in", self._backend), written)

    def heard(self, message: WorkerMessage, now: float) -> None:
        """A worker said this."""
        match message:
            case LeaseProgress(lease=lease, stage=stage):
                self._reached(lease.job, stage, now)
            case LeaseStarted(lease=lease, load_s=load_s):
                self._loaded(lease.job, load_s)
                self._reached(lease.job, Stage.PREPROCESSING, now)
            case LeaseRan(lease=lease, load_s=load_s):
                self._loaded(lease.job, load_s)
                self._reached(lease.job, Stage.STORING, now)
            case LeaseFinished(lease=lease, load_s=load_s):
                self._loaded(lease.job, load_s)
                self._reached(lease.job, Stage.NONE, now)
            case WorkerHello(worker=worker, boot=boot):
                self._greeted(worker, boot)
            case WorkerBeat(worker=worker, boot=boot, left=left):
                if self._boots.get(worker) == boot:
                    self._evicted(worker, left)
            case WorkerBye(worker=worker):
                self._gone[worker] = "stopped"
            case _:
                pass

    def lost(self, worker: WorkerId) -> None:
        """The worker is not heard any more."""
        self._gone.setdefault(worker, "lost")

    def _reached(self, job: JobId, stage: Stage, now: float) -> None:
        attempt = self._attempts.get(job)
        if attempt is None or attempt.stage is stage:
            return
        if attempt.stage is not Stage.WAITING:
            self.tally.observe("aigc_job_stage_seconds", (attempt.stage, attempt.model), now - attempt.since)
        attempt.stage, attempt.since = stage, now

    def _loaded(self, job: JobId, load_s: float) -> None:
        attempt = self._attempts.get(job) if load_s > 0.0 else None
        if attempt is not None and not attempt.is_loaded:
            attempt.is_loaded = True
            self.tally.observe("aigc_model_load_seconds", (attempt.model,), load_s)

    def _greeted(self, worker: WorkerId, boot: BootId) -> None:
        before = self._boots.get(worker)
        how = self._gone.pop(worker, "replaced")
        if before is not None and before != boot:
            self.tally.add("aigc_worker_restarts_total", (worker, how))
        if before != boot:
            self._boots[worker] = boot
            self._left.pop(worker, None)

    def _evicted(self, worker: WorkerId, left: tuple[tuple[str, str, int], ...]) -> None:
        counts = {(residency, reason): number for residency, reason, number in left}
        before = self._left.get(worker)
        if before is not None:  # else: it happened before this broker led
            for who, number in counts.items():
                if (more := number - before.get(who, 0)) > 0:
                    self.tally.add("aigc_model_evictions_total", who, more)
        self._left[worker] = counts

    def rows(self) -> tuple[Row, ...]:
        """All that was counted, and the streams that gateways have."""
        streams: dict[str, int] = {}
        for told in self._streams.values():
            for kind, count in told.items():
                streams[kind] = streams.get(kind, 0) + count
        gauges = (Row("aigc_websocket_connections", (kind,), (float(count),)) for kind, count in streams.items())
        return (*self.tally.rows(), *gauges)
