"""What must be done to get from one description to another: "a knight" -> "a knight with a sword"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aigc.models.editing.intent import Instruction, by_rules
from aigc.models.editing.phrase import cleaned, is_look, look_of, noun_of, words_of
from aigc.models.editing.verbs import AXES, LESS, VERBS
from aigc.runner.model import InputInvalid

_JOINTS = (
    r"\s*(?:,|\band\b|\bwith\b|\bwearing\b|\bholding\b|\bhaving\b|\bcarrying\b|\bthat has\b|\bwho has\b|\bhas\b)\s*"
)
_IMPERATIVES = frozenset(word for verb in VERBS.values() for word in verb.words) - {"with", "no", "without", "round"}


_GROWN = frozenset([
    "ear", "eye", "head", "nose", "mouth", "tail", "leg", "arm", "foot", "hand", "neck", "body", "belly", "horn",
    "wing", "trunk", "tooth", "hair", "beak", "wheel", "roof", "door", "window", "handle", "spout", "back", "seat",
])  # fmt: skip
"""Parts that a thing has before anybody names them: "with big ears" does not ask for more ears."""


@dataclass(frozen=True)
class _Description:
    """A thing and what it has: noun -> phrase; and what it is said not to have."""

    noun: str
    phrase: str
    parts: dict[str, str]
    missing: tuple[str, ...]


def differences(source: str, target: str) -> list[Instruction]:
    """The steps from the source to the target, at least one.

    Raises:
        InputInvalid: both say the same, or nothing is understood of how they differ.
    """
    plain = cleaned(target)
    first = " ".join(words_of(plain)[:1])
    if first in _IMPERATIVES or first == "make":
        said = by_rules(plain)
        if said is not None:
            return [said]
    old, new = _described(cleaned(source)), _described(plain)
    steps = [Instruction("remove", part, heard="difference") for part in new.missing]
    gone = [noun for noun in old.parts if noun not in new.parts and noun not in new.missing]
    come = [noun for noun in new.parts if noun not in old.parts]
    while gone and come:
        steps.append(_to_come("replace", gone.pop(0), new.parts[come.pop(0)]))
    steps += [Instruction("remove", noun, heard="difference") for noun in gone]
    for noun in come:
        steps += _changes(noun, "", new.parts[noun]) if noun in _GROWN else []
        if not steps or steps[-1].part != noun:
            steps.append(_to_come("add", "", new.parts[noun]))
    for noun in new.parts:
        if noun in old.parts:
            steps += _changes(noun, old.parts[noun], new.parts[noun])
    if old.noun == new.noun:
        steps += _changes("", old.phrase, new.phrase)
    elif not steps:
        steps.append(_to_come("replace", "", new.phrase))
    if not steps:
        same = set(words_of(source)) == set(words_of(target))
        raise InputInvalid(
            "source and target say the same"
            if same
            else f"how {target[:60]!r} differs from {source[:60]!r} is not understood",
            "say what is there and what shall be there, for example: a knight -> a knight with a sword",
        )
    return steps


def _described(plain: str) -> _Description:
    missing = tuple(noun_of(found) for found in re.findall(r"\bwithout\s+([^,]+?)(?=\s+(?:and|with)\b|,|$)", plain))
    plain = re.sub(r"\bwithout\s+[^,]+?(?=\s+(?:and|with)\b|,|$)", "", plain)
    chunks = [chunk for chunk in re.split(_JOINTS, plain) if chunk.strip()]
    if not chunks:
        return _Description("", "", {}, missing)
    parts = {noun: chunk for chunk in chunks[1:] if (noun := noun_of(chunk))}
    return _Description(noun_of(chunks[0]), chunks[0], parts, tuple(noun for noun in missing if noun))


def _to_come(verb: str, part: str, phrase: str) -> Instruction:
    thing = re.sub(r"^(?:an?|the|some|his|her|its|their)\s+", "", phrase)
    return Instruction(verb, part, thing=thing, look=look_of(thing), heard="difference")


def _changes(part: str, old: str, new: str) -> list[Instruction]:
    """How one thing differs between two phrases that both name it."""
    before, after = set(words_of(old)), words_of(new)
    fresh = [word for word in after if word not in before]
    steps = []
    looks = " ".join(word for word in after if is_look(word))
    if any(is_look(word) for word in fresh):
        steps.append(Instruction("recolour", part, look=look_of(looks), heard="difference"))
    for name, verb in VERBS.items():
        for word in fresh:
            if word in verb.adjectives:
                steps.append(Instruction(name, part, axis=AXES.get(word), less=word in LESS, heard="difference"))
    return steps
