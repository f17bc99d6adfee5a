from tests.web.house_kit import House, eventually


async def test_the_broker_hears_what_was_counted_and_while_none_is_heard_it_is_kept(house: House) -> None:
    reports, counters = house.gateway._reports, house.gateway.counters
    counters.stored(5)
    reports._due()
    await house.gateway.status()  # asked later, so answered later
    assert [row.values for row in house.broker.counted.rows()] == [(5.0,)]
    assert list(counters.tally.rows()) == []
    house.broker.close()
    await eventually(lambda: not house.gateway.is_linked)
    counters.stored(6)
    reports.tell()
    assert [row.values for row in counters.tally.rows()] == [(6.0,)]
