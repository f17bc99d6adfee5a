import asyncio

from actors.progress_news import ProgressNews
from aigc.core.ids import JobId
from aigc.core.job import Progress, Stage
from aigc.core.messages import Progressed

A, B = JobId("a"), JobId("b")


def at(job: JobId, fraction: float) -> Progressed:
    return Progressed(job, 1, Stage.SAMPLING, Progress(fraction))


class Jobs:
    """How far each is; what no worker has is nowhere."""

    def __init__(self) -> None:
        self.fractions: dict[JobId, float] = {}

    def __call__(self, job: JobId) -> Progressed | None:
        return at(job, self.fractions[job]) if job in self.fractions else None


class Ear:
    """All that was told, and a way to wait for more."""

    def __init__(self) -> None:
        self.told: list[Progressed] = []
        self.heard = asyncio.Event()

    def __call__(self, news: Progressed) -> None:
        self.told.append(news)
        self.heard.set()


async def test_of_each_job_the_latest_is_told() -> None:
    ear, jobs = Ear(), Jobs()
    news = ProgressNews(jobs, ear)
    for fraction in (0.1, 0.2, 0.3):
        jobs.fractions = {A: fraction, B: fraction / 2}
        news.take(A, 1)
        news.take(B, 1)
    assert ear.told == []
    await ear.heard.wait()
    assert ear.told == [at(A, 0.3), at(B, 0.15)]

    ear.heard.clear()
    jobs.fractions[A] = 0.4
    news.take(A, 1)
    await ear.heard.wait()
    assert ear.told[2:] == [at(A, 0.4)]


async def test_what_a_change_of_the_job_has_said_is_not_told_after_it() -> None:
    ear, jobs = Ear(), Jobs()
    jobs.fractions = {A: 0.9, B: 0.1}
    news = ProgressNews(jobs, ear)
    news.take(A, 1)
    news.take(B, 1)
    news.drop(A)
    news.drop(A)
    await ear.heard.wait()
    assert ear.told == [at(B, 0.1)]


async def test_of_a_job_on_which_nothing_works_any_more_nothing_is_told() -> None:
    ear, jobs = Ear(), Jobs()
    jobs.fractions = {B: 0.1}
    news = ProgressNews(jobs, ear)
    news.take(A, 1)
    news.take(B, 1)
    await ear.heard.wait()
    assert ear.told == [at(B, 0.1)]


async def test_that_another_attempt_has_begun_is_not_told_by_the_progress_of_the_one_before() -> None:
    ear, jobs = Ear(), Jobs()
    jobs.fractions = {A: 0.1, B: 0.1}
    news = ProgressNews(jobs, ear)
    news.take(A, 0)
    news.take(B, 0)
    news.take(B, 1)
    await ear.heard.wait()
    assert ear.told == [at(B, 0.1)]


async def test_after_the_end_nothing_is_told() -> None:
    ear, jobs = Ear(), Jobs()
    jobs.fractions = {A: 0.9, B: 0.1}
    news, other = ProgressNews(jobs, ear), ProgressNews(jobs, ear)
    news.take(A, 1)
    news.close()
    other.take(B, 1)
    await ear.heard.wait()
    assert ear.told == [at(B, 0.1)]
