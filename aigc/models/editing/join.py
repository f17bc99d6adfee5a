"""Putting to: a new part fitted into a region, a part in another's place, a part's mirror image on the other side."""

from __future__ import annotations

from typing import Any

import igl
import numpy as np
from manifold3d import Manifold

from aigc.mesh.solids import Workshop, flipped, joined_surface
from aigc.mesh.surface import NORMAL, POSITION, Surface
from aigc.mesh.types import FloatArray, Mesh
from aigc.models.editing.carve import without
from aigc.models.editing.fill import filled
from aigc.models.editing.intent import Instruction
from aigc.models.editing.region import Region, box, cut_out, whole
from aigc.models.editing.things import Thing

_SINK = 0.04  # of the part's size: how deep a part that would only touch goes into what it is put upon
_SHARE = 0.42  # of the mesh's size: a part for which no room is given
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


def added(surface: Surface, thing: Thing, room: Region) -> tuple[list[Mesh], dict[str, Any]]:
    """The mesh with the thing, as large as the room lets it be, standing in it and reaching into the mesh.

    Where both enclose solids they become one, without hidden faces inside; else they lie in each other.
    """
    moved, gap = _touching(fitted(thing.mesh, room), surface)
    info: dict[str, Any] = {"added": thing.name, "likeness": thing.score, "moved_to_touch_m": round(gap, 6)}
    meshes, joined = united(surface, moved)
    return meshes, info | {"joined": joined}


def united(surface: Surface, part: Mesh) -> tuple[list[Mesh], str]:
    """The mesh and the part, and how they were joined: as one solid, or side by side where one encloses none."""
    workshop = Workshop()
    one, two = workshop.solid(surface), workshop.solid(Surface.of([part]))
    if one is None or two is None:
        return [*surface.to_meshes(), part], "side by side"
    return workshop.surface(one + two).to_meshes(), "one solid"


def fitted(mesh: Mesh, room: Region) -> Mesh:
    """The mesh scaled to the room's size, its proportions kept, in the room's middle, standing on the room's floor."""
    size = np.ptp(mesh.positions, axis=0).astype(np.float64)
    scale = float((room.span / np.maximum(size, 1e-12)).min())
    low = mesh.positions.min(axis=0).astype(np.float64)
    middle = low + size / 2
    target = room.centre.copy()
    target[1] = room.low[1] + scale * size[1] / 2
    return mesh.with_(positions=((mesh.positions - middle) * scale + target).astype(np.float32))


def _touching(part: Mesh, surface: Surface) -> tuple[Mesh, float]:
    """The part, moved straight to the mesh until it reaches a little into it; and how far."""
    points = np.ascontiguousarray(surface.points, np.float64)
    faces = np.ascontiguousarray(surface.corners, np.int64)
    chosen = np.ascontiguousarray(part.positions[:: max(1, len(part.positions) // 1500)], np.float64)
    kind = igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER
    distance, _, nearest, _ = igl.signed_distance(chosen, points, faces, kind)
    distance = np.asarray(distance).reshape(-1)
    sink = _SINK * float(np.ptp(part.positions, axis=0).max())
    if float(distance.min()) <= -0.25 * sink:
        return part, 0.0
    closest = int(np.argmin(distance))
    way = np.asarray(nearest)[closest] - chosen[closest]
    length = float(np.linalg.norm(way))
    if length < 1e-12:
        way, length = np.array([0.0, -1.0, 0.0]), 1.0
        step = way * sink
    else:
        step = way * ((length + sink) / length) if distance[closest] > 0 else way / length * -sink
    return part.with_(positions=(part.positions + step).astype(np.float32)), float(np.linalg.norm(step))


def replaced(surface: Surface, region: Region, thing: Thing) -> tuple[list[Mesh], dict[str, Any]]:
    """The mesh with the region's part gone and the thing in its place, as large as what went."""
    left, gone, info = without(surface, region, smooth=True, name="fill")
    if gone is None:
        return added(surface, thing, region)
    low, high = gone.positions.min(axis=0).astype(np.float64), gone.positions.max(axis=0).astype(np.float64)
    room = box(((low + high) / 2).tolist(), np.maximum(high - low, 1e-6).tolist())
    # As much room as the part had, though its proportions differ.
    size = np.ptp(thing.mesh.positions, axis=0).astype(np.float64)
    grown = size * float(np.cbrt((room.span / size).prod()))
    grown *= min(1.0, 1.35 * float((room.span / grown).min()))
    room = box(room.centre.tolist(), np.maximum(grown, 1e-9).tolist())
    meshes, more = added(Surface.of(left), thing, room)
    return meshes, info | more


def mirrored(surface: Surface, region: Region, wish: Instruction) -> tuple[list[Mesh], dict[str, Any]]:
    """The region's part again on the other side; of the whole mesh, its mirror image or one half on both sides."""
    axis = wish.axis[0] if wish.axis else 0
    everything = whole(surface)
    middle = float(everything.centre[axis])
    if region.is_everything:
        if wish.thing.startswith("symmetric"):
            return _symmetric(surface, axis, middle, wish.axis[1] if wish.axis else 1.0)
        return _reflected(surface, axis, middle).to_meshes(), {"axis": "xyz"[axis]}
    cut, inside = cut_out(surface, region)
    lost = cut.kept(inside)
    covers = filled(lost, cut.corners[~inside], True, "fill") if (~inside).any() else []
    part = _reflected(Surface.of([*lost.to_meshes(), *covers]), axis, middle)
    workshop = Workshop()
    one, two = workshop.solid(surface), workshop.solid(part)
    info: dict[str, Any] = {"axis": "xyz"[axis], "copied_triangles": int(inside.sum())}
    if one is None or two is None:
        return joined_surface([surface, part]).to_meshes(), info | {"joined": "side by side"}
    union: Manifold = one + two
    return workshop.surface(union).to_meshes(), info | {"joined": "one solid"}


def _reflected(surface: Surface, axis: int, middle: float) -> Surface:
    """The skin's mirror image, right side out."""
    values = surface.values.copy()
    values[:, POSITION.start + axis] = np.float32(2 * middle) - values[:, POSITION.start + axis]
    values[:, NORMAL.start + axis] *= -1
    points = surface.points.copy()
    points[:, axis] = np.float32(2 * middle) - points[:, axis]
    turned = flipped(Surface(surface.meshes, values, surface.faces, surface.owner, surface.place, points))
    turned.values[:, NORMAL] *= -1
    return turned


def _symmetric(surface: Surface, axis: int, middle: float, sign: float) -> tuple[list[Mesh], dict[str, Any]]:
    """One half and its mirror image, sewn together along the middle."""
    everything = whole(surface)
    centre, span = everything.centre.copy(), everything.span * 2.2 + 1e-6
    centre[axis] = middle - sign * span[axis] / 2
    cut, inside = cut_out(surface, box(centre.tolist(), span.tolist(), "part", "one half"), exactly=True)
    values, points = cut.values.copy(), cut.points.copy()
    # What lies on the cut lies exactly on it, so that both halves share it.
    near = np.abs(points[:, axis] - middle) < 1e-5 * span[axis]
    points[near, axis] = middle
    values[near[cut.place], POSITION.start + axis] = middle
    half = Surface(cut.meshes, values, cut.faces, cut.owner, cut.place, points).kept(~inside)
    other = _reflected(half, axis, middle)
    both = joined_surface([half, other])
    meshes = []
    count = len(half.meshes)
    for number in range(count):
        pair = [mesh for mesh in (both.mesh(number), both.mesh(number + count)) if mesh is not None]
        meshes += pair
    return meshes, {"axis": "xyz"[axis], "kept_triangles": len(half.faces)}
