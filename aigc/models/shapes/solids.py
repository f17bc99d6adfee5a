"""Solids that shapes are put together from: closed, with rounded edges where real things have them.

+Y is up and lengths are the caller's. Each comes out centred on the origin unless it says otherwise; `translate`,
`rotate` (degrees about x, y, z), `scale` and the operators + - ^ (union, difference, intersection) are Manifold's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import manifold3d
import numpy as np
from manifold3d import CrossSection, Manifold

Point = tuple[float, float, float]

_OCTANT = np.array(
    [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.707, 0.707, 0), (0.707, 0, 0.707), (0, 0.707, 0.707), (0.577,) * 3]
)


def box(x: float, y: float, z: float, bevel: float = 0.02) -> Manifold:
    """A box of these edge lengths, its edges rounded with radius `bevel`."""
    half = np.array([x, y, z]) / 2
    radius = min(bevel, *(half * 0.98))
    if radius <= 0:
        return Manifold.cube((x, y, z), True)
    signs = np.array([(a, b, c) for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    points = [(half - radius) * sign + radius * _OCTANT * sign for sign in signs]
    return Manifold.hull_points(np.concatenate(points))


def frustum(bottom: tuple[float, float], top: tuple[float, float], height: float, bevel: float = 0.02) -> Manifold:
    """A box that narrows upwards: (x, z) at the bottom and the top; it stands on the origin."""
    low = box(bottom[0], 2 * bevel, bottom[1], bevel).translate((0, bevel, 0))
    high = box(top[0], 2 * bevel, top[1], bevel).translate((0, height - bevel, 0))
    return Manifold.batch_hull([low, high])


def ball(radius: float, segments: int = 28) -> Manifold:
    """A ball."""
    return Manifold.sphere(radius, segments)


def ellipsoid(x: float, y: float, z: float, segments: int = 28) -> Manifold:
    """A ball with these three radii."""
    return Manifold.sphere(1, segments).scale((x, y, z))


def lathe(profile: Sequence[tuple[float, float]], segments: int = 36) -> Manifold:
    """A body turned around the y axis: (radius, height) from bottom to top; closed at both ends to the axis."""
    points = [(max(r, 0.0), y) for r, y in profile]
    outline = [(0.0, points[0][1]), *points, (0.0, points[-1][1])]
    return upright(Manifold.revolve(_section(outline), segments))


def _section(outline: Sequence[tuple[float, float]]) -> CrossSection:
    """What the outline encloses, whichever way round it goes."""
    return CrossSection([np.array(outline, float)], manifold3d.FillRule.NonZero)


def curve(points: Sequence[tuple[float, float]], steps: int = 5) -> list[tuple[float, float]]:
    """A smooth line through the points (Catmull and Rom, 1974), for profiles."""
    control = np.array([points[0], *points, points[-1]], float)
    line: list[tuple[float, float]] = []
    for a, b, c, d in zip(control[:-3], control[1:-2], control[2:-1], control[3:], strict=True):
        for t in np.arange(steps) / steps:
            value = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            line.append((float(value[0]), float(value[1])))
    return [*line, (float(points[-1][0]), float(points[-1][1]))]


def upright(solid: Manifold) -> Manifold:
    """What was made along z, along y."""
    return solid.rotate((-90, 0, 0))


def cylinder(
    radius: float, height: float, bevel: float = 0.02, top: float | None = None, segments: int = 32
) -> Manifold:
    """A cylinder along y with rounded rims, or a cone down to the radius `top`."""
    upper = radius if top is None else top
    b, t = min(bevel, radius * 0.9, height * 0.45), min(bevel, max(upper, 0) * 0.9, height * 0.45)
    low, high = -height / 2, height / 2
    profile = [(radius - b, low), (radius - 0.3 * b, low + 0.3 * b), (radius, low + b)]
    profile += [(upper, high - t), (upper - 0.3 * t, high - 0.3 * t), (upper - t, high)] if upper > 0 else [(0, high)]
    return lathe(profile, segments)


def along_x(solid: Manifold) -> Manifold:
    """What lies along y, along x."""
    return solid.rotate((0, 0, 90))


def along_z(solid: Manifold) -> Manifold:
    """What lies along y, along z."""
    return solid.rotate((90, 0, 0))


def ring(radius: float, thickness: float, segments: int = 36, sides: int = 14) -> Manifold:
    """A torus that lies flat: radius of its centre line, and half its thickness."""
    angle = np.arange(sides) / sides * 2 * np.pi
    circle = np.stack([radius + thickness * np.cos(angle), thickness * np.sin(angle)], axis=1)
    return upright(Manifold.revolve(CrossSection([circle]), segments))


def prism(outline: Sequence[tuple[float, float]], depth: float) -> Manifold:
    """A flat outline (x, y) given a depth along z; centred in z."""
    return Manifold.extrude(_section(outline), depth).translate((0, 0, -depth / 2))


def hull(*solids: Manifold) -> Manifold:
    """The convex hull of all."""
    return Manifold.batch_hull(list(solids))


def union(solids: Iterable[Manifold]) -> Manifold:
    """All as one."""
    return Manifold.batch_boolean(list(solids), manifold3d.OpType.Add)


def capsule(start: Point, end: Point, radius: float, end_radius: float | None = None, segments: int = 16) -> Manifold:
    """A rod with round ends from one point to another."""
    other = radius if end_radius is None else end_radius
    return hull(ball(radius, segments).translate(start), ball(other, segments).translate(end))


def tube(
    points: Sequence[Point], radius: float | Sequence[float], sides: int = 16, smooth: int = 7, ribs: int = 0
) -> Manifold:
    """A pipe along a smooth line through the points; one radius, or one per point; flat ends; `ribs` along it."""
    radii = [float(radius)] * len(points) if isinstance(radius, (int, float)) else [float(r) for r in radius]
    control = np.concatenate([np.array(points, float), np.array(radii)[:, None]], axis=1)
    padded = np.concatenate([control[:1], control, control[-1:]])
    line = []
    for a, b, c, d in zip(padded[:-3], padded[1:-2], padded[2:-1], padded[3:], strict=True):
        for t in np.arange(smooth) / smooth:
            line.append(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
            )
    path = np.array([*line, control[-1]])
    centre, widths = path[:, :3], np.maximum(path[:, 3], 1e-4)
    tangent = np.gradient(centre, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-12)
    # Parallel transport: the ring turns as little as it can from one place to the next.
    side = np.cross(tangent[0], (0, 0, 1) if abs(tangent[0][2]) < 0.9 else (1, 0, 0))
    angle = np.arange(sides) / sides * 2 * np.pi
    wave = 1 + (0.1 * np.cos(ribs * angle)[:, None] if ribs else 0)
    rings = []
    for place, along, width in zip(centre, tangent, widths, strict=True):
        side = side - along * (side @ along)
        side /= max(float(np.linalg.norm(side)), 1e-12)
        other = np.cross(along, side)
        rings.append(place + width * wave * (np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other))
    return _skin(np.array(rings), centre[0], centre[-1])


def _skin(rings: np.ndarray, first: np.ndarray, last: np.ndarray) -> Manifold:
    """The closed surface over rings (k, sides, 3), with a fan at each end."""
    count, sides = rings.shape[:2]
    points = np.concatenate([rings.reshape(-1, 3), first[None], last[None]])
    faces = []
    index = np.arange(sides)
    following = (index + 1) % sides
    for k in range(count - 1):
        a, b = k * sides + index, k * sides + following
        c, d = a + sides, b + sides
        faces += [np.stack([a, b, d], 1), np.stack([a, d, c], 1)]
    start, end = count * sides, count * sides + 1
    faces.append(np.stack([following, index, np.full(sides, start)], 1))
    top = (count - 1) * sides
    faces.append(np.stack([top + index, top + following, np.full(sides, end)], 1))
    mesh = manifold3d.Mesh(points.astype(np.float32), np.concatenate(faces).astype(np.uint32))
    solid = Manifold(mesh)
    return (
        solid
        if solid.volume() > 0
        else Manifold(
            manifold3d.Mesh(points.astype(np.float32), np.ascontiguousarray(np.concatenate(faces)[:, ::-1], np.uint32))
        )
    )


def around_y(solid: Manifold, count: int, start: float = 0.0, sweep: float = 360.0) -> list[Manifold]:
    """`count` copies turned about the y axis over `sweep` degrees."""
    step = sweep / (count if sweep >= 360 else max(1, count - 1))
    return [solid.rotate((0, start + k * step, 0)) for k in range(count)]


def mirrored(solid: Manifold) -> Manifold:
    """The solid and its mirror image in x."""
    return solid + solid.mirror((1, 0, 0))
