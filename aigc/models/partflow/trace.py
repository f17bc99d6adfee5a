"""Which primitives a shape of the grammar is made of.

The grammar builds solids, and solids forget how they were made. But manifold3d remembers for each face of a union the
original solid that it came from and where that was moved; so the functions that make originals are watched, and what
is left of them in the finished pieces is told again as primitives.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from manifold3d import Manifold

from aigc.models.partflow import primitives as q
from aigc.models.partflow.primitives import Primitive, Values
from aigc.models.shapes import solids
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Piece
from aigc.models.shapes.finish import Finish

_NONE = Finish("plain", (0.5, 0.5, 0.5))
_HIDDEN = 1.1  # how much larger than the whole a primitive may be before it counts as cut down to fit in
_COARSE = {"segments": 12, "sides": 8, "smooth": 2}  # nobody looks at these solids
_STILL = np.eye(4)[:, :3]
_lock = threading.Lock()


class Trace:
    """What each original solid was when it was made. Use it inside of `watching`."""

    def __init__(self) -> None:
        self._made: dict[int, list[Primitive]] = {}

    def note(self, solid: Manifold, parts: list[Primitive]) -> Manifold:
        """The solid, as an original whose primitives are known from now on."""
        original = solid.as_original()
        self._made[original.original_id()] = parts
        return original

    def of(self, pieces: Sequence[Piece]) -> list[Primitive]:
        """The primitives of all pieces in the order in which they were made; what was cut away is left out.

        Of equal ones the first is told: the others are what a cut left of the same solid.
        """
        boxes = np.array([piece.solid.bounding_box() for piece in pieces])
        room = (boxes[:, 3:].max(axis=0) - boxes[:, :3].min(axis=0)) / 2
        found: dict[tuple[Any, ...], Primitive] = {}
        for number, piece in enumerate(pieces):
            for part in self._of_piece(piece.solid, room):
                found.setdefault(_place(part), replace(part, finish=piece.finish, piece=number))
        return list(found.values())

    def _of_piece(self, solid: Manifold, room: Values) -> list[Primitive]:
        mesh = solid.to_mesh()
        points = np.asarray(mesh.vert_properties[:, :3], float)
        moves = list(mesh.run_transform) or [_STILL] * len(mesh.run_original_id)  # none given if nothing was moved
        runs = zip(mesh.run_original_id, mesh.run_index[:-1], mesh.run_index[1:], moves, strict=True)
        result: list[Primitive] = []
        holes: list[Primitive] = []
        for number, start, end, moved in sorted(runs, key=lambda run: int(run[0])):
            faces = np.asarray(mesh.tri_verts[start // 3 : end // 3], np.int64)
            if not len(faces):
                continue
            matrix = np.asarray(moved, float)
            parts = [part.affine(matrix[:3].T, matrix[3]) for part in self._made.get(int(number), [])]
            corners = points[faces]
            if not parts:
                result.append(_boxed(corners.reshape(-1, 3), np.eye(3)))
            elif not _outward(corners, parts):
                holes += parts
            elif all(np.all(part.reach <= _HIDDEN * room + 1e-6) for part in parts):
                result += parts
            else:
                result.append(_boxed(corners.reshape(-1, 3), parts[0].turn))
        return [replace(part, hollow=part.hollow or any(_opens(hole, part) for hole in holes)) for part in result]


def _opens(hole: Primitive, part: Primitive) -> bool:
    """Whether the hole makes a vessel of the part: both are round and upright, and it comes out at the top."""
    if hole.kind != q.ROUND or part.kind != q.ROUND or min(hole.turn[1, 1], part.turn[1, 1]) < 0.99:
        return False
    off, (high, low) = part.centre - hole.centre, (hole.centre[1] + hole.dims[5], hole.centre[1] - hole.dims[5])
    wide = hole.dims[:5].max() / part.dims[:5].max()
    return bool(
        np.hypot(off[0], off[2]) < 0.05 * part.dims[:5].max()
        and high > part.centre[1] + 0.9 * part.dims[5] and low > part.centre[1] - part.dims[5]
        and 0.5 < wide < 1.001
    )  # fmt: skip


def _place(part: Primitive) -> tuple[Any, ...]:
    scale = max(float(part.reach.max()), 1e-9)
    return part.kind, *np.round(np.concatenate([part.centre, part.reach]) / scale, 3)


def _outward(corners: Values, parts: list[Primitive]) -> bool:
    """Whether these faces bound the inside of the primitives; those of a hole look the other way."""
    middle = np.mean([part.centre for part in parts], axis=0)
    a, b, c = (corners[:, k] - middle for k in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) > 0


def _boxed(points: Values, turn: Values) -> Primitive:
    """The primitive nearest to the hull of these points: round about an axis, an egg, or a box that tapers."""
    local = points @ turn
    volume = float(Manifold.hull_points(local).volume())
    fits = [fit for axis in (1, 0, 2) for fit in (_as_round(local, axis), _as_taper(local, axis)) if fit is not None]
    fits.append(_as_egg(local))
    part = min(fits, key=lambda fit: abs(fit[1] - volume))[0]
    return part.affine(turn, np.zeros(3))


# Each of these returns a primitive and its volume. The axis is made the local y by turning the other two along.
_UPRIGHT = {
    0: np.array([[0, 1.0, 0], [0, 0, 1], [1, 0, 0]]),
    1: np.eye(3),
    2: np.array([[0, 0, 1.0], [1, 0, 0], [0, 1, 0]]),
}
Fit = tuple[Primitive, float]


def _as_egg(points: Values) -> Fit:
    low, high = points.min(axis=0), points.max(axis=0)
    half = (high - low) / 2
    return _primitive(q.EGG, half, (low + high) / 2)[0], float(4 / 3 * np.pi * half.prod())


def _as_taper(points: Values, axis: int) -> Fit:
    local = points @ _UPRIGHT[axis].T
    low, high = local.min(axis=0), local.max(axis=0)
    height = float(high[1] - low[1])
    band = 0.06 * height
    ends = local[:, 1] <= low[1] + band, local[:, 1] >= high[1] - band
    below, above = (np.ptp(local[near][:, [0, 2]], axis=0) for near in ends)
    size = np.ptp(local, axis=0)[[0, 2]]
    scale = size / np.maximum(np.maximum(below, above), 1e-6)
    below, above = below * scale, above * scale
    middle = (below + above) / 2
    volume = height / 6 * float(below.prod() + above.prod() + 4 * middle.prod())
    made = _tapered(below, above, height, (low + high) / 2)[0]
    return made.affine(_UPRIGHT[axis].T, np.zeros(3)), volume


def _as_round(points: Values, axis: int) -> Fit | None:
    local = points @ _UPRIGHT[axis].T
    low, high = local.min(axis=0), local.max(axis=0)
    size, middle = high - low, (low + high) / 2
    if abs(size[0] - size[2]) > 0.12 * max(size[0], size[2]):
        return None
    flat = local[:, [0, 2]] - middle[[0, 2]]
    corners = np.abs(flat @ np.array([[1, 1], [1, -1]]) / np.sqrt(2)).max(axis=0)
    if np.any(corners > 1.2 * size[0] / 2):
        return None  # a square has corners there
    away, heights = np.linalg.norm(flat, axis=1), local[:, 1]
    levels = np.linspace(low[1], high[1], q.LEVELS)
    gap = float(size[1]) / (2 * q.LEVELS - 2)
    radii = [float(away[np.abs(heights - level) <= gap].max(initial=0)) for level in levels]
    known = [k for k, radius in enumerate(radii) if radius > 0]
    radii = list(np.interp(np.arange(q.LEVELS), known, [radii[k] for k in known]))
    squares = np.square(np.interp(np.linspace(0, q.LEVELS - 1, 41), np.arange(q.LEVELS), radii))
    made = _primitive(q.ROUND, (*radii, float(size[1]) / 2), middle)[0]
    return made.affine(_UPRIGHT[axis].T, np.zeros(3)), float(np.pi * squares.mean() * size[1])


@contextmanager
def watching() -> Iterator[Trace]:
    """The functions that make solids tell the trace what they made, until the end of the block."""
    trace = Trace()
    watched: dict[str, Callable[..., Any]] = {
        "box": _box, "frustum": _frustum, "ball": _ball, "ellipsoid": _ellipsoid, "lathe": _lathe,
        "ring": _ring, "prism": _flat, "hull": _hull, "capsule": _capsule, "tube": _tube,
    }  # fmt: skip
    with _lock:
        plain = {name: getattr(solids, name) for name in watched}
        whole = Blob.solid
        try:
            for name, tell in watched.items():
                setattr(solids, name, _watched(trace, plain[name], tell))
            Blob.solid = _quick(trace)  # type: ignore[method-assign]
            yield trace
        finally:
            for name, function in plain.items():
                setattr(solids, name, function)
            Blob.solid = whole  # type: ignore[method-assign]


def _watched(
    trace: Trace, make: Callable[..., Manifold], tell: Callable[..., list[Primitive]]
) -> Callable[..., Manifold]:
    told = inspect.signature(make)
    coarse = {name: value for name, value in _COARSE.items() if name in told.parameters}

    def made(*arguments: Any, **options: Any) -> Manifold:
        bound = told.bind(*arguments, **options)
        bound.arguments.update(coarse)
        solid = make(*bound.args, **bound.kwargs)
        return solid if solid.is_empty() else trace.note(solid, tell(solid, *arguments, **options))

    return made


def _primitive(kind: int, dims: Sequence[float], centre: Sequence[float] = (0, 0, 0)) -> list[Primitive]:
    full = np.zeros(q.DIMENSIONS)
    full[: len(dims)] = dims
    return [Primitive(kind, np.array(centre, float), np.eye(3), full, _NONE)]


def _box(_: Manifold, x: float, y: float, z: float, bevel: float = 0.02) -> list[Primitive]:
    return _primitive(q.BOX, (x / 2, y / 2, z / 2, 1, 1))


def _frustum(
    _: Manifold, bottom: tuple[float, float], top: tuple[float, float], height: float, bevel: float = 0.02
) -> list[Primitive]:
    return _tapered(bottom, top, height, (0, height / 2, 0))


def _tapered(
    bottom: Sequence[float], top: Sequence[float], height: float, centre: Sequence[float], turn: Values | None = None
) -> list[Primitive]:
    low, high = np.maximum(bottom, 1e-6), np.maximum(top, 1e-6)
    x, z = np.maximum(low, high) / 2
    made = _primitive(q.BOX, (x, height / 2, z, high[0] / low[0], high[1] / low[1]), centre)
    return made if turn is None else [replace(made[0], turn=turn)]


def _ball(_: Manifold, radius: float, segments: int = 28) -> list[Primitive]:
    return _primitive(q.EGG, (radius, radius, radius))


def _ellipsoid(_: Manifold, x: float, y: float, z: float, segments: int = 28) -> list[Primitive]:
    return _primitive(q.EGG, (x, y, z))


def _lathe(_: Manifold, profile: Sequence[tuple[float, float]], segments: int = 36) -> list[Primitive]:
    line = np.array(profile, float)
    low, high = float(line[:, 1].min()), float(line[:, 1].max())
    if high - low < 1e-9:
        return []
    levels = np.linspace(low, high, q.LEVELS)
    levels[[0, -1]] += np.array([0.04, -0.04]) * (high - low)
    radii = [_widest(line, level) for level in levels]
    return _primitive(q.ROUND, (*radii, (high - low) / 2), (0, (low + high) / 2, 0))


def _widest(line: Values, level: float) -> float:
    """The greatest radius of a profile at a height."""
    best = 0.0
    for (r0, y0), (r1, y1) in pairwise(line):
        if min(y0, y1) <= level <= max(y0, y1):
            share = 0.5 if y0 == y1 else (level - y0) / (y1 - y0)
            best = max(best, float(r0 + share * (r1 - r0)))
    return best


def _ring(_: Manifold, radius: float, thickness: float, segments: int = 36, sides: int = 14) -> list[Primitive]:
    return _primitive(q.RING, (radius, thickness))


def _flat(solid: Manifold, *_: Any, **__: Any) -> list[Primitive]:
    points = np.asarray(solid.to_mesh().vert_properties[:, :3], float)
    return [_boxed(points, np.eye(3))]


def _hull(solid: Manifold, *_: Manifold) -> list[Primitive]:
    points = np.asarray(solid.to_mesh().vert_properties[:, :3], float)
    return [_boxed(points, _axes(points))]


def _axes(points: Values) -> Values:
    """Main directions of a hull: the world's, unless it is long and lies askew."""
    values, vectors = np.linalg.eigh(np.cov((points - points.mean(axis=0)).T))
    main = vectors[:, 2]
    return q.along(main) if values[2] > 6 * values[1] and np.abs(main).max() < 0.995 else np.eye(3)


def _capsule(
    _: Manifold, start: Any, end: Any, radius: float, end_radius: float | None = None, segments: int = 16
) -> list[Primitive]:
    return [q.limb(start, end, radius, radius if end_radius is None else end_radius, 0, _NONE)]


def _tube(
    _: Manifold, points: Sequence[Any], radius: float | Sequence[float], sides: int = 16, smooth: int = 7, ribs: int = 0
) -> list[Primitive]:
    radii = [float(radius)] * len(points) if isinstance(radius, (int, float)) else [float(r) for r in radius]
    return [
        q.limb(a, b, one, two, 0, _NONE)
        for a, b, one, two in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True)
    ]


def _quick(trace: Trace) -> Callable[..., Manifold]:
    """In place of a blob's surface, which takes a while, the hull of its parts: nobody looks at it."""

    def solid(blob: Blob, faces: int = 0) -> Manifold:
        parts, hulls = [], []
        for kind, values, blend in blob._parts:
            if kind == "limb":
                start, end, radii = values
                part = q.limb(start, end, radii[0], radii[1], max(blend, 1e-4), _NONE)
            else:
                centre, radii, turn = values
                part = Primitive(q.EGG, centre, turn, np.array([*radii, max(blend, 1e-4), 0, 0]), _NONE)
            parts.append(part)
            half = np.diag(part.half) @ part.turn.T
            hulls += [part.centre + half, part.centre - half]
        return trace.note(Manifold.hull_points(np.concatenate(hulls)), parts)

    return solid
