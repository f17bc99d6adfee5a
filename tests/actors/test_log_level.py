import asyncio
from pathlib import Path

from actors.log_level import HeardLevels, no_log
from aigc.core.messages import SetLevel, Welcome
from aigc.core.model import Catalogue
from tests.actors.worker_kit import FIRST, WorkerHouse


def test_of_all_that_was_heard_a_change_alone_is_made_and_what_is_set_no_more_is_as_configured() -> None:
    no_log("aigc", "DEBUG")
    made: list[tuple[str, str]] = []
    heard = HeardLevels(lambda logger, level: made.append((logger, level)))
    heard.use({})
    heard.change("aigc", "DEBUG")
    heard.use({"aigc": "DEBUG", "zmq": "ERROR"})
    heard.use({"zmq": "ERROR"})
    assert made == [("aigc", "DEBUG"), ("zmq", "ERROR"), ("aigc", "")]


async def test_a_worker_logs_from_the_level_on_that_the_broker_says(tmp_path: Path) -> None:
    async with WorkerHouse(tmp_path) as house:
        house.broker.tell(SetLevel(FIRST, "aigc", "DEBUG"))
        assert await asyncio.wait_for(house.levels.get(), 30) == ("aigc", "DEBUG")


async def test_a_worker_that_is_welcomed_has_the_levels_that_are_in_force_and_no_others(tmp_path: Path) -> None:
    async with WorkerHouse(tmp_path) as house:
        for levels in ({"aigc": "DEBUG"}, {"zmq": "ERROR"}):
            house.broker.tell(Welcome(FIRST, Catalogue((), "d"), levels))
        came = [await asyncio.wait_for(house.levels.get(), 30) for _ in range(3)]
    assert came[0] == ("aigc", "DEBUG")
    assert set(came[1:]) == {("zmq", "ERROR"), ("aigc", "")}
