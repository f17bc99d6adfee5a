"""Spans of jobs: how long each waited, and each of its attempts; made from what the broker has committed."""

import secrets

from aigc.core.job import Job, Status
from aigc.core.messages import Grant
from aigc.core.trace import Export, Span, Traceparent, parse


class JobSpans:
    """Tells of waits and attempts of jobs whose request is traced."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._attempts: dict[str, str] = {}

    def granted(self, grant: Grant) -> None:
        """An attempt was handed out; its id is that of its span."""
        self._attempts[grant.lease.job] = grant.lease.id

    def committed(self, job: Job) -> None:
        """The record is durable: what ended with its last change is told."""
        root = parse(job.origin.trace)
        kind = job.history[-1].kind if job.history else ""
        if root is None or not root.is_sampled:
            self._attempts.pop(job.id, None)
        elif kind == "started" and job.started_at is not None:
            since = job.started_at - job.timings.queued_s
            self._tell("wait", root.at(secrets.token_hex(8)), root, job, since, job.started_at)
        elif (kind == "retrying" or job.status.is_final) and (attempt := self._attempts.pop(job.id, "")):
            self._tell("attempt", root.at(attempt), root, job, job.started_at or job.created_at, job.history[-1].at)

    def _tell(self, name: str, at: Traceparent, root: Traceparent, job: Job, start: float, end: float) -> None:
        failure = job.failures[-1] if job.failures and job.status is not Status.COMPLETED else None
        fields = {**job.origin.fields(job.id, job.attempt, job.worker), "feature": job.feature, "model": job.model}
        error = f"{failure.code}: {failure.message}" if failure is not None and name == "attempt" else ""
        self._export(Span(name=name, at=at, parent_id=root.span_id, start=start, end=end, fields=fields, error=error))
