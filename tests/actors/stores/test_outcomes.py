import asyncio

import pytest

from actors.stores.outcomes import settle


async def test_each_hears_of_its_own_call_and_one_that_has_gone_of_none() -> None:
    fine, failed, gone = (asyncio.get_running_loop().create_future() for _ in range(3))
    gone.cancel()
    settle([fine, gone, failed], [1, 2, KeyError("k")])
    assert await fine == 1 and gone.cancelled()
    with pytest.raises(KeyError):
        await failed
