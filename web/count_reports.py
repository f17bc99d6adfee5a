"""The broker hears what was counted at a gateway, so that one answer about metrics holds for all of them."""

import asyncio

from aigc.core.messages import Counted
from web.broker import BrokerLink
from web.counters import Counters
from web.hub import Hub

EVERY_S = 5.0
"""How often it hears of it, without being asked."""


class CountReports:
    """Tells the broker again and again, from when it is made until it is closed. Needs a running loop."""

    def __init__(self, link: BrokerLink, counters: Counters, hub: Hub) -> None:
        self._link, self._counters, self._hub = link, counters, hub
        self._timer = self._set()

    def tell(self) -> None:
        """The broker hears what was counted since it heard of it last."""
        # While no broker is heard it is kept here: one that comes shall have it.
        if self._link.is_alive:
            self._link.tell(Counted(self._counters.tally.take(), self._hub.streams()))

    def close(self) -> None:
        """Nothing is told any more."""
        self._timer.cancel()

    def _set(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(EVERY_S, self._due)

    def _due(self) -> None:
        self.tell()
        self._timer = self._set()
