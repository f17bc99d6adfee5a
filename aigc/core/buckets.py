"""How often somebody may do something: token buckets, on the caller's clock."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Bucket(NamedTuple):
    """A bucket that holds `burst` drops and gets `per_minute` drops a minute; who finds none must wait."""

    key: str
    """Whose, and for what."""
    per_minute: float
    """Above 0."""
    burst: int
    """At least 1."""

    def after(self, drops: float, elapsed_s: float) -> float:
        """What is in it of so many drops, so much later. A clock that went back gives nothing."""
        return min(float(self.burst), drops + max(0.0, elapsed_s) * self.per_minute / 60)

    def wait_s(self, drops: float, wanted: float) -> float:
        """Seconds until there are as many as wanted."""
        return max(0.0, wanted - drops) * 60 / self.per_minute


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


def verdict(wanted: Sequence[Bucket], drops: Sequence[float], *, allowed: bool) -> Verdict:
    """Of a deed that takes a drop of each bucket, of what is in them now. It is told of the tightest of them."""

    def one(bucket: Bucket, held: float) -> Verdict:
        wait_s = 0.0 if allowed else bucket.wait_s(held, 1)
        return Verdict(allowed, bucket.burst, int(held), bucket.wait_s(held, bucket.burst), wait_s)

    found = [one(bucket, held) for bucket, held in zip(wanted, drops, strict=True)]
    return min(found, key=lambda each: (-each.retry_after_s, each.left))


class SharedBuckets(Protocol):
    """Buckets that several processes take from. Raises, in any method: `Unavailable` and `StoreBroken`."""

    async def open(self) -> None:
        """Ready for use; a server that is away is no obstacle."""

    async def close(self) -> None:
        """Nothing may be called after."""

    async def take(self, wanted: Sequence[Bucket]) -> Verdict:
        """A drop of each, if each has one: in one step, and who is refused has lost nothing."""

    async def give_back(self, wanted: Sequence[Bucket]) -> None:
        """What was taken last does not count."""


class Buckets:
    """The same in memory, for one process.

    Args:
        keys: so many are remembered; the one that was touched longest ago is forgotten first, and begins full again.
    """

    def __init__(self, keys: int = 10_000) -> None:
        self._keys = keys
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()  # drops, and when that was so

    def __len__(self) -> int:
        """How many are remembered."""
        return len(self._held)

    def take(self, wanted: Sequence[Bucket], now: float) -> Verdict:
        """A drop of each, if each has one; who is refused has lost nothing. `now`: seconds on a clock that does not
        jump."""
        drops = [self._drops(bucket, now) for bucket in wanted]
        allowed = all(held >= 1 for held in drops)
        if allowed:
            drops = [held - 1 for held in drops]
            for bucket, held in zip(wanted, drops, strict=True):
                self._held[bucket.key] = (held, now)
                self._held.move_to_end(bucket.key)
            while len(self._held) > self._keys:
                self._held.popitem(last=False)
        return verdict(wanted, drops, allowed=allowed)

    def give_back(self, wanted: Sequence[Bucket]) -> None:
        """What was taken last does not count."""
        for bucket in wanted:
            if bucket.key in self._held:
                drops, at = self._held[bucket.key]
                self._held[bucket.key] = (min(float(bucket.burst), drops + 1), at)

    def _drops(self, bucket: Bucket, now: float) -> float:
        drops, at = self._held.get(bucket.key, (float(bucket.burst), now))
        return bucket.after(drops, now - at)
