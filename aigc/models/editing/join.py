"""Putting to: a new part fitted into a region, a part in another's place, a part's mirror image on the other side."""

from __future__ import annotations

from typing import Any

import numpy as np
from manifold3d import Manifold
from scipy.spatial import cKDTree

from aigc.mesh.solids import Workshop, flipped, joined_surface
from aigc.mesh.surface import NORMAL, POSITION, Surface
from aigc.mesh.types import FloatArray, Mesh
from aigc.models.editing.carve import without
from aigc.models.editing.fill import filled
from aigc.models.editing.intent import Instruction
from aigc.models.editing.placing import in_place_of, shown, standing, touching
from aigc.models.editing.region import Region, box, cut_out, whole
from aigc.models.editing.things import Thing


def added(surface: Surface, thing: Thing, room: Region) -> tuple[list[Mesh], dict[str, Any]]:
    """The mesh with the thing, as large as the room lets it be, reaching into the mesh but not hidden in it.

    Where both enclose solids they become one, without hidden faces inside; else they lie in each other.

    Raises:
        InputInvalid: the mesh would hide the thing wherever it stands in the room.
    """
    part, beyond = standing(thing, room, surface)
    meshes, info = _put(surface, thing, part)
    return meshes, info | {"reaches_beyond_the_mask": beyond}


def _put(surface: Surface, thing: Thing, part: Mesh) -> tuple[list[Mesh], dict[str, Any]]:
    meshes, joined = united(surface, part)
    share = round(shown(part, surface), 3)
    return meshes, {"added": thing.name, "likeness": thing.score, "shown": share, "joined": joined}


def united(surface: Surface, part: Mesh) -> tuple[list[Mesh], str]:
    """The mesh and the part, and how they were joined: as one solid, or side by side where one encloses none."""
    workshop = Workshop()
    one, two = workshop.solid(surface), workshop.solid(Surface.of([part]))
    if one is None or two is None:
        return [*surface.to_meshes(), part], "side by side"
    return workshop.surface(one + two).to_meshes(), "one solid"


def replaced(surface: Surface, region: Region, thing: Thing) -> tuple[list[Mesh], dict[str, Any]]:
    """The mesh with the region's part gone and the thing in its place, standing on what is left and about as large."""
    left, gone, info = without(surface, region, smooth=True, name="fill")
    if gone is None:
        return added(surface, thing, region)
    covers = left[len(left) - info["closed_holes"] :]
    rests = np.array([_rim(cover, gone) for cover in covers], np.float64).reshape(-1, 3)
    rest = Surface.of(left)
    meshes, more = _put(rest, thing, touching(in_place_of(thing.mesh, gone, rests), rest))
    return meshes, info | more


def _rim(cover: Mesh, gone: Mesh) -> FloatArray:
    """float64 (3,): the middle of the cut that the cover closes."""
    away = cKDTree(gone.positions).query(cover.positions)[0]
    on_cut = away <= 1e-6 * float(np.ptp(gone.positions, axis=0).max())
    return np.asarray(cover.positions[on_cut if on_cut.any() else slice(None)].mean(axis=0, dtype=np.float64))


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
