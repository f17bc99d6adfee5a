"""Which shape of the library a prompt means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aigc.models.shapes import library as _fills_the_library  # noqa: F401
from aigc.models.shapes.builder import LIBRARY, Shape
from aigc.models.shapes.lexicon import Lexicon, words_of
from aigc.models.shapes.sentence import SentenceEncoder, weights_folder
from aigc.models.shapes.words import singular

KEPT = Path(__file__).with_name("sentences.npz")  # written by keep_vectors, after a change of the library
_NAMED, _NAMED_LATER = 0.3, 0.1
_NEAREST = 3
ASIDE = {"with", "of", "in", "on", "under", "from", "and", "holding", "wearing", "for", "at", "near"}


@dataclass(frozen=True)
class Match:
    """The shapes that the prompt fits best, and how well (0 to 1), the best first; whether it names the best.

    Args:
        likeness: of the prompt's meaning to the best, -1 to 1, whatever it names.
    """

    nearest: tuple[tuple[Shape, float], ...]
    named: bool
    likeness: float

    @property
    def shape(self) -> Shape:
        """The best."""
        return self.nearest[0][0]

    @property
    def score(self) -> float:
        """How well the prompt fits the best."""
        return self.nearest[0][1]

    @property
    def second(self) -> Shape:
        """The runner-up."""
        return self.nearest[1][0]

    @property
    def second_score(self) -> float:
        """How well the prompt fits the runner-up."""
        return self.nearest[1][1]


class Retriever:
    """Compares prompts with what the shapes say of themselves."""

    def __init__(self) -> None:
        self._shapes = list(LIBRARY.values())
        sentences = [
            (index, text) for index, shape in enumerate(self._shapes) for text in (f"a {shape.name}", *shape.about)
        ]
        self._owner = np.array([index for index, _ in sentences])
        folder = weights_folder()
        self._encoder = SentenceEncoder(folder) if folder else None
        self._lexicon = Lexicon(self._encoder.pieces) if self._encoder else None
        self._texts = [text for _, text in sentences]
        self._vectors = _vectors(self._texts, self._encoder) if self._encoder else None

    @property
    def understands_sentences(self) -> bool:
        """Whether the sentence encoder's weights were found; without it only words are compared."""
        return self._encoder is not None

    @property
    def encoder(self) -> SentenceEncoder | None:
        """The sentence encoder, for others to share; None if its weights were not found."""
        return self._encoder

    def match(self, prompt: str) -> Match:
        """The best shape for the prompt."""
        words = [singular(word) for word in words_of(prompt)]
        bonus = np.array([_named(words, shape) for shape in self._shapes])
        likeness = self._likeness(prompt)
        scores = likeness + bonus
        order = np.argsort(-scores, kind="stable").tolist()
        nearest = tuple(
            (self._shapes[index], round(float(np.clip(scores[index], 0, 1)), 3)) for index in order[:_NEAREST]
        )
        return Match(nearest, bool(bonus[order[0]] >= _NAMED), float(likeness[order[0]]))

    def likeness(self, words: str) -> float:
        """Of these words alone to what any shape says of itself, -1 to 1; names do not count."""
        return float(self._likeness(words).max())

    def strangers(self, prompt: str) -> list[str]:
        """The prompt's words that are not known; none without the encoder, for then there is no list of known words."""
        return self._lexicon.strangers(prompt) if self._lexicon else []

    def _likeness(self, prompt: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        """The greatest likeness of the prompt to any sentence of each shape."""
        best = np.full(len(self._shapes), -1.0)
        if self._encoder is not None and self._vectors is not None:
            values = (self._vectors @ self._encoder.encode([prompt])[0]).astype(np.float64)
        else:
            wanted = set(re.findall(r"[a-z]{3,}", prompt.lower())) - {"the", "and", "with"}
            values = np.array(
                [len(wanted & set(re.findall(r"[a-z]{3,}", text))) / (len(wanted) + 1.0) for text in self._texts]
            )
        np.maximum.at(best, self._owner, values)
        return best


def _vectors(texts: list[str], encoder: SentenceEncoder) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The vectors of the library's sentences: those kept in the package, and new ones for what is not among them."""
    kept: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]] = {}
    if KEPT.is_file():
        with np.load(KEPT) as file:
            kept = dict(zip(file["texts"].tolist(), file["vectors"].astype(np.float32), strict=True))
    new = [text for text in texts if text not in kept]
    if new:
        kept.update(zip(new, encoder.encode(new), strict=True))
    return np.array([kept[text] for text in texts])


def keep_vectors() -> None:
    """Write the vectors of all sentences of the library into the package, so that loading need not make them."""
    folder = weights_folder()
    if folder is None:
        raise FileNotFoundError("the sentence encoder's weights are not installed")
    texts = [text for shape in LIBRARY.values() for text in (f"a {shape.name}", *shape.about)]
    vectors = SentenceEncoder(folder).encode(texts)
    np.savez_compressed(KEPT, texts=np.array(texts), vectors=vectors.astype(np.float16))


def _named(words: list[str], shape: Shape) -> float:
    """What it counts that the prompt has a word for the shape: most before "with", "of" and the like."""
    names = shape.names
    best = 0.0
    head = next((index for index, word in enumerate(words) if word in ASIDE and index > 0), len(words))
    for index, word in enumerate(words):
        pair = word + words[index + 1] if index + 1 < len(words) else ""
        if word not in names and pair not in names:
            continue
        value = _NAMED if index < head else _NAMED_LATER
        value += 0.06 if pair in names else 0.0
        # In "apple tree" the last word says what it is.
        value += 0.08 if index < head and index + (2 if pair in names else 1) == head else 0.0
        best = max(best, value + (0.02 if shape.name in (word, pair) else 0.0))
    return best


if __name__ == "__main__":
    keep_vectors()
