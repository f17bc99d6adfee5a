"""Training data: captions, the grammar's answers to them as rows of numbers, and both ready for the network."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from manifold3d import Manifold
from numpy.typing import NDArray

from aigc.models.partflow import tokens
from aigc.models.partflow.captions import SHAPES, Request, dressed, subject
from aigc.models.partflow.primitives import Primitive
from aigc.models.partflow.prompt import PromptReader
from aigc.models.partflow.trace import watching
from aigc.models.shapes.builder import Builder, Shape
from aigc.models.shapes.finish import Finish
from aigc.models.shapes.words import Wishes, read_wishes

SHARD = 600
DRESSES = 6
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """One request and the grammar's answer. Args: rows: float32 (n, tokens.WIDTH). size: metres."""

    request: Request
    rows: Floats
    size: float


def examples(seed: int, number: int) -> list[Example]:
    """One form in several dresses, each with a sentence of its own: building costs more than painting."""
    random = np.random.default_rng([seed, number])
    shape = SHAPES[int(random.integers(len(SHAPES)))]
    thing = subject(random, shape)
    builder, form = _built(shape, thing.text, int(random.integers(1 << 30)), float(random.uniform(0.3, 1.0)))
    made = []
    for _ in range(DRESSES if form else 0):
        request = dressed(random, thing)
        wishes = read_wishes(request.text, shape.parts, shape.names)
        rows = tokens.encode([replace(part, finish=builder.finish(part.piece, wishes)) for part in form])
        if np.isfinite(rows).all():
            made.append(Example(request, rows, shape.size * wishes.size))
    return made


def answer(text: str, shape: Shape, seed: int, variation: float) -> list[Primitive]:
    """What the grammar makes of a sentence about this shape."""
    return _built(shape, text, seed, variation)[1]


def _built(shape: Shape, text: str, seed: int, variation: float) -> tuple[_Remembering, list[Primitive]]:
    wishes = read_wishes(text, shape.parts, shape.names)
    with watching() as trace:
        builder = _Remembering(wishes, np.random.default_rng([seed, 0]), variation, shape)
        shape.make(builder)
        parts = trace.of(builder.pieces)
    return builder, tokens.arrange(parts, wishes.stretch) if parts else []


@dataclass
class _Remembering(Builder):
    """A builder that can tell its pieces' finishes again, for other wishes."""

    asked: list[tuple[str, Finish, bool]] = field(default_factory=list)

    def add(
        self, part: str, solid: Manifold | Iterable[Manifold], finish: Finish, turned: bool = False, keep: bool = False
    ) -> None:
        before = len(self.pieces)
        super().add(part, solid, finish, turned, keep)
        if len(self.pieces) > before:
            self.asked.append((part, finish, keep))

    def finish(self, piece: int, wishes: Wishes) -> Finish:
        """The finish of a piece if these had been the wishes."""
        self.wishes = wishes
        return self._finish(*self.asked[piece])


@dataclass(frozen=True)
class Data:
    """Many examples side by side.

    Args:
        rows: float16 (k, tokens.SLOTS, tokens.WIDTH), zeros beyond `count`. count: int64 (k,).
        size: float32 (k,), the decimal logarithm of metres. vectors: float16 (k, 384).
        words: int16 (k, prompt.WORDS), padded with 0. texts: the captions.
    """

    rows: NDArray[np.float16]
    count: NDArray[np.int64]
    size: Floats
    vectors: NDArray[np.float16]
    words: NDArray[np.int16]
    texts: list[str]

    @property
    def digest(self) -> str:
        """Tells this data from other data."""
        return hashlib.sha256(self.rows.tobytes() + "\n".join(self.texts).encode()).hexdigest()[:16]


def make_shard(folder: Path, seed: int, number: int, reader: PromptReader) -> Path:
    """The file of this number, with about `SHARD` examples; made unless it is there."""
    path = folder / f"{seed}-{number:04}.npz"
    if path.exists():
        return path
    forms = SHARD // DRESSES
    made = [one for index in range(number * forms, (number + 1) * forms) for one in examples(seed, index)]
    rows = np.zeros((len(made), tokens.SLOTS, tokens.WIDTH), np.float16)
    for place, one in zip(rows, made, strict=True):
        place[: len(one.rows)] = one.rows
    texts = [one.request.text for one in made]
    vectors, words = reader.read(texts)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    with unfinished.open("wb") as file:
        np.savez(
            file,
            rows=rows,
            count=np.array([len(one.rows) for one in made]),
            size=np.log10(np.array([one.size for one in made], np.float32)),
            vectors=vectors.astype(np.float16),
            words=words.astype(np.int16),
            texts=np.array(texts),
        )
    unfinished.replace(path)
    return path


def read_shards(folder: Path) -> Data:
    """Everything that lies in the folder."""
    parts = [dict(np.load(path)) for path in sorted(folder.glob("*.npz"))]
    if not parts:
        raise FileNotFoundError(f"no training data in {folder}")
    joined: dict[str, Any] = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    return Data(**{**joined, "texts": [str(text) for text in joined["texts"]]})


def batches(data: Data, batch: int, seed: int, first: int) -> Iterator[NDArray[np.int64]]:
    """Endless batches of indices, each epoch in another order; the stream can be taken up at batch `first`."""
    each = max(1, len(data.count) // batch)
    number = first
    while True:
        order = np.random.default_rng([seed, number // each]).permutation(len(data.count))
        while True:
            start = (number % each) * batch
            yield order[start : start + batch]
            number += 1
            if number % each == 0:
                break
