"""What the routes do with files and levels is in tests/conformance/test_operators.py, on real servers."""

import asyncio

from actors.told_levels import Held, tell
from tests.web.house_kit import House, eventually

LOGS = "/api/v1/system/logs"


async def test_where_no_log_is_kept_the_answers_are_empty_and_say_nothing_else(house: House) -> None:
    for path, name in ((LOGS, "logs"), (f"{LOGS}/files", "files")):
        status, body = await house.call("GET", path)
        assert (status, body[name]) == (200, []), path
    status, body = await house.call("GET", f"{LOGS}/config")
    assert (status, body["loggers"]) == (200, {})
    for method, path in (("GET", "files/x.jsonl"), ("DELETE", "files/x.jsonl"), ("PUT", "level?level=info")):
        status, body = await house.call(method, f"{LOGS}/{path}")
        assert (status, body["error"]) == (404, "NOT_FOUND"), path


async def test_an_unknown_level_is_told_with_the_known_ones(house: House) -> None:
    for method, path in (("GET", "?level=loud"), ("POST", "/test?level=loud"), ("PUT", "/level?level=loud")):
        status, body = await house.call(method, LOGS + path)
        assert (status, "CRITICAL" in body["detail"]) == (400, True), path


class OneLog:
    level = "INFO"

    def known(self) -> dict[str, str]:
        return {"aigc": self.level}

    def change(self, name: str, level: str) -> None:
        self.level = level


async def test_a_level_is_changed_everywhere_or_with_no_broker_nowhere(house: House) -> None:
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    house.levels = OneLog()
    house.set_level = lambda logger, level: heard.put_nowait((logger, level))
    await house.restart_web()
    await house.linked()
    status, body = await house.call("PUT", f"{LOGS}/level?level=debug")
    assert (status, house.levels.known(), body["old_level"]) == (200, {"aigc": "DEBUG"}, "INFO")
    assert "1 gateways and 2 workers" in body["message"]
    assert await asyncio.wait_for(heard.get(), 30) == ("aigc", "DEBUG"), "so do other gateways"
    house.broker.close()
    await eventually(lambda: not house.gateway.is_linked)
    status, body = await house.call("PUT", f"{LOGS}/level?level=error")
    assert (status, house.levels.known()) == (503, {"aigc": "DEBUG"})


async def test_a_gateway_that_starts_or_missed_the_news_has_the_levels_that_are_in_force(house: House) -> None:
    heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    house.set_level = lambda logger, level: heard.put_nowait((logger, level))
    await tell(house.store, {"aigc": Held("DEBUG", house.store.clock() + 3600.0)})
    await house.restart_web()
    assert heard.get_nowait() == ("aigc", "DEBUG")
    await tell(house.store, {})
    house.broker.close()
    await house.start_broker()
    assert await asyncio.wait_for(heard.get(), 30) == ("aigc", "")
