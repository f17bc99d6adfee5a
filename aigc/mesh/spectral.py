"""Faces as points in a space where the way across a crease is long: the embedding that segmentation works in.

Heat flows badly over concave creases and where the thickness changes. The slowest modes of that flow are nearly
constant on each part of the thing, so that parts become clusters.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import diags
from scipy.sparse.linalg import eigsh

from aigc.mesh.dual_graph import DualGraph
from aigc.mesh.types import FloatArray

_SOFT = 8.0  # over the root of the area: a hollow that bends no more, the inside of a bowl, parts nothing
_FACET = np.radians(20)  # between two faces, however large, that stand for a round thing
_SHIFT = -1e-4  # keeps the factored matrix regular
_SLOPE = 5.0  # over the root of the area: a log thickness that changes no faster, that of a cone, parts nothing
_SMOOTHING = 8  # rounds


def hollow(graph: DualGraph, bend: FloatArray) -> FloatArray:
    """float64 (e,): the concave bend over each link in radians, without what a wide hollow would bend there.

    Args:
        bend: (e,), over each link, in radians, negative where concave.
    """
    one, two = graph.pairs.T
    # What a link bends belongs to both its faces, as far as they reach away from the edge.
    reach = (graph.area[one] + graph.area[two]) / np.maximum(graph.length, 1e-30)
    wide = np.minimum(_SOFT / np.sqrt(graph.area.sum()) * reach, _FACET)
    return np.asarray(np.maximum(-bend - wide, 0))


def conductance(
    graph: DualGraph, concave: FloatArray, thickness: FloatArray, concavity: float, change: float
) -> FloatArray:
    """float64 (e,): how well heat crosses each link.

    A link resists by its distance, its concave bend and the step in log thickness, each added up along a way: so a
    sharp crease counts as much as the same bend spread over many small faces, and the net does not matter.

    Args:
        concave: (e,), over each link, in radians. thickness: (m,), at each face.
        concavity, change: how much a bend of one radian, or e times the thickness, resists: as much as a way of so
            many times the square root of the whole area.
    """
    unit = np.sqrt(graph.area.sum())
    one, two = graph.pairs.T
    step = np.abs(np.log(thickness[one]) - np.log(thickness[two]))
    step = np.maximum(step - _SLOPE / unit * graph.distance, 0)
    return np.asarray(graph.length / (graph.distance + unit * (concavity * concave + change * step) + 1e-9 * unit))


def smoothed_bend(graph: DualGraph, normals: FloatArray, centres: FloatArray, rounds: int) -> FloatArray:
    """float64 (e,): the angle over each link between normals that were averaged with their neighbours' first.

    So facets of a round thing bend as the round thing does, and noise bends little. Links between faces of which one
    is inside out, and those that the graph holds beside the surface, keep their own angle.

    Args:
        normals: (m, 3), as long as each face is large. centres: (m, 3), of the faces.
    """
    one, two = graph.pairs.T
    links = graph.matrix(graph.length)
    links.data[:] = 1.0
    mixed = normals.astype(np.float64)
    for _ in range(rounds):
        mixed = mixed + links @ mixed / 2
    mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-30)
    first, second = mixed[one], mixed[two]
    angle = 2 * np.arcsin(np.clip(np.linalg.norm(second - first, axis=1) / 2, 0, 1))
    convex = np.einsum("ij,ij->i", second - first, centres[two] - centres[one]) >= 0
    return np.asarray(np.where(convex, angle, -angle))


def smoothed_thickness(graph: DualGraph, thickness: FloatArray) -> FloatArray:
    """float64 (m,), positive: what was not measured (nan) is taken from neighbours, noise averaged."""
    known = np.isfinite(thickness) & (thickness > 0)
    if not known.any():
        return np.ones(graph.count)
    value = np.where(known, np.log(np.where(known, thickness, 1.0)), np.log(np.median(thickness[known])))
    links = graph.matrix(graph.length)
    total = np.asarray(links.sum(axis=1)).reshape(-1)
    for _ in range(_SMOOTHING):
        value = np.where(total > 0, (value + (links @ value) / np.maximum(total, 1e-30)) / 2, value)
    return np.exp(value)


def embedding(graph: DualGraph, flow: FloatArray, dimensions: int) -> FloatArray:
    """float64 (m, dimensions): faces, so placed that squared distances are those of commute times.

    The eigenvectors of the graph's Laplacian, with areas for masses, each over the root of its eigenvalue (Qiu and
    Hancock, Clustering and Embedding Using Commute Times, 2007). Eigenvectors are turned as the solver gives them;
    distances do not depend on that. One native call, a quarter of a second for 10,000 faces.
    """
    links = graph.matrix(flow)
    laplacian = diags(np.asarray(links.sum(axis=1)).reshape(-1)) - links
    share = graph.area / graph.area.sum()
    masses = diags(np.maximum(share, 1e-9 / graph.count))
    count = min(dimensions + 1, graph.count - 1)
    start = np.random.default_rng(0).random(graph.count)
    values, vectors = eigsh(laplacian.tocsc(), k=count, M=masses.tocsc(), sigma=_SHIFT, v0=start)
    order = np.argsort(values)[1:]
    return np.asarray(vectors[:, order] / np.sqrt(np.maximum(values[order], 1e-7)))
