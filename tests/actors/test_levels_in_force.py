import asyncio

from actors.levels_in_force import LevelsInForce
from actors.told_levels import held, in_force
from tests.actors.keeping_kit import KeepingStore


class House:
    """Brokers one after the other, and what they announce."""

    def __init__(self, store: KeepingStore) -> None:
        self.store = store
        self.heard: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def broker(self, hold_s: float = 3600.0) -> LevelsInForce:
        levels = LevelsInForce(self.store, lambda logger, level: self.heard.put_nowait((logger, level)), hold_s)
        await levels.recall()
        return levels

    async def until(self, level: str) -> None:
        async with asyncio.timeout(60):
            while (await self.heard.get()) != ("aigc", level):
                pass


async def test_the_next_broker_has_the_levels_of_the_one_before_for_as_long_as_they_hold(store: KeepingStore) -> None:
    house = House(store)
    first = await house.broker()
    first.set("aigc", "DEBUG")
    await first._keeping  # type: ignore[misc]
    first.close()
    house.heard = asyncio.Queue()

    second = await house.broker()
    assert (second.now(), house.heard.get_nowait()) == ({"aigc": "DEBUG"}, ("aigc", "DEBUG"))
    second.close()

    store.now += 3600.0
    third = await house.broker()
    await house.until("")
    assert third.now() == {}
    await third._keeping  # type: ignore[misc]
    assert await held(store) == {}
    third.close()


async def test_a_level_whose_time_is_over_is_as_configured_everywhere(store: KeepingStore) -> None:
    house = House(store)
    levels = await house.broker(hold_s=0.02)
    levels.set("aigc", "DEBUG")
    await house.until("DEBUG")
    store.now += 0.02
    await house.until("")
    assert levels.now() == {}
    levels.close()


async def test_a_store_that_is_away_holds_no_level_up_and_is_told_when_it_is_back(store: KeepingStore) -> None:
    house = House(store)
    levels = await house.broker()
    store.away = True
    levels.set("aigc", "DEBUG")
    assert house.heard.get_nowait() == ("aigc", "DEBUG")
    await asyncio.sleep(0)
    assert await in_force(store) == {}
    store.away = False
    await house.until("DEBUG")  # again, for those that have asked the store meanwhile
    assert await in_force(store) == {"aigc": "DEBUG"}
    levels.close()
