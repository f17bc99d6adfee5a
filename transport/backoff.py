"""How long to wait before the next try. Pure: chance is handed in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential back-off with equal jitter (Brooker, "Exponential Backoff and Jitter", 2015).

    Half of each delay is fixed, so that a peer in trouble is never hammered, and half is chance, so that many clients
    of one restarted peer do not come back in step.
    """

    first_s: float = 0.1
    factor: float = 2.0
    limit_s: float = 10.0

    def __post_init__(self) -> None:
        if not (0 < self.first_s <= self.limit_s and self.factor >= 1):
            raise ValueError(f"back-off needs 0 < first_s <= limit_s and factor >= 1, not {self}")

    def delay_s(self, failures: int, jitter: float) -> float:
        """Seconds to wait after `failures` tries in a row failed (0: the first wait); `jitter` is in [0, 1)."""
        if not 0 <= jitter < 1:
            raise ValueError(f"jitter is {jitter}, not in [0, 1)")
        # The exponent is bounded: factor ** 5000 would overflow after some hours of a dead peer.
        longest = min(self.limit_s, self.first_s * self.factor ** min(failures, 60))
        return longest * (1 + jitter) / 2
