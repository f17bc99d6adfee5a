import asyncio

from actors.house_news import HouseNews
from aigc.core.messages import QueueMoved, Submit, Telemetry
from tests.core.scheduler_kit import Desk

NEVER_AGAIN_S = 3600.0


class Ear:
    """All that was told, and a way to wait for more."""

    def __init__(self) -> None:
        self.told: list[Telemetry | QueueMoved] = []
        self.heard = asyncio.Event()

    def __call__(self, news: Telemetry | QueueMoved) -> None:
        self.told.append(news)
        self.heard.set()


def submit(desk: Desk, news: HouseNews) -> None:
    job = desk.job()
    desk.apply(Submit(job))
    news.applied([Submit(job)])


def hello(desk: Desk, news: HouseNews) -> None:
    desk.worker()
    news.applied([*desk.workers.values()])


async def test_jobs_that_come_move_the_queue_and_tell_nothing_of_devices() -> None:
    desk, ear = Desk(), Ear()
    news = HouseNews(desk.scheduler, lambda: desk.now, ear, 0.0)
    submit(desk, news)
    submit(desk, news)
    await ear.heard.wait()
    assert ear.told == [QueueMoved(2)]


async def test_what_else_happens_tells_of_devices() -> None:
    desk, ear = Desk(), Ear()
    news = HouseNews(desk.scheduler, lambda: desk.now, ear, 0.0)
    hello(desk, news)
    await ear.heard.wait()
    telemetry, moved = ear.told
    assert isinstance(telemetry, Telemetry) and [worker.id for worker in telemetry.workers] == ["w"]
    assert moved == QueueMoved(0)


async def test_the_first_is_told_at_once_and_the_next_waits_for_its_time() -> None:
    desk, ear, clock = Desk(), Ear(), Ear()
    news = HouseNews(desk.scheduler, lambda: desk.now, ear, NEVER_AGAIN_S)
    often = HouseNews(desk.scheduler, lambda: desk.now, clock, 0.0)
    submit(desk, news)
    await ear.heard.wait()
    submit(desk, news)
    submit(desk, often)
    await clock.heard.wait()
    assert (ear.told, clock.told) == ([QueueMoved(1)], [QueueMoved(3)])
    news.close()


async def test_after_the_end_nothing_is_told() -> None:
    desk, ear, other = Desk(), Ear(), Ear()
    news = HouseNews(desk.scheduler, lambda: desk.now, ear, 0.0)
    submit(desk, news)
    news.close()
    submit(desk, HouseNews(desk.scheduler, lambda: desk.now, other, 0.0))
    await other.heard.wait()
    assert ear.told == []
