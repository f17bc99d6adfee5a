"""Which idle models leave a device to make room for another one."""

from collections.abc import Iterable

from msgspec import Struct


class Candidate(Struct, frozen=True):
    """An idle model that may leave."""

    residency: str
    bytes: int
    reload_s: float
    """Seconds that it takes to come back."""
    expected_use: float
    """How much it is wanted here: jobs that wait for it or wanted it lately, shared among the devices that have it."""
    last_used: float = 0.0
    """Instant, any clock: of two that are worth the same, the one that rests longer leaves."""
    is_settled: bool = True
    """False while its minimum stay lasts: then it leaves only if all that are settled do not suffice."""

    @property
    def worth(self) -> float:
        """Seconds of reloading that a byte of it is expected to save."""
        return self.reload_s * self.expected_use / max(1, self.bytes)


def victims(candidates: Iterable[Candidate], needed_bytes: int) -> tuple[Candidate, ...] | None:
    """Idle models whose leaving frees `needed_bytes`, the least worth first; None if all together do not suffice.

    Greedy by reload cost × expected use ÷ size, then everyone who turned out not to be needed stays, the most worth
    first: no smaller part of the answer suffices.
    """
    leaving: list[Candidate] = []
    freed = 0
    for candidate in sorted(candidates, key=lambda one: (not one.is_settled, one.worth, one.last_used, one.residency)):
        if freed >= needed_bytes:
            break
        leaving.append(candidate)
        freed += candidate.bytes
    if freed < needed_bytes:
        return None
    for candidate in leaving[::-1]:
        if freed - candidate.bytes >= needed_bytes:
            leaving.remove(candidate)
            freed -= candidate.bytes
    return tuple(leaving)
