"""Sentences that ask for a thing of the grammar, in many wordings, for the training."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache

import numpy as np

from aigc.models.shapes import library as _fills_the_library  # noqa: F401
from aigc.models.shapes.builder import LIBRARY, Shape
from aigc.models.shapes.palette import MATERIAL_WORDS, PATTERN_WORDS

LEFT_OUT = frozenset(
    [
        "star",
        "donut",
        "anchor",
        "bell",
        "boot",
        "bridge",
        "cannon",
        "crab",
        "drum",
        "fountain",
        "frog",
        "hat",
        "helmet",
        "motorcycle",
        "octopus",
        "piano",
        "skull",
        "snail",
        "spider",
        "submarine",
        "tank",
        "tractor",
        "ufo",
        "whale",
    ]
)
"""Shapes that are nothing like a few primitives, and those that came after the network was trained."""

_COLORS = [
    "red",
    "green",
    "blue",
    "yellow",
    "orange",
    "purple",
    "pink",
    "black",
    "white",
    "brown",
    "gray",
    "grey",
    "cyan",
    "turquoise",
    "teal",
    "lime",
    "cream",
    "navy",
    "gold",
    "silver",
    "beige",
    "maroon",
    "olive",
    "crimson",
    "violet",
    "indigo",
    "lavender",
    "mint",
    "peach",
]
_SHADES = ("dark", "light", "pale", "bright")
_STRETCHES = ["tall", "short", "wide", "narrow", "long", "thin", "fat", "slim", "chubby", "thick", "squat"]
_SIZES = ["small", "big", "little", "large", "tiny", "huge", "giant"]
_MOODS = [
    "cute",
    "simple",
    "stylised",
    "detailed",
    "nice",
    "beautiful",
    "cartoon",
    "low-poly",
    "old",
    "rustic",
    "modern",
    "medieval",
    "fancy",
    "plain",
]
_FRAMES = (
    "{}", "{}", "a {}", "a {}", "a {}", "the {}", "one {}", "a 3d model of a {}", "3d model of a {}", "a mesh of a {}",
    "make a {}", "create a {}", "i want a {}", "please make me a {}", "a picture of a {}", "a game asset of a {}",
    "a {} on a white background", "low poly {}", "a {}, high quality", "a toy {}",
)  # fmt: skip
_WITH = ("with {}", "with {}", "having {}", "that has {}")
_NUMBERS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
]  # fmt: skip
_PLURALS = {"leaf": "leaves", "shelf": "shelves", "storey": "storeys", "eye": "eyes"}


@dataclass(frozen=True)
class Request:
    """A caption, and what a scorer may ask of its answer.

    Args:
        shape: name in the library. color: the word for the whole, "" if none was said.
        part, count: what was counted, "" and 0 if nothing was.
    """

    text: str
    shape: str
    color: str = ""
    part: str = ""
    count: int = 0


SHAPES = tuple(shape for shape in LIBRARY.values() if shape.name not in LEFT_OUT)


@dataclass(frozen=True)
class Subject:
    """What decides the form of a thing: words for and before it, and for its parts after it."""

    shape: str
    before: tuple[str, ...]
    noun: str
    after: str
    part: str
    count: int

    @property
    def text(self) -> str:
        """The words alone."""
        return " ".join([*self.before, self.noun, self.after]).strip()


def subject(random: np.random.Generator, shape: Shape) -> Subject:
    """The thing in random words: with counts, proportions, and looks of parts."""
    before: list[str] = []
    if random.random() < 0.15:
        before.append(_one(random, _STRETCHES))
    special = specials(shape.name)
    if special and random.random() < 0.3:
        before.append(_one(random, special))
    part, number, after = "", 0, ""
    counted = counts(shape.name)
    if counted and random.random() < 0.5:
        part, least, most = counted[int(random.integers(len(counted)))]
        number = int(random.integers(least, min(most, 12) + 1))
        spoken = _NUMBERS[number] if random.random() < 0.85 else str(number)
        tint = _one(random, _COLORS) + " " if random.random() < 0.15 else ""
        after = f"{spoken} {tint}{part if number == 1 else _plural(part)}"
    elif shape.parts and random.random() < 0.35:
        named = _one(random, tuple(shape.parts))
        look = _one(random, _COLORS) if random.random() < 0.7 else _one(random, tuple(MATERIAL_WORDS))
        after = f"{look} {_plural(named) if random.random() < 0.5 else named}"
    if after:
        after = _one(random, _WITH).format(after)
    return Subject(shape.name, tuple(before), _noun(random, shape), after, part, number)


def dressed(random: np.random.Generator, thing: Subject) -> Request:
    """A whole sentence about it: with a colour or a material for all of it, a size, and words around."""
    before: list[str] = []
    color = ""
    if random.random() < 0.12:
        before.append(_one(random, _MOODS))
    if random.random() < 0.08:
        before.append(_one(random, _SIZES))
    draw = random.random()
    if draw < 0.4:
        color = _one(random, _COLORS)
        before.append(f"{_one(random, _SHADES)} {color}" if random.random() < 0.15 else color)
    elif draw < 0.6:
        before.append(_one(random, tuple(MATERIAL_WORDS)))
    elif draw < 0.64:
        before.append(_one(random, tuple(PATTERN_WORDS)[:8]))
    text = _one(random, _FRAMES).format(" ".join([*before, thing.text]))
    return Request(re.sub(r"\b([Aa]) ([aeio])", r"\1n \2", text), thing.shape, color, thing.part, thing.count)


def _one(random: np.random.Generator, options: tuple[str, ...] | list[str]) -> str:
    return options[int(random.integers(len(options)))]


def _noun(random: np.random.Generator, shape: Shape) -> str:
    draw = random.random()
    if draw < 0.5 or not shape.words:
        return shape.name
    if draw < 0.85:
        return _one(random, shape.words)
    return re.sub(r"^(a|an|the) ", "", _one(random, shape.about))


def _plural(word: str) -> str:
    return _PLURALS.get(word) or (
        word if word.endswith("s") else word + ("es" if word.endswith(("x", "ch", "sh")) else "s")
    )


@cache
def specials(name: str) -> tuple[str, ...]:
    """The words that the shape's own function looks for."""
    shape = LIBRARY[name]
    source = inspect.getsource(shape.make)
    found = {word for call in re.findall(r"\.says\(([^)]*)\)", source) for word in re.findall(r'"([a-z]+)"', call)}
    return tuple(sorted(found - set(shape.parts)))


@cache
def counts(name: str) -> tuple[tuple[str, int, int], ...]:
    """The parts that the shape counts, with the least and the most that it makes."""
    source = inspect.getsource(LIBRARY[name].make)
    found = re.findall(r'\.count\("([a-z]+)", (?:\d+|[^(),]*?|\d+ if [^)]*\) else \d+), (\d+), (\d+)\)', source)
    if "_legs(" in source:
        found.append(("leg", "3", "8"))
    return tuple(sorted({(part, max(1, int(least)), int(most)) for part, least, most in found}))
