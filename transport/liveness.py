"""Who is alive, suspect or lost, judged by silence alone. Pure: the time is handed in."""

from collections.abc import Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Verdict(IntEnum):
    """What is thought of a peer; a larger value is worse."""

    ALIVE = 0
    SUSPECT = 1
    LOST = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds of silence after which a peer is suspect, and after which it is lost."""

    suspect_s: float = 3.0
    lost_s: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.suspect_s <= self.lost_s:
            raise ValueError(f"patience needs 0 < suspect_s <= lost_s, not {self.suspect_s} and {self.lost_s}")

    def verdict(self, silent_s: float) -> Verdict:
        """What a silence of `silent_s` seconds means."""
        if silent_s >= self.lost_s:
            return Verdict.LOST
        return Verdict.SUSPECT if silent_s >= self.suspect_s else Verdict.ALIVE


class Liveness(Generic[K]):
    """The peers of one end, with the time each was last heard.

    A peer is known from the first `heard` until it is LOST or forgotten. All times come from one monotonic clock, in
    seconds; a clock that stands still makes nobody older.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._heard: dict[K, float] = {}
        self._suspects: set[K] = set()

    def verdict(self, peer: K) -> Verdict:
        """What is thought of `peer` since the last `heard` or `overdue`; a stranger is LOST."""
        if peer not in self._heard:
            return Verdict.LOST
        return Verdict.SUSPECT if peer in self._suspects else Verdict.ALIVE

    def heard(self, peer: K, now: float) -> bool:
        """`peer` spoke at `now`. True when that is news: it was unknown, or suspect until now."""
        news = peer not in self._heard or peer in self._suspects
        self._suspects.discard(peer)
        self._heard[peer] = now
        return news

    def suspect(self, peer: K) -> bool:
        """`peer` is suspect before its time, for a reason of the caller's. True when that is news."""
        news = peer in self._heard and peer not in self._suspects
        if news:
            self._suspects.add(peer)
        return news

    def overdue(self, now: float) -> list[tuple[K, Verdict]]:
        """The peers whose verdict got worse by `now`, those silent longest first. Who is LOST is forgotten."""
        changes: list[tuple[float, K, Verdict]] = []
        for peer, last in self._heard.items():
            verdict = self._patience.verdict(now - last)
            if verdict > self.verdict(peer):
                changes.append((last, peer, verdict))
        changes.sort(key=lambda change: change[0])
        for _, peer, verdict in changes:
            if verdict is Verdict.LOST:
                self.forget(peer)
            else:
                self._suspects.add(peer)
        return [(peer, verdict) for _, peer, verdict in changes]

    def due(self) -> float | None:
        """When the next verdict gets worse if nobody is heard until then; None: there are no peers."""
        patience, suspects = self._patience, self._suspects
        limits = (
            last + (patience.lost_s if peer in suspects else patience.suspect_s) for peer, last in self._heard.items()
        )
        return min(limits, default=None)

    def forget(self, peer: K) -> None:
        """`peer` is a stranger again; nothing is reported."""
        self._heard.pop(peer, None)
        self._suspects.discard(peer)
