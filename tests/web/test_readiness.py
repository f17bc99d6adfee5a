from typing import Any

import pytest

from aigc.core.errors import Unavailable
from aigc.core.messages import AskEstimates, AskStatus
from tests.web.house_kit import House
from web import readiness


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look is a new one."""
    monkeypatch.setattr(readiness, "FRESH_S", -1.0)


async def ready(house: House, query: str = "") -> tuple[int, dict[str, Any]]:
    async with house.session.get(f"/ready{query}") as response:
        return response.status, await response.json(content_type=None)


async def test_each_part_is_tried(house: House) -> None:
    status, found = await ready(house)
    assert (status, found["ready"]) == (200, True)
    assert {name: part["ok"] for name, part in found["parts"].items()} == dict.fromkeys(
        ("gateway", "catalogue", "broker", "store", "worker"), True
    )
    assert AskEstimates in {type(message) for message in house.broker.heard}, "the broker's loop was asked"
    assert await house.store.recall(readiness.NAME) is not None, "the store was written"


async def test_a_broker_that_is_linked_and_deaf_is_not_ready(house: House) -> None:
    house.gateway.settings = type(house.gateway.settings)(ask_timeout_s=2.0)
    house.broker.deaf.add(AskEstimates)
    status, found = await ready(house)
    assert (status, found["code"], found["parts"]["broker"]["ok"]) == (503, "not_ready", False)
    assert found["detail"].startswith("broker: ") and found["parts"]["store"]["ok"]


async def test_a_store_that_takes_nothing_is_not_ready_though_it_can_be_read(house: House) -> None:
    async def refuse(name: str, value: bytes) -> None:
        raise Unavailable("the disk is full")

    house.store.remember = refuse  # type: ignore[method-assign]
    status, found = await ready(house)
    assert (status, found["parts"]["store"]["detail"]) == (503, "the disk is full")


async def test_without_a_worker_requests_are_still_welcome_unless_one_is_asked_for(house: House) -> None:
    house.broker.deaf.add(AskStatus)
    house.gateway.settings = type(house.gateway.settings)(ask_timeout_s=2.0)
    assert (await ready(house))[0] == 200
    status, found = await ready(house, "?worker=1")
    assert (status, found["parts"]["worker"]["ok"]) == (503, False)
    assert (await ready(house, "?worker=yes"))[0] == 422


async def test_many_who_ask_at_once_cost_one_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "FRESH_S", 60.0)
    for _ in range(5):
        await ready(house)
    assert [type(message) for message in house.broker.heard].count(AskEstimates) == 1
