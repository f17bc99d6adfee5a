"""What a model's own word of how far it is says about time: many say half when a seventh of it has passed."""

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from aigc.core.scheduling.averages import NEWEST

MARKS = 20
"""The way is looked at in so many equal parts."""


class Pace(Struct):
    """The share of a run's time that has passed when its model says that it is at each mark, a mean over its runs."""

    shares: list[float] = msgspec.field(default_factory=lambda: [mark / MARKS for mark in range(MARKS + 1)])
    """Of the marks 0, 1 / MARKS, … 1. Before anything was learned a model's word is taken for time."""
    count: int = 0

    def learn(self, trail: Sequence[float], run_s: float) -> None:
        """A run of so many seconds went well, see `walked`. One that never said where it was teaches nothing."""
        if not trail or run_s <= 0.0:
            return
        self.count += 1
        weight = max(NEWEST, 1.0 / self.count)
        for mark in range(1, MARKS):
            seen = min(1.0, trail[mark - 1] / run_s) if mark <= len(trail) else 1.0
            self.shares[mark] += weight * (seen - self.shares[mark])

    def share(self, fraction: float) -> float:
        """The share of its time that has passed where it says `fraction`, 0 to 1."""
        mark = min(int(fraction * MARKS), MARKS - 1)
        low, high = self.shares[mark : mark + 2]
        return low + (high - low) * (fraction * MARKS - mark)


def walked(trail: list[float], fraction: float, passed_s: float) -> None:
    """Enter into a run's trail, which holds the seconds after which it was at each mark, that it is at `fraction`."""
    while len(trail) < min(int(fraction * MARKS), MARKS - 1):
        trail.append(passed_s)
