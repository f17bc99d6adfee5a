"""Where a part stands: the room for it, its size there, on the surface rather than under it, and touching it."""

from __future__ import annotations

import igl
import numpy as np

from aigc.mesh.surface import Surface
from aigc.mesh.types import BoolArray, FloatArray, Mesh
from aigc.models.editing.intent import Instruction
from aigc.models.editing.region import Region, box, whole
from aigc.models.editing.things import Thing
from aigc.runner.model import InputInvalid

_SINK = 0.04  # of the part's size: how deep a part that would only touch goes into what it is put upon
_SHARE = 0.42  # of the mesh's size: a part for which no room is given
_SHOWS = 0.35  # of a part's surface: less does not look added
_LOOKED_AT = 600  # faces
_GRID = 20
_CARRIES = 0.15  # of the widest layer
_ALONG = 0.9  # cosine, nearly: on the side where such a thing usually is
_ROOMY = 0.4  # of the size for which room was given
_BETWEEN = 0.15  # of what went: it hung between its ends, and so does what comes
_DEEPEST = 0.25  # of the height
_TALLER = 1.25  # than what went, at most
_ABOVE = frozenset(["on", "onto", "upon", "atop", "above", "over"]) | {"on top of"}
_USUAL: dict[str, tuple[float, float, float]] = {
    "wing": (0, 0.35, -1), "tail": (0, -0.3, -1), "backpack": (0, 0.2, -1), "cape": (0, 0.1, -1),
    "sword": (-1, 0, 0.2), "shield": (1, 0, 0.2), "axe": (-1, 0, 0.2), "hammer": (-1, 0, 0.2), "flag": (0, 1, 0),
    "umbrella": (-1, 0.3, 0), "guitar": (0, 0, 1), "book": (-1, 0, 0.3), "handle": (1, 0, 0), "lantern": (-1, 0, 0.2),
    "plinth": (0, -1, 0), "wheel": (1, -0.8, 0), "bow": (0, 0.4, 1),
}  # fmt: skip
"""Where things go that are not put on top: left (+x), up, front."""


def room_for(thing: Thing, surface: Surface, wish: Instruction, part: Region | None) -> Region:
    """A box for a part where none is given: on top, or where such a thing usually is.

    Args:
        part: the part of the mesh that the words put it to.
    """
    body = part if part is not None else whole(surface)
    everything = whole(surface)
    low, high = np.maximum(body.low, everything.low), np.minimum(body.high, everything.high)
    side = np.array(_USUAL.get(thing.name, (0, 1, 0)), np.float64)
    if thing.name == "wing" and everything.span[2] > 1.3 * everything.span[0]:
        # An animal on four legs has them on top of its middle.
        low, high, side = everything.low, everything.high, np.array([0.0, 1, 0])
    if wish.relation in ("under", "beneath"):
        side = np.array([0.0, -1, 0])
    elif wish.relation == "behind":
        side = np.array([0.0, 0, -1])
    elif wish.relation in _ABOVE and thing.name not in _USUAL:
        side = np.array([0.0, 1, 0])
    size = np.ptp(thing.mesh.positions, axis=0).astype(np.float64)
    reach = _SHARE * float(everything.span.max()) if part is None else 0.9 * float((high - low).max())
    # A hat is as wide as the head it sits on; a plinth wider than what stands on it.
    if side[1] > 0.9:
        reach = min(reach, 1.1 * _width_on_top(surface, low, high) * float(size.max() / max(size[0], size[2])))
    elif side[1] < -0.9:
        reach = 1.25 * float(max((high - low)[0], (high - low)[2]))
    wanted = size * (reach / float(size.max()))
    middle, half = (low + high) / 2, (high - low) / 2
    centre = middle + side * half + side * wanted * np.where(np.abs(side) >= 0.9, 0.5 - _SINK, 0)
    if side[1] > 0.9:
        top = _top(surface, low, high)
        centre[[0, 2]] = (top[:, [0, 2]].min(axis=0) + top[:, [0, 2]].max(axis=0)) / 2
        centre[1] = float(top[:, 1].max()) + (0.5 - _SINK) * wanted[1]
    return box(centre.tolist(), wanted.tolist(), "part", "where such a part usually is")


def _top(surface: Surface, low: FloatArray, high: FloatArray) -> FloatArray:
    """The points of the part at its highest place that is nearly half as wide as it is anywhere: below antennas."""
    points = surface.points[surface.corners].reshape(-1, 3)
    within = ((points >= low) & (points <= high)).all(axis=1)
    points = points[within] if within.any() else points
    step = max(float(np.ptp(points[:, 1])) / 24, 1e-9)
    layer = ((points[:, 1] - points[:, 1].min()) / step).astype(int)
    spans = {}
    for number in np.unique(layer).tolist():
        spans[number] = float(np.ptp(points[layer == number][:, [0, 2]], axis=0).max())
    wide = [number for number, span in spans.items() if span > 0.45 * max(spans.values())]
    return np.asarray(points[(layer == max(wide)) | (layer == max(wide) - 1)])


def _width_on_top(surface: Surface, low: FloatArray, high: FloatArray) -> float:
    span = np.ptp(_top(surface, low, high)[:, [0, 2]], axis=0)
    return float(max(span.max(), 0.25 * (high - low)[[0, 2]].max()))


def shown(part: Mesh, surface: Surface) -> float:
    """Share of the part's surface that lies outside the mesh (for one that is not closed: nearly)."""
    corners = part.positions[part.faces].astype(np.float64)
    size = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    chosen = np.linspace(0, len(size) - 1, min(len(size), _LOOKED_AT)).astype(int)
    outside = ~_inside(corners[chosen].mean(axis=1), surface)
    return float(size[chosen][outside].sum() / max(float(size[chosen].sum()), 1e-30))


def standing(thing: Thing, room: Region, surface: Surface) -> tuple[Mesh, bool]:
    """The thing in the room so that it shows, and whether it reaches beyond the room.

    As large as the room lets it be, standing on its floor. Where the mesh would hide it there: in what the room has on
    that side of the mesh where such a thing usually is; where that is little, as large as what it stands on lets it be;
    and where the mesh still hides it, on the side with the most room.

    Raises:
        InputInvalid: the room lies inside the mesh, or leaves too little outside it.
    """
    part = touching(fitted(thing.mesh, room), surface)
    if shown(part, surface) >= _SHOWS:
        return part, False
    size = np.ptp(thing.mesh.positions, axis=0).astype(np.float64)
    free = sorted(_in_front(room, surface), key=lambda one: -float((one[1].span / size).min()))
    if not free:
        bounds = whole(surface)
        low, high = (", ".join(f"{value:.3g}" for value in end) for end in (bounds.low, bounds.high))
        raise InputInvalid(
            f"the mask lies inside the mesh, which would hide the {thing.name}",
            f"let the mask reach beyond the surface; the mesh reaches from ({low}) to ({high})",
        )
    least = _ROOMY * float((room.span / size).min())
    roomy = [(side, one) for side, one in free if float((one.span / size).min()) >= least]
    usual = np.array(_USUAL.get(thing.name, (0, 1, 0)), np.float64)
    upon = room_for(thing, surface, Instruction("add"), room)
    tries = [(one, False) for side, one in roomy if side @ usual > _ALONG]
    tries += [(upon, True)]
    tries += [(one, False) for side, one in roomy if side @ usual <= _ALONG]
    for one, beyond in tries:
        part = touching(fitted(thing.mesh, one), surface)
        if shown(part, surface) >= _SHOWS:
            return part, beyond
    raise InputInvalid(f"the mesh would hide the {thing.name} there", "let the mask reach farther from the surface")


def _in_front(room: Region, surface: Surface) -> list[tuple[FloatArray, Region]]:
    """What the room has beyond the mesh on each side that is not all mesh: float64 (3,), outwards, and that part."""
    steps = (np.arange(_GRID) + 0.5) / _GRID
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    solid = _inside(room.low + grid * room.span, surface).reshape(_GRID, _GRID, _GRID)
    found = []
    for axis, sign in ((1, 1), (1, -1), (0, 1), (0, -1), (2, 1), (2, -1)):
        layers = solid.sum(axis=tuple(other for other in range(3) if other != axis))[::sign]
        # What is much thinner than the rest, like an antenna, carries nothing.
        carries = np.flatnonzero(layers > _CARRIES * layers.max())
        if not len(carries) or layers[-1] == _GRID**2:
            continue
        low, high = room.low.copy(), room.high.copy()
        depth = (_GRID - carries[-1] - 0.5) / _GRID * room.span[axis]
        if sign > 0:
            low[axis] = high[axis] - depth
        else:
            high[axis] = low[axis] + depth
        found.append((sign * np.eye(3)[axis], box(((low + high) / 2).tolist(), (high - low).tolist())))
    return found


def fitted(mesh: Mesh, room: Region) -> Mesh:
    """The mesh scaled to the room's size, its proportions kept, in the room's middle, standing on the room's floor."""
    size = np.ptp(mesh.positions, axis=0).astype(np.float64)
    scale = float((room.span / np.maximum(size, 1e-12)).min())
    low = mesh.positions.min(axis=0).astype(np.float64)
    middle = low + size / 2
    target = room.centre.copy()
    target[1] = room.low[1] + scale * size[1] / 2
    return mesh.with_(positions=((mesh.positions - middle) * scale + target).astype(np.float32))


def touching(part: Mesh, surface: Surface) -> Mesh:
    """The part, moved straight to the mesh until it reaches a little into it."""
    chosen = part.positions[:: max(1, len(part.positions) // 1500)].astype(np.float64)
    distance, nearest = _signed(chosen, surface)
    sink = _SINK * float(np.ptp(part.positions, axis=0).max())
    if float(distance.min()) <= -0.25 * sink:
        return part
    closest = int(np.argmin(distance))
    way = nearest[closest] - chosen[closest]
    length = float(np.linalg.norm(way))
    if length < 1e-12:
        way, length = np.array([0.0, -1.0, 0.0]), 1.0
        step = way * sink
    else:
        step = way * ((length + sink) / length) if distance[closest] > 0 else way / length * -sink
    return part.with_(positions=(part.positions + step).astype(np.float32))


def in_place_of(mesh: Mesh, gone: Mesh, rests: FloatArray) -> Mesh:
    """The mesh where a part was, as large as that was seen from its broad side, standing on what is left of it.

    Args:
        rests: float64 (k, 3), the middles of the places where the part was cut off, none if it hung on to nothing.
    """
    low, high = gone.positions.min(axis=0).astype(np.float64), gone.positions.max(axis=0).astype(np.float64)
    size = np.ptp(mesh.positions, axis=0).astype(np.float64)
    ratio = np.maximum(high - low, 1e-6) / size
    scale = max(float(np.median(ratio)), float(np.cbrt(ratio.prod())))
    centre = (low + high) / 2
    away = (centre - rests.mean(axis=0)) / np.maximum(high - low, 1e-6) if len(rests) else np.zeros(3)
    axis = int(np.argmax(np.abs(away)))
    stands = abs(away[axis]) > _BETWEEN
    if stands:
        scale = min(scale, _TALLER * float(ratio[axis]))
    placed = mesh.with_(positions=((mesh.positions - mesh.bounds.mean(axis=0)) * scale + centre).astype(np.float32))
    if not stands:
        return placed
    side, height = float(np.sign(away[axis])), scale * float(size[axis])
    out = np.eye(3)[axis] * side
    seat = float((rests @ out).max())
    placed = placed.with_(positions=(placed.positions + out * (seat + height / 2 - centre @ out)).astype(np.float32))
    # A ball sinks between stumps until most of them hold it.
    depths = np.linspace(_SINK, _DEEPEST, 16) * height
    raised = (rests[None] + depths[:, None, None] * out).reshape(-1, 3)
    held = _inside(raised, Surface.of([placed])).reshape(len(depths), -1).sum(axis=1)
    depth = depths[int(np.argmax(held >= min(len(rests) // 2 + 1, held.max())))]
    return placed.with_(positions=(placed.positions - out * depth).astype(np.float32))


def _signed(at: FloatArray, surface: Surface) -> tuple[FloatArray, FloatArray]:
    """float64 (n,), the distance of points to the mesh, below 0 inside; and float64 (n, 3), its nearest points."""
    found = igl.signed_distance(
        np.ascontiguousarray(at, np.float64),
        np.ascontiguousarray(surface.points, np.float64),
        np.ascontiguousarray(surface.corners, np.int64),
        igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER,
    )
    return np.asarray(found[0], np.float64).reshape(-1), np.asarray(found[2], np.float64)


def _inside(at: FloatArray, surface: Surface) -> BoolArray:
    """bool (n,), whether points are within the mesh; quicker than how far they are from it."""
    winding = igl.fast_winding_number(
        np.ascontiguousarray(surface.points, np.float64),
        np.ascontiguousarray(surface.corners, np.int64),
        np.ascontiguousarray(at, np.float64),
    )
    return np.asarray(np.abs(np.asarray(winding).reshape(-1)) > 0.5)
