"""A solid from a silhouette.

The height of the surface over the picture's plane is the root of the solution of a Poisson equation on the silhouette,
which is exact for a disc (a ball) and smooth for everything else (after Nealen et al., FiberMesh, SIGGRAPH 2007, and
Igarashi et al., Teddy, SIGGRAPH 1999, in spirit). Symmetric silhouettes may become surfaces of revolution instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve
from skimage.measure import marching_cubes

from aigc.mesh.types import BoolArray, FloatArray, IntArray

GRID = 184  # cells along the longest side of the silhouette
_MARGIN = 4  # cells of nothing around it
_BUMP = 0.08  # ears or feet of this share of the height leave nothing of a turned body
_ROOT = 0.2  # of how much wider the root of a handle is than the body before it, it is wider than the body behind it


@dataclass(frozen=True)
class Plane:
    """A silhouette laid on the grid.

    Args:
        distance: float32 (rows, columns): distance to the silhouette's border in cells, positive inside.
        left, top: the picture's pixel at the grid's corner.
        cell: pixels a cell.
    """

    distance: FloatArray
    left: float
    top: float
    cell: float


def lay_out(mask: FloatArray) -> Plane:
    """The silhouette of a soft mask (h, w) on a grid of `GRID` cells along its longest side."""
    inside = mask > 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    cell = max(bottom - top, right - left) / GRID
    pad = int(np.ceil(_MARGIN * cell)) + 2
    padded: NDArray[Any] = np.pad(mask, pad)[top : bottom + 2 * pad, left : right + 2 * pad]
    # At least two samples a cell, so that the border lies where the soft mask says, not on the grid.
    finer = max(1, int(np.ceil(2 / cell)))
    if finer > 1:
        padded = np.asarray(cv2.resize(padded, None, fx=finer, fy=finer, interpolation=cv2.INTER_CUBIC))
    padded = np.asarray(cv2.GaussianBlur(padded, (0, 0), 0.6 * cell * finer))
    solid = (padded > 0.5).astype(np.uint8)
    far = cv2.distanceTransform(solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    far = far - cv2.distanceTransform(1 - solid, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    size = (max(8, round(far.shape[1] / finer / cell)), max(8, round(far.shape[0] / finer / cell)))
    distance = cv2.resize(far, size, interpolation=cv2.INTER_AREA) / (finer * cell)
    return Plane(distance.astype(np.float32), float(left - pad), float(top - pad), float(cell))


def round_height(distance: FloatArray) -> FloatArray:
    """Squared heights in cells, negative outside: lap(h) = -4 inside, 0 on the border."""
    inside = distance > -0.5
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(inside.sum())
    rows, columns, values = [], [], []
    centre = np.full(int(inside.sum()), 4.0)
    # A cell that the border cuts is held to zero by as much of it as lies outside.
    outside_share = np.clip(0.5 - distance[inside], 0, 1)
    centre += 24 * outside_share**2
    for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        beside = np.roll(number, shift, axis)[inside]
        both = beside >= 0
        rows.append(number[inside][both])
        columns.append(beside[both])
        values.append(np.full(int(both.sum()), -1.0))
    rows.append(np.arange(len(centre)))
    columns.append(np.arange(len(centre)))
    values.append(centre)
    system = coo_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))).tocsc()
    solution = spsolve(system, np.full(len(centre), 4.0))
    height = np.zeros(inside.shape, np.float32)
    height[inside] = solution
    return _signed(height, distance)


def lathe_height(distance: FloatArray) -> tuple[FloatArray, float]:
    """Squared heights of a body turned around its upright axis, and how well it fits, 0 to 1.

    Each row takes the widest stretch around the axis that lies inside; what sticks out of the body, like a handle,
    is inflated. The fit is the overlap of the silhouette with its mirror image times the share that the body fills, and
    less where it has ears or feet.
    """
    inside = distance > 0
    axis, symmetry = _axis(inside)
    across = np.arange(inside.shape[1], dtype=np.float32) - axis
    halves = np.zeros(len(inside), np.float32)
    beside = np.zeros(len(inside), int)
    _, gap = cv2.connectedComponents((~inside).astype(np.uint8), connectivity=4)
    holes = (gap > 0) & (gap != gap[0, 0])
    for row in np.flatnonzero(inside.any(axis=1)):
        gaps = np.flatnonzero(~inside[row])
        right, left = gaps[gaps > axis], gaps[gaps < axis]
        # What is beyond a hole of the silhouette is a handle; beyond an open gap it may be the brim of a hat.
        ends = [(side[0], step) for side, step in ((right, 1), (left[::-1], -1)) if len(side)]
        if len(ends) == 2 and all(holes[row, column] for column, _ in ends):
            beside[row] = min(int(inside[row, column::step].sum()) for column, step in ends)
        if len(right) and len(left) and inside[row, round(axis)]:
            halves[row] = min(
                _border(distance[row], int(right[0])) - axis, axis - _border(distance[row], int(left[-1]))
            )
    filled = float(((np.abs(across)[None] < halves[:, None]) & inside).sum() / max(1, inside.sum()))
    halves = _without_roots(halves, beside)
    halves = np.maximum(cv2.GaussianBlur(halves[:, None], (0, 0), 0.8)[:, 0], 0)
    body = halves[:, None] ** 2 - across[None] ** 2
    limbs = round_height(distance)
    fit = symmetry * filled * (1 - min(1.0, max(_bumps(inside, axis), _bumps(inside[::-1], axis)) / _BUMP))
    return _signed(np.maximum(np.maximum(body, limbs), 0).astype(np.float32), distance), fit


def _without_roots(halves: FloatArray, beside: IntArray) -> FloatArray:
    """The radii of a body without the roots of two handles, which turned around the axis would be brims.

    A root lies above or below rows that show the handles beside the body: it is little higher than they are thick, and
    behind it the body is narrower again.

    Args:
        halves: (rows,), in cells. beside: (rows,), cells beside the body and a gap on that side which has fewer.
    """
    narrowed = halves.copy()
    solid, shown = np.flatnonzero(halves), np.flatnonzero(beside > 0)
    for run in np.split(shown, np.flatnonzero(np.diff(shown) > 1) + 1) if len(shown) else []:
        reach = int(1.3 * np.median(beside[run])) + 2
        within = min(reach // 2, len(run) // 2)
        for inner, step in ((int(run[within]), -1), (int(run[-1 - within]), 1)):
            rows = np.arange(inner, inner + step * (within + 2 * reach), step)
            rows = rows[(rows >= solid[0]) & (rows <= solid[-1])]
            radii = halves[rows]
            peak = int(np.argmax(radii[: within + reach]))
            behind = peak + int(np.argmin(radii[peak : peak + reach]))
            if radii[peak] - radii[behind] < _ROOT * (radii[peak] - radii[0]):
                continue
            straight = np.interp(np.arange(behind + 1), [0, behind], radii[[0, behind]])
            narrowed[rows[: behind + 1]] = np.minimum(narrowed[rows[: behind + 1]], straight)
    return narrowed


def _bumps(inside: BoolArray, axis: float) -> float:
    """How far the upper outline rises again on its way outwards, as a share of the whole height, less what noise does.

    The outline of a turned body only falls from the axis on; ears and, upside down, feet make it rise.
    """
    rows = np.flatnonzero(inside.any(axis=1))
    top = np.where(inside.any(axis=0), inside.argmax(axis=0), -1)
    rises = []
    for side in (top[round(axis) :], top[: round(axis) + 1][::-1]):
        seen = side[side >= 0]
        rises.append(float((np.maximum.accumulate(seen) - seen).max(initial=0)))
    return max(0.0, min(rises) / float(rows[-1] - rows[0] + 1) - _BUMP / 4)


def slab_height(distance: FloatArray, depth: float) -> FloatArray:
    """Squared heights of an even thickness with quarter-round edges; `depth` in cells."""
    within = np.clip(distance, 0, depth)
    return _signed((depth**2 - (depth - within) ** 2).astype(np.float32), distance)


def _border(row: FloatArray, gap: int) -> float:
    """Where the border lies between cell `gap`, outside, and its neighbour inside."""
    inner = gap - 1 if row[gap - 1] > 0 else gap + 1
    share = float(row[inner] / max(row[inner] - row[gap], 1e-6))
    return inner + (gap - inner) * share


def _axis(inside: BoolArray) -> tuple[float, float]:
    """The column about which the silhouette mirrors best, and the overlap with its mirror image."""
    columns = np.flatnonzero(inside.any(axis=0))
    middle = (columns[0] + columns[-1]) / 2
    reach = max(2, (columns[-1] - columns[0]) // 8)
    best = (0.0, middle)
    for twice in range(int(2 * (middle - reach)), int(2 * (middle + reach)) + 1):
        mirrored = np.zeros_like(inside)
        source = twice - np.arange(inside.shape[1])
        kept = (source >= 0) & (source < inside.shape[1])
        mirrored[:, kept] = inside[:, source[kept]]
        union = int((mirrored | inside).sum())
        best = max(best, (int((mirrored & inside).sum()) / union, twice / 2))
    return float(best[1]), float(best[0])


def _signed(height: FloatArray, distance: FloatArray) -> FloatArray:
    """The same inside; outside it falls below zero as steeply as it rises inside."""
    edge = (distance > 0.5) & (distance < 2)
    slope = float(np.median(height[edge] / distance[edge])) if edge.any() else 1.0
    return np.where(distance > 0, height, distance * max(slope, 0.5)).astype(np.float32)


def to_solid(squared: FloatArray, thickness: float) -> tuple[FloatArray, IntArray]:
    """The closed surface z² = thickness² · h over the grid: positions in cells (x right, y up, z front) and faces."""
    high = np.sqrt(max(float(squared.max()), 0.25)) * thickness
    layers = int(np.ceil(high)) + 2
    z = np.arange(-layers, layers + 1, dtype=np.float32)
    lifted = np.where(squared > 0, squared * np.float32(thickness**2), squared)
    root = np.sqrt(np.maximum(lifted, 0))
    # Divided like this the field is nearly a distance, and its zero lies right between two samples.
    field = (lifted[..., None] - z**2) / (root[..., None] + np.abs(z) + 1)
    vertices, faces, _, _ = marching_cubes(field, 0.0, allow_degenerate=False)  # type: ignore[no-untyped-call]
    positions = np.stack([vertices[:, 1], -vertices[:, 0], vertices[:, 2] - layers], axis=1).astype(np.float32)
    return positions, _outwards(positions, faces.astype(np.int32))


def _outwards(positions: FloatArray, faces: IntArray) -> IntArray:
    a, b, c = (positions[faces[:, k]].astype(np.float64) for k in range(3))
    inside_out = np.einsum("ij,ij->", a, np.cross(b, c)) < 0
    return np.ascontiguousarray(faces[:, ::-1]) if inside_out else faces


def taubin(positions: FloatArray, faces: IntArray, rounds: int) -> FloatArray:
    """The surface smoothed without shrinking (Taubin, A Signal Processing Approach to Fair Surface Design, 1995)."""
    rows = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1)
    columns = faces[:, [1, 0, 2, 1, 0, 2]].reshape(-1)
    count = len(positions)
    links = coo_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=(count, count)).tocsr()
    links.data[:] = 1
    degree = np.maximum(np.asarray(links.sum(axis=1)), 1).astype(np.float32)
    smooth = positions.copy()
    for step in range(2 * rounds):
        factor = np.float32(0.5 if step % 2 == 0 else -0.53)
        smooth += factor * (links @ smooth / degree - smooth)
    return smooth
