from typing import Any

from structlog.testing import capture_logs

from actors import job_log
from aigc.core import lifecycle
from aigc.core.ids import JobId, ModelId, Now, WorkerId
from aigc.core.job import Failure, Job, Status
from aigc.core.trace import Origin

JOB = lifecycle.begin(
    Job(
        id=JobId("j"), feature="f", model=ModelId("m"), created_at=0.0, attempt=1, worker=WorkerId("w"),
        origin=Origin(f"00-{'a' * 32}-{'b' * 16}-01", "r"),
    )
)  # fmt: skip


def line(kind: str, **updates: Any) -> list[Any]:
    with capture_logs() as lines:
        job_log.tell(lifecycle.change(JOB, kind, Now(1.0, 1.0), **updates))
    return lines


def test_each_end_is_one_line_with_all_ids() -> None:
    (done,) = line("cancelled", status=Status.CANCELLED)
    assert done["event"] == "job.cancelled"
    assert {"job": "j", "attempt": 1, "worker": "w", "request": "r", "trace_id": "a" * 32}.items() <= done.items()


def test_a_failure_says_why() -> None:
    failure = Failure("worker_lost", "gone")
    (failed,) = line("failed", status=Status.FAILED, failure=failure)
    assert (failed["log_level"], failed["code"], failed["reason"]) == ("warning", "worker_lost", "gone")
    (again,) = line("retrying", failures=(failure,))
    assert (again["event"], again["reason"]) == ("job.retrying", "worker_lost: gone")


def test_what_changes_on_the_way_is_no_line() -> None:
    assert line("priority", priority=9) == line("started", status=Status.PROCESSING) == []
