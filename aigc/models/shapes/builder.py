"""How a shape of the library is written: a function that adds solids to a builder."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from manifold3d import Manifold

from aigc.models.shapes.finish import Finish
from aigc.models.shapes.palette import THROUGHOUT
from aigc.models.shapes.solids import union
from aigc.models.shapes.words import Look, Wishes, singular

T = TypeVar("T")


@dataclass(frozen=True)
class Piece:
    """A solid and what it is made of.

    Args:
        part: the word for it. turned: round about the y axis, for patterns that run around.
    """

    part: str
    solid: Manifold
    finish: Finish
    turned: bool


@dataclass
class Builder:
    """What a shape's function is handed: what the prompt asks for, a random source, and where the solids go."""

    wishes: Wishes
    random: np.random.Generator
    variation: float
    shape: Shape
    pieces: list[Piece] = field(default_factory=list)

    def add(
        self, part: str, solid: Manifold | Iterable[Manifold], finish: Finish, turned: bool = False, keep: bool = False
    ) -> None:
        """One more part. `keep`: only a wish for this very part changes its finish (eyes, tyres, window panes)."""
        whole = solid if isinstance(solid, Manifold) else union(solid)
        if not whole.is_empty():
            self.pieces.append(Piece(part, whole, self._finish(part, finish, keep), turned))

    def _finish(self, part: str, finish: Finish, keep: bool) -> Finish:
        """The finish as the prompt wishes it: first what it says of the part, then what it says of the whole."""
        own = self.wishes.looks.get(part)
        if own is not None:
            return own.over(finish)
        whole = self.wishes.looks.get("")
        if whole is None or keep:
            return finish
        if part in self.shape.paint:
            return whole.over(finish)
        if whole.material in THROUGHOUT:
            return Look(color=whole.color, material=whole.material, gloss=whole.gloss).over(finish)
        return finish

    def count(self, part: str, usual: int, least: int, most: int) -> int:
        """How many of a part the prompt asks for, within what looks right."""
        return min(most, max(least, self.wishes.counts.get(part, usual)))

    def vary(self, value: float, share: float = 0.12) -> float:
        """`value`, up to `share` more or less, by the seed."""
        return value * (1 + self.variation * share * float(self.random.uniform(-1, 1)))

    def pick(self, *options: T) -> T:
        """One of the options by the seed, the first if there shall be no variation."""
        number = int(self.random.integers(len(options)))
        return options[number if self.variation > 0 else 0]

    def says(self, *words: str) -> bool:
        """Whether the prompt has any of these words, in the singular."""
        return any(singular(word) in self.wishes.words for word in words)


@dataclass(frozen=True)
class Shape:
    """A kind of thing that the library can make.

    Args:
        name: the word for it. words: other words for it.
        about: sentences that the prompt is compared with.
        size: metres along the longest side.
        paint: the parts that take the thing's own colour.
        parts: word for a part -> the part, for parts that have more than one word.
    """

    name: str
    words: tuple[str, ...]
    about: tuple[str, ...]
    size: float
    paint: frozenset[str]
    parts: dict[str, str]
    make: Callable[[Builder], None]

    @property
    def names(self) -> set[str]:
        """All words for the thing itself, in the singular."""
        return {singular(word) for word in (self.name, *self.words)}


LIBRARY: dict[str, Shape] = {}


def shape(
    name: str, words: str, about: str, size: float, paint: str, parts: str = ""
) -> Callable[[Callable[[Builder], None]], Callable[[Builder], None]]:
    """Enter a function into the library.

    Args:
        words: other words for the thing, apart by blanks. about: sentences, apart by semicolons.
        paint: parts that take the thing's colour, apart by blanks.
        parts: words for parts, each "word" or "word=part", apart by blanks.
    """
    named = {pair.split("=")[0]: pair.split("=")[-1] for pair in parts.split()}
    named.update({part: part for part in paint.split()})

    def enter(make: Callable[[Builder], None]) -> Callable[[Builder], None]:
        sentences = tuple(sentence.strip() for sentence in about.split(";"))
        LIBRARY[name] = Shape(name, tuple(words.split()), sentences, size, frozenset(paint.split()), named, make)
        return make

    return enter
