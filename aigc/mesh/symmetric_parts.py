"""Parts that are alike on both sides of a thing that is."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from aigc.mesh.dual_graph import DualGraph
from aigc.mesh.symmetry import Mirror
from aigc.mesh.types import BoolArray, FloatArray, IntArray

_MEAN, _MOST = 0.008, 0.03  # roots of the area that the mirror image may lie beside the surface
_LOOK = 0.1  # roots of the area that a normal counts, so that of two near walls the right one is found
_SLIVER = 0.2  # of a part, that reached over from the other side
_SEAM = 0.2  # roots of a part's area along the plane, from which on the part lies on both sides


def mirror_of(centres: FloatArray, area: FloatArray) -> Mirror | None:
    """The plane that mirrors a surface onto itself best, if one does, however the surface lies.

    The normal of such a plane is a principal axis of the surface, so only three planes are tried.

    Args:
        centres: float32 (m, 3), of even faces. area: float64 (m,).
    """
    unit = float(np.sqrt(area.sum()))
    middle = np.average(centres, axis=0, weights=area)
    _, axes = np.linalg.eigh(np.cov((centres - middle).T, aweights=area))
    tree = cKDTree(centres)
    found = []
    for axis in axes.T:
        plane = Mirror(middle.astype(np.float32), axis.astype(np.float32), 0.0)
        distance = tree.query(plane.points(centres), workers=1)[0] / unit
        if distance.mean() < _MEAN and np.percentile(distance, 98) < _MOST:
            found.append(Mirror(plane.point, plane.normal, float(distance.mean())))
    return min(found, key=lambda plane: plane.miss, default=None)


class TwoSides:
    """A surface and its mirror image, face by face."""

    def __init__(self, graph: DualGraph, centres: FloatArray, normals: FloatArray, mirror: Mirror) -> None:
        """`normals`: (m, 3), of any length."""
        look = np.float32(_LOOK * np.sqrt(graph.area.sum()))
        facing = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30) * look
        tree = cKDTree(np.concatenate([centres, facing], axis=1))
        image = np.concatenate([mirror.points(centres), mirror.directions(facing)], axis=1)
        self._twin = tree.query(image, workers=1)[1]
        self._front = np.asarray((centres - mirror.point) @ mirror.normal > 0)
        self._graph, self._centres = graph, centres

    def alike(self, labels: IntArray) -> list[IntArray]:
        """Both ways to make the labels symmetric, int32 (m,): one side as it is, the other as a mirror shows it.

        A part that reaches along the plane stays one part; any other is there twice. The way with more parts, and of
        like many the one that changes less, comes first.
        """
        ways = [self._reflected(labels, self._front), self._reflected(labels, ~self._front)]
        one, two = self._graph.pairs.T
        edges = labels[one] != labels[two]
        kept = [int(((way[one] != way[two]) & edges).sum()) for way in ways]
        order = sorted(range(2), key=lambda k: (-len(np.unique(ways[k])), -kept[k]))
        return [ways[k] for k in order]

    def _reflected(self, labels: IntArray, side: BoolArray) -> IntArray:
        area, count = self._graph.area, int(labels.max()) + 1
        own = np.bincount(labels[side], area[side], count) / np.maximum(np.bincount(labels, area, count), 1e-30)
        good = side & (own >= _SLIVER)[labels]
        if not good.any():
            return labels
        near = cKDTree(self._centres[good]).query(self._centres, workers=1)[1]
        here = np.where(good, labels, labels[good][near])
        other = self._twin.copy()
        astray = ~side[other]  # twins on this side of the plane; faces right at it
        here = np.where(side | astray, here, here[other])
        one, two = self._graph.pairs.T
        seam = (side[one] != side[two]) & (here[one] == here[two])
        along = np.bincount(here[one[seam]], self._graph.length[seam], count)
        both = along > _SEAM * np.sqrt(np.bincount(here, area, count))
        fresh = np.where(side | both[here], here, here + count)
        return np.asarray(np.unique(fresh, return_inverse=True)[1], np.int32)
