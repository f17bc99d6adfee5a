from typing import Any

import msgspec

from aigc.core.ids import JobId, ModelId
from aigc.core.job import Job, Progress, Stage, Status
from aigc.core.messages import Progressed
from web.records import Records

JOB = Job(id=JobId("j"), feature="f", model=ModelId("m"), created_at=0.0)


def at(seq: int, **more: Any) -> Job:
    return msgspec.structs.replace(JOB, seq=seq, **more)


def running(seq: int = 2, attempt: int = 1, stage: Stage = Stage.LOADING_MODEL) -> Job:
    return at(seq, status=Status.PROCESSING, attempt=attempt, stage=stage)


def news(fraction: float, attempt: int = 1) -> Progressed:
    return Progressed(JOB.id, attempt, Stage.SAMPLING, Progress(fraction=fraction))


def test_an_older_record_never_takes_the_place_of_a_newer_one() -> None:
    records = Records(8)
    assert records.put(at(3)).seq == 3
    assert records.put(at(2)).seq == 3
    assert records.find(JOB.id) == at(3)


def test_the_record_that_was_touched_longest_ago_makes_room() -> None:
    records = Records(2)
    one, two, three = (msgspec.structs.replace(JOB, id=JobId(name)) for name in "123")
    records.put(one), records.put(two)
    records.find(one.id)
    records.put(three)
    assert [records.find(job.id) is not None for job in (one, two, three)] == [True, False, True]
    assert len(records) == 2


def test_a_running_job_shows_its_live_stage_and_progress() -> None:
    records = Records(8)
    records.put(running())
    records.progressed(news(0.3))
    records.progressed(news(0.4))
    found = records.find(JOB.id)
    assert found is not None
    assert (found.stage, found.progress.fraction, found.seq) == (Stage.SAMPLING, 0.4, 2)


def test_what_was_told_to_be_left_is_less_by_the_time_since_then() -> None:
    instants = iter([100.0, 100.0, 115.0, 125.0])
    records = Records(8, clock=lambda: next(instants))
    records.put(running())
    records.progressed(Progressed(JOB.id, 1, Stage.SAMPLING, Progress(fraction=0.5, left_s=20.0)))
    told = []
    for _ in range(3):
        found = records.find(JOB.id)
        assert found is not None
        told.append(found.progress.left_s)
    assert told == [20.0, 5.0, None]


def test_progress_of_an_attempt_that_is_over_is_not_shown() -> None:
    records = Records(8)
    records.put(running())
    records.progressed(news(0.9))
    records.put(running(seq=4, attempt=2))
    assert records.find(JOB.id) == running(seq=4, attempt=2)


def test_a_job_that_is_being_cancelled_says_so_whatever_its_runner_tells() -> None:
    records = Records(8)
    records.put(running(stage=Stage.CANCELLING))
    records.progressed(news(0.9))
    found = records.find(JOB.id)
    assert found is not None
    assert (found.stage, found.progress.fraction) == (Stage.CANCELLING, 0.9)


def test_a_finished_job_has_no_live_progress_any_more() -> None:
    records = Records(8)
    records.put(running())
    records.put(at(3, status=Status.COMPLETED))
    records.progressed(news(0.9))
    assert records.find(JOB.id) == at(3, status=Status.COMPLETED)
    assert records.with_progress(running()) == running()


def test_after_missed_news_or_a_deletion_what_was_read_before_is_told_from_what_is_read_now() -> None:
    records = Records(8)
    records.put(at(1))
    before = records.epoch
    records.clear()
    assert records.find(JOB.id) is None
    cleared = records.epoch
    records.put(at(1))
    records.forget(JOB.id)
    assert records.find(JOB.id) is None
    assert before < cleared < records.epoch
