"""Bone heat: each bone warms the surface that sees it, the warmth spreads, and what a vertex has of it is its weight.

After Baran and Popović, Automatic Rigging and Animation of 3D Characters (2007): (L + M H) w = M H p, where L is the
cotangent Laplacian, M the vertex areas, H the heat that flows from the nearest bone in sight, p which one that is.
The Laplacian is that of Sharp and Crane (2020), which holds for triangle soup too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import robust_laplacian
from scipy import ndimage
from scipy.sparse import csc_matrix, diags
from scipy.sparse.linalg import splu
from scipy.spatial import cKDTree

from aigc.mesh.skeleton import Skeleton
from aigc.mesh.topology import parts
from aigc.mesh.types import BoolArray, FloatArray, IntArray
from aigc.mesh.voxels import Voxels

_HEAT = 1.0  # of the paper: its own estimate of what comes nearest to heat that spreads through the volume
_SAMPLES = 16  # places on the line of sight
_AT_ONCE = 80_000  # pairs of a vertex and a bone
_TIE = 1.05  # bones that are this much further than the nearest still warm
_RIGID = 0.55  # of a small piece that one bone holds: it then holds all of it
_SMALL = 0.25  # of the area


def heat_weights(
    positions: FloatArray,
    faces: IntArray,
    skeleton: Skeleton,
    voxels: Voxels,
    between: Callable[[float], None] | None = None,
) -> FloatArray:
    """float64 (n, j): how much of each vertex follows each joint; rows sum to one.

    Args:
        positions, faces: a welded mesh.
        voxels: its inside.
        between: called with the share done, a few times; it may raise.
    """
    tell = between or (lambda done: None)
    distance, depth, seen = _sight(positions, skeleton, voxels, lambda done: tell(0.4 * done))
    hidden = ~seen.any(axis=1)
    seen[hidden] = True
    # In units of how thick the body is around the bone: a flank is nearer to the arm, but it is the trunk's.
    far = np.where(seen, distance / depth, np.inf)
    warm = far <= _TIE * far.min(axis=1)[:, None]
    nearest = np.where(warm, distance, np.inf).min(axis=1)
    source = warm / warm.sum(axis=1, keepdims=True)
    laplacian, mass = robust_laplacian.mesh_laplacian(np.array(positions, np.float64), np.array(faces, np.int64))
    area = mass.diagonal()
    smallest = 0.5 * voxels.cell
    heat = _HEAT * area / np.maximum(nearest, smallest) ** 2
    tell(0.5)
    factor = splu(csc_matrix(laplacian + diags(heat)))
    tell(0.8)
    weights = np.empty((len(positions), len(skeleton.joints)))
    for joint in range(weights.shape[1]):
        weights[:, joint] = factor.solve(heat * source[:, joint])
        tell(0.8 + 0.15 * joint / weights.shape[1])
    weights = np.clip(weights, 0, None)
    total = weights.sum(axis=1, keepdims=True)
    weights = np.where(total > 1e-9, weights / np.maximum(total, 1e-9), source)
    return _with_rigid_pieces(weights, positions, faces, area)


def carried(weights: FloatArray, known: FloatArray, positions: FloatArray) -> FloatArray:
    """float64 (m, j): the weights of the points `known`, (n, 3), at other points of the same surface."""
    few = min(3, len(known))
    distance, nearest = cKDTree(known).query(positions, k=few, workers=1)
    distance, nearest = distance.reshape(-1, few), nearest.reshape(-1, few)
    share = 1 / np.maximum(distance, 1e-9 + 1e-6 * float(np.ptp(known, axis=0).max()))
    share /= share.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("nk,nkj->nj", share, weights[nearest]))


def _sight(
    positions: FloatArray, skeleton: Skeleton, voxels: Voxels, between: Callable[[float], None]
) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Of each vertex and each bone, (n, j): the distance, how deep in the body the bone's nearest place lies (both
    float64), and whether the way there lies inside.
    """
    inner = np.maximum(ndimage.distance_transform_edt(voxels.solid), 1.0) * voxels.cell
    heads, tails = skeleton.heads, skeleton.tails
    span = tails - heads
    length = np.maximum((span**2).sum(axis=1), 1e-18)
    buried = _buried(positions, voxels)
    distance = np.empty((len(positions), len(heads)))
    depth = np.empty(distance.shape)
    seen = np.empty(distance.shape, bool)
    share = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    rows = max(64, _AT_ONCE // len(heads))
    for start in range(0, len(positions), rows):
        between(start / len(positions))
        points = positions[start : start + rows].astype(np.float64)
        at = np.clip(np.einsum("nje,je->nj", points[:, None] - heads, span) / length, 0, 1)
        nearest = heads + at[..., None] * span
        distance[start : start + rows] = np.linalg.norm(points[:, None] - nearest, axis=2)
        depth[start : start + rows] = inner[tuple(np.moveaxis(voxels.cells(nearest), -1, 0))]
        begin = buried[start : start + rows, None]
        way = begin[:, :, None] + (nearest - begin)[:, :, None] * share[:, None]
        seen[start : start + rows] = voxels.inside(way).mean(axis=2) > 1 - 1.5 / _SAMPLES
    return distance, depth, seen


def _buried(positions: FloatArray, voxels: Voxels) -> FloatArray:
    """Each vertex moved to the nearest solid cell, so that a line of sight does not begin in the open."""
    cells = voxels.centres(np.argwhere(voxels.solid))
    tree = cKDTree(cells)
    _, nearest = tree.query(positions, workers=1)
    return np.asarray(cells[nearest])


def _with_rigid_pieces(weights: FloatArray, positions: FloatArray, faces: IntArray, area: FloatArray) -> FloatArray:
    """The weights, where small pieces of their own that one bone holds for the most part are held by it alone.

    A button or a plate of armour must not bend.
    """
    count, piece = parts(faces, len(positions))
    if count < 2:
        return weights
    owner = np.zeros(len(positions), np.int64)
    owner[faces.reshape(-1)] = np.repeat(piece, 3)
    result = weights.copy()
    for number in range(count):
        mine = owner == number
        share = float(area[mine].sum() / area.sum())
        mean = (weights[mine] * area[mine, None]).sum(axis=0) / max(float(area[mine].sum()), 1e-18)
        if share < _SMALL and mean.max() > _RIGID:
            result[mine] = 0
            result[mine, int(np.argmax(mean))] = 1
    return result
