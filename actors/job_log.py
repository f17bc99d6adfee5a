"""One line for each job that ends or is tried again, written by the broker that committed it."""

import logging

import structlog

from aigc.core.job import Job, Status

log = structlog.get_logger()


def tell(job: Job) -> None:
    """The record is durable: say what has become of the job, if anything has."""
    kind = job.history[-1].kind if job.history else ""
    if kind == "retrying":
        failure = job.failures[-1] if job.failures else None
        reason = f"{failure.code}: {failure.message}" if failure else job.history[-1].detail
        log.info("job.retrying", reason=reason, **job.origin.fields(job.id, job.attempt, job.worker))
    elif job.status.is_final:
        _ended(job)


def _ended(job: Job) -> None:
    is_failed = job.status is Status.FAILED
    if not log.is_enabled_for(logging.WARNING if is_failed else logging.INFO):
        return
    fields = {
        **job.origin.fields(job.id, job.attempt, job.worker),
        "model": job.model,
        "queued_s": round(job.timings.queued_s, 3),
        "run_s": round(job.timings.running_s, 3),
    }
    if is_failed and job.failure is not None:
        log.warning("job.failed", code=job.failure.code, reason=job.failure.message, **fields)
    else:
        log.info(f"job.{job.status}", **fields)
