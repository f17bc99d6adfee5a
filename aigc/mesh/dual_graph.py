"""The graph of a mesh's faces: which two share an edge, how long it is, and how the surface bends over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

from aigc.mesh.normals import face_normals
from aigc.mesh.types import FloatArray, IntArray


@dataclass(frozen=True)
class DualGraph:
    """Faces as nodes, shared edges as links. Where k faces share an edge, they are linked in a chain of k - 1.

    Args:
        count: faces.
        pairs: int32 (e, 2), the two faces of each link.
        length: float64 (e,), of the shared edge.
        distance: float64 (e,), between the middles of both faces, over the edge's middle.
        bend: float64 (e,), the angle between the normals in radians: positive where the surface is convex, negative
            where it is concave, 0 where the two faces run along the edge in one direction (one is inside out).
        area: float64 (count,).
    """

    count: int
    pairs: IntArray
    length: FloatArray
    distance: FloatArray
    bend: FloatArray
    area: FloatArray

    def matrix(self, values: FloatArray) -> csr_matrix:
        """Symmetric, sparse, float64 (count, count), with one value for each link."""
        one, two = self.pairs.T
        rows, columns = np.concatenate([one, two]), np.concatenate([two, one])
        return coo_matrix((np.tile(values, 2), (rows, columns)), shape=(self.count, self.count)).tocsr()


def dual_graph(positions: FloatArray, faces: IntArray) -> DualGraph:
    """The graph of welded faces. float32 (n, 3), int32 (m, 3)."""
    points = positions.astype(np.float64)
    weighted = face_normals(positions, faces).astype(np.float64)
    size = np.linalg.norm(weighted, axis=1)
    normals = weighted / np.maximum(size, 1e-30)[:, None]
    starts, ends = faces.reshape(-1), faces[:, [1, 2, 0]].reshape(-1)
    key = np.minimum(starts, ends).astype(np.int64) * len(positions) + np.maximum(starts, ends)
    order = np.argsort(key, kind="stable")
    paired = np.flatnonzero(key[order][1:] == key[order][:-1])
    half, other = order[paired], order[paired + 1]
    pairs = np.stack([half // 3, other // 3], axis=1)
    distinct = pairs[:, 0] != pairs[:, 1]
    half, other, pairs = half[distinct], other[distinct], pairs[distinct]
    a, b = points[starts[half]], points[ends[half]]
    edge = b - a
    length = np.linalg.norm(edge, axis=1)
    first, second = normals[pairs[:, 0]], normals[pairs[:, 1]]
    sine = np.einsum("ij,ij->i", np.cross(first, second), edge / np.maximum(length, 1e-30)[:, None])
    bend = np.arctan2(sine, np.einsum("ij,ij->i", first, second))
    bend[starts[half] == starts[other]] = 0
    centres = points[faces].mean(axis=1)
    middle = (a + b) / 2
    distance = np.linalg.norm(centres[pairs[:, 0]] - middle, axis=1) + np.linalg.norm(
        centres[pairs[:, 1]] - middle, axis=1
    )
    return DualGraph(len(faces), pairs.astype(np.int32), length, distance, bend, size / 2)
