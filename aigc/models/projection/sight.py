"""A mesh as seen from far away: what a picture of it would show, in the frame of its own bounding box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.mesh.preview import View, camera_turn
from aigc.mesh.rays import RayScene
from aigc.mesh.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Frame:
    """The bounding box of a mesh in a view.

    Args:
        turn: float32 (3, 3), from the mesh's space into the camera's (x right, y up, z to the viewer).
        low, high: float32 (3,), the box in the camera's space.
    """

    turn: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def aspect(self) -> float:
        """Width by height."""
        span = np.maximum(self.high - self.low, 1e-9)
        return float(span[0] / span[1])

    @property
    def toward(self) -> FloatArray:
        """float32 (3,): the direction to the viewer, in the mesh's space."""
        return np.ascontiguousarray(self.turn[2])

    def place(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """float32 (k, 2): where points lie in the box, (0, 0) its top left and (1, 1) its bottom right; and depth (k,),
        which grows towards the viewer, in the mesh's units."""
        seen = points @ self.turn.T
        span = np.maximum(self.high - self.low, 1e-9)
        x, y = (seen[:, 0] - self.low[0]) / span[0], (self.high[1] - seen[:, 1]) / span[1]
        return np.stack([x, y], axis=1).astype(np.float32), seen[:, 2].astype(np.float32)


@dataclass(frozen=True)
class Seen:
    """What a grid over the box shows, (height, width).

    Args:
        mask: where the mesh is. face: int32, -1 beside it. depth: float32, growing towards the viewer.
    """

    mask: BoolArray
    face: IntArray
    depth: FloatArray


class Sight:
    """A mesh that can be looked at from any side. float32 (n, 3) positions, int32 (m, 3) faces."""

    def __init__(self, positions: FloatArray, faces: IntArray) -> None:
        self.positions = positions[np.unique(faces)]
        self.scene = RayScene(positions, faces)
        self.extent = float(np.ptp(self.positions, axis=0).max()) or 1.0

    def frame(self, view: View) -> Frame:
        """The mesh's box in this view."""
        turn = camera_turn(view)
        seen = self.positions @ turn.T
        return Frame(turn, seen.min(axis=0), seen.max(axis=0))

    def mask(self, frame: Frame, size: tuple[int, int]) -> BoolArray:
        """bool (height, width): where the mesh is, on a grid of `size` (width, height) over its box."""
        origins, directions = self._rays(frame, size, 0.0)
        met = self.scene.occluded(origins, directions, 4 * self.extent)
        return met.reshape(size[1], size[0])

    def look(self, frame: Frame, size: tuple[int, int], margin: float = 0.0) -> Seen:
        """The same with faces and depths; `margin` widens the box to each side by this share of it."""
        origins, directions = self._rays(frame, size, margin)
        hits = self.scene.first_hits(origins, directions)
        shape = (size[1], size[0])
        depth = np.where(hits.face >= 0, origins @ frame.turn[2] - hits.distance, -np.inf)
        return Seen((hits.face >= 0).reshape(shape), hits.face.reshape(shape), depth.astype(np.float32).reshape(shape))

    def hidden(self, frame: Frame, points: FloatArray, normals: FloatArray) -> BoolArray:
        """bool (k,): whether something stands between the points of the surface and the viewer."""
        start = points + normals * np.float32(1e-3 * self.extent) + frame.toward * np.float32(1e-3 * self.extent)
        return self.scene.occluded(start, np.tile(frame.toward, (len(points), 1)), 4 * self.extent)

    def _rays(self, frame: Frame, size: tuple[int, int], margin: float) -> tuple[FloatArray, FloatArray]:
        width, height = size
        low, span = frame.low, frame.high - frame.low
        x = (np.arange(width) + 0.5) / width * (1 + 2 * margin) - margin
        y = (np.arange(height) + 0.5) / height * (1 + 2 * margin) - margin
        across, up = np.meshgrid(low[0] + x * span[0], frame.high[1] - y * span[1])
        far = np.full(across.size, float(frame.high[2]) + 0.1 * self.extent)
        origins = np.stack([across.reshape(-1), up.reshape(-1), far], axis=1) @ frame.turn
        return origins.astype(np.float32), np.tile(-frame.toward, (len(origins), 1))
