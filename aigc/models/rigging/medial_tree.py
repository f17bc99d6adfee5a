"""The curve skeleton of a solid as a tree: one branch to each extremity, in the middle of what it runs through.

After Sato et al., TEASAR: Tree-structure Extraction Algorithm for Accurate and Robust Skeletons (2000): shortest paths
to the farthest points, on a cost that keeps them away from the surface. Unlike thinning it makes no loops and no hair.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from aigc.mesh.types import BoolArray, FloatArray, IntArray
from aigc.mesh.voxels import Voxels

_HALF_OF_26 = np.array([(x, y, z) for x in (-1, 0, 1) for y in (-1, 0, 1) for z in (-1, 0, 1) if (x, y, z) > (0, 0, 0)])
_EVERY = np.ones((3, 3, 3), bool)
_CENTRING = 30.0
_REACH = 1.3  # of the radius: what a branch covers
_SHEET = 0.09  # of the longest side: how far a branch stands for a sheet such as a fin, measured within the solid
_SHORTEST = 0.07  # of the longest side: what a branch must stick out of the one it leaves
_CANDIDATES = 160
_MOST_BRANCHES = 24
_MOST_PIECES = 64
_SMALLEST_PIECE = 0.0005  # of the solid cells


@dataclass(frozen=True)
class MedialTree:
    """A tree of points in the middle of a solid. Node 0 is the root, and each parent comes before its children.

    Args:
        points: float64 (n, 3).
        radius: float64 (n,), distance to the surface.
        parent: int64 (n,), -1 for the root.
    """

    points: FloatArray
    radius: FloatArray
    parent: IntArray

    def leaves(self) -> list[int]:
        """Nodes without a child, the root left out."""
        inner = set(self.parent.tolist())
        return [node for node in range(1, len(self.parent)) if node not in inner]

    def branchings(self) -> list[int]:
        """Nodes with more than two neighbours."""
        children = np.bincount(self.parent[1:], minlength=len(self.parent))
        return [int(node) for node in np.flatnonzero(children + (np.arange(len(children)) > 0) > 2)]

    def to_root(self, node: int) -> list[int]:
        """The nodes from `node` to the root, both included."""
        path = [node]
        while self.parent[path[-1]] >= 0:
            path.append(int(self.parent[path[-1]]))
        return path

    def rooted_at(self, node: int) -> MedialTree:
        """The same tree, hanging from another node."""
        parent = self.parent.copy()
        path = self.to_root(node)
        for below, above in itertools.pairwise(path):
            parent[above] = below
        parent[node] = -1
        order = [node]
        children: dict[int, list[int]] = {}
        for child, above in enumerate(parent.tolist()):
            children.setdefault(above, []).append(child)
        for known in order:
            order += children.get(known, [])
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        moved = parent[order]
        return MedialTree(self.points[order], self.radius[order], np.where(moved < 0, -1, rank[moved]))


def medial_tree(voxels: Voxels, between: Callable[[float], None] | None = None) -> MedialTree:
    """The tree of a solid, rooted where it is thickest.

    Args:
        between: called with the share done, a few times; it may raise.
    Raises:
        ValueError: no cell is solid.
    """
    tell = between or (lambda done: None)
    solid = _without_crumbs(voxels.solid)
    index = np.argwhere(solid)
    if not len(index):
        raise ValueError("no cell is solid")
    depth = ndimage.distance_transform_edt(solid)
    radius = depth[solid]
    # The same everywhere in the middle of a limb, be it thick or thin.
    centred = radius / ndimage.maximum_filter(depth, 7)[solid]
    starts, ends, length = _edges(solid, index)
    tell(0.2)
    start = int(np.lexsort((np.linalg.norm(index - index.mean(axis=0), axis=1), -radius))[0])
    plain = csr_matrix((length, (starts, ends)), shape=(len(index), len(index)))
    away = dijkstra(plain, directed=False, indices=start)
    tell(0.5)
    cost = 1 + _CENTRING * (1 - (centred[starts] + centred[ends]) / 2) ** 2
    toward = dijkstra(
        csr_matrix((length * cost, (starts, ends)), shape=plain.shape),
        directed=False,
        indices=start,
        return_predecessors=True,
    )[1]
    tell(0.9)
    nodes, parent = _branches(index, radius, plain, away, toward, start)
    points = _smoothed(index[nodes].astype(np.float64), parent)
    # A smoothed point may leave the solid at a sharp bend.
    inside = voxels.inside(voxels.origin + points * voxels.cell)
    points = np.where(inside[:, None], points, index[nodes])
    return MedialTree(voxels.origin + points * voxels.cell, radius[nodes] * voxels.cell, parent)


def _without_crumbs(solid: BoolArray) -> BoolArray:
    labels, count = ndimage.label(solid, _EVERY)
    sizes = np.bincount(labels.reshape(-1), minlength=count + 1)
    sizes[0] = 0
    kept = np.argsort(-sizes, kind="stable")[:_MOST_PIECES]
    kept = kept[sizes[kept] >= max(1, _SMALLEST_PIECE * sizes.sum())]
    return np.asarray(np.isin(labels, kept) & (labels > 0))


def _edges(solid: BoolArray, index: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Pairs of neighbouring cells and their distances; pieces are bridged at their nearest cells."""
    name = np.full(solid.shape, -1, np.int64)
    name[solid] = np.arange(len(index))
    padded = np.pad(name, 1, constant_values=-1)
    starts, ends, lengths = [], [], []
    for offset in _HALF_OF_26:
        other = padded[tuple((index + 1 + offset).T)]
        found = np.flatnonzero(other >= 0)
        starts.append(found)
        ends.append(other[found])
        lengths.append(np.full(len(found), np.linalg.norm(offset)))
    labels, count = ndimage.label(solid, _EVERY)
    piece = labels[solid]
    if count > 1:
        sizes = np.bincount(piece, minlength=count + 1)
        linked = piece == np.argmax(sizes)
        while not linked.all():
            distance, nearest = cKDTree(index[linked]).query(index[~linked], workers=1)
            closest = int(np.argmin(distance))
            one, two = np.flatnonzero(~linked)[closest], np.flatnonzero(linked)[nearest[closest]]
            starts.append(np.array([one]))
            ends.append(np.array([two]))
            lengths.append(np.array([distance[closest]]))
            linked |= piece == piece[one]
    return np.concatenate(starts), np.concatenate(ends), np.concatenate(lengths)


def _branches(
    index: IntArray, radius: FloatArray, links: csr_matrix, away: FloatArray, toward: IntArray, start: int
) -> tuple[IntArray, IntArray]:
    """The cells of the tree, and for each the place of its parent in that list."""
    longest = float(np.ptp(index, axis=0).max() + 1)
    around = cKDTree(index)
    place = np.full(len(index), -1, np.int64)
    nodes, parent = [start], [-1]
    place[start] = 0
    open_ = np.isfinite(away)
    open_[around.query_ball_point(index[start], _REACH * radius[start])] = False
    accepted = 0
    for _ in range(_CANDIDATES):
        if not open_.any() or accepted == _MOST_BRANCHES:
            break
        tip = int(np.argmax(np.where(open_, away, -1)))
        path = [tip]
        while place[path[-1]] < 0:
            path.append(int(toward[path[-1]]))
        steps = np.linalg.norm(np.diff(index[path], axis=0), axis=1)
        if steps.sum() - radius[path[-1]] >= _SHORTEST * longest:
            kept = _trimmed(path, steps, radius)
            for cell in reversed(kept[:-1]):
                parent.append(int(place[toward[cell]]))
                place[cell] = len(nodes)
                nodes.append(cell)
            accepted += 1
            near = dijkstra(links, directed=False, indices=kept, min_only=True, limit=_SHEET * longest)
            open_[np.isfinite(near)] = False
        for cell in path:
            open_[around.query_ball_point(index[cell], _REACH * radius[cell] + 1.5)] = False
        open_[tip] = False
    return np.array(nodes), np.array(parent)


def _trimmed(path: list[int], steps: FloatArray, radius: FloatArray) -> list[int]:
    """The path without its last bit under the skin of the tip."""
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wide = float(radius[path[: max(2, len(path) // 3)]].max())
    first = int(np.searchsorted(along, 0.5 * wide))
    return path[min(first, len(path) - 2) :]


def _smoothed(points: FloatArray, parent: IntArray, rounds: int = 6) -> FloatArray:
    """Each point drawn to the middle of its neighbours, tips left where they are."""
    count = len(points)
    child = np.arange(1, count)
    links = coo_matrix(
        (np.ones(2 * (count - 1)), (np.concatenate([child, parent[1:]]), np.concatenate([parent[1:], child]))),
        shape=(count, count),
    ).tocsr()
    degree = np.asarray(links.sum(axis=1)).reshape(-1, 1)
    moved = points.copy()
    for _ in range(rounds):
        mean = links @ moved / np.maximum(degree, 1)
        moved = np.where(degree > 1, (moved + mean) / 2, moved)
    return moved
