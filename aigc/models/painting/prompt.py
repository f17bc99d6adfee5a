"""A prompt read: what it says of the whole, what of which part, and which of its words mean nothing here."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from colorsys import rgb_to_hsv
from dataclasses import dataclass, field, replace

from aigc.models.painting.foreign import ASIDE, FOREIGN
from aigc.models.painting.vocabulary import MATERIALS, PATTERNS, PELTS, REGIONS, SMALL, WEATHERED
from aigc.models.shapes.finish import Color, Finish
from aigc.models.shapes.palette import color_of
from aigc.models.shapes.words import GLOSS, LIGHTNESS, lighter, singular

Nearest = Callable[[Sequence[str]], dict[str, str]]
"""Unknown words -> the known word that each comes near to, for those that do."""

_WITHIN = {"with", "having", "has", "featuring"}
_CLOSING = {*_WITHIN, "plus", "while", "but", ",", ";", "."}
_SIDES = ("left", "right")


@dataclass(frozen=True)
class Coat:
    """How something shall look; what the prompt leaves open is None."""

    color: Color | None = None
    second: Color | None = None
    material: Finish | None = None
    pattern: str | None = None
    gloss: float = 0.0

    def finish(self) -> Finish:
        """The finish to paint with."""
        finish = self.material or Finish("plain", self.color or (0.75, 0.74, 0.72), None, 0.5)
        if self.color is not None:
            finish = finish.in_color(_natural(self.color, finish.color) if self.material else self.color)
        if self.pattern is not None and self.pattern != finish.pattern:
            finish = replace(finish, pattern=self.pattern, second=None)
        if self.second is not None:
            finish = replace(finish, second=self.second)
        return replace(finish, roughness=min(1.0, max(0.05, finish.roughness + self.gloss)))


@dataclass
class Reading:
    """A prompt, understood as far as can be.

    Args:
        whole: of everything that no part word names; None if nothing is said of it.
        parts: (word for a part, side or "", coat), in order.
        weather: any of moss, snow, peak, worn.
        understood: words that mean something here. near: word -> the known word it was taken for.
        unknown: words that mean nothing here. thing: what the thing is called, which is not looked at.
    """

    whole: Coat | None = None
    parts: list[tuple[str, str, Coat]] = field(default_factory=list)
    weather: set[str] = field(default_factory=set)
    understood: list[str] = field(default_factory=list)
    near: dict[str, str] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    thing: str = ""


@dataclass
class _Clause:
    coat: Coat = field(default_factory=Coat)
    light: float | None = None
    nouns: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    side: str = ""
    says: bool = False
    on: bool = False
    within: bool = False  # opened by "with": without a noun of its own it goes on about what came before
    after: bool = False  # behind "of" or "is": what follows belongs to the noun before


def read_prompt(text: str, nearest: Nearest) -> Reading:
    """What the prompt says, in English or in the commonest words of German, French, Spanish and Chinese.

    Args:
        nearest: asked once, for all words that are not known.
    """
    words, follows = _english(text.lower())
    reading = Reading()
    strange = [word for word in dict.fromkeys(words) if re.match(r"\w", word) and not _known(word)]
    reading.near = {word: known for word, known in nearest(strange).items() if _known(known)}
    clause = _Clause()
    for index, word in enumerate(words):
        meant = reading.near.get(word, word)
        if meant in _CLOSING or (meant == "and" and (clause.nouns or clause.strangers)):
            _close(clause, reading)
            clause = _Clause(within=meant in _WITHIN)
        elif meant in ("of", "is", "are", "in", "made"):
            clause.after = clause.after or bool(clause.nouns)
        elif meant == "and" or meant in ASIDE:
            clause.on = clause.on or meant == "on"  # pink dots on white
        elif _part(meant) and not (meant in _SIDES and index + 1 < len(words) and _part(words[index + 1])):
            clause.nouns.append(_part(meant))
            reading.understood.append(word)
        elif meant in _SIDES:
            clause.side = meant
            reading.understood.append(word)
        elif _says(meant):
            if clause.nouns and clause.says and not (clause.after or follows):
                _close(clause, reading)
                clause = _Clause()
            _add(clause, meant, reading)
            reading.understood.append(word)
        else:
            clause.strangers.append(word)
    _close(clause, reading)
    return reading


def vocabulary() -> list[str]:
    """Words that an unknown one may come near to."""
    colors = (
        "red orange yellow green blue purple pink brown black white grey turquoise crimson navy olive beige maroon "
    )
    return [*MATERIALS, *PELTS, *PATTERNS, *WEATHERED, *colors.split()]


def _english(text: str) -> tuple[list[str], bool]:
    """The words and commas, foreign ones in English, and whether adjectives follow their nouns there."""
    for foreign in sorted(FOREIGN["zh"], key=len, reverse=True):
        text = text.replace(foreign, f" {FOREIGN['zh'][foreign]} ")
    text = re.sub(r"[，、；。]", ",", re.sub(r"[的色]", " ", text))
    raw = re.findall(r"[^\W\d_]+(?:[-'][^\W\d_]+)*|[,;.]", text)
    counts = {name: sum(_translated(word, name) != word for word in raw) for name in ("de", "fr", "es")}
    language = max(counts, key=lambda name: counts[name])
    mine = sum(_says(word) or bool(_part(word)) for word in raw if _translated(word, language) == word)
    if counts[language] <= mine:
        return [piece for word in raw for piece in _pieces(word)], False
    return [_translated(word, language) for word in raw], language in ("fr", "es")


def _translated(word: str, language: str) -> str:
    """The English word, for the word itself or without an ending of at most two letters."""
    table = FOREIGN[language]
    stem = next((word[: len(word) - cut] for cut in range(3) if word[: len(word) - cut] in table), word)
    return table.get(stem, word)


def _pieces(word: str) -> list[str]:
    """A compound's parts, unless it has a meaning as a whole."""
    if "-" not in word or word in WEATHERED:
        return [word.removesuffix("'s")]
    return [piece for piece in word.split("-") if piece != "ish"]


def _part(word: str) -> str:
    """The part that the word names, in the singular, or nothing."""
    for form in (word, singular(word), word.removesuffix("s")):
        if form in REGIONS or (form in SMALL and form not in LIGHTNESS):
            return form
    return ""


def _says(word: str) -> bool:
    one = singular(word)
    tables = (MATERIALS, PELTS, PATTERNS, WEATHERED, GLOSS, LIGHTNESS)
    return color_of(word) is not None or any(word in table or one in table for table in tables)


def _known(word: str) -> bool:
    return word in ASIDE or word in _CLOSING or word == "and" or bool(_part(word)) or _says(word)


def _add(clause: _Clause, word: str, reading: Reading) -> None:
    """One more adjective of the clause."""
    one, coat = singular(word), clause.coat
    color = color_of(word) or color_of(one)
    clause.says = True
    if word in WEATHERED:
        reading.weather.add(WEATHERED[word])
    elif word in MATERIALS or one in MATERIALS:
        # Leopard fur is a leopard's, and rusty iron rusts.
        if coat.material not in PELTS.values() and coat.material is not MATERIALS["rusty"]:
            clause.coat = replace(coat, material=MATERIALS.get(word) or MATERIALS[one])
    elif word in PELTS or one in PELTS:
        clause.coat = replace(coat, material=PELTS.get(word) or PELTS[one])
    elif word in PATTERNS or one in PATTERNS:
        # "Zebra stripes" are a zebra's, and "tiger stripes" a tiger's.
        if coat.material not in PELTS.values():
            clause.coat = replace(coat, pattern=PATTERNS.get(word) or PATTERNS[one])
    elif color is not None:
        color = lighter(color, clause.light) if clause.light is not None else color
        clause.light = None
        if coat.color is None:
            clause.coat = replace(coat, color=color)
        else:
            clause.coat = replace(coat, color=color, second=coat.color) if clause.on else replace(coat, second=color)
    elif word in LIGHTNESS:
        clause.light = LIGHTNESS[word]
    elif word in GLOSS:
        clause.coat = replace(coat, gloss=GLOSS[word])


def _close(clause: _Clause, reading: Reading) -> None:
    """The clause is at its end: its coat belongs to its nouns, or to the whole."""
    coat = clause.coat
    if clause.light is not None and coat.material is not None:
        coat = replace(coat, color=lighter(coat.color or coat.material.color, clause.light))
    named = coat != Coat()
    if not named:
        reading.unknown += clause.strangers
        return
    if clause.within and coat.pattern and not clause.nouns and not clause.strangers and reading.parts:
        noun, side, before = reading.parts.pop()
        reading.parts.append((noun, side, _over(coat, before)))
        return
    thing = clause.strangers[-1:]
    reading.unknown += clause.strangers[:-1]
    if clause.nouns or clause.side:
        reading.unknown += thing
        for noun in clause.nouns or [clause.side]:
            reading.parts.append((noun, clause.side if clause.nouns else "", coat))
    elif reading.whole is None:
        reading.whole = coat
        reading.thing = thing[0] if thing else ""
    elif thing:
        reading.parts.append((thing[0], "", coat))
    else:
        reading.whole = _over(coat, reading.whole)


def _natural(wished: Color, usual: Color) -> Color:
    """The colour that a material takes: red bricks are as red as bricks are, blue ones as blue as paint."""
    (hue, strength, _), (usual_hue, usual_strength, _) = rgb_to_hsv(*wished), rgb_to_hsv(*usual)
    apart = abs((hue - usual_hue + 0.5) % 1 - 0.5)
    if apart > 0.09 or min(strength, usual_strength) < 0.2:
        return wished
    red, green, blue = (0.3 * one + 0.7 * two for one, two in zip(wished, usual, strict=True))
    return (red, green, blue)


def _over(new: Coat, old: Coat) -> Coat:
    """Both: what the new one leaves open is as in the old one."""
    second = new.second or (new.color if old.color and new.color and not new.material else None) or old.second
    return Coat(
        old.color if second == new.color else new.color or old.color,
        second,
        new.material or old.material,
        new.pattern or old.pattern,
        new.gloss or old.gloss,
    )
