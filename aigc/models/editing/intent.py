"""What an instruction asks for: which verb, of which part, with what.

Rules first, by the words of `verbs`; what no rule tells is compared with example sentences by a sentence encoder
(all-MiniLM-L6-v2). What is not understood is said, never guessed in silence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from aigc.models.editing.phrase import (
    Amount,
    amount_of,
    cleaned,
    is_look,
    look_of,
    noun_of,
    part_of,
    without_amount,
    words_of,
)
from aigc.models.editing.verbs import AXES, LESS, VERBS
from aigc.models.shapes.lexicon import Lexicon
from aigc.models.shapes.sentence import SentenceEncoder
from aigc.models.shapes.words import Look
from aigc.runner.model import InputInvalid

NO_LOOK, USUAL = Look(), Amount()
SURE = 0.42  # likeness from which on an example sentence counts
_EXAMPLES = (
    "for example: remove the hat, add a chimney, make the head bigger, paint the shirt red, replace the wheel with a "
    "sphere; or set `operation`"
)
_PLACED = r"\s+(?:to|on|onto|upon|on top of|atop|at|in|into|behind|under|beneath|above|over|around|beside|for)\s+"
_TOO = {
    "enlarge": "shrink", "shrink": "enlarge", "inflate": "thin", "thin": "inflate", "smooth": "smooth",
    "stretch": "stretch",
}  # fmt: skip


@dataclass(frozen=True)
class Instruction:
    """One thing to do.

    Args:
        verb: a key of `VERBS`. part: the words for what of the mesh it is done to; "" for all of the region.
        thing: what shall be there, for add and replace. look: how it shall look.
        amount: how much, as said. axis: along which axis and with which sign; None if unsaid.
        sure: 0 to 1. heard: by what it was understood.
        relation: where a thing goes: "on", "behind", "under"...
    """

    verb: str
    part: str = ""
    thing: str = ""
    look: Look = NO_LOOK
    amount: Amount = USUAL
    axis: tuple[int, float] | None = None
    less: bool = False
    relation: str = ""
    sure: float = 1.0
    heard: str = "words"

    @property
    def sentence(self) -> str:
        """What was understood, for people."""
        what = self.part or "the region"
        if self.verb == "add":
            return f"add {self.thing}" + (f" {self.relation or 'to'} {self.part}" if self.part else "")
        if self.verb == "replace":
            return f"replace {what} with {self.thing}"
        return f"{self.verb} {what}"


class Reader:
    """Understands instructions; the encoder may be missing, then only rules are asked."""

    def __init__(self, encoder: SentenceEncoder | None) -> None:
        self._encoder = encoder
        pairs = [(name, sentence) for name, verb in VERBS.items() for sentence in verb.sentences]
        said = (text for verb in VERBS.values() for text in (*verb.words, *verb.adjectives, *verb.sentences))
        self._lexicon = Lexicon(encoder.pieces if encoder else (), said)
        self._owners = [name for name, _ in pairs]
        self._vectors = encoder.encode([sentence for _, sentence in pairs]) if encoder else None

    def instruction(self, text: str) -> Instruction:
        """The one thing that the text asks for.

        Raises:
            InputInvalid: it asks for nothing that can be done here.
        """
        plain = cleaned(text)
        if not words_of(plain):
            raise InputInvalid("the instruction has no words in English", _EXAMPLES)
        found = by_rules(plain)
        if found is None and (strangers := self._lexicon.strangers(plain)):
            told = ", ".join(map(repr, strangers[:8]))
            raise InputInvalid(
                f"what to do is not understood: {text[:80]!r}; not known here: {told} (only English is read)", _EXAMPLES
            )
        found = found or self._by_likeness(plain)
        if found is None:
            raise InputInvalid(f"what to do is not understood: {text[:80]!r}", _EXAMPLES)
        return found

    def _by_likeness(self, plain: str) -> Instruction | None:
        if self._encoder is None or self._vectors is None:
            return None
        values = self._vectors @ self._encoder.encode([plain])[0]
        best = int(np.argmax(values))
        if float(values[best]) < SURE:
            return None
        verb = self._owners[best]
        # The object stands behind the last article: "I do not want the tail".
        behind = re.split(r"\b(?:an?|the|its|his|her|their|any|some|no)\s+", plain)[-1]
        try:
            done = _finished(verb, behind, plain)
        except InputInvalid:
            return None
        return replace(done, sure=round(float(values[best]), 3), heard="likeness to: " + self._sentence(best))

    @staticmethod
    def _sentence(number: int) -> str:
        return [sentence for verb in VERBS.values() for sentence in verb.sentences][number]


def by_rules(plain: str) -> Instruction | None:
    """What the words say outright, or None."""
    if found := re.fullmatch(r"(?:make|turn|change|let|keep|have|render)\s+(.+)", plain):
        made = _made(found[1], plain)
        if made is not None:
            return made
    if found := re.fullmatch(r"(.+?)\s+(?:should be|must be|shall be|needs to be|has to be|is|are)\s+(.+)", plain):
        made = _made(f"{found[1]} {found[2]}", plain)
        if made is not None:
            return made
    for word, verb in _beginnings():
        if found := re.match(rf"{word}\b\s*(.*)", plain):
            return _begun(verb, word, found[1], plain)
    if all(is_look(word) or word in ("and", "in", "all") for word in words_of(plain)):
        return Instruction("recolour", look=look_of(plain), heard="a look alone")
    return None


def _beginnings() -> list[tuple[str, str]]:
    """Each word that an instruction may begin with, and its verb, the longest first."""
    pairs = [(word, name) for name, verb in VERBS.items() for word in verb.words]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def _made(rest: str, plain: str) -> Instruction | None:
    """ "Make the head bigger", "turn it red", "the ears are too big"."""
    if re.search(r"\s(?:into|to)\s+(?:an?|the|some)\s", f" {rest}") and not re.match(r".*\bcolou?r\b", rest):
        return None
    core = re.sub(r"\b(?:into|in|out of|of|from|colou?r|to)\b", " ", without_amount(rest))
    said = words_of(core)
    too = "too" in words_of(rest)
    for name, verb in VERBS.items():
        for adjective in sorted(verb.adjectives, key=len, reverse=True):
            if core.endswith(adjective) or (adjective in said and noun_of(core) in (adjective, "")):
                part = part_of(re.sub(rf"\b{adjective}\b", " ", core))
                # "make a bigger hat" asks for a hat.
                verb_name = _TOO.get(name, name) if too else name
                less = (adjective in LESS) != (too and name == "stretch")
                thing = adjective if name == "mirror" else ""
                return Instruction(verb_name, part, thing, amount=amount_of(plain), axis=AXES.get(adjective), less=less)
    look = look_of(core)
    if not look.says_nothing and said and is_look(said[-1]):
        return Instruction("recolour", part_of(core), look=look)
    return None


def _begun(verb: str, word: str, rest: str, plain: str) -> Instruction | None:
    """An instruction that begins with a word for the verb; `rest` follows it."""
    if word in ("turn", "change", "transform", "convert", "swap", "replace", "exchange", "substitute"):
        return _changed(word, rest, plain)
    if word == "grow" and re.match(r"(?:the|its|his|her|their)\b", rest):
        verb = "enlarge"
    if verb == "add" and re.search(r"\bcolou?r\b", rest) and not look_of(rest).says_nothing:
        verb = "recolour"
    if word == "cover" and look_of(rest).says_nothing:
        return None
    if word == "gild":
        return Instruction("recolour", part_of(rest), look=look_of("gold"))
    if word == "thin" and rest.startswith("out"):
        rest = rest[3:]
    less = word in LESS
    found = _finished(verb, rest, plain)
    return replace(found, less=less or found.less, axis=found.axis or AXES.get(word))


def _changed(word: str, rest: str, plain: str) -> Instruction | None:
    """ "Replace the wheel with a sphere", "turn it into gold", "turn the head to the left"."""
    found = re.match(r"(.*?)\s*\b(?:with|by|for|into|to|against)\b\s+(.*)", rest)
    if found is None:
        if word == "turn":
            return _finished("rotate", rest, plain)
        return None
    part, thing = part_of(re.sub(r"\bcolou?r(?: of)?\b", " ", found[1])), found[2]
    if word == "turn" and set(words_of(thing)) & set(AXES):
        return replace(_finished("rotate", found[1], plain), axis=_axis(thing))
    look = look_of(thing)
    # "Into gold" is a look, "into a golden ball" a thing.
    if not look.says_nothing and (not noun_of(thing) or noun_of(thing) in ("colour", "color", "material", "one")):
        return Instruction("recolour", part, look=look)
    if not noun_of(thing) and not words_of(thing):
        return None
    return Instruction("replace", part, thing=_phrase(thing), look=look)


def _finished(verb: str, rest: str, plain: str) -> Instruction:
    """The verb with what the rest of the sentence says of its object."""
    amount, axis = amount_of(plain), _axis(rest)
    core = without_amount(rest)
    if verb == "add":
        found = re.match(rf"(.+?)({_PLACED})(.+)", core)
        thing, relation, part = (found[1], found[2].strip(), found[3]) if found else (core, "", "")
        return Instruction(verb, part_of(part), thing=_phrase(thing), look=look_of(thing), relation=relation)
    if verb == "recolour":
        look = look_of(core)
        if look.says_nothing:
            raise InputInvalid(
                f"no colour or material is understood in {plain[:80]!r}", "name one: red, light blue, gold, oak, marble"
            )
        part = re.sub(r"\b(?:in|with|into|to|of|colou?r|paint|out|made)\b", " ", core)
        return Instruction(verb, part_of(part), look=look)
    core = re.split(r"(?:^|\s)(?:from|off|of|to|towards|in|into|along|around|about)(?:\s|$)", core)[0]
    words = [word for word in words_of(core) if word not in _DIRECTIONS or verb in ("remove", "cut")]
    return Instruction(verb, part_of(" ".join(words)), amount=amount, axis=axis, less=bool(set(words_of(core)) & LESS))


_DIRECTIONS = frozenset(AXES) - {"left", "right", "front", "back"} | {"side", "direction", "around", "together", "in"}


def _axis(text: str) -> tuple[int, float] | None:
    """The direction that the text names: "up", "to the left", "along x"."""
    if found := re.search(r"\b(?:along|about|around|in)\s+(?:the\s+)?([xyz])\b", text):
        return "xyz".index(found[1]), 1.0
    for word in reversed(words_of(text)):
        if word in AXES:
            return AXES[word]
    return None


def _phrase(thing: str) -> str:
    """A thing's words without what only leads up to it."""
    return re.sub(r"^(?:an?|the|some|one|another|new|it|him|her)\s+", "", thing.strip()).strip()
