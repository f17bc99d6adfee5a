"""Whose turn it is: the owner who used the fewest device-seconds lately.

Usage decays with a half-life, as in the fair-share schedulers of batch systems (Kay and Lauder, A fair share
scheduler, CACM 1988). All usage decays alike, so the order of owners changes only when one of them is charged: the key
of an owner is log2(usage) + now / half-life, constant while nothing is charged, and never overflows.
"""

import math

from aigc.core.ids import OwnerId

FORGOTTEN_S = 0.001
"""Device-seconds below which a decayed usage is dropped from memory."""


class Fairness:
    """Decayed device-seconds per owner.

    Args:
        half_life_s: after this time a device-second counts half.
    """

    def __init__(self, half_life_s: float) -> None:
        self._half_life_s = half_life_s
        self._usage: dict[OwnerId, tuple[float, float]] = {}  # device-seconds, as of monotonic seconds
        self._prune_at = 1024

    def key(self, owner: OwnerId) -> float:
        """Sort key: the owner with the least comes first; comparable at any time. Who used nothing has -inf."""
        used = self._usage.get(owner)
        if used is None or used[0] <= 0.0:
            return -math.inf
        return math.log2(used[0]) + used[1] / self._half_life_s

    def usage(self, owner: OwnerId, now: float) -> float:
        """Decayed device-seconds of an owner."""
        used = self._usage.get(owner)
        return 0.0 if used is None else used[0] * self._decay(now - used[1])

    def charge(self, owner: OwnerId, seconds: float, now: float) -> None:
        """Add device-seconds; negative ones give back what was charged too much, never below zero."""
        self._usage[owner] = (max(0.0, self.usage(owner, now) + seconds), now)
        if len(self._usage) > self._prune_at:
            self._prune(now)

    def _decay(self, seconds: float) -> float:
        return math.exp2(-max(0.0, seconds) / self._half_life_s)

    def _prune(self, now: float) -> None:
        self._usage = {owner: used for owner, used in self._usage.items() if self.usage(owner, now) > FORGOTTEN_S}
        self._prune_at = max(1024, 2 * len(self._usage))
