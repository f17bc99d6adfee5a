"""A solid from a surface that is open, tangled or torn: where its generalised winding number says inside."""

from __future__ import annotations

from collections.abc import Callable

import igl
import numpy as np
from scipy.sparse import coo_matrix
from skimage.measure import marching_cubes

from aigc.mesh.keys import among
from aigc.mesh.normals import face_normals
from aigc.mesh.simplify import from_manifold, to_manifold
from aigc.mesh.stats import volume
from aigc.mesh.topology import compact, is_watertight, parts, weld
from aigc.mesh.types import FloatArray, IntArray

_SLAB = 1 << 16  # grid points a call
_SNAP = 1.2  # cells
_SMOOTHING = 6
_LEAST_SHELL = 0.01


def winding_numbers(points: FloatArray, faces: IntArray, at: FloatArray) -> FloatArray:
    """float64 (k,): how often the surface goes around each point: 1 inside a closed one (Jacobson et al., 2013).

    Computed as Barill et al., Fast Winding Numbers for Soups and Clouds (2018), by libigl.
    """
    return np.asarray(
        igl.fast_winding_number(
            np.array(points, np.float64, order="C"),
            np.array(faces, np.int64, order="C"),
            np.array(at, np.float64, order="C"),
        )
    )


def winding_solid(
    points: FloatArray, faces: IntArray, resolution: int, between: Callable[[float], None] | None = None
) -> tuple[FloatArray, IntArray] | None:
    """A closed surface around all points about which the given one goes at least half; None where there are none.

    Marching cubes on a grid, smoothed; then vertices near the given surface are put onto it. Pieces of less than a
    hundredth of the area are left out.

    Args:
        points, faces: welded. resolution: cells along the longest side.
        between: called with the share done, several times a second; may raise.
    """
    tell = between or (lambda share: None)
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    cell = float((high - low).max()) / resolution
    counts = np.ceil((high - low) / cell).astype(int) + 5
    axes = [low[k] + (np.arange(counts[k]) - 2) * cell for k in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    field = np.empty(len(grid))
    for start in range(0, len(grid), _SLAB):
        tell(0.7 * start / len(grid))
        field[start : start + _SLAB] = winding_numbers(points, faces, grid[start : start + _SLAB])
    box = field.reshape(counts)
    # The outermost layer is outside, so that the solid is closed whatever the field does there.
    for axis in range(3):
        np.moveaxis(box, axis, 0)[[0, -1]] = 0
    if box.max() <= 0.5:
        return None
    tell(0.75)
    vertices, triangles, _, _ = marching_cubes(box, 0.5)  # type: ignore[no-untyped-call]
    made, net = weld((vertices * cell + low - 2 * cell).astype(np.float32), triangles.astype(np.int32))
    if volume(made, net) < 0:
        net = np.ascontiguousarray(net[:, ::-1])
    made, net = _larger_pieces(made, net)
    made = _smoothed(made, net)
    tell(0.9)
    snapped = _snapped(made, points, faces, _SNAP * cell)
    solid = to_manifold(snapped, net)
    return (snapped, net) if solid is not None else (made, net)


def within(points: FloatArray, faces: IntArray, whole: tuple[FloatArray, IntArray]) -> tuple[FloatArray, IntArray]:
    """What of a solid lies in another one; the solid as it was where one of the two is none, or nothing is left."""
    one, other = to_manifold(points, faces), to_manifold(*whole)
    if one is None or other is None:
        return points, faces
    common = one ^ other
    if common.is_empty() or common.volume() < 0.2 * one.volume():
        return points, faces
    made, net = from_manifold(common)
    return (made, net) if is_watertight(net) else (points, faces)


def thickened(
    points: FloatArray, faces: IntArray, thickness: float, normals: FloatArray
) -> tuple[FloatArray, IntArray]:
    """A sheet with a copy of itself `thickness` behind it and walls along its borders: closed if it is a manifold."""
    behind = points - normals * np.float32(thickness)
    directed = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    key = directed.astype(np.int64) @ np.array([len(points), 1])
    opposite = directed[:, ::-1].astype(np.int64) @ np.array([len(points), 1])
    border = directed[~among(key, opposite)]
    a, b = border.T
    count = len(points)
    walls = np.concatenate([np.stack([b, a, a + count], axis=1), np.stack([b, a + count, b + count], axis=1)])
    return (
        np.concatenate([points, behind]).astype(np.float32),
        np.concatenate([faces, faces[:, ::-1] + count, walls]).astype(np.int32),
    )


def _larger_pieces(points: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    count, piece = parts(faces, len(points))
    size = np.bincount(piece, np.linalg.norm(face_normals(points, faces), axis=1), count)
    return compact(points, faces[size[piece] >= _LEAST_SHELL * size.sum()])


def _smoothed(points: FloatArray, faces: IntArray) -> FloatArray:
    """Without the steps of the grid and without shrinking (Taubin, 1995)."""
    ends = faces[:, [0, 1, 2, 1, 2, 0]].reshape(-1, 2, 3)
    rows, columns = ends[:, 0].reshape(-1), ends[:, 1].reshape(-1)
    links = coo_matrix((np.ones(2 * len(rows)), (np.r_[rows, columns], np.r_[columns, rows]))).tocsr()
    degree = np.asarray(links.sum(axis=1))
    result = points.astype(np.float64)
    for step in [0.5, -0.53] * _SMOOTHING:
        result = result + step * (links @ result / degree - result)
    return result.astype(np.float32)


def _snapped(points: FloatArray, surface: FloatArray, faces: IntArray, reach: float) -> FloatArray:
    """Points within `reach` of the surface put onto it, the farther the less."""
    square, _, nearest = igl.point_mesh_squared_distance(
        points.astype(np.float64), surface.astype(np.float64), faces.astype(np.int64)
    )
    share = np.clip(2 * (1 - np.sqrt(square) / reach), 0, 1)[:, None]
    return np.asarray(points * (1 - share) + nearest * share, np.float32)
