"""From the primitives that the network drew to pieces that the grammar's own assembly takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from manifold3d import Manifold
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from aigc.models.partflow import primitives as q
from aigc.models.partflow.primitives import Primitive, Values
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Piece
from aigc.models.shapes.finish import Color, Finish
from aigc.models.shapes.solids import union

# Of the longest side: primitives nearer than this count as joined, and those nearer than that are pulled in.
_TOUCH, _PULLED = 0.012, 0.07
_SAME_COLOR = 0.1  # the greatest difference of channels at which two finishes are one
_CENTRED = 0.012
_SOFT_FACES = 9000


def pieces(parts: Sequence[Primitive]) -> tuple[list[Piece], int]:
    """The solids with their finishes, and how many primitives were left out because they hung in the air."""
    kept = _joined(_centred(_in_few_finishes(_sane(parts))))
    both = [twin for part in kept for twin in ([part, part.mirrored()] if part.mirror else [part])]
    made: list[Piece] = []
    for finish in dict.fromkeys(part.finish for part in both):
        mine = [part for part in both if part.finish == finish]
        soft = [part for part in mine if part.soft]
        if soft:
            made.append(Piece("body", _flowing(soft), finish, False))
        for kind in dict.fromkeys(part.kind for part in mine if not part.soft):
            solids = [part.solid() for part in mine if part.kind == kind and not part.soft]
            made.append(Piece(_WORDS[kind], union(solids), finish, kind == q.ROUND and len(solids) == 1))
    return [piece for piece in made if not piece.solid.is_empty()], len(parts) - len(kept)


_WORDS = {q.BOX: "box", q.EGG: "egg", q.ROUND: "round part", q.LIMB: "limb", q.RING: "ring"}


def _sane(parts: Sequence[Primitive]) -> list[Primitive]:
    """Without what is too thin to be made."""
    return [part for part in parts if np.all(np.isfinite(part.centre)) and float(np.sort(part.half)[1]) > 2e-3]


def _in_few_finishes(parts: Sequence[Primitive]) -> list[Primitive]:
    """Parts of nearly one colour and the same pattern are of one finish, that of the largest of them."""
    order = sorted(range(len(parts)), key=lambda index: -float(np.prod(parts[index].half)))
    finishes: list[Finish] = []
    result = list(parts)
    for index in order:
        own = parts[index].finish
        alike = [f for f in finishes if f.pattern == own.pattern and _distance(f.color, own.color) < _SAME_COLOR]
        if not alike:
            finishes.append(own)
        result[index] = replace(parts[index], finish=alike[0] if alike else own)
    return result


def _distance(one: Color, two: Color) -> float:
    return max(abs(a - b) for a, b in zip(one, two, strict=True))


def _centred(parts: Sequence[Primitive]) -> list[Primitive]:
    """Parts close to the middle plane lie on it; two of them are no pair."""
    result = []
    for part in parts:
        if abs(part.centre[0]) < _CENTRED and abs(part.turn[1, 0]) + abs(part.turn[2, 0]) < 0.15:
            part = replace(part, centre=part.centre * np.array([0, 1, 1]), mirror=False)
        result.append(part)
    return result


def _joined(parts: Sequence[Primitive]) -> list[Primitive]:
    """Parts that hang together by the distances of their surfaces: what is a little off is pulled in, crumbs go."""
    if len(parts) < 2:
        return list(parts)
    solids = [union([part.solid(), part.mirrored().solid()]) if part.mirror else part.solid() for part in parts]
    gaps = np.zeros((len(parts), len(parts)))
    for one in range(len(parts)):
        for two in range(one):
            gaps[one, two] = gaps[two, one] = solids[one].min_gap(solids[two], _PULLED)
    soft = np.array([part.soft for part in parts])
    groups = _groups(gaps < np.maximum(_TOUCH, np.minimum.outer(soft, soft) / 2))  # two soft ones flow together
    # The heaviest first; what stands on its own beside the rest, a bucket by a well, is kept if it is no crumb.
    weights = [sum(_bulk(parts[index]) for index in group) for group in groups]
    order = np.argsort(-np.array(weights), kind="stable")
    kept = {index: parts[index] for index in groups[order[0]]}
    for number in order[1:]:
        group = groups[number]
        near = gaps[np.ix_(group, list(kept))]
        one, two = divmod(int(near.argmin()), near.shape[1])
        if near[one, two] < _PULLED:
            shift = _towards(parts[group[one]], kept[list(kept)[two]], float(near[one, two]) + _TOUCH)
            kept |= {index: replace(parts[index], centre=parts[index].centre + shift) for index in group}
        elif weights[number] > 0.2 * sum(weights):
            kept |= {index: parts[index] for index in group}
    return [kept[index] for index in sorted(kept)]


def _groups(touching: NDArray[np.bool_]) -> list[list[int]]:
    """What hangs together, directly or through others."""
    count, member = connected_components(touching, directed=False)
    return [list(np.flatnonzero(member == number)) for number in range(count)]


def _towards(part: Primitive, other: Primitive, length: float) -> Values:
    """So far from the part towards the middle of the other, or of its twin if that is nearer; pairs stay pairs."""
    aims = [other.centre, other.mirrored().centre] if other.mirror else [other.centre]
    way = min((aim - part.centre for aim in aims), key=lambda one: float(np.linalg.norm(one)))
    if not part.mirror and abs(part.centre[0]) < _CENTRED:
        way = way * np.array([0, 1, 1])
    return np.asarray(way / max(float(np.linalg.norm(way)), 1e-9) * length)


def _bulk(part: Primitive) -> float:
    return float(np.prod(np.sort(part.half)[1:])) * (2 if part.mirror else 1)


def _flowing(parts: Sequence[Primitive]) -> Manifold:
    blob = Blob()
    for part in parts:
        if part.kind == q.EGG:
            blob._parts.append(("egg", (part.centre, np.maximum(part.dims[:3], 2e-3), part.turn), part.soft))
        else:
            axis: Values = part.turn[:, 1] * part.dims[2]
            a, b = part.centre - axis, part.centre + axis
            one, two = (max(float(value), 2e-3) for value in part.dims[:2])
            blob.limb((a[0], a[1], a[2]), (b[0], b[1], b[2]), one, two, part.soft)
    return blob.solid(_SOFT_FACES)
