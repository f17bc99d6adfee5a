"""How bad it is: what the network, the processes and the clock do to the house, and how often."""

import random
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from tests.simulation.clock import Clock


class Faults(Struct, frozen=True, kw_only=True):
    """Probabilities per message, and mean seconds between faults of a kind; 0: never."""

    loss: float = 0.0
    doubling: float = 0.0
    delay: float = 0.0
    delay_s: float = 3.0
    """Longest delay of a delayed message; others overtake it."""
    broker_dies_s: float = 0.0
    broker_freezes_s: float = 0.0
    """It stops, another one takes over, and the old one wakes up."""
    worker_dies_s: float = 0.0
    worker_stops_s: float = 0.0
    """SIGSTOP, and some seconds later SIGCONT."""
    worker_doubles_s: float = 0.0
    """Another worker is started under the name of one that lives, or is stopped."""
    runner_dies_s: float = 0.0
    operator_acts_s: float = 0.0
    """Somebody loads, unloads, pins or frees a model, or drains or resumes a worker, as it comes."""
    wall_jumps_s: float = 0.0
    """The wall clock is set forward or back by up to an hour."""


CALM = Faults()
STORM = Faults(
    loss=0.01,
    doubling=0.02,
    delay=0.02,
    broker_dies_s=60.0,
    broker_freezes_s=200.0,
    worker_dies_s=40.0,
    worker_stops_s=40.0,
    worker_doubles_s=90.0,
    runner_dies_s=20.0,
    operator_acts_s=20.0,
    wall_jumps_s=300.0,
)


class Network:
    """Delivers messages after a moment; in a storm also twice, late, out of order, or never."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self._clock, self._rng = clock, rng
        self.faults = CALM

    def send(self, deliver: Callable[..., None], *arguments: Any) -> None:
        """The message is on its way."""
        rng, faults = self._rng, self.faults
        if faults is not CALM:
            if rng.random() < faults.loss:
                return
            if rng.random() < faults.doubling:
                self._clock.after(rng.uniform(0.0, faults.delay_s), deliver, *arguments)
            if rng.random() < faults.delay:
                self._clock.after(rng.uniform(0.0, faults.delay_s), deliver, *arguments)
                return
        self._clock.after(0.0005, deliver, *arguments)
