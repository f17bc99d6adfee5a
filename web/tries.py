"""How often somebody may try to log in: by name and address, by address, by name."""

from aigc.core.buckets import Buckets, Verdict

PAIR, ADDRESS, NAME = (5, 5), (20, 20), (10, 20)
"""Tries a minute, and at once. One who guesses meets the first; a crowd of addresses that guesses one name the last."""


class Tries:
    """Counts tries; one that succeeded is given back."""

    def __init__(self) -> None:
        self._buckets = [Buckets(*rate) for rate in (PAIR, ADDRESS, NAME)]

    def take(self, name: str, address: str, now: float) -> Verdict:
        """One try, unless there were too many: then nothing is taken. `now`: seconds on a clock that does not jump."""
        pairs = list(zip(self._buckets, _keys(name, address), strict=True))
        worst = max((bucket.look(key, now) for bucket, key in pairs), key=lambda verdict: verdict.retry_after_s)
        if worst.allowed:
            worst = min((bucket.take(key, now) for bucket, key in pairs), key=lambda verdict: verdict.left)
        return worst

    def give_back(self, name: str, address: str) -> None:
        """The last one does not count."""
        for bucket, key in zip(self._buckets, _keys(name, address), strict=True):
            bucket.give_back(key)


def _keys(name: str, address: str) -> tuple[str, str, str]:
    name = name.lower()[:100]
    return f"{name}\n{address}", address, name
