"""Leads while the store lets it, with a broker of its own for each generation, and stands by while another one leads.

The lease only keeps brokers out of each other's way. What keeps a late one from doing harm is the generation, which the
store checks in every write: a leader that was stopped and goes on finds its first write refused, and steps down.
"""

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable

import structlog
from msgspec import Struct

from actors import told_levels
from actors.actor import Fate
from actors.broker import Broker
from actors.candidates import introduce
from actors.log_level import HeardLevels, no_log
from aigc.core.errors import AlreadyLed, StaleGeneration, Unavailable
from aigc.core.messages import Generation
from aigc.core.ports import JobStore

log = structlog.get_logger()


class LeaderSettings(Struct, frozen=True, kw_only=True):
    """What one candidate must be told. Times are seconds."""

    owner: str
    """Who it is, for people; the same for all its lives in one process, and nobody else's."""
    lease_s: float = 2.0
    """A leader that did not renew for so long may be replaced."""
    standby: bool = False
    """Whether it waits behind a broker that leads; else its start is refused with the reason."""
    agreed: dict[str, str] = {}
    """Settings that every process must share, as this one has them."""
    exchange_s: float = 2.0
    """How often one that stands by says who it is, and hears from which level on it is to log."""
    starting: float = 5.0
    """A new leader's first lease is so many times as long: it replays every open job before it renews."""

    @property
    def renew_s(self) -> float:
        """Between two renewals."""
        return self.lease_s / 3

    @property
    def look_s(self) -> float:
        """Between two looks whether the lease has ended."""
        return self.lease_s / 4


class Leader:
    """A candidate for the leadership; an actor, see `actors.actor`.

    Args:
        make: a broker of that generation, not started.
        prepare: is done before it takes over after a wait: what it knew when it started may be old.
        levels: of this process, which are those of the leader while it stands by.
    """

    def __init__(
        self,
        store: JobStore,
        settings: LeaderSettings,
        make: Callable[[Generation], Broker],
        prepare: Callable[[], Awaitable[object]] | None = None,
        levels: HeardLevels | None = None,
    ) -> None:
        self._store, self._settings, self._make, self._prepare = store, settings, make, prepare
        self._levels = levels or HeardLevels(no_log)
        self._above = 0  # the highest generation heard of
        self._generation: Generation | None = None
        self._broker: Broker | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._deposed = Fate()

    @property
    def broker(self) -> Broker | None:
        """The broker that leads here, or None."""
        return self._broker

    @property
    def generation(self) -> Generation | None:
        """What is led with here, or None."""
        return self._generation if self._broker is not None else None

    async def start(self) -> None:
        """Lead, or stand by. A store that is away does not hold it up.

        Raises:
            AlreadyLed: another broker leads and goes on doing so, and this one may not stand by.
        """
        try:
            if await self._led_soon():
                await self._lead()
        except AlreadyLed as error:
            if not self._settings.standby:
                raise
            log.info("broker.standing_by", leader=error.leader, generation=error.generation)
        except Unavailable as error:
            log.warning("broker.waiting", reason=str(error), do="it leads when the store is back")

    async def run(self) -> None:
        """Lead again and again, for ever; raise what made a broker useless."""
        while True:
            if self._broker is None:
                await self._campaign()
                if self._prepare is not None:
                    await self._prepare()
                await self._lead()
            await self._until_deposed()

    async def close(self) -> None:
        """Nothing is led, and the next one need not wait for the lease to end."""
        generation = self._generation
        await self._step_down()
        if generation is not None:
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout(self._settings.lease_s):
                    await self._store.resign(generation)

    # Towards leadership

    async def _led_soon(self) -> bool:
        """True once the lease is ours; a lease that nobody renews is waited for.

        Raises:
            AlreadyLed: it was renewed, so its holder lives.
        """
        try:
            await self._ask()
        except AlreadyLed as error:
            if self._settings.standby:
                raise
            # It may be our predecessor's, who was killed a moment ago.
            await asyncio.sleep(min(error.for_s, self._settings.lease_s * self._settings.starting))
            await self._ask()
        return True

    async def _ask(self) -> None:
        settings = self._settings
        try:
            self._generation = await self._store.lead(
                settings.owner, lease_s=settings.lease_s * settings.starting, above=self._above
            )
        except AlreadyLed as error:
            self._above = max(self._above, error.generation)
            raise
        self._above = self._generation.number

    async def _campaign(self) -> None:
        is_away = False
        exchanged_at = -math.inf
        while True:
            try:
                await self._ask()
                return
            except AlreadyLed as error:
                is_away = False
                if (now := time.monotonic()) >= exchanged_at + self._settings.exchange_s:
                    exchanged_at = now
                    with contextlib.suppress(Unavailable):
                        await introduce(self._store, self._settings.owner, self._settings.agreed)
                        self._levels.use(await told_levels.in_force(self._store))
                # Not until its lease would end: an orderly leader resigns before.
                await asyncio.sleep(min(self._settings.look_s, max(error.for_s, 0.01)))
            except Unavailable as error:
                if not is_away:
                    is_away = True
                    log.warning("broker.waiting", reason=str(error), do="it leads when the store is back")
                await asyncio.sleep(self._settings.look_s)

    # While leading

    async def _lead(self) -> None:
        assert self._generation is not None
        self._deposed = Fate()
        broker = self._make(self._generation)
        try:
            await broker.start()
            await self._store.renew(self._generation, self._settings.lease_s)
        except (StaleGeneration, Unavailable) as error:
            # Somebody else led meanwhile, or the store went away: the next campaign decides.
            log.warning("broker.unstarted", generation=self._generation.number, reason=str(error))
            await broker.close()
            return
        except BaseException:
            await broker.close()
            raise
        self._broker = broker
        self._renewing = asyncio.get_running_loop().create_task(self._renew(self._generation), name="broker-lease")

    async def _renew(self, generation: Generation) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(self._settings.renew_s)
            late_s = time.monotonic() - before - self._settings.renew_s
            if late_s > self._settings.lease_s:
                log.warning("broker.held_up", for_s=round(late_s, 1), do="look what keeps this machine busy")
            try:
                await self._store.renew(generation, self._settings.lease_s)
            except Unavailable:
                pass  # nobody else can lead either; the outbox says that the store is away
            except StaleGeneration as error:
                log.warning("broker.deposed", generation=generation.number, reason=str(error))
                self._deposed.finish()
                return
            except Exception as error:  # noqa: BLE001 - told to `run`, which ends with it
                self._deposed.fail(error)
                return

    async def _until_deposed(self) -> None:
        if self._broker is None:
            return
        waits = {asyncio.ensure_future(self._broker.run()), asyncio.ensure_future(self._deposed.settled())}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        await self._step_down()
        for wait in done:
            wait.result()

    async def _step_down(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()
            self._renewing = None
        if self._broker is not None:
            broker, self._broker = self._broker, None
            await broker.close()
