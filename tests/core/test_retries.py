"""Another attempt, or the end."""

import pytest

from aigc.core.ids import JobId, ModelId
from aigc.core.job import Failure, Job
from aigc.core.scheduling.retries import Park, Retry, decide, doubled
from aigc.core.scheduling.settings import SchedulerSettings

SETTINGS = SchedulerSettings(pause_s=1.0, pause_limit_s=5.0)


def job(*codes: str, max_attempts: int = 3, retryable: bool = False) -> Job:
    failures = tuple(Failure(code, f"bad luck {n}", retryable=retryable) for n, code in enumerate(codes))
    return Job(
        id=JobId("job-1"),
        feature="f",
        model=ModelId("m"),
        created_at=0.0,
        failures=failures,
        strikes=len(failures),
        max_attempts=max_attempts,
    )


@pytest.mark.parametrize("code", ["input_invalid", "deadline_exceeded", "model_removed"])
def test_what_would_end_the_same_way_is_not_tried_again(code: str) -> None:
    record = job(code, retryable=True)

    assert decide(record, 0, SETTINGS) == Park(record.failures[0])


@pytest.mark.parametrize("code", ["model_error", "model_load_failed", "result_invalid", "storage_failed", "internal"])
@pytest.mark.parametrize("retryable", [True, False])
def test_of_other_failures_the_worker_says_whether_another_attempt_may_help(code: str, retryable: bool) -> None:
    verdict = decide(job(code, retryable=retryable), 0, SETTINGS)

    assert isinstance(verdict, Retry) is retryable


@pytest.mark.parametrize(
    ("code", "pause_s"),
    [("worker_lost", 0.0), ("out_of_memory", 0.0), ("runner_crashed", 0.0), ("runner_stalled", 1.0)],
)
def test_the_infrastructures_failures_are_tried_again(code: str, pause_s: float) -> None:
    assert decide(job(code), 1, SETTINGS) == Retry(pause_s)


def test_pauses_double_up_to_a_limit() -> None:
    pauses = [decide(job(*["runner_stalled"] * n, max_attempts=9), 0, SETTINGS) for n in (1, 2, 3, 4, 5)]

    assert pauses == [Retry(1.0), Retry(2.0), Retry(4.0), Retry(5.0), Retry(5.0)]
    assert doubled(3.0, 10_000, 60.0) == 60.0


def test_after_its_last_attempt_a_job_is_parked_with_its_count() -> None:
    verdict = decide(job("worker_lost", "worker_lost", "worker_lost"), 0, SETTINGS)

    assert verdict == Park(Failure("worker_lost", "bad luck 2 (attempt 3 of 3)"))


def test_a_second_out_of_memory_is_the_last_one() -> None:
    verdict = decide(job("out_of_memory", "worker_lost", "out_of_memory", max_attempts=9), 0, SETTINGS)

    assert isinstance(verdict, Park)
    assert "alone on the device" in verdict.failure.message
    assert isinstance(decide(job("worker_lost", "out_of_memory", max_attempts=9), 0, SETTINGS), Retry)


def test_a_job_that_took_two_runners_with_it_is_not_given_a_third() -> None:
    verdict = decide(job("runner_crashed", "runner_crashed", max_attempts=9), 2, SETTINGS)

    assert isinstance(verdict, Park)
    assert "took 2 runners with it" in verdict.failure.message
    assert not verdict.failure.retryable
