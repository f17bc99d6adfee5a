"""Which changes of a record are legal."""

from typing import Any

import pytest

from aigc.core.errors import InvalidChange
from aigc.core.ids import JobId, ModelId, Now
from aigc.core.job import Job, Lease, Stage, Status
from aigc.core.lifecycle import FINAL, HISTORY_LIMIT, LEGAL, begin, change

NOW = Now(5.0, 1005.0)
LEASE = Lease(JobId("job-1"), 1, "id")  # type: ignore[arg-type]


def job(**fields: Any) -> Job:
    record = Job(id=JobId("job-1"), feature="f", model=ModelId("m"), created_at=1000.0)
    return change(begin(record), "started", NOW, **fields) if fields else begin(record)


def test_a_new_record_has_the_first_line_of_its_history() -> None:
    assert [(line.seq, line.at, line.kind) for line in job().history] == [(1, 1000.0, "queued")]


def test_every_change_is_numbered_and_entered() -> None:
    changed = change(job(), "started", NOW, "worker-0", status=Status.PROCESSING)

    assert changed.seq == 2
    assert changed.history[-1] == type(changed.history[-1])(2, 1005.0, "started", "worker-0")
    assert changed.status is Status.PROCESSING


@pytest.mark.parametrize("final", sorted(FINAL))
@pytest.mark.parametrize("status", sorted(Status))
def test_nothing_leaves_a_final_state(final: Status, status: Status) -> None:
    record = change(job(status=Status.PROCESSING), "ended", NOW, status=final)

    with pytest.raises(InvalidChange, match=f"job-1: {final} -> {status}, attempt 0; story: queued 0.0 s"):
        change(record, "again", NOW, status=status)


def test_final_states_are_those_that_clients_know() -> None:
    assert {status for status in Status if status.is_final} == FINAL
    assert set(LEGAL) == set(Status)


def test_a_finished_job_has_no_lease_no_stage_and_an_end() -> None:
    running = job(status=Status.PROCESSING, lease=LEASE, stage=Stage.SAMPLING)
    ended = change(running, "completed", NOW, status=Status.COMPLETED)

    assert (ended.lease, ended.stage, ended.finished_at) == (None, Stage.NONE, 1005.0)


def test_a_waiting_job_cannot_complete() -> None:
    with pytest.raises(InvalidChange):
        change(job(), "completed", NOW, status=Status.COMPLETED)


def test_a_history_is_bounded_and_keeps_its_latest_lines() -> None:
    record = job()
    for _ in range(2 * HISTORY_LIMIT):
        record = change(record, "priority", NOW)

    assert len(record.history) == HISTORY_LIMIT
    assert [line.seq for line in record.history][-1] == record.seq == 2 * HISTORY_LIMIT + 1
