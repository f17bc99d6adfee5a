import asyncio
from pathlib import Path

from actors.log_level import no_log
from aigc.core.messages import SetLevel
from tests.actors.worker_kit import FIRST, WorkerHouse


async def test_a_worker_logs_from_the_level_on_that_the_broker_says(tmp_path: Path) -> None:
    no_log("aigc", "DEBUG")
    async with WorkerHouse(tmp_path) as house:
        house.broker.tell(SetLevel(FIRST, "aigc", "DEBUG"))
        assert await asyncio.wait_for(house.levels.get(), 30) == ("aigc", "DEBUG")
