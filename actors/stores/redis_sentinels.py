"""Asks sentinels which server is the master."""

import asyncio

import structlog
from msgspec.structs import replace

from actors.stores.redis_greeting import login, refused
from actors.stores.redis_settings import RedisPlace, RedisPlaces
from actors.stores.redis_wire import NotRedis, WireLost, connected
from aigc.core.errors import StoreBroken

log = structlog.get_logger()


class RedisSentinels:
    """Where the records are, asked anew for every connection; without sentinels always the same server."""

    def __init__(self, places: RedisPlaces, timeout_s: float) -> None:
        self._places = places
        self._sentinels = list(places.sentinels)
        self._patience_s = timeout_s / (len(self._sentinels) + 1)

    async def master(self) -> RedisPlace:
        """As the first sentinel says that answers; that one is asked first from then on.

        Raises:
            WireLost: none answers.
            StoreBroken: those that answer know no master of that name, or let us not ask.
        """
        if not self._sentinels:
            return self._places.server
        trouble: StoreBroken | None = None
        for sentinel in tuple(self._sentinels):
            try:
                async with asyncio.timeout(self._patience_s):
                    host, port = await self._asked(sentinel)
            except StoreBroken as error:
                trouble = error
            except (OSError, WireLost, NotRedis) as error:  # a timeout is an OSError
                log.debug("sentinel.away", sentinel=str(sentinel), reason=str(error) or type(error).__name__)
            else:
                self._sentinels.remove(sentinel)
                self._sentinels.insert(0, sentinel)
                return replace(self._places.server, host=host, port=port)
        raise trouble or WireLost(f"none of {len(self._sentinels)} sentinels answers")

    async def _asked(self, sentinel: RedisPlace) -> tuple[str, int]:
        wire = await connected(sentinel)
        try:
            question = ("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._places.master)
            replies = await wire.exchange([*login(sentinel), question])
        finally:
            wire.close()
            await wire.closed()
        for reply in replies:
            if (error := refused(reply, sentinel)) is not None:
                raise error
        if replies[-1] is None:
            raise StoreBroken(
                f"{sentinel} knows no master named {self._places.master!r}",
                suggestion="correct redis.sentinel_master: the name in `sentinel monitor NAME ...`",
            )
        host, port = replies[-1]
        return host.decode(), int(port)
