"""Whether a prompt is understood: clearly, in doubt, or not at all.

A sentence encoder finds a nearest shape for anything, nonsense among it. So what a prompt does not name must come near
a shape by its meaning; and where a word stands for the thing that nobody here has ever met, that word alone must.
The limits were set on the first lists of `tests/models/shapes/prompts.py`, and are measured on those held aside.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from aigc.models.shapes.builder import LIBRARY
from aigc.models.shapes.lexicon import naming_words
from aigc.models.shapes.retrieval import ASIDE, Match, Retriever
from aigc.models.shapes.words import singular
from aigc.runner.model import InputInvalid

SURE = 0.7  # from this score on a prompt is clear that names no shape
LEAST = 0.45  # below it, the nearest shape is a guess in the dark
LEAST_STRANGE = 0.5  # likeness that an unknown word must have by itself: some are names of breeds, most are nonsense
_TIE = 0.03
_SHOWN = 8  # unknown words that a message names


@dataclass(frozen=True)
class Understood:
    """What the prompt means, and what must be said of it in the result."""

    match: Match
    warnings: tuple[str, ...]


def understand(retriever: Retriever, prompt: str) -> Understood:
    """The shape that the prompt means.

    Raises:
        InputInvalid: it means none that is known; the message names the unknown words, the suggestion what is nearest.
    """
    match = retriever.match(prompt)
    strangers = retriever.strangers(prompt)
    if not match.named:
        _check(retriever, prompt, match, strangers)
    warnings = []
    if strangers:
        warnings.append(f"words that are not known here: {_listed(strangers)} (only English is read)")
    if retriever.understands_sentences and match.named and _is_by_accident(prompt, match):
        warnings.append(
            f"read as {match.shape.name}, which a word of the prompt names; by its meaning the prompt is not near "
            f"({match.likeness:.2f})"
        )
    if not match.named and (strangers or match.score < SURE):
        warnings.append(
            f"the prompt names nothing that is known here; closest known shape: {match.shape.name} ({match.score:.2f})"
        )
    elif not match.named and match.score - match.second_score < _TIE:
        warnings.append(f"read as {match.shape.name}; {match.second.name} was nearly as close")
    return Understood(match, tuple(warnings))


def _check(retriever: Retriever, prompt: str, match: Match, strangers: list[str]) -> None:
    naming = naming_words(prompt)
    if not naming:
        raise InputInvalid(f"{prompt[:80]!r} does not say what to make", _suggestion(match, []))
    is_strange = _head(prompt, naming) in strangers or 2 * len(strangers) >= len(naming)
    if strangers and is_strange and retriever.likeness(" ".join(strangers)) < LEAST_STRANGE:
        raise InputInvalid(
            f"not known here: {_listed(strangers)}; prompts are read in English only, and nothing known comes near "
            f"{prompt[:80]!r}",
            _suggestion(match, strangers),
        )
    if match.score < LEAST:
        raise InputInvalid(f"nothing that is known here comes near {prompt[:80]!r}", _suggestion(match, strangers))


def _is_by_accident(prompt: str, match: Match) -> bool:
    """Whether a word of the prompt names the shape, and yet the prompt may mean something else.

    The words for a satellite dish have a bowl's name at their end, and those for a bell pepper a bell's before it.
    """
    naming = [word for word in naming_words(prompt) if not word.endswith(("ing", "ed"))]
    is_aside = singular(_head(prompt, naming)) not in match.shape.names
    return len(naming) > 1 and match.likeness < (SURE if is_aside else LEAST)


def _head(prompt: str, naming: list[str]) -> str:
    """The word for the thing itself: the last naming one before "with", "on" and the like."""
    kept, head = set(naming), ""
    for word in prompt.lower().replace(",", " ").split():
        if head and word in ASIDE:
            break
        head = next((one for one in reversed(naming_words(word)) if one in kept), head)
    return head


def _listed(words: list[str]) -> str:
    return ", ".join(repr(word) for word in words[:_SHOWN]) + (" and others" if len(words) > _SHOWN else "")


def _suggestion(match: Match, strangers: list[str]) -> str:
    names = {name: shape.name for shape in LIBRARY.values() for name in (shape.name, *shape.words)}
    spelt = [found for word in strangers[:_SHOWN] for found in get_close_matches(word, names, 1, 0.75)]
    meant = f"if you mean {' or '.join(spelt)}, spell it so; " if spelt else ""
    nearest = ", ".join(f"{shape.name} ({score:.2f})" for shape, score in match.nearest)
    return f"{meant}nearest are {nearest}; name one everyday thing in English: a chair, a castle, a dog, a rocket"
