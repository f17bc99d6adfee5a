"""Sets of whole numbers by sorting: numpy's own hash for them takes 25 times as long where most are distinct."""

from __future__ import annotations

from typing import Any

import numpy as np

from aigc.mesh.types import BoolArray, IntArray


def distinct(values: IntArray) -> Any:
    """Each value once, ascending, (k,), of the same type."""
    ordered = np.sort(values, axis=None)
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def among(values: IntArray, others: IntArray) -> BoolArray:
    """bool, shaped as `values`: whether each is one of the others."""
    known = distinct(others)
    if not len(known):
        return np.zeros(values.shape, bool)
    place = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.asarray(known[place] == values)
