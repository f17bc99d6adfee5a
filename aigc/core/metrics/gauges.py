"""How queue, workers and devices are at this moment, as rows."""

from collections.abc import Iterable, Iterator

from aigc.core.messages import LeaseView, WorkerView
from aigc.core.metrics.tally import Row


def of_workers(workers: Iterable[WorkerView]) -> Iterator[Row]:
    """Each worker, lost ones included, and its device."""
    for worker in workers:
        is_heard = worker.liveness != "lost"
        yield Row("aigc_worker_up", (worker.id,), (float(is_heard),))
        yield Row("aigc_worker_busy", (worker.id,), (float(bool(worker.leases)),))
        yield Row("aigc_worker_quarantined", (worker.id,), (float(bool(worker.quarantined)),))
        if is_heard:
            yield from _of_device(worker)


def of_running(running: Iterable[LeaseView]) -> Iterator[Row]:
    """How many jobs of each task workers have."""
    counts: dict[str, int] = {}
    for lease in running:
        counts[lease.feature] = counts.get(lease.feature, 0) + 1
    return (Row("aigc_jobs_running", (task,), (float(count),)) for task, count in counts.items())


def of_queue(
    waiting: dict[tuple[str, int], int], ages: dict[str, float], stranded: dict[str, int], bound: int
) -> Iterator[Row]:
    """Waiting jobs by task and priority, the oldest of each task, and those that nobody can take."""
    for (task, priority), count in waiting.items():
        yield Row("aigc_queue_jobs", (task, str(priority)), (float(count),))
    for task, age_s in ages.items():
        yield Row("aigc_queue_oldest_job_age_seconds", (task,), (age_s,))
    for task, count in stranded.items():
        yield Row("aigc_queue_stranded_jobs", (task,), (float(count),))
    yield Row("aigc_queue_limit_jobs", (), (float(bound),))


def _of_device(worker: WorkerView) -> Iterator[Row]:
    device = worker.device
    labels = (worker.id, device.name or device.kind, device.id)
    for name, value in (
        ("memory_used_bytes", device.used),
        ("memory_total_bytes", device.total),
        ("memory_reserved_bytes", device.reserved),
        ("utilization_ratio", device.utilisation),
        ("temperature_celsius", device.temperature_c),
        ("power_watts", device.power_w),
    ):
        if value is not None:
            yield Row(f"aigc_gpu_{name}", labels, (float(value),))
