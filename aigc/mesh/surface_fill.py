"""Values known on a part of a surface, carried over the rest of it as smoothly as can be."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, diags_array
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from aigc.mesh.types import FloatArray, IntArray

_NEIGHBOURS = 14
_SAME = 4  # samples that a point lies between
_PULL = 1e-4  # of what lies nearest, so that a part that hangs together with nothing known takes its neighbours' colour
_TURN = 0.03  # how far apart, in extents, two points of one place count whose normals stand at a right angle


class SurfaceFill:
    """Samples of a surface and the graph of neighbours upon it.

    Args:
        points, normals: float32 (j, 3), the samples; some ten thousand are enough for what is smooth.
    """

    def __init__(self, points: FloatArray, normals: FloatArray) -> None:
        self._extent = float(np.ptp(points, axis=0).max()) or 1.0
        self._points = (points / self._extent).astype(np.float64)
        self._normals = normals.astype(np.float64)
        self._tree = cKDTree(self._lifted(self._points, self._normals))
        self._laplacian = self._graph()

    def _lifted(self, points: FloatArray, normals: FloatArray) -> FloatArray:
        """Six numbers a point: both sides of a thin plate lie in one place, but look different ways."""
        return np.concatenate([points, normals * (_TURN / np.sqrt(2))], axis=1)

    def _graph(self) -> coo_array:
        """The graph's Laplacian; neighbours count by nearness, less around an edge, and hardly across a fold."""
        count = min(_NEIGHBOURS + 1, len(self._points))
        distance, index = cKDTree(self._points).query(self._points, k=count, workers=1)
        distance, index = distance.reshape(-1, count)[:, 1:], index.reshape(-1, count)[:, 1:]
        near = (np.median(distance) if distance.size else 0.0) or 1e-6
        alike = np.einsum("ik,ijk->ij", self._normals, self._normals[index])
        turn = self._normals[index] - self._normals[:, None]
        hollow = np.einsum("ijk,ijk->ij", turn, self._points[index] - self._points[:, None]) < 0
        # One part goes on around its own edges, and ends where it meets another in a fold: Hoffman and Richards,
        # Parts of recognition (Cognition 1984).
        bond = np.where(hollow, np.exp(-4 * (1 - alike)), np.clip((0.6 + alike) / 1.6, 0, 1))
        weight = np.exp(-((distance / (1.5 * near)) ** 2)) * (0.01 + bond)
        rows = np.repeat(np.arange(len(index)), index.shape[1])
        one = coo_array((weight.reshape(-1), (rows, index.reshape(-1))), shape=(len(index), len(index)))
        both = (one + one.T).tocsr()
        return diags_array(np.asarray(both.sum(axis=1)).reshape(-1)) - both

    def filled(self, values: FloatArray, trust: FloatArray) -> FloatArray:
        """float32 (j, c): close to the values (j, c) where trust (j,) is 1, harmonic where it is 0.

        A native call of some 0.2 s for ten thousand samples. Without anything known, the values come back.
        """
        known = np.flatnonzero(trust > 0.5)
        if not len(known):
            known = np.flatnonzero(trust > 0)
        if not len(known):
            return values
        _, nearest = cKDTree(self._points[known]).query(self._points, workers=1)
        pull = values[known][nearest]
        scale = float(self._laplacian.diagonal().mean()) or 1.0  # 0 where there is one sample, without neighbours
        hold = scale * np.asarray(trust, np.float64)
        system = self._laplacian + diags_array(hold + _PULL * scale)
        given = hold[:, None] * values + _PULL * scale * pull
        return np.asarray(splu(system.tocsc()).solve(given.astype(np.float64)), np.float32)

    def at(self, values: FloatArray, points: FloatArray, normals: FloatArray) -> FloatArray:
        """float32 (k, c): values (j, c) of the samples, read between them at (k, 3) points of the surface."""
        lifted = self._lifted(points / self._extent, normals)
        count = min(_SAME, len(self._points))
        distance, index = self._tree.query(lifted, k=count, workers=1)
        distance, index = distance.reshape(-1, count), index.reshape(-1, count)
        weight = 1 / (distance + 1e-4)
        weight = (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)
        return np.asarray(np.einsum("ij,ijk->ik", weight, values[index]), np.float32)


def spaced(count: int, most: int) -> IntArray:
    """int32: at most `most` of `count` numbers, scattered evenly and always the same."""
    if count <= most:
        return np.arange(count, dtype=np.int32)
    return np.sort(np.random.default_rng(0).choice(count, most, replace=False)).astype(np.int32)
