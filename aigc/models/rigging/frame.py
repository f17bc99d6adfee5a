"""A mesh looked at from where it faces: side, up and front as the three axes, whatever way it was modelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.mesh.types import FloatArray
from aigc.mesh.voxels import Voxels
from aigc.models.rigging.medial_tree import MedialTree

# Rows are the directions to its left, up, and ahead, for a thing that faces +Z, +X, -Z and -X.
FACINGS = {
    "+z": np.eye(3),
    "+x": np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
    "-z": np.array([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, -1.0]]),
    "-x": np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]]),
}


@dataclass(frozen=True)
class Frame:
    """A solid and its tree with the left at +x, up at +y and the front at +z.

    Args:
        floor: least y.
        height: extent along y.
    """

    facing: str
    voxels: Voxels
    tree: MedialTree
    cells: FloatArray
    depth: FloatArray
    floor: float
    height: float

    def back(self, points: FloatArray) -> FloatArray:
        """The points, (..., 3), in the mesh's own space."""
        return np.asarray(points @ FACINGS[self.facing])

    def middle(self, height: float, side: float, reach: float, front: float | None = None) -> FloatArray | None:
        """float64 (3,): the deepest cell at this height, no further to either side of `side` than `reach`.

        Args:
            front: the nearer a cell is to this z, the better.
        """
        near = np.abs(self.cells[:, 1] - height) <= 0.75 * self.voxels.cell
        near &= np.abs(self.cells[:, 0] - side) <= max(reach, 0.75 * self.voxels.cell)
        found = np.flatnonzero(near)
        if not len(found):
            return None
        score = self.depth[found] - 0.01 * np.abs(self.cells[found, 0] - side)
        if front is not None:
            score = score - 0.5 * np.abs(self.cells[found, 2] - front)
        best = found[score >= score.max() - 0.25 * self.voxels.cell]
        return np.asarray(self.cells[best].mean(axis=0))


def frame(voxels: Voxels, tree: MedialTree, depth: FloatArray, facing: str) -> Frame:
    """The same solid and tree in the axes of a thing that faces so.

    Args:
        depth: float (x, y, z), distance of each cell to the surface.
    """
    turn = FACINGS[facing]
    order = np.abs(turn).argmax(axis=1)
    flip = tuple(slice(None, None, -1) if turn[row, axis] < 0 else slice(None) for row, axis in enumerate(order))
    solid = voxels.solid.transpose(order)[flip]
    far = np.array(voxels.solid.shape) - 1
    corners = np.stack([voxels.origin, voxels.origin + far * voxels.cell]) @ turn.T
    moved = Voxels(solid, corners.min(axis=0), voxels.cell)
    index = np.argwhere(solid)
    cells = moved.centres(index)
    floor, top = float(cells[:, 1].min()), float(cells[:, 1].max())
    return Frame(
        facing,
        moved,
        MedialTree(tree.points @ turn.T, tree.radius, tree.parent),
        cells,
        depth.transpose(order)[flip][solid],
        floor - voxels.cell / 2,
        top - floor + voxels.cell,
    )


def nearest_inside(frame: Frame, point: FloatArray) -> FloatArray:
    """The point itself if it lies in the solid, else the middle of the nearest cell below the surface."""
    if bool(frame.voxels.inside(point)):
        return point
    deep = frame.depth > 1.2 * frame.voxels.cell
    if not deep.any():
        deep = np.ones(len(frame.cells), bool)
    apart = np.linalg.norm(frame.cells[deep] - point, axis=1)
    return np.asarray(frame.cells[deep][int(np.argmin(apart))])
