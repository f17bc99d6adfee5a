"""The inside of a mesh on a regular grid, for meshes that need not be closed, clean or of one piece."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import igl
import numpy as np
from scipy import ndimage

from aigc.mesh.types import BoolArray, FloatArray, IntArray

_COARSE = 32  # cells along the longest side of the first look
_QUERIES = 50_000  # points between two calls of `between`
_CHANGE = 0.3  # of the winding number between neighbouring cells of the first look
_NEAR = 1.5  # cells
_EVERY = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Voxels:
    """A grid over a mesh.

    Args:
        solid: bool (x, y, z), false in the outermost layer.
        origin: float64 (3,), the centre of cell (0, 0, 0).
        cell: edge of a cell.
    """

    solid: BoolArray
    origin: FloatArray
    cell: float

    def centres(self, index: IntArray) -> FloatArray:
        """float64 (k, 3): the middles of the cells `index`, int (k, 3)."""
        return self.origin + index * self.cell

    def cells(self, points: FloatArray) -> IntArray:
        """int64 (..., 3): the cells that hold the points; those beyond the grid are moved onto its border."""
        index = np.rint((points - self.origin) / self.cell).astype(np.int64)
        return np.clip(index, 0, np.array(self.solid.shape) - 1)

    def inside(self, points: FloatArray) -> BoolArray:
        """bool (...): whether each point, (..., 3), lies in a solid cell."""
        return np.asarray(self.solid[tuple(np.moveaxis(self.cells(points), -1, 0))])


def voxelize(
    positions: FloatArray,
    faces: IntArray,
    most: int = 60_000,
    finest: int = 128,
    between: Callable[[float], None] | None = None,
) -> Voxels:
    """The inside of the mesh in at most about `most` solid cells, and no more than `finest` along the longest side.

    A cell is solid where the generalised winding number is above a half (Barill et al., Fast Winding Numbers for Soups
    and Clouds, 2018), where it lies in a cavity that cannot be reached from outside (so a hollow doll is as solid as a
    cast one), or on a sheet too thin to have an inside.

    Args:
        between: called with the share done, a few times; it may raise.
    """
    tell = between or (lambda done: None)
    points, corners = positions.astype(np.float64), faces.astype(np.int64)
    rough = _empty(points, _COARSE)
    winding = _winding(points, corners, rough, np.ones(rough.solid.shape, bool), lambda done: tell(0.3 * done))
    # A surface turned inside out has its inside at -1.
    fill = max(int((np.abs(winding) > 0.5).sum()), 1)
    fine = _empty(points, int(np.clip(_COARSE * (most / fill) ** (1 / 3), 12, finest)))
    place = rough.cells(fine.centres(np.indices(fine.solid.shape).reshape(3, -1).T)).T
    # Only where the first look saw the winding number change is it worth a closer one.
    spread = ndimage.maximum_filter(winding, 3) - ndimage.minimum_filter(winding, 3)
    close = (spread > _CHANGE)[tuple(place)].reshape(fine.solid.shape)
    wound = winding[tuple(place)].reshape(fine.solid.shape)
    wound[close] = _winding(points, corners, fine, close, lambda done: tell(0.3 + 0.7 * done))[close]
    return Voxels(_filled(np.abs(wound) > 0.5, points, corners, fine), fine.origin, fine.cell)


def _empty(points: FloatArray, cells: int) -> Voxels:
    """A grid of so many cells along the longest side, none of them solid yet."""
    low, high = points.min(axis=0), points.max(axis=0)
    cell = float((high - low).max()) / cells
    # A margin of two, so that the outside is one piece around the mesh.
    shape = np.ceil((high - low) / cell).astype(np.int64) + 4
    return Voxels(np.zeros(shape, bool), (low + high) / 2 - (shape - 1) / 2 * cell, cell)


def _winding(
    points: FloatArray, faces: IntArray, grid: Voxels, wanted: BoolArray, between: Callable[[float], None]
) -> FloatArray:
    """float64 (x, y, z): the winding number at the middle of each wanted cell, 0 at the others."""
    index = np.argwhere(wanted)
    found = np.zeros(grid.solid.shape)
    for start in range(0, len(index), _QUERIES):
        between(start / len(index))
        chunk = index[start : start + _QUERIES]
        found[tuple(chunk.T)] = igl.fast_winding_number(points, faces, grid.centres(chunk))
    return found


def _filled(solid: BoolArray, points: FloatArray, faces: IntArray, grid: Voxels) -> BoolArray:
    """The solid cells, those of cavities, and those of sheets that have no inside."""
    surface = np.zeros(solid.shape, bool)
    surface[tuple(grid.cells(_samples(points[faces], grid.cell / 2)).T)] = True
    outside, _ = ndimage.label(~(surface | solid))
    reached = outside == outside[0, 0, 0]
    solid = solid | (~reached & ~ndimage.binary_dilation(reached, _EVERY))
    away = ndimage.distance_transform_edt(~solid) if solid.any() else np.full(solid.shape, np.inf)
    return solid | (surface & (away > _NEAR))


def _samples(corners: FloatArray, step: float) -> FloatArray:
    """float64 (k, 3): points on the triangles, no further than about `step` apart."""
    edges = np.linalg.norm(corners - corners[:, [1, 2, 0]], axis=2).max(axis=1)
    rows = np.ceil(edges / step).astype(np.int64).clip(1, 512)
    found = []
    for count in np.unique(rows):
        i, j = np.indices((count + 1, count + 1)).reshape(2, -1)
        inside = i + j <= count
        u, v = i[inside] / count, j[inside] / count
        weights = np.stack([1 - u - v, u, v], axis=1)
        found.append(np.einsum("kc,ncd->nkd", weights, corners[rows == count]).reshape(-1, 3))
    return np.concatenate(found)
