"""What operators see of the configuration."""

from tests.web.house_kit import House, eventually

CONFIGURATION = "/api/v1/system/configuration"


async def test_the_settings_are_told_with_where_they_come_from_and_where_the_broker_has_others(house: House) -> None:
    status, found = await house.call("GET", CONFIGURATION)
    assert status == 200
    assert found["settings"] == [{"name": "server.port", "value": 1, "origin": "system.yaml:1:2", "hidden": False}]
    assert (found["agreed"], found["broker_agreed"]) == ({}, {"limits.queue": "1000"})
    assert found["differences"] == ["limits.queue is set at the broker only"]


async def test_they_are_told_without_a_broker_too(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    status, found = await house.call("GET", CONFIGURATION)
    assert (status, found["broker_agreed"], found["differences"]) == (200, None, [])
