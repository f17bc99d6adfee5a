"""What a picture does not show: the paints that it does show, carried around the surface, with clear borders.

Carrying the colours themselves mixes orange and grey to mud. So the colours are sorted into a few paints first; how
near each paint is, is carried on harmonically, and the nearest one wins. Light and dark are carried on as they are.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.cluster.vq import kmeans2

from aigc.mesh.surface_fill import SurfaceFill
from aigc.mesh.types import FloatArray, IntArray

_PAINTS = 8
_ALIKE = 20.0  # paints nearer to each other than this (CIELAB) are one
_FAINT = 0.35  # what a difference in lightness counts against one in hue
_RARE = 0.015  # share of what is seen that a paint must have
_CLEAR = 6  # how clear the borders between paints are


class Unseen:
    """The colours of a surface where nothing is known of it.

    Args:
        values: float32 (j, 3), sRGB, of the fill's samples. trust: float32 (j,), 0 to 1.
    """

    def __init__(self, fill: SurfaceFill, values: FloatArray, trust: FloatArray) -> None:
        self._fill = fill
        known = np.flatnonzero(trust > 0.3)
        if not len(known):
            self._paints = np.full((1, 3), 0.6, np.float32)
            self._carried = np.concatenate([np.ones((len(trust), 1)), np.zeros((len(trust), 3))], 1).astype(np.float32)
            return
        kind, self._paints = sorted_paints(values[known])
        given = np.zeros((len(trust), len(self._paints) + 3), np.float32)
        given[known, kind] = 1
        given[known, len(self._paints) :] = values[known] - self._paints[kind]
        firm = np.zeros_like(trust)
        firm[known] = trust[known]
        self._carried = fill.filled(given, firm)

    def at(self, points: FloatArray, normals: FloatArray) -> FloatArray:
        """float32 (k, 3), sRGB, at points of the surface."""
        read = self._fill.at(self._carried, points, normals)
        near = np.clip(read[:, : len(self._paints)], 1e-4, 1) ** _CLEAR
        near /= near.sum(axis=1, keepdims=True)
        return np.clip(near @ self._paints + read[:, len(self._paints) :], 0, 1).astype(np.float32)


def sorted_paints(colors: FloatArray) -> tuple[IntArray, FloatArray]:
    """The paint of each colour (k, 3), and the paints' colours, float32 (p, 3); at most eight, clearly different."""
    lab = cv2.cvtColor(colors[None].astype(np.float32), cv2.COLOR_RGB2LAB)[0]
    seen = lab * np.array([_FAINT, 1, 1], np.float32)
    count = min(_PAINTS, len(colors))
    # kmeans2 divides by zero if there are fewer different colours than paints.
    shaken = seen + np.random.default_rng(0).normal(0, 0.05, seen.shape)
    centres, kind = kmeans2(shaken, count, iter=12, minit="++", rng=0)
    share = np.bincount(kind, minlength=count) / len(kind)
    # The frequent ones come first and take in what is like them, or too rare to stand for itself.
    kept: list[int] = []
    target = np.zeros(count, np.int64)
    for index in np.argsort(-share, kind="stable").tolist():
        away = [float(np.linalg.norm(centres[index] - centres[other])) for other in kept]
        if not kept or (min(away) > _ALIKE and share[index] > _RARE):
            target[index] = len(kept)
            kept.append(index)
        else:
            target[index] = int(np.argmin(away))
    kind = target[kind]
    paints = np.stack([np.median(colors[kind == number], axis=0) for number in range(len(kept))])
    return kind.astype(np.int32), paints.astype(np.float32)
