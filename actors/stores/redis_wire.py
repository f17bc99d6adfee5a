"""One connection to a Redis server: commands out, replies in.

The protocol itself is hiredis', as in redis-py. What redis-py would add costs every process 9 MB and a start that is
0.1 s longer, and a third of each round trip.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

import hiredis

from actors.stores.redis_settings import RedisPlace

Command = tuple[str | bytes | int | float, ...]
Reply = Any
"""bytes, int, None, a list of replies, or a `hiredis.ReplyError`: what was wrong with this one command."""


# Its stub allows a single word only.
_packed = cast(Callable[[Command], bytes], hiredis.pack_command)


class WireLost(Exception):
    """The connection is gone, and perhaps what was on its way; the text says what happened."""


class WireRefused(WireLost):
    """The connection is of no use for now; the text is the error that the server sent."""


class NotRedis(Exception):
    """What answers does not speak the protocol."""


class RedisWire(asyncio.Protocol):
    """A connection that takes one group of commands at a time. Made by `connected`."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._replies: list[Reply] = []
        self._wanted = 0
        self._answer: asyncio.Future[list[Reply]] | None = None
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.Event()
        self._gone: Exception | None = None

    @property
    def is_open(self) -> bool:
        """False once either side has closed it."""
        return self._gone is None

    async def exchange(self, commands: Sequence[Command]) -> list[Reply]:
        """A reply for each command, in order; errors are among them, not raised.

        Whoever is cancelled here must close the connection: replies that nobody waits for would be taken for others.

        Raises:
            WireLost, NotRedis: the connection is gone.
        """
        if self._gone is not None:
            raise self._gone
        assert self._transport is not None and self._answer is None
        self._answer = asyncio.get_running_loop().create_future()
        self._wanted = len(commands)
        self._transport.write(b"".join(map(_packed, commands)))
        try:
            return await self._answer
        finally:
            self._answer = None

    def close(self) -> None:
        """Nothing is sent or heard any more."""
        self._end(WireLost("it was closed"))
        if self._transport is not None:
            self._transport.abort()

    async def closed(self) -> None:
        """The socket is gone."""
        await self._closed.wait()

    # Called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready for the first exchange."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        """Some more of the replies."""
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False:
                self._replies.append(reply)
        except hiredis.ProtocolError as error:
            self._end(NotRedis(f"{error}: {data[:40]!r}"))
            return
        if self._answer is None:
            if self._replies:  # nobody asked: a server with too many clients says so and closes
                self._end(WireRefused(str(self._replies[0])))
        elif len(self._replies) == self._wanted and not self._answer.done():
            self._answer.set_result(self._replies)
            self._replies = []

    def connection_lost(self, error: Exception | None) -> None:
        """The other side has closed it, or the network has."""
        said = [str(reply) for reply in self._replies if isinstance(reply, hiredis.ReplyError)]
        self._end(WireRefused(said[0]) if said else WireLost(str(error or "the server closed the connection")))
        self._closed.set()

    def _end(self, reason: Exception) -> None:
        if self._gone is None:
            self._gone = reason
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(reason)


async def connected(place: RedisPlace) -> RedisWire:
    """A connection on which nothing has been said yet. Raises OSError (of which `ssl.SSLError` is one)."""
    loop = asyncio.get_running_loop()
    if place.path:
        _, wire = await loop.create_unix_connection(RedisWire, place.path)
    else:
        name = place.host if place.tls else None
        _, wire = await loop.create_connection(RedisWire, place.host, place.port, ssl=place.tls, server_hostname=name)
    return wire
