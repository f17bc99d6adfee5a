"""A few words taken apart: what thing, how it looks, how much."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aigc.models.shapes.words import Look, read_wishes, singular

_ARTICLES = frozenset([
    "a", "an", "the", "its", "his", "her", "their", "my", "your", "our", "this", "that", "these", "those", "some",
    "any", "all", "every", "each", "it", "him", "them", "one", "of", "both", "whole", "entire", "is", "are", "be",
    "should", "must", "shall", "will", "to", "please", "now", "more", "very", "much", "too", "so", "really", "just",
    "made", "bit", "little", "slightly", "somewhat", "lot", "way", "quite", "far", "even", "and", "there",
])  # fmt: skip
_FILLERS = re.compile(
    r"^(?:please|now|then|can you|could you|would you|will you|i want you to|i want to|i would like to|i'd like to|"
    r"i want|i'd like|let us|let's|you should|you must|try to|just)\s+"
)
_DEGREES = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:degrees?|deg|°)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent|per cent)")
_TIMES = re.compile(r"(\d+(?:\.\d+)?)\s*(?:x|×|times)\b")
_MULTIPLES = {"twice": 2.0, "double": 2.0, "triple": 3.0, "thrice": 3.0, "half": 0.5, "quadruple": 4.0}
_NUMBERS = {"two": 2.0, "three": 3.0, "four": 4.0, "five": 5.0, "ten": 10.0}
_LITTLE = re.compile(r"\b(?:slightly|a bit|a little|somewhat|a touch|gently|subtly)\b")
_MUCH = re.compile(
    r"\b(?:much|a lot|very|way|far|extremely|strongly|heavily|really|huge|giant|enormous|massive|tiny)\b"
)


@dataclass(frozen=True)
class Amount:
    """How much somebody asks for; what they do not say is None, and `emphasis` 1.

    Args:
        factor: 2 for twice. percent: more or less. degrees: of an angle. emphasis: 0.5 for a bit, 1.8 for a lot.
    """

    factor: float | None = None
    percent: float | None = None
    degrees: float | None = None
    emphasis: float = 1.0


def cleaned(text: str) -> str:
    """In lower case, without what is only polite, and without the end of the sentence."""
    plain = re.sub(r"\s+", " ", text.lower().strip()).strip(" .!?;,")
    while (shorter := _FILLERS.sub("", plain)) != plain:
        plain = shorter
    return plain


def words_of(text: str) -> list[str]:
    """The words, in lower case."""
    return re.findall(r"[a-z]+(?:-[a-z]+)*", text.lower())


def amount_of(text: str) -> Amount:
    """What the text says of how much."""
    factor = None
    if found := _TIMES.search(text):
        factor = float(found[1])
    else:
        for word in words_of(text):
            factor = _MULTIPLES.get(word, factor)
        for word, value in _NUMBERS.items():
            if re.search(rf"\b{word} times\b", text):
                factor = value
    percent = float(found[1]) if (found := _PERCENT.search(text)) else None
    degrees = float(found[1]) if (found := _DEGREES.search(text)) else None
    emphasis = 0.5 if _LITTLE.search(text) else 1.8 if _MUCH.search(text) else 1.0
    return Amount(factor, percent, degrees, emphasis)


def without_amount(text: str) -> str:
    """The text without numbers of degrees, per cent and times."""
    plain = text
    for pattern in (_DEGREES, _PERCENT, _TIMES, _LITTLE):
        plain = pattern.sub(" ", plain)
    plain = re.sub(r"\b(?:by|times|as|than|a lot|much)\b", " ", plain)
    plain = " ".join(word for word in plain.split() if word not in _MULTIPLES)
    return re.sub(r"\s+", " ", plain).strip()


def look_of(text: str) -> Look:
    """The colours, materials and patterns in the text."""
    return read_wishes(text, {}, set()).looks.get("", Look())


def is_look(word: str) -> bool:
    """Whether the word says how something looks: red, wooden, striped, shiny."""
    return word in ("light", "dark", "bright", "pale") or not look_of(word).says_nothing


def noun_of(phrase: str) -> str:
    """The word for the thing itself: the last that is no article, colour or material; in the singular."""
    found = [word for word in words_of(phrase) if word not in _ARTICLES and not is_look(word)]
    return singular(found[-1]) if found else ""


def part_of(phrase: str) -> str:
    """The phrase without articles and looks: "the left red ear" -> "left ear"."""
    kept = [word for word in words_of(phrase) if word not in _ARTICLES and not is_look(word)]
    return " ".join(kept)
