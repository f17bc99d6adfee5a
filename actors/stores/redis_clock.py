"""The time on which everybody agrees who shares a Redis: its own."""

import math
import time
from collections.abc import Callable

DRIFT = 1e-4
"""Seconds that two clocks may part in a second: 100 ppm, twice what a bad quartz does."""
SAMPLE_S = 60.0
"""A sample older than this is due for a new one."""


class RedisClock:
    """Seconds since the epoch as the server believes, without asking it each time (Cristian, "Probabilistic clock
    synchronization", 1989): half of the round trip bounds the error of a sample, and it grows with its age. So a clock
    of this host that jumps does no harm, and a server's that jumps is followed within minutes.

    Args:
        monotonic, wall: this host's clocks; the second one only counts until the first sample.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._offset_s: float | None = None
        self._error_s = math.inf
        self._sampled_at = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._wall() if self._offset_s is None else self._monotonic() + self._offset_s

    def mark(self) -> float:
        """An instant for `learn`."""
        return self._monotonic()

    @property
    def is_due(self) -> bool:
        """True when a sample should be taken with the next question."""
        return self._error_s == math.inf or self._monotonic() - self._sampled_at > SAMPLE_S

    def doubt(self) -> None:
        """A sample is due, and the next one counts however bad it is."""
        self._error_s = math.inf

    def learn(self, asked: float, answered: float, said: float) -> None:
        """The server said its time, between two marks; the sample counts if it is better than the last one is now."""
        error_s = (answered - asked) / 2
        if error_s <= self._error_s + (answered - self._sampled_at) * DRIFT:
            self._offset_s = said - (asked + answered) / 2
            self._error_s, self._sampled_at = error_s, answered
