"""A worker's side of the talk about leases: which it holds, what it says about them, which broker it believes."""

from collections.abc import Callable, Iterator, Sequence

from aigc.core.hosting.held import Held, LastWord, Word
from aigc.core.job import Lease
from aigc.core.messages import Generation

SETTLED_KEPT = 1024
"""Leases remembered after they were settled, so that a late copy of a grant begins nothing."""


class Holdings:
    """The leases of a worker by which the broker can count on it: a last word stays here until it is settled.

    Args:
        say: takes a message for the broker; called only while somebody listens.
        repeat_s: after which a last word that is not settled is said again.
    """

    def __init__(self, say: Callable[[Word], None], repeat_s: float) -> None:
        self._say, self._repeat_s = say, repeat_s
        self._held: dict[Lease, Held] = {}
        self._settled: dict[Lease, None] = {}
        self.generation: Generation | None = None
        """The broker that leads, as far as is known."""
        self.is_heard = False
        """Whether that broker has said welcome on the present link, and was not silent since."""

    def __iter__(self) -> Iterator[Held]:
        return iter(tuple(self._held.values()))

    @property
    def leases(self) -> tuple[Lease, ...]:
        """Every lease without a settled last word, oldest first."""
        return tuple(self._held)

    @property
    def due(self) -> float | None:
        """When `tick` has something to do."""
        times = [held.news_due for held in self._held.values() if held.is_untold]
        if self.is_heard:
            times += [held.said_at + self._repeat_s for held in self._held.values() if held.last_word is not None]
        return min((time for time in times if time is not None), default=None)

    def get(self, lease: Lease) -> Held | None:
        """The lease, if it is held."""
        return self._held.get(lease)

    def is_settled(self, lease: Lease) -> bool:
        """Whether it was held once, as far as is remembered."""
        return lease in self._settled

    def is_current(self, generation: Generation) -> bool:
        """Whether that broker leads. Of two of one number it is the one that said welcome."""
        known = self.generation
        if known is not None and generation.number > known.number:
            self.generation = generation
        return generation == self.generation

    def welcome(self, generation: Generation, now: float) -> bool:
        """Whether that broker leads; if so it hears all that an earlier one, or it itself, may have missed."""
        if self.generation is not None and generation.number < self.generation.number:
            return False
        self.generation, self.is_heard = generation, True
        for held in self:
            held.said_at = now
            for word in held.to_say:
                self._say(word)
        return True

    def add(self, held: Held) -> None:
        """It is held from now on."""
        self._held[held.lease] = held

    def tell(self, message: Word) -> None:
        """The broker hears it if it listens; else what is still true is said after its welcome."""
        if self.is_heard:
            self._say(message)

    def end(self, held: Held, last_word: LastWord, now: float) -> None:
        """The lease is over, and that is said until it is settled."""
        held.end(last_word, now)
        self.tell(last_word)

    def settle(self, leases: Sequence[Lease]) -> None:
        """The last words on these were heard and acted on; they are forgotten, but for late copies of their grants."""
        for lease in leases:
            held = self._held.get(lease)
            if held is not None and held.last_word is not None:
                del self._held[lease]
                self.bar(lease)

    def bar(self, lease: Lease) -> None:
        """A grant of this lease will be ignored."""
        self._settled[lease] = None
        if len(self._settled) > SETTLED_KEPT:
            del self._settled[next(iter(self._settled))]

    def tick(self, now: float) -> None:
        """News that waited its pause is told; so is a last word that was not settled for long."""
        for held in self:
            self.tell_news(held, now)
            if self.is_heard and held.last_word is not None and now >= held.said_at + self._repeat_s:
                held.said_at = now
                self._say(held.last_word)

    def tell_news(self, held: Held, now: float) -> None:
        """How far it is, unless that was told a moment ago."""
        if (news := held.news(now)) is not None:
            self.tell(news)
