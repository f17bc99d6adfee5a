from structlog.testing import capture_logs

from actors.attempt_log import AttemptLog
from aigc.core.ids import AttemptId, JobId, ModelId, WorkerId
from aigc.core.job import Failure, Lease
from aigc.core.messages import Generation, Grant, LeaseFailed, LeaseReturned
from aigc.core.trace import Origin

W, LEASE = WorkerId("w"), Lease(JobId("j"), 2, AttemptId("a"))
ORIGIN = Origin(f"00-{'a' * 32}-{'b' * 16}-01", "r")
GRANT = Grant(Generation(1, "g"), LEASE, ModelId("m"), "f", {}, {}, "glb", 1, origin=ORIGIN)
IDS = {"job": "j", "attempt": 2, "worker": "w", "request": "r", "trace_id": "a" * 32}


def test_a_bad_end_is_told_once_with_all_ids_however_often_it_is_repeated() -> None:
    told = AttemptLog(W)
    told.granted(GRANT)
    failed = LeaseFailed(W, LEASE, Failure("model_error", "bad luck"), killed_runner=False)
    with capture_logs() as lines:
        for _ in range(3):
            told.reported(failed)
    assert lines == [
        {"event": "attempt.failed", "log_level": "warning", "code": "model_error", "reason": "bad luck", **IDS}
    ]


def test_a_lease_that_nobody_granted_here_is_still_named() -> None:
    told = AttemptLog(W)
    assert told.fields(LEASE) == {"job": "j", "attempt": 2, "worker": "w"}
    with capture_logs() as lines:
        told.reported(LeaseReturned(W, LEASE, "no room"))
    assert lines == []
