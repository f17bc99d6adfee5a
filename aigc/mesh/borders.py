"""Borders between parts of a surface, drawn along creases and otherwise as short as they can be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, connected_components, dijkstra, maximum_flow

from aigc.mesh.dual_graph import DualGraph
from aigc.mesh.types import BoolArray, FloatArray, IntArray

_CAPACITY, _LONGEST = 200, 20  # of a link of mean length in a flat place, and times the mean: flows are 32-bit numbers
_BEHIND = 2  # faces, counted from the border, that are let in whatever their size
_CORE = 0.5  # of a part's greatest distance to its border that the border may move


def settled_borders(
    graph: DualGraph,
    labels: IntArray,
    reach: float,
    between: Callable[[], None] | None = None,
) -> IntArray:
    """int32 (m,): labels whose borders have moved by `reach` at most to where they are cheapest.

    Each two neighbours are parted by a minimal cut within the band about their border (after Katz and Tal, Hierarchical
    Mesh Decomposition using Fuzzy Clustering and Cuts, 2003). A cut is cheap where it is short and the surface concave.
    `between` is called before each pair; may raise.
    """
    result = labels.astype(np.int32).copy()
    one, two = graph.pairs.T
    crossing = result[one] != result[two]
    if not crossing.any():
        return result
    price = _prices(graph)
    depth = _depth(graph, np.unique(graph.pairs[crossing]))
    deepest = np.zeros(int(result.max()) + 1)
    finite = np.isfinite(depth)
    np.maximum.at(deepest, result[finite], depth[finite])
    band = depth <= np.minimum(reach, _CORE * deepest)[result]
    # Faces may be longer than the reach: then those behind the border's own are let in, or each holds itself.
    band |= _behind(graph, np.unique(graph.pairs[crossing])) & (depth < deepest[result])
    sides = np.sort(np.stack([result[one], result[two]], axis=1)[crossing], axis=1)
    for a, b in np.unique(sides, axis=0).tolist():
        if between is not None:
            between()
        _cut(graph, result, price, band, a, b)
    return result


def without_islands(graph: DualGraph, labels: IntArray, least: float) -> IntArray:
    """int32 (m,): labels in which each part is one piece, but for pieces of more than `least` of the part's area.

    The rest goes to the neighbour with which it shares the longest border; pieces without a neighbour stay.
    """
    result = labels.astype(np.int32).copy()
    one, two = graph.pairs.T
    for _ in range(4):
        same = result[one] == result[two]
        links = coo_matrix((np.ones(int(same.sum())), (one[same], two[same])), shape=(graph.count, graph.count))
        count, piece = connected_components(links, directed=False)
        area = np.bincount(piece, graph.area, count)
        label = np.zeros(count, np.int32)
        label[piece] = result
        largest = np.zeros(int(result.max()) + 1)
        np.maximum.at(largest, label, area)
        small = area < least * largest[label]
        if not small.any():
            break
        # Border lengths between each small piece and the labels around it.
        cross = np.flatnonzero(~same)
        here = np.concatenate([piece[one[cross]], piece[two[cross]]])
        there = np.concatenate([result[two[cross]], result[one[cross]]])
        counted = small[here]
        shared = coo_matrix(
            (np.tile(graph.length[cross], 2)[counted], (here[counted], there[counted])), shape=(count, len(largest))
        ).tocsr()
        changed = np.flatnonzero(small & (np.asarray(shared.sum(axis=1)).reshape(-1) > 0))
        if not len(changed):
            break
        target = label.copy()
        target[changed] = np.asarray(shared[changed].argmax(axis=1)).reshape(-1)
        result = target[piece].astype(np.int32)
    return result


def _prices(graph: DualGraph) -> IntArray:
    """int (e,): the price of a border across each link."""
    unit = np.sqrt(graph.area.sum()) / 10
    curvature = -graph.bend / np.maximum(graph.distance, 1e-3 * unit) * unit
    easy = np.where(curvature > 0, 1 / (1 + 2 * np.maximum(curvature, 0)), 1 + np.minimum(-curvature, 1))
    mean = float(graph.length.mean()) or 1.0
    return np.asarray(np.maximum(1, np.minimum(graph.length / mean, _LONGEST) * easy * _CAPACITY), np.int64)


def _depth(graph: DualGraph, start: IntArray) -> FloatArray:
    """float64 (m,): the way from each face to the nearest of `start`."""
    ways = graph.matrix(np.maximum(graph.distance, 1e-12))
    return np.asarray(dijkstra(ways, directed=False, indices=start, min_only=True))


def _behind(graph: DualGraph, faces: IntArray) -> BoolArray:
    """bool (m,): these faces, their neighbours, and those of these."""
    near = np.zeros(graph.count, bool)
    near[faces] = True
    for _ in range(_BEHIND):
        near[graph.pairs[near[graph.pairs].any(axis=1)].reshape(-1)] = True
    return near


def _cut(graph: DualGraph, labels: IntArray, price: IntArray, band: BoolArray, a: int, b: int) -> None:
    """Draw the border between labels `a` and `b` anew, in place."""
    one, two = graph.pairs.T
    inside = band & ((labels == a) | (labels == b))
    number = np.full(graph.count, -1)
    faces = np.flatnonzero(inside)
    number[faces] = np.arange(len(faces))
    source, sink = len(faces), len(faces) + 1
    both = inside[one] & inside[two]
    # Whatever of a part lies outside the band holds the part's end of it.
    edge = inside[one] != inside[two]
    near = np.where(inside[one], one, two)[edge]
    far = np.where(inside[one], two, one)[edge]
    held = labels[near] == labels[far]
    near, far_label = near[held], labels[far[held]]
    if not ((far_label == a).any() and (far_label == b).any()):
        return
    anchors = np.unique(near)
    anchor_label = labels[anchors]
    flow = price[both]
    rows = np.concatenate([number[one[both]], number[two[both]]])
    columns = np.concatenate([number[two[both]], number[one[both]]])
    values = np.concatenate([flow, flow])
    strong = np.int64(2**30)
    rows = np.concatenate([rows, np.full(int((anchor_label == a).sum()), source), number[anchors[anchor_label == b]]])
    columns = np.concatenate(
        [columns, number[anchors[anchor_label == a]], np.full(int((anchor_label == b).sum()), sink)]
    )
    values = np.concatenate([values, np.full(len(anchors), strong)])
    capacity = coo_matrix((values, (rows, columns)), shape=(sink + 1, sink + 1)).tocsr().astype(np.int32)
    left = capacity - maximum_flow(capacity, source, sink).flow
    left.data[left.data < 0] = 0
    left.eliminate_zeros()
    reached = breadth_first_order(left, source, return_predecessors=False)
    fresh = np.full(len(faces) + 2, b, np.int32)
    fresh[reached] = a
    labels[faces] = fresh[: len(faces)]
