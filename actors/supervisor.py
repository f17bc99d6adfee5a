"""Starts actors in order, begins a failed one again, and ends them in the opposite order.

After OTP's supervisors, one for one: a child that fails does not take its siblings along. Whether and when it is begun
again is `aigc.core.restart`'s decision.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence

import structlog
from msgspec import Struct

from actors.actor import Actor
from aigc.core.errors import Retired
from aigc.core.restart import GiveUp, RestartPolicy, RestartSettings

log = structlog.get_logger()


class ChildSpec(Struct, frozen=True):
    """One child: `make` builds a fresh actor for every life."""

    name: str
    make: Callable[[], Actor]


class ChildFailed(Exception):
    """A child that fails again and again; the whole service cannot go on."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} {reason}")


class Supervisor:
    """Runs children until it is told to stop or one of them cannot be kept alive."""

    def __init__(self, children: Sequence[ChildSpec], settings: RestartSettings | None = None) -> None:
        self._children = children
        self._settings = settings or RestartSettings()
        self._lives: list[asyncio.Task[None]] = []
        self._living: dict[str, Actor] = {}

    def living(self, name: str) -> Actor | None:
        """The child's present life, or None between two lives."""
        return self._living.get(name)

    async def start(self) -> None:
        """Every child has started once, in order. Raises what a child's first start raised, with the rest ended."""
        try:
            for child in self._children:
                actor = child.make()
                self._living[child.name] = actor
                await self._begin(child.name, actor)
                self._lives.append(asyncio.create_task(self._live(child, actor), name=child.name))
        except BaseException:
            await self.close()
            raise

    async def run(self) -> None:
        """Wait until a child has ended for good. Raises ChildFailed if it could not be kept alive, or Retired."""
        done, _ = await asyncio.wait(self._lives, return_when=asyncio.FIRST_COMPLETED)
        for life in done:
            life.result()

    async def close(self) -> None:
        """End all children, the last started first."""
        for life in reversed(self._lives):
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            await self._end(life.get_name())  # a task cancelled before its first step has ended nothing
        self._lives.clear()

    async def _begin(self, name: str, actor: Actor) -> None:
        try:
            await actor.start()
        except BaseException:
            self._living.pop(name, None)
            await actor.close()
            raise

    async def _live(self, child: ChildSpec, actor: Actor) -> None:
        """One life after another. Returns when a life ended in order; raises Retired, after which there is no other."""
        policy = RestartPolicy(self._settings)
        while True:
            try:
                await actor.run()
                return
            except Retired:
                raise
            except Exception as reason:
                log.exception("actor.failed", actor=child.name)
                failure = f"{type(reason).__name__}: {reason}"
            finally:
                await self._end(child.name)
            actor = await self._again(child, policy, failure)

    async def _end(self, name: str) -> None:
        actor = self._living.pop(name, None)
        if actor is not None:
            await actor.close()

    async def _again(self, child: ChildSpec, policy: RestartPolicy, failure: str) -> Actor:
        while True:
            verdict = policy.on_exit(failure, time.monotonic(), random.random())  # noqa: S311 - no secret
            if isinstance(verdict, GiveUp):
                raise ChildFailed(child.name, verdict.reason)
            await asyncio.sleep(verdict.after_s)
            actor = child.make()
            try:
                await self._begin(child.name, actor)
            except Exception as reason:
                log.exception("actor.unstarted", actor=child.name)
                failure = f"{type(reason).__name__}: {reason}"
                continue
            self._living[child.name] = actor
            log.info("actor.restarted", actor=child.name)
            return actor
