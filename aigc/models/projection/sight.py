"""A mesh as seen from somewhere: what a picture of it would show, in the frame of its own bounding box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from aigc.mesh.keys import distinct
from aigc.mesh.preview import View, camera_turn
from aigc.mesh.rays import RayScene
from aigc.mesh.types import BoolArray, FloatArray, IntArray

_FAR = 9.0  # extents that rays reach
_FEW = 1000  # points of which a hull is not worth its making
_ROUND = 0.25  # share of corners in the hull of a few points: with more, all points are corners, and a hull takes long


@dataclass(frozen=True)
class Frame:
    """The bounding box of a mesh in a view.

    Args:
        turn: float32 (3, 3), from the mesh's space into the camera's (x right, y up, z to the viewer).
        low, high: float32 (3,), the box in the camera's space, in x and y as they are on the plane through its middle.
        eye: float32 (3,), the viewer in the camera's space, or None if infinitely far away.
    """

    turn: FloatArray
    low: FloatArray
    high: FloatArray
    eye: FloatArray | None = None

    @property
    def aspect(self) -> float:
        """Width by height."""
        span = np.maximum(self.high - self.low, 1e-9)
        return float(span[0] / span[1])

    @property
    def toward(self) -> FloatArray:
        """float32 (3,): the direction to the viewer, in the mesh's space, from the middle."""
        return np.ascontiguousarray(self.turn[2])

    def towards(self, points: FloatArray) -> FloatArray:
        """float32 (k, 3): the unit directions from points to the viewer, in the mesh's space."""
        if self.eye is None:
            return np.tile(self.toward, (len(points), 1))
        way = self.eye @ self.turn - points
        return np.asarray(way / np.linalg.norm(way, axis=1, keepdims=True), np.float32)

    def place(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """float32 (k, 2): where points lie in the box, (0, 0) its top left and (1, 1) its bottom right; and depth (k,),
        which grows towards the viewer, in the mesh's units."""
        seen = points @ self.turn.T
        flat = flattened(seen, self.eye, float(self.low[2] + self.high[2]) / 2)
        span = np.maximum(self.high - self.low, 1e-9)
        x, y = (flat[:, 0] - self.low[0]) / span[0], (self.high[1] - flat[:, 1]) / span[1]
        return np.stack([x, y], axis=1).astype(np.float32), seen[:, 2].astype(np.float32)


def flattened(seen: FloatArray, eye: FloatArray | None, depth: float) -> FloatArray:
    """float32 (k, 2): points of the camera's space thrown onto the plane at `depth`, away from the eye."""
    if eye is None:
        return seen[:, :2]
    scale = (eye[2] - depth) / np.maximum(eye[2] - seen[:, 2], 1e-6)
    return np.asarray(eye[:2] + (seen[:, :2] - eye[:2]) * scale[:, None], np.float32)


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
        used = positions[distinct(faces)]
        self.outermost = _outermost(used)
        """float32 (k, 3): the positions that can touch a box around the mesh, from wherever it is seen."""
        self.scene = RayScene(positions, faces)
        self.extent = float(np.ptp(used, axis=0).max()) or 1.0

    def frame(self, view: View, distance: float = np.inf) -> Frame:
        """The mesh's box in this view, from `distance` extents in front of its middle; at least 1.5, else inf."""
        turn = camera_turn(view)
        seen = self.outermost @ turn.T
        low, high = seen.min(axis=0), seen.max(axis=0)
        if np.isinf(distance):
            return Frame(turn, low, high)
        eye = ((low + high) / 2 + np.array([0, 0, distance * self.extent])).astype(np.float32)
        flat = flattened(seen, eye, float(low[2] + high[2]) / 2)
        low[:2], high[:2] = flat.min(axis=0), flat.max(axis=0)
        return Frame(turn, low, high, eye)

    def mask(self, frame: Frame, size: tuple[int, int]) -> BoolArray:
        """bool (height, width): where the mesh is, on a grid of `size` (width, height) over its box."""
        origins, directions = self._rays(frame, size, 0.0)
        met = self.scene.occluded(origins, directions, _FAR * self.extent)
        return met.reshape(size[1], size[0])

    def look(self, frame: Frame, size: tuple[int, int], margin: float = 0.0) -> Seen:
        """The same with faces and depths; `margin` widens the box to each side by this share of it."""
        origins, directions = self._rays(frame, size, margin)
        hits = self.scene.first_hits(origins, directions)
        shape = (size[1], size[0])
        reached = origins @ frame.turn[2] + hits.distance * (directions @ frame.turn[2])
        depth = np.where(hits.face >= 0, reached, -np.inf)
        return Seen((hits.face >= 0).reshape(shape), hits.face.reshape(shape), depth.astype(np.float32).reshape(shape))

    def hidden(self, frame: Frame, points: FloatArray, normals: FloatArray) -> BoolArray:
        """bool (k,): whether something stands between the points of the surface and the viewer."""
        way = frame.towards(points)
        start = points + (normals + way) * np.float32(1e-3 * self.extent)
        return self.scene.occluded(start, way, _FAR * self.extent)

    def _rays(self, frame: Frame, size: tuple[int, int], margin: float) -> tuple[FloatArray, FloatArray]:
        width, height = size
        low, span = frame.low, frame.high - frame.low
        x = (np.arange(width) + 0.5) / width * (1 + 2 * margin) - margin
        y = (np.arange(height) + 0.5) / height * (1 + 2 * margin) - margin
        across, up = np.meshgrid(low[0] + x * span[0], frame.high[1] - y * span[1])
        if frame.eye is None:
            far = np.full(across.size, float(frame.high[2]) + 0.1 * self.extent)
            origins = np.stack([across.reshape(-1), up.reshape(-1), far], axis=1) @ frame.turn
            return origins.astype(np.float32), np.tile(-frame.toward, (len(origins), 1))
        middle = np.full(across.size, float(frame.low[2] + frame.high[2]) / 2)
        plane = (np.stack([across.reshape(-1), up.reshape(-1), middle], axis=1) @ frame.turn).astype(np.float32)
        return np.tile((frame.eye @ frame.turn).astype(np.float32), (len(plane), 1)), -frame.towards(plane)


def _outermost(points: FloatArray) -> FloatArray:
    """The corners of the convex hull, of many points; a few, or what is flat or round, as it is."""
    if len(points) < _FEW:
        return points
    try:
        few = points[:: len(points) // _FEW]
        if len(ConvexHull(few).vertices) > _ROUND * len(few):
            return points
        return np.asarray(points[ConvexHull(points).vertices], np.float32)
    except QhullError:
        return points
