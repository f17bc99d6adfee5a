"""Which shape of the library a prompt means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aigc.models.shapes import library as _fills_the_library  # noqa: F401
from aigc.models.shapes.builder import LIBRARY, Shape
from aigc.models.shapes.sentence import SentenceEncoder, weights_folder
from aigc.models.shapes.words import singular

KNOWN = 0.45  # from this score on the prompt names the shape; below, it is only the nearest
HOPELESS = 0.28  # below this even the nearest is a guess in the dark
KEPT = Path(__file__).with_name("sentences.npz")  # written by keep_vectors, after a change of the library
_NAMED, _NAMED_LATER = 0.3, 0.1
_ASIDE = {"with", "of", "in", "on", "under", "from", "and", "holding", "wearing", "for", "at", "near"}


@dataclass(frozen=True)
class Match:
    """A shape, how well the prompt fits it (0 to 1), and the runner-up."""

    shape: Shape
    score: float
    second: Shape
    second_score: float
    named: bool


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
        likeness = self._likeness(prompt)
        words = [singular(word) for word in re.findall(r"[a-z]+", prompt.lower())]
        bonus = np.array([_named(words, shape) for shape in self._shapes])
        scores = likeness + bonus
        order = np.argsort(-scores, kind="stable")
        best, second = int(order[0]), int(order[1])
        return Match(
            self._shapes[best],
            round(float(np.clip(scores[best], 0, 1)), 3),
            self._shapes[second],
            round(float(np.clip(scores[second], 0, 1)), 3),
            bool(bonus[best] >= _NAMED),
        )

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
    head = next((index for index, word in enumerate(words) if word in _ASIDE and index > 0), len(words))
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
