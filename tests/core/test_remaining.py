"""How long a running job will go on: told only where something is known."""

from collections.abc import Sequence

import pytest

from aigc.core.effects import Effect, Publish
from aigc.core.ids import JobId
from aigc.core.job import Progress, Stage
from aigc.core.messages import LeaseProgress, LeaseRan, LeaseStarted
from tests.core.scheduler_kit import Desk, only, spec


def told(desk: Desk, effects: Sequence[Effect]) -> float | None:
    (effect,) = only(effects, Publish)
    news = desk.scheduler.progressed(effect.job, desk.now)
    assert news is not None
    return news.progress.left_s


def says(desk: Desk, job: JobId, fraction: float, stage: Stage = Stage.SAMPLING) -> float | None:
    return told(desk, desk.apply(LeaseProgress(desk.where(job), desk.lease(job), stage, Progress(fraction))))


def begun(*, is_learned: bool) -> tuple[Desk, JobId]:
    """A job whose model is loading; of its like one may have run for 100 s, after 20 s of loading."""
    desk = Desk(spec("a", run_s=1.0, load_s=1.0))
    desk.worker()
    if is_learned:
        first = desk.submit()
        desk.apply(LeaseStarted(desk.where(first), desk.lease(first), 20.0))
        desk.finish(first, run_s=100.0)
    return desk, desk.submit()


def test_it_is_what_its_like_took_and_the_further_it_is_the_more_its_own_word() -> None:
    desk, job = begun(is_learned=True)
    assert told(desk, desk.start(job)) == 100.0
    desk.after(40.0)
    assert says(desk, job, 0.0) == 60.0
    assert says(desk, job, 0.4) == pytest.approx(60.0)
    desk.after(160.0)
    assert says(desk, job, 0.5) == pytest.approx(200.0), "it took twice as long, so its own word counts alone"


def test_a_model_that_is_ahead_of_time_in_its_own_words_is_known_for_it() -> None:
    desk = Desk(spec("a", run_s=1.0, load_s=1.0))
    desk.worker()
    for _ in range(3):
        job = desk.submit()
        desk.start(job)
        desk.after(10.0)
        says(desk, job, 0.8)
        desk.after(90.0)
        desk.finish(job, run_s=100.0)
    job = desk.submit()
    desk.start(job)
    desk.after(30.0)
    assert says(desk, job, 0.8) == pytest.approx(0.1 * 270.0 + 0.9 * 70.0), "a tenth of the time is behind it"


def test_nothing_is_told_where_nothing_is_known() -> None:
    desk, job = begun(is_learned=False)
    assert says(desk, job, 0.0, Stage.LOADING_MODEL) is None
    assert told(desk, desk.start(job)) is None, "what a catalogue declares is no experience"
    desk.after(10.0)
    assert says(desk, job, 0.1) is None
    assert says(desk, job, 0.25) == pytest.approx(30.0)
    assert told(desk, desk.apply(LeaseRan(desk.where(job), desk.lease(job), 0.0))) is None


def test_one_that_is_silent_for_longer_than_its_like_is_told_to_take_nobody_knows_how_long() -> None:
    desk, job = begun(is_learned=True)
    desk.start(job)
    desk.after(101.0)
    assert says(desk, job, 0.0) is None
    desk.cancel(job)
    assert desk.store[job].progress.left_s is None


def test_loading_counts_where_it_was_learned() -> None:
    desk = Desk(spec("a", 10, run_s=1.0, load_s=1.0), spec("b", 10))
    desk.worker("w", 12)
    first = desk.submit("a")
    desk.start(first, 20.0)
    desk.finish(first, run_s=100.0)
    other = desk.submit("b")  # "a" has to leave for it
    desk.start(other, 10.0)
    desk.finish(other)
    assert says(desk, desk.submit("a"), 0.0, Stage.LOADING_MODEL) == pytest.approx(120.0)
