"""Cutting a skin along a level set, and into finer faces, without moving a vertex that is there already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from aigc.mesh.surface import NORMAL, POSITION, Surface
from aigc.mesh.types import BoolArray, FloatArray, IntArray

Field = Callable[[FloatArray], FloatArray]
"""A number for each point (n, 3): below 0 inside, 0 on the border, above 0 outside."""

SNAP = 0.06  # of an edge: a cut that comes so close to its end goes through that end
_STEPS = 6
_MOST_FACES = 400_000
_ROUNDS = 12


def clipped(surface: Surface, field: Field, snap: float = SNAP) -> tuple[Surface, BoolArray]:
    """The skin with edges along the field's border, and which of its faces lie inside.

    Faces that the border does not cross stay as they are and in their order; the cut ones come last. `snap`: the share
    of an edge within which the cut goes through the edge's end instead; 0 cuts exactly, and leaves slivers.
    """
    level = np.asarray(field(surface.points), np.float64)
    corners = surface.corners
    edges, _ = _edges(corners, len(surface.points))
    one, two = edges[:, 0], edges[:, 1]
    crossed = (level[one] < 0) != (level[two] < 0)
    one, two = one[crossed], two[crossed]
    share = _root(field, surface.points[one], surface.points[two], level[one], level[two])
    # A cut that nearly meets a vertex would leave a sliver: there the vertex itself counts as the border.
    on_border = np.zeros(len(level), bool)
    on_border[one[share < snap]] = True
    on_border[two[share > 1 - snap]] = True
    cut = ~(on_border[one] | on_border[two])
    finer = split(surface, np.stack([one, two], 1)[cut], share[cut])
    new = np.zeros(len(finer.points))
    new[: len(level)] = np.where(on_border, 0, level)
    sides = new[finer.corners]
    inside = sides.min(axis=1) < 0
    flat = np.flatnonzero((sides == 0).all(axis=1))
    if len(flat):
        centres = finer.points[finer.corners[flat]].mean(axis=1)
        inside[flat] = np.asarray(field(centres)) < 0
    return finer, inside


def _root(field: Field, start: FloatArray, end: FloatArray, at_start: FloatArray, at_end: FloatArray) -> FloatArray:
    """float64 (k,): where between start (0) and end (1) the field is zero, by the rule of false position (Illinois)."""
    low, high = np.zeros(len(start)), np.ones(len(start))
    f_low, f_high = at_start.copy(), at_end.copy()
    before = np.zeros(len(start))
    guess = f_low / np.where(f_low == f_high, 1, f_low - f_high)
    for _ in range(_STEPS if len(start) else 0):
        value = np.asarray(field((start + (end - start) * guess[:, None]).astype(np.float32)), np.float64)
        left = (value < 0) == (f_low < 0)
        # An end that stays twice counts half, or the other would creep up to the root.
        f_high = np.where(left, np.where(before > 0, f_high * 0.5, f_high), value)
        f_low = np.where(left, value, np.where(before < 0, f_low * 0.5, f_low))
        low, high = np.where(left, guess, low), np.where(left, high, guess)
        before = np.where(left, 1, -1)
        span = np.where(f_low == f_high, 1, f_low - f_high)
        guess = np.clip(low + (high - low) * f_low / span, 0, 1)
    return guess


def refined(surface: Surface, near: Callable[[FloatArray, FloatArray], BoolArray], length: float) -> Surface:
    """The skin with no edge longer than `length` on faces for which `near(lowest, highest corner)` holds.

    Edges are halved, the long ones of a face first, so the shape stays exactly what it was.
    """
    for _ in range(_ROUNDS):
        corners = surface.corners
        positions = surface.points[corners]
        wanted = near(positions.min(axis=1), positions.max(axis=1))
        span = np.linalg.norm(positions - positions[:, [1, 2, 0]], axis=2)
        long = wanted[:, None] & (span > length) & (span > 0.6 * span.max(axis=1, keepdims=True))
        if not long.any() or len(surface.faces) > _MOST_FACES:
            break
        edges, number = _edges(corners, len(surface.points))
        marked = np.unique(number[long])
        surface = split(surface, edges[marked], np.full(len(marked), 0.5))
    return surface


def _edges(corners: IntArray, count: int) -> tuple[IntArray, IntArray]:
    """Each edge once, int32 (e, 2), lower place first, and the edges of each face, int32 (m, 3), from corner k on."""
    following = corners[:, [1, 2, 0]]
    key = np.minimum(corners, following).astype(np.int64) * count + np.maximum(corners, following)
    unique, number = np.unique(key.reshape(-1), return_inverse=True)
    return np.stack(np.divmod(unique, count), 1).astype(np.int32), number.reshape(-1, 3).astype(np.int32)


def split(surface: Surface, edges: IntArray, share: FloatArray) -> Surface:
    """One more place on each of these edges.

    Args:
        edges: int32 (k, 2), places, the lower first, no edge twice. share: float (k,), where from the first to the
            second, 0 to 1.
    """
    if not len(edges):
        return surface
    count = len(surface.points)
    keys = edges[:, 0].astype(np.int64) * count + edges[:, 1]
    order = np.argsort(keys)
    keys, share = keys[order], share[order]
    corners = surface.corners
    following = corners[:, [1, 2, 0]]
    key = np.minimum(corners, following).astype(np.int64) * count + np.maximum(corners, following)
    found = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    number = np.where(keys[found] == key, found, -1)
    touched = np.flatnonzero((number >= 0).any(axis=1))
    values, place, middle = _new_vertices(surface, touched, number, share)
    points = np.zeros((count + len(keys), 3), np.float32)
    points[:count] = surface.points
    points[place[len(surface.place) :]] = values[len(surface.values) :, POSITION]
    faces, owner = [surface.faces[(number < 0).all(axis=1)]], [surface.owner[(number < 0).all(axis=1)]]
    for children, of in _children(surface.faces[touched], middle, values[:, POSITION]):
        faces.append(children)
        owner.append(surface.owner[touched][of])
    return replace(
        surface,
        values=values,
        place=place,
        points=points,
        faces=np.concatenate(faces).astype(np.int32),
        owner=np.concatenate(owner).astype(np.int32),
    )


def _new_vertices(
    surface: Surface, touched: IntArray, number: IntArray, share: FloatArray
) -> tuple[FloatArray, IntArray, IntArray]:
    """All values and places, and the new vertex on each edge of each touched face, int64 (t, 3), or -1."""
    start, end = surface.faces[touched], surface.faces[touched][:, [1, 2, 0]]
    swapped = surface.place[start] > surface.place[end]
    first, second = np.where(swapped, end, start), np.where(swapped, start, end)
    marked = number[touched]
    rows = np.flatnonzero(marked.reshape(-1) >= 0)
    pairs = np.stack([first.reshape(-1)[rows], second.reshape(-1)[rows], marked.reshape(-1)[rows]], 1).astype(np.int64)
    _, where, inverse = np.unique(
        pairs[:, 0] * len(surface.values) + pairs[:, 1], return_index=True, return_inverse=True
    )
    unique = pairs[where]
    t = share[unique[:, 2]][:, None]
    new = surface.values[unique[:, 0]] * (1 - t) + surface.values[unique[:, 1]] * t
    length = np.linalg.norm(new[:, NORMAL], axis=1, keepdims=True)
    new[:, NORMAL] = np.where(
        length > 1e-6, new[:, NORMAL] / np.maximum(length, 1e-6), surface.values[unique[:, 0], NORMAL]
    )
    middle = np.full(marked.size, -1, np.int64)
    middle[rows] = len(surface.values) + inverse.reshape(-1)
    values = np.concatenate([surface.values, new.astype(np.float32)])
    place = np.concatenate([surface.place, len(surface.points) + unique[:, 2]]).astype(np.int32)
    return values, place, middle.reshape(-1, 3)


def _children(faces: IntArray, middle: IntArray, positions: FloatArray) -> list[tuple[IntArray, IntArray]]:
    """The triangles that the faces fall into, and which face each came from."""
    result = []
    marks = (middle >= 0).sum(axis=1)
    for count, lead in ((1, True), (2, False), (3, True)):
        rows = np.flatnonzero(marks == count)
        if not len(rows):
            continue
        # Turned until the one marked edge comes first, or the one unmarked edge last.
        odd = np.argmax((middle[rows] >= 0) == lead, axis=1)
        turn = (odd[:, None] + np.arange(3) + (0 if lead else 1)) % 3
        a, b, c = np.take_along_axis(faces[rows], turn, 1).T
        p, q, r = np.take_along_axis(middle[rows], turn, 1).T
        if count == 1:
            parts = [(a, p, c), (p, b, c)]
        elif count == 3:
            parts = [(a, p, r), (p, b, q), (r, q, c), (p, q, r)]
        else:
            short = np.linalg.norm(positions[a] - positions[q], axis=1) <= np.linalg.norm(
                positions[p] - positions[c], axis=1
            )
            parts = [(p, b, q), (a, p, np.where(short, q, c)), (np.where(short, a, p), q, c)]
        result += [(np.stack(part, 1), rows) for part in parts]
    return result
