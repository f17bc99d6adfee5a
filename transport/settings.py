"""The few values that a link can be told."""

from dataclasses import dataclass, field

from transport.backoff import Backoff
from transport.curve import Keys
from transport.liveness import Patience
from transport.outbox import OutboxLimits


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Both ends of a link should have the same beat and patience.

    Raises:
        ValueError: the beat is not positive, or so slow that a living peer would be suspect between two of them.
    """

    beat_s: float = 1.0
    """Seconds between two heartbeats."""
    patience: Patience = field(default_factory=Patience)
    """Silence that makes a peer suspect (3 s) and lost (5 s)."""
    backoff: Backoff = field(default_factory=lambda: Backoff(limit_s=1.0))
    """Pauses before a fresh socket."""
    visit: Backoff = field(default_factory=lambda: Backoff(first_s=0.5, factor=1.15, limit_s=2.0))
    """How long one of several places is given to answer, longer from round to round."""
    outbox: OutboxLimits = field(default_factory=OutboxLimits)
    """What may wait for one peer."""
    peers: int = 4096
    """Identities that a router knows at a time."""
    keys: Keys | None = None
    """This machine's keys, for addresses that have one."""

    def __post_init__(self) -> None:
        if not 0 < self.beat_s < self.patience.suspect_s:
            raise ValueError(f"beat_s is {self.beat_s:g}, not between 0 and suspect_s, {self.patience.suspect_s:g}")

    def until_beat_s(self, now: float) -> float:
        """Seconds from `now`, on the loop's clock, until the next beat; never twice for one where a timer was early.

        Beats fall on whole multiples, so that all ends of a process, and of a machine, wake together: who has just
        run, runs cheaply.
        """
        left_s = self.beat_s - now % self.beat_s
        return left_s if left_s >= self.beat_s / 8 else left_s + self.beat_s
