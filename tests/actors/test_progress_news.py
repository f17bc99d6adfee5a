import asyncio

from actors.progress_news import ProgressNews
from aigc.core.ids import JobId
from aigc.core.job import Progress, Stage
from aigc.core.messages import Progressed

A, B = JobId("a"), JobId("b")


def at(job: JobId, fraction: float) -> Progressed:
    return Progressed(job, 1, Stage.SAMPLING, Progress(fraction))


class Ear:
    """All that was told, and a way to wait for more."""

    def __init__(self) -> None:
        self.told: list[Progressed] = []
        self.heard = asyncio.Event()

    def __call__(self, news: Progressed) -> None:
        self.told.append(news)
        self.heard.set()


async def test_of_each_job_the_latest_is_told() -> None:
    ear = Ear()
    news = ProgressNews(ear)
    for fraction in (0.1, 0.2, 0.3):
        news.take(at(A, fraction))
        news.take(at(B, fraction / 2))
    assert ear.told == []
    await ear.heard.wait()
    assert ear.told == [at(A, 0.3), at(B, 0.15)]

    ear.heard.clear()
    news.take(at(A, 0.4))
    await ear.heard.wait()
    assert ear.told[2:] == [at(A, 0.4)]


async def test_what_a_change_of_the_job_has_said_is_not_told_after_it() -> None:
    ear = Ear()
    news = ProgressNews(ear)
    news.take(at(A, 0.9))
    news.take(at(B, 0.1))
    news.drop(A)
    news.drop(A)
    await ear.heard.wait()
    assert ear.told == [at(B, 0.1)]


async def test_after_the_end_nothing_is_told() -> None:
    ear = Ear()
    news, other = ProgressNews(ear), ProgressNews(ear)
    news.take(at(A, 0.9))
    news.close()
    other.take(at(B, 0.1))
    await ear.heard.wait()
    assert ear.told == [at(B, 0.1)]
