from collections.abc import Sequence

from aigc.core.buckets import Bucket, Buckets, Verdict
from aigc.core.errors import Unavailable
from web.rates import Rates

ONE = [Bucket("ada", 1, 1)]


class Shared:
    """Buckets of several gateways on one clock that stands still; they can be away."""

    def __init__(self) -> None:
        self.held, self.is_away = Buckets(), False

    async def open(self) -> None:
        self.is_away = False

    async def close(self) -> None:
        self.is_away = True

    async def take(self, wanted: Sequence[Bucket]) -> Verdict:
        self._check()
        return self.held.take(wanted, 0.0)

    async def give_back(self, wanted: Sequence[Bucket]) -> None:
        self._check()
        self.held.give_back(wanted)

    def _check(self) -> None:
        if self.is_away:
            raise Unavailable("the store is away")


async def test_gateways_that_share_allow_together_what_one_allows_and_alone_each_as_much_again() -> None:
    shared = Shared()
    here, there = Rates(shared, clock=lambda: 0.0), Rates(shared, clock=lambda: 0.0)
    assert (await here.take(ONE)).allowed and not (await there.take(ONE)).allowed
    await here.give_back(ONE)
    assert (await there.take(ONE)).allowed
    shared.is_away = True
    for gateway in (here, there):
        assert [(await gateway.take(ONE)).allowed for _ in range(2)] == [True, False], "neither locked out nor open"
        await gateway.give_back(ONE)
        assert (await gateway.take(ONE)).allowed
    shared.is_away = False
    assert not (await here.take(ONE)).allowed
