from actors.job_spans import JobSpans
from aigc.core import lifecycle
from aigc.core.ids import AttemptId, JobId, ModelId, Now, WorkerId
from aigc.core.job import Failure, Job, Lease, Status, Timings
from aigc.core.messages import Generation, Grant
from aigc.core.trace import Origin, Span

TRACE, ROOT = "a" * 32, "b" * 16


def lived(flags: str) -> list[Span]:
    """The spans of a job that waited 2 s and failed after 3 s."""
    spans: list[Span] = []
    told = JobSpans(spans.append)
    origin = Origin(f"00-{TRACE}-{ROOT}-{flags}", "r")
    job = lifecycle.begin(Job(id=JobId("j"), feature="f", model=ModelId("m"), created_at=10.0, origin=origin))
    told.committed(job)
    started = lifecycle.change(
        job, "started", Now(0.0, 12.0), status=Status.PROCESSING, attempt=1, worker=WorkerId("w"), started_at=12.0,
        timings=Timings(2.0),
    )  # fmt: skip
    told.committed(started)
    lease = Lease(JobId("j"), 1, AttemptId("c" * 16))
    told.granted(Grant(Generation(1, "g"), lease, ModelId("m"), "f", {}, {}, "glb", 1, origin=origin))
    failure = Failure("model_error", "bad luck")
    told.committed(
        lifecycle.change(
            started, "failed", Now(0.0, 15.0), status=Status.FAILED, failure=failure, failures=(failure,)
        )
    )  # fmt: skip
    assert told._attempts == {}
    return spans


def test_a_job_is_a_wait_and_attempts_within_the_clients_trace() -> None:
    wait, attempt = lived("01")
    assert (wait.name, wait.start, wait.end, wait.at.trace_id, wait.parent_id) == ("wait", 10.0, 12.0, TRACE, ROOT)
    assert (attempt.name, attempt.start, attempt.end, attempt.at.span_id) == ("attempt", 12.0, 15.0, "c" * 16)
    assert (attempt.error, attempt.fields["worker"]) == ("model_error: bad luck", "w")


def test_a_trace_that_is_not_recorded_is_told_to_nobody() -> None:
    assert lived("00") == []
