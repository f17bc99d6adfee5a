"""Open borders of a surface closed by caps: smooth membranes that span them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import manifold3d
import numpy as np

from aigc.mesh.holes import border_loops
from aigc.mesh.keys import among, distinct
from aigc.mesh.subdivide import split_long_edges
from aigc.mesh.topology import is_watertight
from aigc.mesh.types import BoolArray, FloatArray, IntArray

_FLAT = 0.01  # of a border's size: a border that rises less from its plane needs no inner points
_FINEST = 1 / 24  # of a border's size, between inner points
_MOST_FACES = 4_000  # of one cap
_BLOCK = 1 << 21


@dataclass(frozen=True)
class Capped:
    """A closed surface.

    Args:
        points: float32 (n, 3); the given ones first.
        faces: int32 (m, 3); the given ones first.
        caps: for each cap the border that it spans, as vertices, and which of `faces` are its own.
    """

    points: FloatArray
    faces: IntArray
    caps: list[tuple[IntArray, IntArray]]


def capped(points: FloatArray, faces: IntArray) -> Capped | None:
    """The surface closed by one cap for each border, or for each border with those that lie in it like a ring's.

    A cap is a membrane: each point inside is a mean of the border, by mean value coordinates (Floater, 2003) in the
    plane that fits the border best, or on a disc where the border crosses itself when seen along that plane's normal.

    Args:
        points, faces: welded.
    Returns: None where borders are tangled: an edge has three faces, faces are inside out, or borders that lie within
        one another cross.
    """
    if is_watertight(faces):
        return Capped(points, faces, [])
    directed = faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64) @ np.array([len(points), 1])
    taken = distinct(directed)
    if len(taken) < len(directed):
        return None
    loops = [np.array(loop, np.int32) for loop in border_loops(faces)]
    all_points, all_faces = [points], [faces]
    caps = []
    vertices, count = len(points), len(faces)
    for group in _grouped(points, loops):
        made = _cap(points, group, taken)
        if made is None:
            return None
        inner, triangles = made
        border = np.concatenate(group)
        name = np.concatenate([border, np.arange(vertices, vertices + len(inner), dtype=np.int32)])
        all_points.append(inner)
        all_faces.append(name[triangles].astype(np.int32))
        caps.append((border, np.arange(count, count + len(triangles), dtype=np.int32)))
        vertices, count = vertices + len(inner), count + len(triangles)
    result = Capped(np.concatenate(all_points).astype(np.float32), np.concatenate(all_faces), caps)
    return result if is_watertight(result.faces) else None


@dataclass(frozen=True)
class _Plane:
    """The plane that fits a border: its middle, two unit vectors in it and its normal, as rows, and its area."""

    middle: FloatArray
    axes: FloatArray
    area: float

    def places(self, points: FloatArray) -> FloatArray:
        """float64 (k, 3): along, across, above."""
        return np.asarray((points.astype(np.float64) - self.middle) @ self.axes.T)


def _plane(points: FloatArray) -> _Plane | None:
    """The plane across the area that a border encloses (Newell)."""
    local = points.astype(np.float64)
    middle = local.mean(axis=0)
    local = local - middle
    normal = np.cross(local, np.roll(local, -1, axis=0)).sum(axis=0) / 2
    area = float(np.linalg.norm(normal))
    if area <= 1e-12 * float(np.ptp(local, axis=0).max()) ** 2:
        return None
    normal /= area
    along = np.cross(normal, np.eye(3)[int(np.argmin(np.abs(normal)))])
    along /= np.linalg.norm(along)
    return _Plane(middle, np.stack([along, np.cross(normal, along), normal]), area)


def _grouped(points: FloatArray, loops: list[IntArray]) -> list[list[IntArray]]:
    """Borders, the largest first, each with those that lie inside it and run the other way round."""
    planes = [_plane(points[loop]) for loop in loops]
    order = sorted(range(len(loops)), key=lambda k: -(plane.area if (plane := planes[k]) else 0.0))
    groups: list[list[IntArray]] = []
    taken: set[int] = set()
    for k in order:
        if k in taken:
            continue
        group = [loops[k]]
        plane = planes[k]
        for other in order:
            inner = planes[other]
            if other == k or other in taken or plane is None or inner is None or inner.area >= plane.area:
                continue
            places = plane.places(points[loops[other]])
            near = np.abs(places[:, 2]).max() < 0.35 * np.sqrt(plane.area)
            turned = float(inner.axes[2] @ plane.axes[2]) < -0.8
            if near and turned and _inside(places[:, :2], plane.places(points[loops[k]])[:, :2]).all():
                group.append(loops[other])
                taken.add(other)
        taken.add(k)
        groups.append(group)
    return groups


def _cap(points: FloatArray, group: list[IntArray], taken: IntArray) -> tuple[FloatArray, IntArray] | None:
    """New points inside the border, and faces that name first the border's vertices, in order, and then these.

    Args:
        taken: int64, sorted: the directed edges of the surface, first vertex * len(points) + second.
    """
    border = np.concatenate(group)
    if len(border) == 3:
        return np.zeros((0, 3), np.float32), np.array([(0, 1, 2)], np.int32)
    plane = _plane(points[group[0]])
    if plane is None:
        return None
    places = plane.places(points[border])
    ends = np.cumsum([0] + [len(loop) for loop in group])
    after = np.concatenate([np.roll(np.arange(a, b), -1) for a, b in pairwise(ends)])
    flat, size = places[:, :2], float(np.sqrt(plane.area))
    is_flat = np.abs(places[:, 2]).max() < _FLAT * size
    if _crosses(flat, after):
        if len(group) > 1:
            return None
        flat = _circle(places)
        is_flat = False
    edge = float(np.median(np.linalg.norm(places - places[after], axis=1)))
    domain = np.column_stack([flat, np.zeros(len(flat))]).astype(np.float32)
    fixed = np.stack([np.arange(len(border)), after], axis=1)
    longest = np.inf if is_flat else max(1.5 * edge, _FINEST * size)
    fine, triangles, _ = split_long_edges(domain, _triangulated(flat, ends), longest, _MOST_FACES, fixed)
    for _ in range(4):
        # A chord between two vertices of the border that the surface joins, too, would be an edge of four faces.
        doubled = _doubled(triangles, border, taken, len(points))
        if not len(doubled):
            break
        others = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        key, chords = np.sort(others) @ [len(fine), 1], np.sort(doubled) @ [len(fine), 1]
        fine, triangles, _ = split_long_edges(
            fine, triangles, 0.0, 2 * _MOST_FACES, others[~np.isin(key, chords)], rounds=1
        )
    inner = _mixed(fine[len(border) :, :2].astype(np.float64), flat, after, points[border].astype(np.float64))
    return inner.astype(np.float32), triangles


def _doubled(triangles: IntArray, border: IntArray, taken: IntArray, count: int) -> IntArray:
    """int (k, 2): edges inside the cap between two vertices of its border that are edges of the surface, too."""
    edges = triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
    edges = edges[(edges < len(border)).all(axis=1)].astype(np.int64)
    once, times = np.unique(np.sort(edges), axis=0, return_counts=True)
    inner = once[times == 2]
    ends = border[inner].astype(np.int64)
    found = among(ends @ [count, 1], taken) | among(ends[:, ::-1] @ [count, 1], taken)
    return np.asarray(inner[found])


def _triangulated(flat: FloatArray, ends: IntArray) -> IntArray:
    rings = [np.ascontiguousarray(flat[a:b]) for a, b in pairwise(ends)]
    return np.asarray(manifold3d.triangulate(rings, allow_convex=False), np.int32)


def _circle(places: FloatArray) -> FloatArray:
    """float64 (n, 2): a ring laid out on a circle of its own length."""
    steps = np.linalg.norm(places - np.roll(places, 1, axis=0), axis=1)
    way = np.cumsum(np.maximum(steps, 1e-9 * steps.max()))
    angle = 2 * np.pi * way / way[-1]
    return np.asarray(np.stack([np.cos(angle), np.sin(angle)], axis=1) * way[-1] / (2 * np.pi))


def _mixed(at: FloatArray, border: FloatArray, after: IntArray, values: FloatArray) -> FloatArray:
    """float64 (k, c): values (n, c) of the border at points inside it, by mean value coordinates."""
    result = np.empty((len(at), values.shape[1]))
    rows = max(1, _BLOCK // max(len(border), 1))
    for start in range(0, len(at), rows):
        to = border[None] - at[start : start + rows, None]
        length = np.maximum(np.linalg.norm(to, axis=2), 1e-12)
        following = to[:, after]
        cross = to[..., 0] * following[..., 1] - to[..., 1] * following[..., 0]
        half = np.tan(np.arctan2(cross, np.einsum("ijk,ijk->ij", to, following)) / 2)
        before = np.empty_like(half)
        before[:, after] = half
        weight = (half + before) / length
        total = weight.sum(axis=1, keepdims=True)
        usable = np.abs(total) > 1e-12
        result[start : start + rows] = np.where(
            usable, weight @ values / np.where(usable, total, 1), values.mean(axis=0)
        )
    return np.clip(result, values.min(axis=0), values.max(axis=0))


def _inside(at: FloatArray, ring: FloatArray) -> BoolArray:
    """bool (k,): whether points lie in the polygon, by the parity of crossings."""
    following = np.roll(ring, -1, axis=0)
    above, above_next = ring[None, :, 1] > at[:, None, 1], following[None, :, 1] > at[:, None, 1]
    rise = following[:, 1] - ring[:, 1]
    slope = (following[:, 0] - ring[:, 0]) / np.where(rise == 0, 1, rise)
    crossing = ring[None, :, 0] + (at[:, None, 1] - ring[None, :, 1]) * slope[None]
    hits = (above != above_next) & (at[:, None, 0] < crossing)
    return np.asarray(hits.sum(axis=1) % 2 == 1)


def _crosses(places: FloatArray, after: IntArray) -> bool:
    """Whether any two edges of the rings cross."""
    a, b = places, places[after]
    number = np.arange(len(places))
    for start in range(0, len(places), 512):
        rows = slice(start, start + 512)
        one = _side(a[rows, None], b[rows, None], a[None]) * _side(a[rows, None], b[rows, None], b[None])
        two = _side(a[None], b[None], a[rows, None]) * _side(a[None], b[None], b[rows, None])
        touching = (number[rows, None] == after[None]) | (after[rows, None] == number[None])
        if ((one < 0) & (two < 0) & ~touching).any():
            return True
    return False


def _side(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """On which side of the line from a to b the point c lies."""
    line, to = b - a, c - a
    return np.asarray(line[..., 0] * to[..., 1] - line[..., 1] * to[..., 0])
