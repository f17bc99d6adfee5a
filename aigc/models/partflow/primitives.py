"""The primitives that the network speaks of, and the solids that they stand for."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from manifold3d import Manifold
from numpy.typing import NDArray

from aigc.models.shapes import solids as s
from aigc.models.shapes.finish import Finish

Values = NDArray[np.floating[Any]]

BOX, EGG, ROUND, LIMB, RING = range(5)
KINDS = ("box", "egg", "round", "limb", "ring")
DIMENSIONS = 6
LEVELS = 5  # at which the radius of a round body is given
_LEAST = 1e-4


@dataclass(frozen=True)
class Primitive:
    """One solid with an axis of its own, which is its local y.

    Args:
        kind: an index of `KINDS`. centre: float64 (3,).
        turn: float64 (3, 3), a rotation; its columns are the local axes.
        dims: float64 (6,), by kind, zeros behind:
            box: half its edges x, y, z; width and depth of the top as shares of the bottom's.
            egg: radii x, y, z; the width over which it flows into its neighbours, 0 if it does not.
            round: radii at five levels from bottom to top; half its height.
            limb: radius at the bottom, at the top, half the distance between them; the width as of an egg.
            ring: radius of the centre line, half the thickness.
        hollow: open above, like a mug. mirror: its mirror image in x belongs to it.
        piece: the number of the grammar's piece that it came from.
    """

    kind: int
    centre: Values
    turn: Values
    dims: Values
    finish: Finish
    hollow: bool = False
    mirror: bool = False
    piece: int = 0

    @property
    def half(self) -> Values:
        """float64 (3,): half the extents along the local axes."""
        d = self.dims
        if self.kind in (BOX, EGG):
            return d[:3]
        if self.kind == ROUND:
            return np.array([d[:5].max(), d[5], d[:5].max()])
        if self.kind == LIMB:
            radius = max(d[0], d[1])
            return np.array([radius, d[2] + (d[0] + d[1]) / 2, radius])
        return np.array([d[0] + d[1], d[1], d[0] + d[1]])

    @property
    def soft(self) -> float:
        """The width over which it flows into others; 0 for hard ones."""
        return float(self.dims[3]) if self.kind in (EGG, LIMB) else 0.0

    @property
    def reach(self) -> Values:
        """float64 (3,): half the extents along x, y, z."""
        return np.abs(self.turn) @ self.half

    def mirrored(self) -> Primitive:
        """Its mirror image in x. All primitives are symmetric in their local x, so that a rotation does it."""
        flip = np.diag([-1.0, 1.0, 1.0])
        return replace(self, centre=flip @ self.centre, turn=flip @ self.turn @ flip, mirror=False)

    def affine(self, linear: Values, shift: Values) -> Primitive:
        """The primitive after `linear` (3, 3) and `shift`; what shears it is left out."""
        frame = linear @ self.turn
        if np.linalg.det(frame) < 0:
            frame = frame @ np.diag([-1.0, 1.0, 1.0])
        scale = np.linalg.norm(frame, axis=0)
        return replace(
            self, centre=linear @ self.centre + shift, turn=nearest_rotation(frame / scale), dims=self._scaled(scale)
        )

    def _scaled(self, scale: Values) -> Values:
        d, across = self.dims.copy(), float(np.sqrt(scale[0] * scale[2]))
        even = float(np.cbrt(scale.prod()))
        if self.kind in (BOX, EGG):
            d[:3] *= scale
            d[3] *= even if self.kind == EGG else 1.0
        elif self.kind == ROUND:
            d[:5] *= across
            d[5] *= scale[1]
        elif self.kind == LIMB:
            d[:2] *= across
            d[2] *= scale[1]
            d[3] *= even
        else:
            d[0] *= across
            d[1] *= even
        return d

    def solid(self) -> Manifold:
        """The solid itself, without its mirror image, hard."""
        d = np.maximum(self.dims, 0)
        if self.kind == BOX:
            made = _box(d)
        elif self.kind == EGG:
            made = s.ellipsoid(max(d[0], _LEAST), max(d[1], _LEAST), max(d[2], _LEAST))
        elif self.kind == ROUND:
            made = _round(d, self.hollow)
        elif self.kind == LIMB:
            made = s.capsule((0, -d[2], 0), (0, d[2] + _LEAST, 0), max(d[0], _LEAST), max(d[1], _LEAST))
        else:
            made = s.ring(max(d[0], _LEAST), max(d[1], _LEAST))
        return made.transform(np.column_stack([self.turn, self.centre]))


def _box(d: Values) -> Manifold:
    x, y, z = np.maximum(d[:3], _LEAST)
    bevel = 0.16 * float(min(x, y, z))
    wide, deep = np.clip(d[3:5], 0.0, 4.0)
    if abs(wide - 1) < 0.06 and abs(deep - 1) < 0.06:
        return s.box(2 * x, 2 * y, 2 * z, bevel)
    # The larger of the two ends has the width that the half edge says.
    low, high = np.array([x, z]), np.array([x * wide, z * deep])
    most = np.maximum(low, high) / np.array([x, z])
    low, high = np.maximum(low / most, 2 * _LEAST), np.maximum(high / most, 2 * _LEAST)
    return s.frustum((2 * low[0], 2 * low[1]), (2 * high[0], 2 * high[1]), 2 * y, bevel).translate((0, -y, 0))


def _round(d: Values, hollow: bool) -> Manifold:
    height, radii = max(float(d[5]), _LEAST), np.maximum(d[:LEVELS], 0)
    levels = np.linspace(-height, height, LEVELS)
    radii = np.where(radii.max() < _LEAST, _LEAST, radii)
    straight = np.abs(np.interp(levels, levels[[0, -1]], radii[[0, -1]]) - radii).max() < 0.06 * radii.max()
    outline = list(zip(radii, levels, strict=True))
    profile = [outline[0], outline[-1]] if straight else s.curve(outline, 4)
    if not hollow:
        return s.lathe([(float(r), float(y)) for r, y in profile], 40)
    wall = max(0.07 * float(radii.max()), _LEAST)
    inner = [(max(float(r) - wall, 0.0), float(y)) for r, y in profile if y > -height + wall]
    floor = [
        (0.0, -height + wall),
        (max(float(np.interp(-height + wall, levels, radii)) - wall, _LEAST), -height + wall),
    ]
    return s.lathe([(float(r), float(y)) for r, y in profile], 40) - s.lathe(
        [*floor, *inner, (inner[-1][0] if inner else 0.0, height + wall)], 40
    )


def nearest_rotation(matrix: Values) -> Values:
    """The rotation nearest to a matrix with positive determinant (orthogonal Procrustes)."""
    left, _, right = np.linalg.svd(matrix)
    return np.asarray(left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right)


def along(axis: Values) -> Values:
    """The rotation by the least angle that takes y to this direction."""
    y = axis / max(float(np.linalg.norm(axis)), 1e-12)
    cross = np.cross((0.0, 1.0, 0.0), y)
    cosine = float(y[1])
    if cosine < -1 + 1e-9:
        return np.diag([1.0, -1.0, -1.0])
    skew = np.array([[0, -cross[2], cross[1]], [cross[2], 0, -cross[0]], [-cross[1], cross[0], 0]])
    return np.asarray(np.eye(3) + skew + skew @ skew / (1 + cosine))


def limb(
    start: Sequence[float] | Values, end: Sequence[float] | Values, one: float, two: float, blend: float, finish: Finish
) -> Primitive:
    """A round cone between two balls."""
    a, b = np.array(start, float), np.array(end, float)
    dims = np.array([one, two, np.linalg.norm(b - a) / 2, blend, 0, 0])
    return Primitive(LIMB, (a + b) / 2, along(b - a), dims, finish)


def canonical(part: Primitive) -> Primitive:
    """The same solid with that one of its equal frames which is turned least from the world's axes."""
    if part.kind in (ROUND, LIMB, RING):
        axis = part.turn[:, 1]
        lead = next((value for value in (axis[1], axis[0], axis[2]) if abs(value) > 1e-3), 1.0)
        if lead < 0:
            axis = -axis
            dims = part.dims.copy()
            if part.kind == ROUND and not part.hollow:
                dims[:LEVELS] = dims[:LEVELS][::-1]
            elif part.kind == LIMB:
                dims[:2] = dims[1::-1]
            elif part.kind == ROUND:
                return replace(part, turn=along(part.turn[:, 1]))
            return replace(part, turn=along(axis), dims=dims)
        return replace(part, turn=along(axis))
    frames = _STANDING if part.kind == BOX and np.any(part.dims[3:5] != 1) else _FRAMES
    turns = part.turn @ frames
    best = int(np.argmax(np.round(np.trace(turns, axis1=1, axis2=2), 6)))
    order = np.abs(frames[best]).argmax(axis=0)
    dims = part.dims.copy()
    dims[:3] = dims[order]
    if part.kind == BOX and order[0] == 2:
        dims[3:5] = dims[4:2:-1]
    return replace(part, turn=turns[best], dims=dims)


def _frames() -> Values:
    """(24, 3, 3): the rotations that take the axes to axes."""
    found = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            matrix = np.eye(3)[:, list(order)] * np.array(signs)
            if np.linalg.det(matrix) > 0:
                found.append(matrix)
    return np.array(found)


_FRAMES = _frames()
_STANDING = _FRAMES[_FRAMES[:, 1, 1] > 0.5]
