"""Taking away: a part and closing the hole smoothly, a slice with a flat cut, the inside."""

from __future__ import annotations

from typing import Any

import cv2
import igl
import manifold3d
import numpy as np
from manifold3d import Manifold
from skimage.measure import marching_cubes

from aigc.mesh.clip import refined
from aigc.mesh.keys import distinct
from aigc.mesh.normals import face_normals, split_at_creases
from aigc.mesh.shading import to_linear
from aigc.mesh.simplify import simplify_closed
from aigc.mesh.solids import Workshop
from aigc.mesh.stats import area
from aigc.mesh.surface import Surface
from aigc.mesh.topology import parts, weld
from aigc.mesh.types import BoolArray, FloatArray, IntArray, Material, Mesh
from aigc.models.editing.deform import Between
from aigc.models.editing.fill import colors_at, filled
from aigc.models.editing.intent import Instruction
from aigc.models.editing.region import Region, box, cut_out
from aigc.models.inflation import taubin
from aigc.runner.model import InputInvalid

_COARSE = 10  # edges along the region's longest side that a face may have to be cut well
_CELLS = 48
_POINTS_A_CALL = 12_000
_CRUMB = 0.05  # of the largest piece: what is smaller came loose by the cut
_WHERE = "choose a smaller strength, which gives thinner walls, or a mask where the mesh is thicker"
_TINY = 0.003  # of what is left: a piece that hangs on to nothing and is smaller goes too
_EVERYTHING = "the mask holds the whole mesh, and nothing would be left"


def without(
    surface: Surface, region: Region, smooth: bool, name: str
) -> tuple[list[Mesh], Mesh | None, dict[str, Any]]:
    """What is left, closed where it was joined, and what went as one mesh (None if nothing)."""
    if not region.meshes:
        surface = refined(surface, region.near, float(region.span.max()) / _COARSE)
    cut, inside = cut_out(surface, region, exactly=not smooth)
    if inside.all():
        raise InputInvalid(_EVERYTHING, "make the mask smaller, or say what shall be removed")
    inside |= _crumbs(cut, inside)
    kept = cut.kept(~inside)
    lost = cut.corners[inside]
    if not len(lost):
        return kept.to_meshes(), None, {"removed_triangles": 0}
    covers = filled(kept, lost, smooth, name)
    meshes = [*kept.to_meshes(), *covers]
    gone_points, gone_faces = weld(cut.points, lost)
    gone = Mesh(gone_points, gone_faces)
    before = parts(surface.corners, len(surface.points))[0]
    whole = Surface.of(meshes)
    after = parts(whole.corners, len(whole.points))[0]
    info: dict[str, Any] = {
        "removed_triangles": len(lost),
        "removed_area": round(area(gone_points, gone_faces), 6),
        "closed_holes": len(covers),
    }
    if after > before:
        info["loose_pieces"] = after - before
    return meshes, gone, info


def _crumbs(cut: Surface, gone: BoolArray) -> BoolArray:
    """bool (m,): faces of tiny pieces that would come loose, which nobody means to keep."""
    left = np.flatnonzero(~gone)
    if not gone.any() or not len(left):
        return np.zeros(len(gone), bool)
    corners = cut.corners
    count, piece = parts(corners[left], len(cut.points))
    size = np.bincount(piece, np.linalg.norm(face_normals(cut.points, corners[left]), axis=1), minlength=count)
    beside = np.zeros(len(cut.points), bool)
    beside[corners[gone].reshape(-1)] = True
    loose = np.zeros(count, bool)
    loose[piece[beside[corners[left]].any(axis=1)]] = True
    loose &= size < _TINY * size.sum()
    crumbs = np.zeros(len(gone), bool)
    crumbs[left[loose[piece]]] = True
    return crumbs


def halved(surface: Surface, region: Region, wish: Instruction) -> tuple[list[Mesh], dict[str, Any]]:
    """The mesh cut flat: without the box of the mask, or without one half if there is no mask."""
    if not region.is_everything:
        meshes, _, info = without(surface, region, smooth=False, name="cut")
        return meshes, info
    axis, sign = wish.axis or (0, -1.0)
    centre, span = region.centre.copy(), region.span * 2.2 + 1e-6
    share = wish.amount.factor if wish.amount.factor and wish.amount.factor < 1 else 0.5
    plane = region.low[axis] + (share if sign < 0 else 1 - share) * region.span[axis]
    # A half space is a box that reaches far beyond the mesh on all sides but one.
    centre[axis] = plane + sign * span[axis] / 2
    half = box(centre.tolist(), span.tolist(), "part", "one half")
    meshes, _, info = without(surface, half, smooth=False, name="cut")
    return meshes, info | {"axis": "xyz"[axis], "at": round(float(plane), 6)}


def hollowed(surface: Surface, region: Region, wall: float, between: Between) -> tuple[list[Mesh], dict[str, Any]]:
    """The mesh with a cavity that leaves walls `wall` thick.

    With a mask that reaches beyond the top of the mesh the cavity is open there, like a pot; without one it is closed.

    Raises:
        InputInvalid: the mesh is thinner than two walls everywhere.
    """
    workshop = Workshop()
    body = workshop.solid(surface)
    if body is None:
        raise InputInvalid("the mesh does not enclose a solid", "repair it first: close its holes")
    points, faces = weld(surface.points, surface.corners)
    cavity = _cavity(points, faces, region, wall, between)
    if cavity is None:
        raise InputInvalid(
            f"nothing can be hollowed out: the mesh is thinner than twice {wall:.3g} m there",
            _WHERE,
        )
    between(0.8)
    places, triangles = cavity
    source, corners, normals = split_at_creases(places, triangles, 50.0)
    inner = Mesh(places[source], corners, normals=normals, material=_inside(surface), name="inside")
    tool = workshop.solid(Surface.of([inner]))
    if tool is None:
        raise InputInvalid("the cavity came out torn", "choose another mask or strength")
    result = body - tool
    removed = body.volume() - result.volume()
    if removed < 0.005 * body.volume():
        raise InputInvalid("there is next to nothing to hollow out: it is hollow already, or too thin", _WHERE)
    skin, loose = _without_crumbs(workshop.surface(result))
    info = {"wall_m": round(wall, 6), "removed_volume": round(removed, 9), "loose_pieces_removed": loose}
    _, piece = parts(skin.corners, len(skin.points))
    return skin.to_meshes(), info | {"open": bool(piece.max() == 0)}


def _without_crumbs(skin: Surface) -> tuple[Surface, int]:
    """The skin without small pieces that came loose, and how many these were. A closed cavity is no such piece."""
    count, piece = parts(skin.corners, len(skin.points))
    a, b, c = (skin.points[skin.corners[:, k]].astype(np.float64) for k in range(3))
    volumes = np.bincount(piece, np.einsum("ij,ij->i", a, np.cross(b, c)), minlength=count)
    crumb = (volumes >= 0) & (volumes < _CRUMB * volumes.max())
    return skin.kept(~crumb[piece]), int(crumb.sum())


def _cavity(
    points: FloatArray, faces: IntArray, region: Region, wall: float, between: Between
) -> tuple[FloatArray, IntArray] | None:
    """What lies deeper than `wall` in the region, with what lies above it where the top is nearly level."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    opens = not region.is_everything and region.high[1] >= high[1]
    if not region.is_everything:
        low, high = np.maximum(low, region.low), np.minimum(high, region.high)
    span = float((high - low).max())
    if span <= 0:
        return None
    cell = span / _CELLS
    axes = [np.arange(low[k] - 1.5 * cell, high[k] + 3 * cell, cell) for k in range(3)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    depth = np.empty(len(grid))
    vertices, triangles = np.ascontiguousarray(points, np.float64), np.ascontiguousarray(faces, np.int64)
    for start in range(0, len(grid), _POINTS_A_CALL):
        between(0.1 + 0.6 * start / len(grid))
        part = np.ascontiguousarray(grid[start : start + _POINTS_A_CALL])
        signed = igl.signed_distance(part, vertices, triangles, igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER)[0]
        depth[start : start + len(part)] = np.asarray(signed).reshape(-1)
    shape = tuple(len(axis) for axis in axes)
    field = depth.reshape(shape) + wall
    if not region.is_everything:
        field = np.maximum(field, np.asarray(region.field(grid)).reshape(shape))
    if opens:
        field = np.minimum(field, _opening(field, depth.reshape(shape), axes[1], wall, cell))
    for axis in range(3):
        field = np.moveaxis(field, axis, 0)
        field[[0, -1]] = np.maximum(field[[0, -1]], cell)
        field = np.moveaxis(field, 0, axis)
    if field.min() >= 0:
        return None
    found, corners, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        field.astype(np.float32), 0.0, allow_degenerate=False
    )
    places, corners = weld((found * cell + [axis[0] for axis in axes]).astype(np.float32), corners.astype(np.int32))
    _, piece = parts(corners, len(places))
    sizes = np.bincount(piece)
    places, corners = weld(places, corners[sizes[piece] >= _CRUMB * sizes.max()])
    places, corners = simplify_closed(taubin(places, corners, 4), corners, 6000)
    solid = Manifold(manifold3d.Mesh(places, np.ascontiguousarray(corners, np.uint32)))
    return places, corners if solid.volume() > 0 else np.ascontiguousarray(corners[:, ::-1])


def _opening(field: FloatArray, depth: FloatArray, height: FloatArray, wall: float, cell: float) -> FloatArray:
    """Below 0 above the cavity, in columns in which the top of the mesh is nearly level."""
    inner, outer = _highest(field < 0, height), _highest(depth < 0, height)
    hollow = np.isfinite(inner)
    cover = np.full(inner.shape, 6 * (wall + cell))
    cover[hollow] = np.minimum(outer[hollow] - inner[hollow], 6 * (wall + cell))
    beyond = cv2.GaussianBlur(cover.astype(np.float32), (0, 0), 1.5) - (1.7 * wall + cell)
    lowest = np.where(hollow, inner - cell, np.inf)[:, None, :]
    return np.asarray(np.maximum(beyond[:, None, :], lowest - height[None, :, None]))


def _highest(inside: BoolArray, height: FloatArray) -> FloatArray:
    """float64 (x, z): the height of the topmost cell inside in each column; -inf where there is none."""
    top = inside.shape[1] - 1 - np.argmax(inside[:, ::-1], axis=1)
    return np.where(inside.any(axis=1), height[top], -np.inf)


def _inside(surface: Surface) -> Material:
    tones = []
    for number, mesh in enumerate(surface.meshes):
        vertices = distinct(surface.faces[surface.owner == number])
        if len(vertices):
            tones.append(colors_at(surface, mesh, vertices[:: max(1, len(vertices) // 500)])[0].mean(axis=0))
    tone = np.mean(tones, axis=0) * 0.7
    red, green, blue = (float(value) for value in to_linear(np.asarray(tone, np.float32)))
    return Material("inside", (red, green, blue, 1.0), 0.0, 0.9)
