"""How often somebody may do something: token buckets, one for each who asks, on the caller's clock."""

from collections import OrderedDict
from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether it may be done now, and what is left."""

    allowed: bool
    limit: int
    """How many at once, after a pause."""
    left: int
    """How many more at once now."""
    full_after_s: float
    """Seconds until there are `limit` again."""
    retry_after_s: float
    """Seconds until one is allowed; 0 if it is now."""


class Buckets:
    """Buckets that hold `burst` drops and get `per_minute` drops a minute; who finds none must wait.

    Args:
        per_minute: above 0.
        burst: at least 1.
        keys: so many are remembered; the one that was touched longest ago is forgotten first, and begins full again.
    """

    def __init__(self, per_minute: float, burst: int, keys: int = 10_000) -> None:
        self._per_s = per_minute / 60
        self._burst = burst
        self._keys = keys
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()  # drops, and when that was so

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._held)

    def look(self, key: str, now: float) -> Verdict:
        """What `take` would say; nothing is taken. `now`: seconds on a clock that does not jump."""
        return self._verdict(self._drops(key, now))

    def take(self, key: str, now: float) -> Verdict:
        """One drop of `key`, if there is one; who is refused has lost nothing."""
        drops = self._drops(key, now)
        allowed = drops >= 1
        left = drops - 1 if allowed else drops
        self._held[key] = (left, now)
        self._held.move_to_end(key)
        if len(self._held) > self._keys:
            self._held.popitem(last=False)
        return self._verdict(left)._replace(
            allowed=allowed, retry_after_s=0.0 if allowed else (1 - drops) / self._per_s
        )

    def give_back(self, key: str) -> None:
        """What was taken last does not count."""
        if key in self._held:
            drops, at = self._held[key]
            self._held[key] = (min(float(self._burst), drops + 1), at)

    def _drops(self, key: str, now: float) -> float:
        drops, at = self._held.get(key, (float(self._burst), now))
        return min(float(self._burst), drops + max(0.0, now - at) * self._per_s)

    def _verdict(self, drops: float) -> Verdict:
        wait_s = 0.0 if drops >= 1 else (1 - drops) / self._per_s
        return Verdict(drops >= 1, self._burst, int(drops), (self._burst - drops) / self._per_s, wait_s)
