"""Links between the pieces of a surface that do not hang together, so that all of it is one graph."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from aigc.mesh.dual_graph import DualGraph
from aigc.mesh.types import FloatArray, IntArray

_NEIGHBOURS = 12
_CONTACT = 0.01  # of the root of the area: pieces so near touch
_BEND = -np.pi / 2
_ROUNDS = 20


def bridged(graph: DualGraph, positions: FloatArray, faces: IntArray) -> DualGraph:
    """The graph with links where pieces touch, and one from each piece that touches none to the nearest other.

    Such a link counts as a sharp concave crease: pieces are parts before anything else is.
    """
    centres = positions[faces].mean(axis=1).astype(np.float64)
    count, piece = _pieces(graph.count, graph.pairs)
    if count == 1:
        return graph
    unit = float(np.sqrt(graph.area.sum()))
    pairs = [graph.pairs.astype(np.int64)]
    distance, near = cKDTree(centres).query(centres, min(_NEIGHBOURS, graph.count), workers=1)
    face = np.repeat(np.arange(graph.count), near.shape[1])
    near, distance = near.reshape(-1), distance.reshape(-1)
    # Faces are points here: two touch if they are no further apart than they are large.
    extent = np.sqrt(graph.area)
    touching = (piece[face] != piece[near]) & (distance < _CONTACT * unit + extent[face] + extent[near])
    pairs.append(np.unique(np.sort(np.stack([face[touching], near[touching]], axis=1), axis=1), axis=0))
    widths = [np.minimum(extent[pairs[1][:, 0]], extent[pairs[1][:, 1]])]
    for _ in range(_ROUNDS):
        count, piece = _pieces(graph.count, np.concatenate(pairs))
        if count == 1:
            break
        pairs.append(_nearest(centres, piece, count))
        # One link stands for the whole contact.
        widths.append(np.sqrt(np.bincount(piece, graph.area)[piece[pairs[-1][:, 0]]]))
    made = np.concatenate(pairs[1:])
    one, two = made.T
    gap = np.linalg.norm(centres[one] - centres[two], axis=1)
    return DualGraph(
        graph.count,
        np.concatenate([graph.pairs, made]).astype(np.int32),
        np.concatenate([graph.length, *widths]),
        np.concatenate([graph.distance, gap]),
        np.concatenate([graph.bend, np.full(len(made), _BEND)]),
        graph.area,
    )


def _pieces(count: int, pairs: IntArray) -> tuple[int, IntArray]:
    links = coo_matrix((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    found, piece = connected_components(links, directed=False)
    return int(found), piece


def _nearest(centres: FloatArray, piece: IntArray, count: int) -> IntArray:
    """int64 (k, 2): for each piece but the largest, its face that is nearest to a larger piece, and that one's."""
    size = np.bincount(piece, minlength=count)
    largest = int(np.argmax(size))
    rest = np.flatnonzero(piece != largest)
    main = np.flatnonzero(piece == largest)
    distance, found = cKDTree(centres[main]).query(centres[rest], workers=1)
    # A piece may be nearer to another small one; pieces near each other were linked before, so this is for the far.
    order = np.lexsort((distance, piece[rest]))
    _, first = np.unique(piece[rest][order], return_index=True)
    chosen = order[first]
    return np.stack([rest[chosen], main[found[chosen]]], axis=1)
