"""How often somebody may do something, over all gateways where they share a store, else at this one."""

import time
from collections.abc import Callable, Sequence

import structlog

from aigc.core.buckets import Bucket, Buckets, SharedBuckets, Verdict
from aigc.core.errors import Unavailable

log = structlog.get_logger(__name__)


class Rates:
    """Takes from the shared buckets. While these are away it takes from its own: nobody is locked out then, and nobody
    may do more than he may at a single gateway.

    Args:
        shared: None: there are none.
        keys: so many buckets of its own are remembered.
        clock: seconds on a clock that does not jump.
    """

    def __init__(
        self, shared: SharedBuckets | None = None, keys: int = 10_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._shared = shared
        self._own = Buckets(keys)
        self._clock = clock

    async def take(self, wanted: Sequence[Bucket]) -> Verdict:
        """A drop of each, if each has one; who is refused has lost nothing."""
        if self._shared is not None:
            try:
                return await self._shared.take(wanted)
            except Unavailable as error:
                log.warning("rates.alone", reason=str(error))
        return self._own.take(wanted, self._clock())

    async def give_back(self, wanted: Sequence[Bucket]) -> None:
        """What was taken last does not count."""
        self._own.give_back(wanted)
        if self._shared is not None:
            try:
                await self._shared.give_back(wanted)
            except Unavailable as error:
                log.warning("rates.alone", reason=str(error))
