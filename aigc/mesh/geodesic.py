"""Distances along a surface, and what is smooth upon it."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags_array
from scipy.sparse.csgraph import dijkstra
from scipy.sparse.linalg import splu

from aigc.mesh.types import BoolArray, FloatArray, IntArray


def geodesic_distance(points: FloatArray, corners: IntArray, start: BoolArray) -> FloatArray:
    """float64 (p,): the length of the shortest way along edges to the nearest place of `start`; inf if there is none.

    Along edges alone, it is up to a tenth longer than along the surface itself.
    """
    rows, columns = _both_ways(corners)
    lengths = np.linalg.norm(points[rows] - points[columns], axis=1)
    graph = _links(rows, columns, np.maximum(lengths, 1e-12), len(points))
    sources = np.flatnonzero(start)
    if not len(sources):
        return np.full(len(points), np.inf)
    return np.asarray(dijkstra(graph, directed=False, indices=sources, min_only=True))


def neighbours(points: FloatArray, corners: IntArray) -> csr_matrix:
    """(p, p): the weight of each neighbour of each place, by the inverse of its distance; each row sums to 1 or 0."""
    rows, columns = _both_ways(corners)
    lengths = np.linalg.norm(points[rows] - points[columns], axis=1)
    typical = float(np.median(lengths)) if len(lengths) else 1.0
    # Hardly any edge is so short that its two ends would only look at each other.
    graph = _links(rows, columns, 1 / np.maximum(lengths, 0.05 * typical + 1e-12), len(points))
    total = np.asarray(graph.sum(axis=1)).reshape(-1)
    return csr_matrix(diags_array(np.where(total > 0, 1 / np.maximum(total, 1e-30), 0)) @ graph)


def harmonic(links: csr_matrix, values: FloatArray, free: BoolArray) -> FloatArray:
    """float64 (p, c): `values` where not `free`; elsewhere each the weighted mean of its neighbours."""
    moving = np.flatnonzero(free)
    rows = (_identity(len(free)) - links).tocsr()[moving]
    return _solved(rows[:, moving], rows[:, np.flatnonzero(~free)], values, free, squared=False)


def fair(points: FloatArray, corners: IntArray, free: BoolArray) -> FloatArray:
    """float64 (p, 3): `points` where not `free`; elsewhere so that the surface bends least, across the border too.

    What is least is the sum of squares of the Laplacian of all that is free and all beside it (Botsch and Kobbelt, An
    Intuitive Framework for Real-Time Freeform Modeling, SIGGRAPH 2004), with weights by length.
    """
    links = neighbours(points, corners)
    beside = free | (np.asarray(links @ free.astype(np.float64)).reshape(-1) > 0)
    # Rows as curvature, or places with one near neighbour would hardly count.
    ends = _both_ways(corners)
    lengths = np.linalg.norm(points[ends[0]] - points[ends[1]], axis=1)
    typical = float(np.median(lengths)) or 1.0
    total = np.bincount(ends[0], typical / np.maximum(lengths, 0.05 * typical), minlength=len(points))
    scale = total / np.maximum(np.bincount(ends[0], minlength=len(points)), 1)
    laplacian = csr_matrix(diags_array(scale) @ (_identity(len(free)) - links))
    rows = laplacian[np.flatnonzero(beside)]
    moving = np.flatnonzero(free)
    return _solved(rows[:, moving], rows[:, np.flatnonzero(~free)], points, free, squared=True)


def dome(links: csr_matrix, free: BoolArray) -> FloatArray:
    """float64 (p,): 0 where not `free`, rising smoothly to 1 in the middle of what is."""
    moving = np.flatnonzero(free)
    height = np.zeros(len(free))
    if len(moving):
        rows = (_identity(len(free)) - links).tocsr()[moving][:, moving]
        height[moving] = np.maximum(
            splu((rows + diags_array(np.full(len(moving), 1e-10))).tocsc()).solve(np.ones(len(moving))), 0
        )
        height /= max(float(height.max()), 1e-30)
    return height


def _identity(count: int) -> csr_matrix:
    return csr_matrix(diags_array(np.ones(count)))


def _solved(own: csr_matrix, rest: csr_matrix, values: FloatArray, free: BoolArray, squared: bool) -> FloatArray:
    """`values`, where free such that `own` of them and `rest` of the others sum to zero, or in squares to the least."""
    result = np.asarray(values, np.float64).copy()
    if not free.any():
        return result
    right = -(rest @ result[~free])
    if squared:
        own, right = own.T @ own, own.T @ right
    # A little of the identity, for pieces that hang on to nothing fixed.
    system = (own + diags_array(np.full(int(free.sum()), 1e-10))).tocsc()
    result[free] = splu(system).solve(np.ascontiguousarray(right))
    return result


def _both_ways(corners: IntArray) -> tuple[IntArray, IntArray]:
    rows = corners[:, [0, 1, 1, 2, 2, 0]].reshape(-1)
    columns = corners[:, [1, 0, 2, 1, 0, 2]].reshape(-1)
    return rows, columns


def _links(rows: IntArray, columns: IntArray, values: FloatArray, count: int) -> csr_matrix:
    """Each pair once, whatever its number of faces."""
    graph = coo_matrix((values, (rows, columns)), shape=(count, count)).tocsr()
    number = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count)).tocsr()
    graph.data /= number.data
    return csr_matrix(graph)
