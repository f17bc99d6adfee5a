"""Commands to the Redis server by whoever asks, over one connection; those asked meanwhile travel together."""

from collections.abc import Sequence
from typing import cast

import hiredis
import structlog

from actors.stores.redis_clock import RedisClock
from actors.stores.redis_errors import meaning
from actors.stores.redis_greeting import RedisGreeting
from actors.stores.redis_group import RedisGroup
from actors.stores.redis_link import RedisLink
from actors.stores.redis_scripts import VERSION
from actors.stores.redis_sentinels import RedisSentinels
from actors.stores.redis_settings import RedisSettings, places
from actors.stores.redis_wire import Command, Reply
from aigc.core.errors import Unavailable

TOGETHER = 64
"""Calls in one group."""

log = structlog.get_logger()


class RedisTalk:
    """One connection. Whatever is said may be said twice: a group is sent again over a new one if it was lost.

    Raises StoreBroken where the settings make no sense.
    """

    def __init__(self, settings: RedisSettings) -> None:
        where = places(settings)
        self._link = RedisLink(
            RedisSentinels(where, settings.timeout_s),
            RedisGreeting(settings.durability),
            RedisClock(),
            settings.timeout_s,
        )
        self._group: RedisGroup[tuple[Command, ...]] = RedisGroup(self._exchange, TOGETHER)

    @classmethod
    async def begun(cls, settings: RedisSettings, what: str) -> "RedisTalk":
        """A connection for that; the server may be away, which is said in the log under `what`.

        Raises StoreBroken where the server can be of no use.
        """
        talk = cls(settings)
        try:
            await talk.ask(("GET", VERSION))
        except Unavailable as error:
            log.warning(f"{what}.waiting", reason=str(error), do="it is asked again as soon as the server answers")
        except BaseException:
            await talk.close()
            raise
        return talk

    async def ask(self, *commands: Command) -> list[Reply]:
        """The replies, in order. Raises Unavailable, StoreBroken, also where one of the commands was refused."""
        return cast(list[Reply], await self._group.ask(commands)) if commands else []

    async def close(self) -> None:
        """Everything that was asked has its answer, and the connection is gone."""
        await self._group.close()
        await self._link.close()

    async def _exchange(self, calls: Sequence[tuple[Command, ...]]) -> Sequence[object]:
        replies = iter((await self._link.exchange([command for call in calls for command in call])).replies)
        return [self._outcome([next(replies) for _ in call]) for call in calls]

    def _outcome(self, replies: list[Reply]) -> object:
        refused = next((reply for reply in replies if isinstance(reply, hiredis.ReplyError)), None)
        return replies if refused is None else meaning(str(refused), self._link.server)
