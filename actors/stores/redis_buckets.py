"""Token buckets in Redis, from which all gateways take: more gateways are no more tries."""

from collections.abc import Sequence
from hashlib import sha256

from actors.stores.redis_scripts import BUCKET, FORMAT
from actors.stores.redis_settings import RedisSettings
from actors.stores.redis_talk import RedisTalk
from aigc.core.buckets import Bucket, Verdict, verdict


class RedisBuckets:
    """See `SharedBuckets`. The server's clock counts; a bucket that is full again is gone there."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings

    async def open(self) -> None:
        """See the port."""
        self._talk = await RedisTalk.begun(self._settings, "buckets")

    async def close(self) -> None:
        """See the port."""
        await self._talk.close()

    async def take(self, wanted: Sequence[Bucket]) -> Verdict:
        """See the port."""
        allowed, *drops = await self._change("take", wanted)
        return verdict(wanted, drops, allowed=allowed == 1)

    async def give_back(self, wanted: Sequence[Bucket]) -> None:
        """See the port."""
        await self._change("give", wanted)

    async def _change(self, verb: str, wanted: Sequence[Bucket]) -> Sequence[float]:
        told: list[str | float] = []
        for one in wanted:
            told += (_named(one.key), one.per_minute, one.burst)
        (reply,) = await self._talk.ask(BUCKET.call(FORMAT, verb, *told))
        return [float(one) for one in reply]


def _named(key: str) -> str:
    """Of one length, and readable by nobody: there are names in it that strangers typed."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]
