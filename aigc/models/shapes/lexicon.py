"""Which words of a prompt are English words that mean something here."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable
from itertools import chain

from aigc.models.shapes import library as _fills_the_library  # noqa: F401
from aigc.models.shapes.builder import LIBRARY
from aigc.models.shapes.palette import MATERIAL_WORDS, PATTERN_WORDS, color_of
from aigc.models.shapes.words import GLOSS, LIGHTNESS, SIZES, STRETCH, WEATHER, singular

# Words that stand around a thing and are none.
_AROUND = frozenset([
    "a", "an", "the", "this", "that", "these", "those", "some", "any", "one", "my", "your", "his", "her", "its", "our",
    "their", "and", "or", "but", "of", "with", "without", "in", "on", "under", "from", "for", "at", "near", "by", "to",
    "into", "as", "is", "are", "be", "has", "have", "having", "holding", "wearing", "made", "very", "too", "so",
    "really", "more", "most", "it", "i", "me", "you", "we", "they", "what", "who", "which", "there", "please", "can",
    "could", "would", "want", "need", "like", "make", "create", "build", "draw", "show", "give", "generate", "model",
    "models", "mesh", "picture", "image", "photo", "render", "rendering", "drawing", "game", "asset", "background",
    "quality", "poly", "style", "realistic", "stylised", "stylized", "detailed", "simple", "nice", "beautiful", "cute",
    "pretty", "lovely", "good", "thing", "something", "anything", "object",
])  # fmt: skip
# They stand in no English prompt, though the encoder has met them.
_FOREIGN = frozenset([
    "ein", "eine", "einen", "der", "die", "das", "und", "mit", "aus", "auf", "un", "une", "le", "la", "les", "des",
    "du", "avec", "et", "dans", "una", "uno", "el", "los", "las", "con", "y", "del", "il", "lo", "di", "della", "gli",
    "um", "uma", "os", "com", "het", "een", "en", "met", "van", "og", "med", "ett", "och",
])  # fmt: skip
# Colours in CSS, and things nevertheless.
_THINGS = frozenset(["coral", "orchid", "plum", "salmon", "thistle", "tomato", "wheat"])
_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "r", "ers", "or", "ly", "y", "ish", "less", "like", "ness", "ful")
_LEAST = 3  # letters of each half of a compound


def words_of(text: str) -> list[str]:
    """The words in lower case and without accents: "Éléphant" is read as the encoder reads it."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return re.findall(r"[^\W\d_]+", "".join(char for char in plain if not unicodedata.combining(char)))


def naming_words(text: str) -> list[str]:
    """The words that may say what the thing is: no colour, material, size, and none that only stands around it."""
    return [word for word in words_of(text) if not (len(word) < 2 or word in _AROUND or _is_look(word))]


class Lexicon:
    """The words that the library knows, or the sentence encoder.

    Args:
        pieces: the encoder's word pieces. A common English word is one of them; a word that it never met is spelt with
            several, and its vector says nothing.
        also: texts whose words are known besides.
    """

    def __init__(self, pieces: Container[str], also: Iterable[str] = ()) -> None:
        self._pieces = pieces
        self._said = {
            form
            for text in chain(also, *((one.name, *one.words, *one.about, *one.parts) for one in LIBRARY.values()))
            for word in words_of(text)
            for form in (word, singular(word))
        }

    def strangers(self, text: str) -> list[str]:
        """The naming words that are not known, each once."""
        return [word for word in dict.fromkeys(naming_words(text)) if not self.knows(word)]

    def knows(self, word: str) -> bool:
        """Whether this is a known word, a form of one, or a compound of two."""
        if word in _FOREIGN:
            return False
        return self._is_word(word) or self._is_form(word) or self._is_compound(word)

    def _is_word(self, word: str) -> bool:
        return word in self._said or singular(word) in self._said or word in self._pieces

    def _is_form(self, word: str) -> bool:
        stems = [word.removesuffix(ending) for ending in _ENDINGS if word.endswith(ending)]
        # "Spotty" from "spot", "galloping" from "gallop", "riding" from "ride".
        single = [stem[:-1] for stem in stems if len(stem) > _LEAST and stem[-1] == stem[-2]]
        stems += [stem + "e" for stem in stems]
        return any(len(stem) > _LEAST and self._is_word(stem) for stem in stems) or any(map(self._is_word, single))

    def _is_compound(self, word: str) -> bool:
        halves = [(word[:cut], word[cut:]) for cut in range(_LEAST, len(word) - _LEAST + 1)]
        return any(
            max(len(first), len(second)) > _LEAST and self._is_word(first) and self._is_word(second)
            for first, second in halves
        )


def _is_look(word: str) -> bool:
    tables = (MATERIAL_WORDS, PATTERN_WORDS, LIGHTNESS, GLOSS, WEATHER, SIZES, STRETCH)
    return (color_of(word) is not None and word not in _THINGS) or any(word in table for table in tables)
