"""Soft solids: round cones and ellipsoids that flow into each other, for whatever grows or is sewn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import manifold3d
import numpy as np
from manifold3d import Manifold
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from aigc.mesh.simplify import simplify_closed
from aigc.mesh.topology import weld
from aigc.models.shapes.solids import Point

CELLS = 100  # along the longest side
FACES = 7_000
Values = NDArray[np.floating[Any]]


@dataclass
class Blob:
    """A list of soft parts. Later parts flow into the earlier ones over a width of `blend`."""

    blend: float = 0.05
    _parts: list[tuple[str, tuple[Values, ...], float]] = field(default_factory=list)

    def limb(self, start: Point, end: Point, radius: float, end_radius: float | None = None, blend: float = -1) -> Blob:
        """A round cone between two balls; returns itself, for chains."""
        other = radius if end_radius is None else end_radius
        ends = (np.array(start, float), np.array(end, float), np.array([radius, other], float))
        self._parts.append(("limb", ends, self.blend if blend < 0 else blend))
        return self

    def chain(self, points: list[Point], radii: list[float], blend: float = -1) -> Blob:
        """Limbs from point to point."""
        for start, end, one, two in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
            self.limb(start, end, one, two, blend)
        return self

    def egg(self, centre: Point, radii: Point, turn: Point = (0, 0, 0), blend: float = -1) -> Blob:
        """An ellipsoid, turned by degrees about x, y, z."""
        parts = (np.array(centre, float), np.array(radii, float), _turned(turn))
        self._parts.append(("egg", parts, self.blend if blend < 0 else blend))
        return self

    def pair(self, kind: str, *arguments: Any, **options: float) -> Blob:
        """The part and its mirror image in x: `pair("limb", start, end, r)` or `pair("egg", centre, radii, turn)`."""
        flipped = list(arguments)
        points = (0, 1) if kind == "limb" else (0,)
        for index in points:
            x, y, z = arguments[index]
            flipped[index] = (-x, y, z)
        if kind == "egg" and len(arguments) > 2:
            x, y, z = arguments[2]
            flipped[2] = (x, -y, -z)
        make: Callable[..., Blob] = self.limb if kind == "limb" else self.egg
        make(*arguments, **options)
        make(*flipped, **options)
        return self

    def solid(self, faces: int = FACES) -> Manifold:
        """The closed surface, with at most about `faces` triangles."""
        low, high = self._bounds()
        cell = float((high - low).max()) / CELLS
        low = low - 2.5 * cell
        shape = np.ceil((high - low) / cell).astype(int) + 4
        axes = [np.float32(low[k]) + np.arange(shape[k], dtype=np.float32) * np.float32(cell) for k in range(3)]
        field_values = np.full(tuple(shape), np.float32(10 * cell))
        for kind, values, blend in self._parts:
            window = self._window(kind, values, blend + 3 * cell, low, cell, shape)
            grid = np.meshgrid(*(axes[k][window[k]] for k in range(3)), indexing="ij", sparse=True)
            distance = _limb(grid, *values) if kind == "limb" else _egg(grid, *values)
            field_values[window] = _soft_minimum(field_values[window], distance, blend)
        vertices, triangles, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
            field_values, 0.0, allow_degenerate=False
        )
        points, triangles = weld((vertices * cell + low).astype(np.float32), triangles.astype(np.int32))
        points, triangles = simplify_closed(points, triangles, faces)
        solid = Manifold(manifold3d.Mesh(points, np.ascontiguousarray(triangles, np.uint32)))
        if solid.volume() < 0:
            solid = Manifold(manifold3d.Mesh(points, np.ascontiguousarray(triangles[:, ::-1], np.uint32)))
        return solid

    def _bounds(self) -> tuple[Values, Values]:
        boxes = [_box(kind, values) for kind, values, _ in self._parts]
        return np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)

    @staticmethod
    def _window(
        kind: str, values: tuple[Values, ...], reach: float, low: Values, cell: float, shape: Values
    ) -> tuple[slice, slice, slice]:
        """The cells that a part may change."""
        nearest, farthest = _box(kind, values)
        first = np.clip(np.floor((nearest - reach - low) / cell), 0, shape - 1).astype(int)
        last = np.clip(np.ceil((farthest + reach - low) / cell) + 1, 1, shape).astype(int)
        return slice(first[0], last[0]), slice(first[1], last[1]), slice(first[2], last[2])


def _box(kind: str, values: tuple[Values, ...]) -> tuple[Values, Values]:
    if kind == "limb":
        start, end, radii = values
        return np.minimum(start - radii[0], end - radii[1]), np.maximum(start + radii[0], end + radii[1])
    centre, radii, turn = values
    reach = np.sqrt(((turn * radii) ** 2).sum(axis=1))
    return centre - reach, centre + reach


def _limb(grid: Sequence[Values], start: Values, end: Values, radii: Values) -> Values:
    """Exact distance to a round cone: two balls and the cone that touches both (Quilez, distance functions)."""
    axis = end - start
    length, slope = float(axis @ axis), float(radii[0] - radii[1])
    offset = [grid[k] - np.float32(start[k]) for k in range(3)]
    if length - slope * slope <= 1e-12 * max(length, 1e-12):
        # One ball holds the other.
        centre, radius = (start, radii[0]) if slope >= 0 else (end, radii[1])
        away = sum((grid[k] - np.float32(centre[k])) ** 2 for k in range(3))
        return np.asarray(np.sqrt(away) - np.float32(radius), np.float32)
    side = np.float32(length - slope * slope)
    along = sum(offset[k] * np.float32(axis[k]) for k in range(3))
    beyond = along - np.float32(length)
    across = sum((offset[k] * np.float32(length) - along * np.float32(axis[k])) ** 2 for k in range(3))
    near, far = along * along * np.float32(length), beyond * beyond * np.float32(length)
    limit = np.float32(np.sign(slope) * slope * slope) * across
    cone = (np.sqrt(across * side / np.float32(length)) + along * np.float32(slope)) / np.float32(length) - np.float32(
        radii[0]
    )
    first = np.sqrt(across + near) / np.float32(length) - np.float32(radii[0])
    last = np.sqrt(across + far) / np.float32(length) - np.float32(radii[1])
    distance = np.where(np.sign(along) * side * near < limit, first, cone)
    return np.asarray(np.where(np.sign(beyond) * side * far > limit, last, distance), np.float32)


def _egg(grid: Sequence[Values], centre: Values, radii: Values, turn: Values) -> Values:
    """Distance to an ellipsoid, to first order (Quilez): k0 (k0 - 1) / k1."""
    offset = [grid[k] - np.float32(centre[k]) for k in range(3)]
    local = [sum(np.float32(turn[j, k]) * offset[j] for j in range(3)) for k in range(3)]
    first = np.sqrt(sum((local[k] / np.float32(radii[k])) ** 2 for k in range(3)))
    second = np.sqrt(sum((local[k] / np.float32(radii[k] ** 2)) ** 2 for k in range(3)))
    return np.asarray(first * (first - 1) / np.maximum(second, 1e-9), np.float32)


def _soft_minimum(one: Values, two: Values, blend: float) -> Values:
    """The smaller of two distances, rounded over a width of `blend` (Quilez's polynomial)."""
    if blend <= 0:
        return np.minimum(one, two)
    share = np.maximum(np.float32(blend) - np.abs(one - two), 0) / np.float32(blend)
    return np.minimum(one, two) - share * share * np.float32(blend / 4)


def _turned(degrees: Point) -> Values:
    """float64 (3, 3): a rotation about x, then y, then z."""
    x, y, z = np.radians(degrees)
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x, np.float64)
