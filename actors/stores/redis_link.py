"""Keeps one connection to the Redis server that holds the records, and says in our words why there is none."""

import asyncio
import random
import ssl
from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

import hiredis
import structlog

from actors.stores.redis_clock import RedisClock
from actors.stores.redis_errors import PASSING, UNAVAILABLE, code_of, meaning, unavailable
from actors.stores.redis_greeting import RedisGreeting
from actors.stores.redis_sentinels import RedisSentinels
from actors.stores.redis_settings import RedisPlace
from actors.stores.redis_wire import Command, NotRedis, RedisWire, Reply, WireLost, WireRefused, connected
from aigc.core.errors import AigcError, StoreBroken, Unavailable
from transport.backoff import Backoff

log = structlog.get_logger()

BACKOFF = Backoff(first_s=0.05, limit_s=1.0)


class Answer(NamedTuple):
    """The replies to a group of commands."""

    replies: list[Reply]
    """In order; where one was refused alone, a `hiredis.ReplyError`."""
    resent: bool
    """True if it had been sent before, over a connection that was lost: perhaps it was done then."""


class RedisLink:
    """One connection, made when it is needed; groups of commands go over it one after the other.

    A connection that is lost is made anew, and the group sent again, until the time for one call is over: whatever is
    sent here must do no harm if it is done twice. From then on the server counts as away: calls fail at once, but for
    one about every second that looks whether it is back. Nothing runs while nobody asks.

    Args:
        timeout_s: how long one exchange may take, tries to connect again included.
    """

    def __init__(self, sentinels: RedisSentinels, greeting: RedisGreeting, clock: RedisClock, timeout_s: float) -> None:
        self._sentinels = sentinels
        self._greeting = greeting
        self._clock = clock
        self._timeout_s = timeout_s
        self._wire: RedisWire | None = None
        self._was_connected = False
        self._failures = 0
        self._refusal = ""
        self._trouble: AigcError | None = None
        self._next_try = 0.0
        self.server: RedisPlace | None = None
        """The one that was tried last."""

    async def exchange(self, commands: Sequence[Command]) -> Answer:
        """The server's replies.

        Raises:
            Unavailable: it does not answer, or cannot work now; `retry_after_s` says when to come again.
            StoreBroken: somebody must repair it.
        """
        loop = asyncio.get_running_loop()
        if self._trouble is not None and loop.time() < self._next_try:
            raise copy(self._trouble)
        deadline = loop.time() + self._timeout_s
        may_retry = self._was_connected and self._trouble is None
        times_sent = 0
        refused: AigcError | None = None
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    wire = await self._ready()
                    times_sent += 1
                    replies = await self._asked(wire, commands)
            except BaseException as error:
                self._drop()  # also when cancelled: nobody will read the replies
                trouble = self._understood(error)
                if trouble is None:
                    raise
                if isinstance(error, WireRefused):
                    refused = trouble
                elif isinstance(error, TimeoutError) and refused is not None:
                    trouble = refused  # it did answer; there was no time to hear it say so again
                pause_s = BACKOFF.delay_s(self._failures, random.random())  # noqa: S311 - spreads clients, no secret
                self._failures += 1
                if not may_retry or isinstance(trouble, StoreBroken) or loop.time() + pause_s >= deadline:
                    self._went(trouble, error, loop.time() + pause_s)
                    raise trouble from error
            else:
                self._came_back()
                return Answer(replies, times_sent > 1)
            await asyncio.sleep(pause_s)

    async def close(self) -> None:
        """There is no connection any more; the next exchange would make one."""
        wire = self._wire
        self._drop()
        if wire is not None:
            await wire.closed()

    async def _ready(self) -> RedisWire:
        if self._wire is None or not self._wire.is_open:
            self.server = await self._sentinels.master()
            self._wire = await connected(self.server)
            await self._greeting.say(self._wire, self.server)
            self._clock.doubt()  # it may be another server by now, on another host
        return self._wire

    async def _asked(self, wire: RedisWire, commands: Sequence[Command]) -> list[Reply]:
        asks_time = self._clock.is_due
        asked = self._clock.mark()
        replies = await wire.exchange([*commands, ("TIME",)] if asks_time else commands)
        if asks_time and isinstance(time := replies.pop(), list):
            self._clock.learn(asked, self._clock.mark(), int(time[0]) + int(time[1]) / 1e6)
        errors = [str(reply) for reply in replies if isinstance(reply, hiredis.ReplyError)]
        for error in errors:
            if code_of(error) in PASSING:
                raise WireRefused(error)
        self._note(errors)
        return replies

    def _note(self, errors: Sequence[str]) -> None:
        """Tell the operator what clients are not told, once for as long as it lasts."""
        refusal = next((code_of(error) for error in errors if code_of(error) in UNAVAILABLE), "")
        if refusal and refusal != self._refusal:
            log.warning("records.refused", server=str(self.server), reason=errors[0])
        self._refusal = refusal

    def _drop(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _understood(self, error: BaseException) -> AigcError | None:
        """What it means, if it is about the server."""
        match error:
            case StoreBroken() | Unavailable():
                return error
            case WireRefused():
                return meaning(str(error), self.server)
            case NotRedis():
                return StoreBroken(f"{self.server} is no Redis server: {error}", suggestion="correct redis.url")
            case ssl.SSLCertVerificationError():
                return StoreBroken(
                    f"{self.server} shows a certificate that is not trusted: {error.verify_message}",
                    suggestion="name the authority that signed it: redis.url: rediss://...?ssl_ca_certs=/path/of/ca.pem",
                )
            case ssl.SSLError():
                return StoreBroken(
                    f"{self.server} and we do not agree on TLS: {error.reason}",
                    suggestion="name its TLS port; where it wants a certificate of ours: rediss://...?ssl_certfile=...",
                )
            case WireLost() | OSError():  # a timeout is an OSError
                return unavailable("does not answer")
            case _:
                return None

    def _went(self, trouble: AigcError, error: BaseException, next_try: float) -> None:
        if self._trouble is None or trouble.message != self._trouble.message:
            log.warning(
                "records.away",
                server=str(self.server),
                reason=str(error) or type(error).__name__,
                do="is redis-server running there? One process without Redis: aigc serve",
            )
        self._trouble, self._next_try = trouble, next_try

    def _came_back(self) -> None:
        if self._trouble is not None:
            log.info("records.back", server=str(self.server))
        self._was_connected, self._trouble, self._failures = True, None, 0
