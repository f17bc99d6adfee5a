"""A job as clients see it: the record without what is only ours, with links, times in words and its place in the queue.

The object has exactly one key named `status`, because existing clients search for it in the text.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from aigc.core.ids import JobId
from aigc.core.job import Failure, Input, Job, Output, Progress, Status
from aigc.core.messages import Estimate
from web import urls
from web.signing import Sign, unsigned


@lru_cache(4096)
def rfc3339(seconds: float | None) -> str | None:
    """Seconds since the epoch as `2026-01-31T12:00:00.123456Z`."""
    if seconds is None:
        return None
    whole, micros = divmod(round(seconds * 1e6), 1_000_000)
    return f"{_second(whole)}.{micros:06d}Z"


@lru_cache(64)
def _second(seconds: int) -> str:
    """Taking a date apart takes four times as long as the rest, and many instants share their second."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:-6]


def job_view(job: Job, estimate: Estimate | None = None, sign: Sign = unsigned) -> dict[str, Any]:
    """The whole job; `estimate` is known for some waiting ones, `sign` makes URLs of files that can be fetched."""
    return {
        "id": job.id,
        "name": job.name,
        "feature": job.feature,
        "model": job.model,
        "status": job.status,
        "stage": job.stage,
        "progress": progress_view(job.progress, job.id, sign, is_done=job.status is Status.COMPLETED),
        "queue": queue_view(estimate) if estimate and job.status is Status.QUEUED else None,
        "owner": job.owner or None,
        "priority": job.priority,
        "worker": job.worker,
        "attempt": job.attempt,
        "max_attempts": job.max_attempts,
        "tags": job.tags,
        "metadata": job.metadata,
        "inputs": {name: input_view(job, name, given, sign) for name, given in job.inputs.items()},
        "params": job.params,
        "output_format": job.output_format,
        "outputs": [_output(job, output, sign) for output in job.outputs],
        "info": job.info,
        "warnings": job.warnings,
        "error": _failure(job.failure) if job.failure else None,
        "failures": [_failure(failure) for failure in job.failures],
        "timings": {
            "queued_s": job.timings.queued_s,
            "loading_s": job.timings.loading_s,
            "running_s": job.timings.running_s,
        },
        "peak_bytes": job.peak_bytes,
        "request_id": job.origin.request,
        "trace_id": job.origin.trace_id,
        "created_at": rfc3339(job.created_at),
        "started_at": rfc3339(job.started_at),
        "finished_at": rfc3339(job.finished_at),
        "deadline_at": rfc3339(job.deadline_at),
        "seq": job.seq,
        "history": [
            {"seq": line.seq, "at": rfc3339(line.at), "kind": line.kind, "detail": line.detail} for line in job.history
        ],
        "urls": _links(job, sign),
    }


def progress_view(progress: Progress, job: JobId, sign: Sign = unsigned, *, is_done: bool = False) -> dict[str, Any]:
    """How far the current attempt is; a completed job is all the way."""
    return {
        "fraction": 1.0 if is_done else progress.fraction,
        "step": progress.step,
        "steps": progress.steps,
        "message": progress.message,
        "preview_url": sign(urls.preview_url(job)) if progress.preview else None,
        "estimated_left_s": progress.left_s,
    }


def queue_view(estimate: Estimate) -> dict[str, Any]:
    """Where a waiting job stands: seconds from now, `None` where nothing is known."""
    return {
        "position": estimate.position,
        "estimated_start_s": estimate.start_s,
        "estimated_done_s": estimate.done_s,
        "reason": estimate.reason,
    }


def input_view(job: Job, name: str, given: Input, sign: Sign = unsigned) -> dict[str, Any]:
    """One input: the text itself, or what the file is and where it can be fetched."""
    if given.asset is None:
        return {"text": given.text}
    return {
        "filename": given.filename,
        "title": given.title,
        "content_type": given.content_type,
        "bytes": given.bytes,
        "url": sign(urls.input_url(job.id, name)),
    }


def _output(job: Job, output: Output, sign: Sign) -> dict[str, Any]:
    return {
        "name": output.name,
        "role": output.role,
        "format": output.format,
        "content_type": output.content_type,
        "bytes": output.bytes,
        "sha256": output.sha256,
        "stats": output.stats,
        "url": sign(urls.output_url(job.id, output.name)),
    }


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "code": failure.code,
        "message": failure.message,
        "suggestion": failure.suggestion,
        "retryable": failure.retryable,
        "log_tail": failure.log_tail,
        "attempt": failure.attempt,
        "worker": failure.worker,
        "at": rfc3339(failure.at or None),
    }


def _links(job: Job, sign: Sign) -> dict[str, str]:
    self_url = urls.job_url(job.id)
    links = {"self": self_url, "events": f"{self_url}/events", "websocket": urls.EVENTS}
    if not job.status.is_final:
        links["cancel"] = f"{self_url}/cancel"
    else:
        links["retry"] = f"{self_url}/retry"
    if job.main_output is not None:
        links["download"] = sign(urls.output_url(job.id, job.main_output.name))
    if any(output.role == "thumbnail" for output in job.outputs):
        links["thumbnail"] = sign(urls.thumbnail_url(job.id))
    return links
