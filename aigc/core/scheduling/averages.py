"""What is kept of values that come one by one: a mean and a percentile, or the largest and the smallest."""

import math

from msgspec import Struct

NEWEST = 0.1
"""Least weight of the newest value in a mean, so that a mean follows a change within some ten runs."""
WINDOW = 100
"""A peak that is not reached again is forgotten after so many runs, or twice as many at most."""


class Average(Struct):
    """A mean that follows its values, and the 90th percentile beside it.

    The percentile is a stochastic approximation (Tierney, A space-efficient recursive procedure for estimating a
    quantile, SIAM J. Sci. Stat. Comput. 1983): up by 0.9 of a step when a value is above it, else down by 0.1.
    """

    mean: float = 0.0
    high: float = 0.0
    spread: float = 0.0
    count: int = 0

    def learn(self, value: float) -> None:
        """One more value, seconds; the first one replaces every guess."""
        self.count += 1
        if self.count == 1:
            self.mean = self.high = value
            return
        weight = max(NEWEST, 1.0 / self.count)
        self.spread += weight * (abs(value - self.mean) - self.spread)
        self.mean += weight * (value - self.mean)
        step = 2.0 * weight * self.spread
        self.high = max(self.mean, self.high + step * (0.9 if value > self.high else -0.1))


class Peaks(Struct):
    """The largest and the smallest of the last `WINDOW` to twice as many values, in two windows that take turns.

    A mean with forgetting would not do: sizes within a class differ, and after some small runs a large one would not
    get what it needs, again and again.
    """

    high: float = 0.0
    low: float = math.inf
    count: int = 0
    past_high: float = 0.0
    past_low: float = math.inf
    past_count: int = 0

    def learn(self, value: float) -> bool:
        """One more value, bytes. Whether older ones were forgotten for it."""
        is_full = self.count == WINDOW
        if is_full:
            self.past_high, self.past_low, self.past_count = self.high, self.low, self.count
            self.high, self.low, self.count = 0.0, math.inf, 0
        self.high, self.low = max(self.high, value), min(self.low, value)
        self.count += 1
        return is_full

    @property
    def top(self) -> float:
        """The largest that was seen."""
        return max(self.high, self.past_high)

    @property
    def expected_top(self) -> float:
        """Where values of this spread are expected to end: as far above the largest as, on average, they lie apart.

        It is what is seen if they are all alike; for evenly spread ones it is the unbiased estimate of their end.
        """
        gaps = self.count + self.past_count - 1
        return self.top + (self.top - min(self.low, self.past_low)) / gaps if gaps > 0 else self.top
