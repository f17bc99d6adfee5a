"""Sets of primitives as rows of numbers, one row a primitive, in units of the whole thing's longest side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aigc.models.partflow import primitives as q
from aigc.models.partflow.primitives import Primitive, Values
from aigc.models.shapes.finish import PATTERNS, Finish

SLOTS = 24
"""More primitives than this are not told; the smallest go."""

_PATTERNS = tuple(PATTERNS)
_CENTRE, _TURN, _DIMS = slice(0, 3), slice(3, 9), slice(9, 15)
_KIND = slice(15, 15 + len(q.KINDS))
_FLAGS = slice(20, 24)  # hollow, mirror, soft, has a second colour
_COLORS, _SURFACE = slice(24, 30), slice(30, 33)
_PATTERN = slice(33, 33 + len(_PATTERNS))
WIDTH = 33 + len(_PATTERNS)

_MIDDLE = np.array([0.0, 0.4, 0.0])
_CENTRE_SCALE, _CHOICE = 3.0, 1.5
Rows = NDArray[np.float32]


def arrange(parts: Sequence[Primitive], stretch: Sequence[float] = (1, 1, 1)) -> list[Primitive]:
    """At most `SLOTS` primitives: the thing stretched, put on the ground and scaled to a longest side of 1.

    Twins that mirror each other in x become one, and each has the least turned of its equal frames.
    """
    moved = [part.affine(np.diag(np.array(stretch, float)), np.zeros(3)) for part in parts]
    low = np.min([part.centre - part.reach for part in moved], axis=0)
    high = np.max([part.centre + part.reach for part in moved], axis=0)
    scale = 1 / float((high - low).max())
    shift = -scale * np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    placed = [part.affine(np.eye(3) * scale, shift) for part in moved]
    return [q.canonical(part) for part in _largest(_paired(placed))]


def encode(parts: Sequence[Primitive]) -> Rows:
    """float32 (n, WIDTH), of primitives that were arranged."""
    return np.array([_row(part) for part in parts], np.float32).reshape(-1, WIDTH)


def decode(rows: Rows) -> list[Primitive]:
    """The primitives, one for each row; choices are made firm and nearly level axes level."""
    return [_part(np.asarray(row, float)) for row in rows]


def _row(part: Primitive) -> Values:
    row, finish = np.zeros(WIDTH), part.finish
    row[_CENTRE] = (part.centre - _MIDDLE) * _CENTRE_SCALE
    row[_TURN] = part.turn[:, :2].T.ravel()
    row[_DIMS] = _squeezed(part)
    row[_KIND][part.kind] = _CHOICE
    row[_FLAGS] = np.where([part.hollow, part.mirror, part.soft > 0, finish.second is not None], 1.0, -1.0)
    row[_COLORS] = np.array([*finish.color, *(finish.second or finish.color)]) * 2 - 1
    row[_SURFACE] = finish.roughness * 2 - 1, finish.metallic * 2 - 1, np.log2(finish.size)
    row[_PATTERN][_PATTERNS.index(finish.pattern)] = _CHOICE
    return row


def _squeezed(part: Primitive) -> Values:
    """Square roots, since a tenth more on a thin leg is seen less than on a trunk, but more than the same length."""
    values = np.sqrt(np.maximum(part.dims, 0)) * 2
    used = {q.BOX: 3, q.EGG: 4, q.ROUND: 6, q.LIMB: 4, q.RING: 2}[part.kind]
    values[used:] = 0
    if part.kind == q.BOX:
        values[3:5] = np.clip(part.dims[3:5], 0, 3) - 1
    return values


def _part(row: Values) -> Primitive:
    kind = int(np.argmax(row[_KIND]))
    hollow, mirror, soft, second = row[_FLAGS] > 0
    dims = np.square(np.maximum(row[_DIMS], 0) / 2)
    if kind == q.BOX:
        dims[3:5] = np.clip(row[_DIMS][3:5] + 1, 0, 3)
    if kind in (q.EGG, q.LIMB):
        dims[3] = max(dims[3], 2e-3) if soft else 0.0
    colors = np.clip((row[_COLORS] + 1) / 2, 0, 1)
    rough, metal = np.clip((row[_SURFACE][:2] + 1) / 2, 0.05, 1)
    finish = Finish(
        _PATTERNS[int(np.argmax(row[_PATTERN]))],
        (float(colors[0]), float(colors[1]), float(colors[2])),
        (float(colors[3]), float(colors[4]), float(colors[5])) if second else None,
        float(rough),
        float(round(metal)) if abs(metal - 0.5) > 0.2 else float(metal),
        float(np.clip(2 ** row[_SURFACE][2], 0.2, 3)),
    )
    centre = row[_CENTRE] / _CENTRE_SCALE + _MIDDLE
    turn = _leveled(_rotation(row[_TURN]))
    return Primitive(kind, centre, turn, dims, finish, bool(hollow) and kind == q.ROUND, bool(mirror))


def _rotation(six: Values) -> Values:
    """The rotation whose first two columns are nearest to these (Zhou et al., CVPR 2019)."""
    x = six[:3] / max(float(np.linalg.norm(six[:3])), 1e-6)
    y = six[3:] - x * float(x @ six[3:])
    y /= max(float(np.linalg.norm(y)), 1e-6)
    return np.column_stack([x, y, np.cross(x, y)])


def _leveled(turn: Values) -> Values:
    """No rotation at all in place of one by less than 4 degrees."""
    return np.eye(3) if np.trace(turn) > 1 + 2 * np.cos(np.radians(4)) else turn


def _paired(parts: Sequence[Primitive]) -> list[Primitive]:
    left = list(parts)
    result: list[Primitive] = []
    while left:
        part = left.pop(0)
        if abs(part.centre[0]) > 2e-3:
            twin = part.mirrored()
            found = next((k for k, other in enumerate(left) if _alike(twin, other)), None)
            if found is not None:
                left.pop(found)
                part = replace(part if part.centre[0] > 0 else twin, mirror=True)
        result.append(part)
    return result


def _alike(one: Primitive, two: Primitive) -> bool:
    near = one.kind == two.kind and one.finish == two.finish
    return bool(
        near and np.abs(one.centre - two.centre).max() < 4e-3 and np.abs(one.reach - two.reach).max() < 4e-3
        and np.abs(np.sort(one.dims) - np.sort(two.dims)).max() < 4e-3
    )  # fmt: skip


def _largest(parts: list[Primitive]) -> list[Primitive]:
    """The `SLOTS` largest, in the order in which they came."""
    seen = [float(np.prod(np.sort(part.reach)[1:])) * (1.5 if part.mirror else 1) for part in parts]
    order = np.argsort(-np.array(seen), kind="stable")[:SLOTS]
    return [parts[index] for index in sorted(order)]
