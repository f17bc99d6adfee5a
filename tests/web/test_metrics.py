from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from aigc.core.metrics.families import FAMILIES
from tests.web.house_kit import House, eventually


async def scrape(house: House, **headers: str) -> str:
    async with house.session.get("/metrics", headers=headers) as response:
        assert response.status == 200
        return await response.text()


async def test_without_a_broker_what_is_known_is_told(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    found = {family.name: family.samples for family in parse(await scrape(house))}
    assert [found[name][0].value for name in ("aigc_broker_up", "aigc_store_up")] == [0.0, 1.0]
    assert found["aigc_disk_free_bytes"][0].value > 0


async def test_what_was_counted_while_no_broker_was_there_is_not_lost(house: House) -> None:
    house.broker.close()
    await eventually(lambda: not house.gateway._link.is_alive)
    await house.submit()
    await scrape(house)
    counted = [row for row in house.gateway.counters.tally.rows() if row.name == "aigc_jobs_submitted_total"]
    assert [row.values for row in counted] == [(1.0,)]


async def test_a_gateway_tells_first_and_asks_then(house: House) -> None:
    await house.submit()
    text = await scrape(house, Accept="application/openmetrics-text; version=1.0.0")
    found = {family.name: family for family in parse_openmetrics(text)}
    assert [sample.value for sample in found["aigc_jobs_submitted"].samples] == [1.0]
    assert set(FAMILIES) == {f"{name}_total" if family.type == "counter" else name for name, family in found.items()}
    assert not [row for row in house.gateway.counters.tally.rows() if row.name == "aigc_jobs_submitted_total"]
