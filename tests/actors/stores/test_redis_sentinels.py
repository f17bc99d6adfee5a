from collections.abc import Iterator

import pytest

from actors.stores.redis_sentinels import RedisSentinels
from actors.stores.redis_settings import RedisSettings, places
from actors.stores.redis_wire import WireLost
from aigc.core.errors import StoreBroken
from tests.redis_kit import RedisServer, free_port

URL = "redis://aigc:secret@ignored:1/7"


@pytest.fixture(scope="module")
def sentinel() -> Iterator[RedisServer]:
    """One that watches a master which nobody has to be: it tells its address all the same."""
    with RedisServer({"sentinel monitor": "house 127.0.0.1 7777 1"}, sentinel=True) as sentinel:
        yield sentinel


def asking(*sentinels: str, master: str = "house") -> RedisSentinels:
    return RedisSentinels(places(RedisSettings(url=URL, sentinels=sentinels, sentinel_master=master)), 20.0)


async def test_without_sentinels_the_server_is_the_one_of_the_url() -> None:
    place = await asking().master()

    assert (place.host, place.port, place.number) == ("ignored", 1, 7)


async def test_the_master_is_where_a_sentinel_says_and_we_are_who_the_url_says(sentinel: RedisServer) -> None:
    place = await asking(f"127.0.0.1:{sentinel.port}").master()

    assert (place.host, place.port, place.number, place.password) == ("127.0.0.1", 7777, 7, "secret")


async def test_the_first_that_answers_is_believed_and_asked_first_from_then_on(sentinel: RedisServer) -> None:
    sentinels = asking(f"127.0.0.1:{free_port()}", f"127.0.0.1:{sentinel.port}")

    await sentinels.master()

    assert sentinels._sentinels[0].port == sentinel.port
    assert (await sentinels.master()).port == 7777


async def test_none_that_answers_is_no_reason_for_repair() -> None:
    with pytest.raises(WireLost, match="none of 2 sentinels"):
        await asking(f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}").master()


async def test_a_master_that_the_sentinels_do_not_know_is_said_to_be_unknown(sentinel: RedisServer) -> None:
    with pytest.raises(StoreBroken, match=r"'flat'.*sentinel_master"):
        await asking(f"127.0.0.1:{sentinel.port}", f"127.0.0.1:{free_port()}", master="flat").master()


async def test_a_sentinel_may_have_a_password_of_its_own() -> None:
    options = {"sentinel monitor": "house 127.0.0.1 7777 1", "requirepass": "theirs"}
    with RedisServer(options, sentinel=True) as guarded:
        assert (await asking(f"redis://:theirs@127.0.0.1:{guarded.port}").master()).port == 7777
        with pytest.raises(StoreBroken, match="NOAUTH"):
            await asking(f"127.0.0.1:{guarded.port}").master()
