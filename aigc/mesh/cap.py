"""Closing a large hole with a surface of its own: flat where it was cut flat, else as smooth as what is around it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import manifold3d
import numpy as np

from aigc.mesh.holes import border_loops
from aigc.mesh.keys import among
from aigc.mesh.types import BoolArray, FloatArray, IntArray

_MOST_TRIANGLES = 900
_ROUNDS = 14
Loop = list[int]


@dataclass(frozen=True)
class Cap:
    """A patch over one hole, or over one ring between two.

    Args:
        border: int32 (b,), places of the surface. inner: float64 (i, 3), new points, flat so far.
        faces: int32 (m, 3); numbers below b are of `border`, those from b on of `inner`.
        normal: float64 (3,), outwards.
    """

    border: IntArray
    inner: FloatArray
    faces: IntArray
    normal: FloatArray


def loops_around(corners: IntArray, gone: IntArray) -> list[Loop]:
    """The borders between the faces that stay and those that go, each as faces that close it must run.

    Args:
        corners: int32 (m, 3), the faces that stay. gone: int32 (k, 3).
    """
    count = int(max(corners.max(initial=0), gone.max(initial=0))) + 1
    leaving = _directed(gone, count)
    staying = _directed(corners, count)
    # Where a face went, its neighbour's edge has no partner any more.
    turned = (staying % count) * count + staying // count
    opened = among(turned, leaving) & ~among(turned, staying)
    keys = staying[opened]
    on_border = np.zeros(count, bool)
    on_border[keys // count] = on_border[keys % count] = True
    fans = corners[on_border[corners].any(axis=1)]
    true = set(turned[opened].tolist())
    found = []
    for loop in border_loops(fans):
        pairs = zip(loop, [*loop[1:], loop[0]], strict=True)
        if all(a * count + b in true for a, b in pairs):
            found.append(loop)
    return found


def _directed(corners: IntArray, count: int) -> IntArray:
    edges = corners[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).astype(np.int64)
    return np.asarray(edges[:, 0] * count + edges[:, 1])


def caps(points: FloatArray, loops: list[Loop], fine: bool) -> list[Cap]:
    """One cap for each hole; a loop that lies within another, like that of a pipe's bore, makes a ring of both.

    Args:
        fine: with points in its middle, so that it can be bent; else flat, with no more points than the border has.
    """
    made = []
    for group in _grouped(points, loops):
        border = np.array([place for loop in group for place in loop], np.int32)
        normal = _area(points[group[0]])
        length = float(np.linalg.norm(normal))
        if length <= 0:
            continue
        normal = normal / length
        across, up = _frame(normal)
        middle = points[border].astype(np.float64).mean(axis=0)
        flat = (points[border] - middle) @ np.stack([across, up], 1)
        starts = np.cumsum([0] + [len(loop) for loop in group])
        outlines = [flat[start:end] for start, end in pairwise(starts.tolist())]
        faces = np.asarray(manifold3d.triangulate(outlines), np.int32)
        if not len(faces):
            continue
        inner: FloatArray = np.zeros((0, 2))
        if fine:
            inner, faces = _finer(flat, faces, outlines)
        lifted = middle + inner @ np.stack([across, up])
        made.append(Cap(border, lifted, faces, normal))
    return made


def _area(ring: FloatArray) -> FloatArray:
    wide = ring.astype(np.float64) - ring.mean(axis=0)
    return np.asarray(np.cross(wide, np.roll(wide, -1, axis=0)).sum(axis=0) / 2)


def _frame(normal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Two directions that make a right-handed frame with the normal."""
    axis = np.eye(3)[int(np.argmin(np.abs(normal)))]
    across = np.cross(axis, normal)
    across /= np.linalg.norm(across)
    return across, np.cross(normal, across)


def _grouped(points: FloatArray, loops: list[Loop]) -> list[list[Loop]]:
    """Outer loops, each with those that are holes in it."""
    areas = [_area(points[loop]) for loop in loops]
    order = sorted(range(len(loops)), key=lambda k: -float(np.linalg.norm(areas[k])))
    groups: list[list[int]] = []
    for k in order:
        for group in groups:
            if _is_hole(points, loops[k], areas[k], loops[group[0]], areas[group[0]]):
                group.append(k)
                break
        else:
            groups.append([k])
    return [[loops[k] for k in group] for group in groups]


def _is_hole(points: FloatArray, inner: Loop, inner_area: FloatArray, outer: Loop, area: FloatArray) -> bool:
    size = float(np.linalg.norm(area))
    if size <= 0 or float(inner_area @ area) > -0.7 * size * float(np.linalg.norm(inner_area)):
        return False
    normal = area / size
    across, up = _frame(normal)
    ring, centre = points[outer].astype(np.float64), points[inner].astype(np.float64).mean(axis=0)
    if abs(float((centre - ring.mean(axis=0)) @ normal)) > 0.25 * np.sqrt(size):
        return False
    flat = (ring - centre) @ np.stack([across, up], 1)
    following = np.roll(flat, -1, axis=0)
    turn = flat[:, 0] * following[:, 1] - flat[:, 1] * following[:, 0]
    # The winding number of the outer loop about the inner one's middle.
    return bool(abs(np.arctan2(turn, (flat * following).sum(axis=1)).sum()) > np.pi)


def _finer(flat: FloatArray, faces: IntArray, outlines: list[FloatArray]) -> tuple[FloatArray, IntArray]:
    """Points in the middle, and triangles that are as round as can be: long edges are halved, then flipped.

    The edges along the border stay. Flips are those of Delaunay (Lawson, 1977).
    """
    sides = np.concatenate([np.linalg.norm(ring - np.roll(ring, -1, axis=0), axis=1) for ring in outlines])
    area = float(_doubled(flat, faces).sum()) / 2
    length = max(float(sides.mean()), np.sqrt(max(area, 0) * 2.3 / _MOST_TRIANGLES))
    if length <= 0:
        return np.zeros((0, 2)), faces
    net = _Net([(float(x), float(y)) for x, y in flat], faces)
    net.flip(list(net.apex))
    for _ in range(_ROUNDS):
        if not net.halve_longer_than(1.4 * length):
            break
    points = np.array(net.points)
    return points[len(flat) :], np.array(net.triangles(), np.int32)


def _doubled(flat: FloatArray, faces: IntArray) -> FloatArray:
    a, b, c = (flat[faces[:, k]] for k in range(3))
    return np.asarray((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0])


class _Net:
    """Triangles in the plane, each as three directed edges that know the corner opposite."""

    def __init__(self, points: list[tuple[float, float]], faces: IntArray) -> None:
        self.points = points
        self.apex: dict[tuple[int, int], int] = {}
        for a, b, c in faces.tolist():
            self._add(a, b, c)

    def _add(self, a: int, b: int, c: int) -> None:
        self.apex[a, b], self.apex[b, c], self.apex[c, a] = c, a, b

    def triangles(self) -> list[tuple[int, int, int]]:
        return sorted((a, b, c) for (a, b), c in self.apex.items() if a < b and a < c)

    def _turn(self, a: int, b: int, c: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = self.points[a], self.points[b], self.points[c]
        return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)

    def _length(self, a: int, b: int) -> float:
        (ax, ay), (bx, by) = self.points[a], self.points[b]
        return float(np.hypot(bx - ax, by - ay))

    def halve_longer_than(self, limit: float) -> bool:
        """Whether any edge inside was so long; those that were have a point in their middle now."""
        long = [(self._length(a, b), a, b) for (a, b) in self.apex if a < b and (b, a) in self.apex]
        long = sorted((edge for edge in long if edge[0] > limit), reverse=True)
        for _, a, b in long:
            if (a, b) not in self.apex or (b, a) not in self.apex:
                continue
            c, d, m = self.apex[a, b], self.apex[b, a], len(self.points)
            (ax, ay), (bx, by) = self.points[a], self.points[b]
            self.points.append(((ax + bx) / 2, (ay + by) / 2))
            del self.apex[a, b], self.apex[b, a]
            for triangle in ((a, m, c), (m, b, c), (b, m, d), (m, a, d)):
                self._add(*triangle)
            self.flip([(b, c), (c, a), (a, d), (d, b)])
        return bool(long)

    def flip(self, pending: list[tuple[int, int]]) -> None:
        """Turn edges until the circle around each triangle holds no corner of its neighbours."""
        left = 40 * len(pending) + 200
        while pending and left:
            left -= 1
            a, b = pending.pop()
            if (a, b) not in self.apex or (b, a) not in self.apex:
                continue
            c, d = self.apex[a, b], self.apex[b, a]
            if c == d or (c, d) in self.apex or (d, c) in self.apex or not self._better(a, b, c, d):
                continue
            del self.apex[a, b], self.apex[b, a]
            self._add(a, d, c)
            self._add(d, b, c)
            pending += [(a, d), (d, b), (b, c), (c, a)]

    def _better(self, a: int, b: int, c: int, d: int) -> bool:
        """Whether the edge between c and d is the better one, and possible."""
        if self._turn(a, d, c) <= 1e-18 or self._turn(d, b, c) <= 1e-18:
            return False
        return self._angle(a, c, b) + self._angle(b, d, a) > np.pi + 1e-9

    def _angle(self, a: int, at: int, b: int) -> float:
        (ax, ay), (x, y), (bx, by) = self.points[a], self.points[at], self.points[b]
        one, two = (ax - x, ay - y), (bx - x, by - y)
        return float(np.arctan2(abs(one[0] * two[1] - one[1] * two[0]), one[0] * two[0] + one[1] * two[1]))


def welded_cap(cap: Cap, count: int) -> IntArray:
    """int32 (m, 3): its faces in places of the surface, its inner points numbered from `count` on."""
    names = np.concatenate([cap.border, count + np.arange(len(cap.inner))]).astype(np.int32)
    return np.asarray(names[cap.faces], np.int32)


def is_free(count: int, cap: Cap) -> BoolArray:
    """bool (count + i,): which places are the cap's own."""
    free = np.zeros(count + len(cap.inner), bool)
    free[count:] = True
    return free
