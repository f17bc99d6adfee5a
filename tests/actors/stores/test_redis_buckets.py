import asyncio

import pytest

from actors.stores.redis_buckets import RedisBuckets
from actors.stores.redis_settings import RedisSettings
from aigc.core.buckets import Bucket
from aigc.core.errors import Unavailable
from tests.redis_kit import RedisServer

WIDE, TIGHT = Bucket("ada\n1.1.1.1 ü \udc80", 0.5, 10), Bucket("ada", 1.0, 2)


async def test_all_who_share_a_server_take_from_the_same_buckets() -> None:
    with RedisServer(acl=True) as server:
        settings = RedisSettings(url=server.url, timeout_s=20.0)
        here, there = RedisBuckets(settings), RedisBuckets(settings)
        hasty = RedisBuckets(RedisSettings(url=server.url, timeout_s=3.0))
        for one in (here, there, hasty):
            await one.open()
        many = await asyncio.gather(*(one.take([WIDE, TIGHT]) for one in (here, there) * 5))
        assert sum(verdict.allowed for verdict in many) == 2
        refused = await there.take([WIDE, TIGHT])
        assert (refused.allowed, refused.limit, refused.left) == (False, 2, 0)
        assert 0 < refused.retry_after_s <= 60.0
        assert (await here.take([WIDE])).left == 7, "who was refused took nothing"
        await here.give_back([TIGHT])
        assert (await there.take([TIGHT])).allowed

        keys = server.ask("KEYS", "3daigc:bucket:*")
        assert len(keys) == 2 and not any(b"ada" in key for key in keys), "a full one is none"
        lives = sorted(server.ask("PTTL", key) for key in keys)
        assert 0 < lives[0] <= 120_000 < lives[1] <= 3 * 120_000, "each goes when it is full again"
        await here.close()
        await there.close()
    with pytest.raises(Unavailable):
        await hasty.take([TIGHT])
    await hasty.close()
