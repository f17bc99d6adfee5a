"""Other colours and materials within a region: texels in place where the texture allows it, and no other texel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from aigc.mesh.appearance import Appearance
from aigc.mesh.bake import spread, texels
from aigc.mesh.keys import among
from aigc.mesh.rays import RAYS_A_CALL, RayScene
from aigc.mesh.shading import linear_to_srgb
from aigc.mesh.surface import NORMAL, Surface
from aigc.mesh.types import BoolArray, BytePixels, FloatArray, IntArray, Material, Mesh
from aigc.mesh.unwrap import unwrap, with_normals
from aigc.models.editing.deform import Between
from aigc.models.editing.region import Region, cut_out
from aigc.models.shapes.finish import Finish, Frame, Spots, paint
from aigc.models.shapes.words import Look

_SOFT = 0.02  # of the region's size: how wide its border is
_SHARED = 0.03  # share of the region's texels that may show something else too

Brush = Callable[[FloatArray, FloatArray, FloatArray], "Paint"]
"""What lies at points (k, 3) with normals, where there was the sRGB colour (k, 3)."""


@dataclass(frozen=True)
class Paint:
    """New colours of k points.

    Args:
        color: float32 (k, 3), sRGB. share: float32 (k,), how much of it, 0 to 1.
        roughness, metallic: float32 (k,), or None where they stay.
    """

    color: FloatArray
    share: FloatArray
    roughness: FloatArray | None = None
    metallic: FloatArray | None = None


def brush_of(look: Look, region: Region, size: float) -> Brush:
    """Paints what lies in the region as the look says, light and dark of what was there kept."""

    def stroke(points: FloatArray, normals: FloatArray, old: FloatArray) -> Paint:
        share = _share(region, points)
        light = old @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        chosen = share > 0.5
        usual = float(np.median(light[chosen])) if chosen.any() else 0.5
        detail = np.clip((light + 0.02) / (usual + 0.02), 0.2, 1.5)
        plain = look.material is None and look.pattern is None
        mean = old[chosen].mean(axis=0) if chosen.any() else np.full(3, 0.5)
        base = Finish("plain", (float(mean[0]), float(mean[1]), float(mean[2])))
        finish = look.over(base)
        frame = Frame((region.centre / size).astype(np.float32), int(np.argmax(region.span)), False, 0.0)
        spots = Spots((points / size).astype(np.float32), normals, frame)
        color, rough, metal = paint(finish, spots)
        # Details as strong as before under paint, fainter under another material.
        color = np.clip(color * (detail ** (0.8 if plain else 0.3))[:, None], 0, 1).astype(np.float32)
        if plain and not look.gloss:
            return Paint(color, share)
        return Paint(color, share, rough, metal)

    return stroke


def _share(region: Region, points: FloatArray) -> FloatArray:
    """float32 (k,): 1 in the region, 0 outside it, soft along the inner side of its border."""
    if region.is_everything or region.meshes:
        return np.ones(len(points), np.float32)
    depth = -np.asarray(region.field(points)) / max(_SOFT * float(region.span.max()), 1e-12)
    soft = np.clip(depth, 0, 1)
    return np.asarray(soft * soft * (3 - 2 * soft), np.float32)


def repainted(
    surface: Surface, region: Region, brush: Brush, resolution: int, between: Between
) -> tuple[list[Mesh], dict[str, Any]]:
    """The meshes with the brush led over the region.

    A texture of which every texel shows one place only is changed in place. Where there is none, or where texels are
    shared by several places, the region's faces get a texture of their own.
    """
    meshes = list(surface.meshes)
    corners = surface.points[surface.corners]
    near = region.near(corners.min(axis=1), corners.max(axis=1))
    texels_changed, split_off = 0, np.zeros(len(surface.faces), bool)
    for number, mesh in enumerate(surface.meshes):
        mine = surface.owner == number
        if region.meshes and number not in region.meshes:
            continue
        if not (near & mine).any():
            continue
        report = partial(between, 0.1 + 0.3 * number / len(surface.meshes))
        report()
        # Meshes of a surface lie one after the other, so its faces are in the mesh's own order.
        changed = _in_place(mesh, near[mine], brush, report)
        if changed is None:
            split_off |= mine
        else:
            meshes[number], count = changed
            texels_changed += count
    current = replace(surface, meshes=tuple(meshes))
    info: dict[str, Any] = {"texels_changed": texels_changed}
    if not split_off.any():
        return current.to_meshes(), info
    cut, inside = cut_out(current, region)
    inside &= split_off[0] if split_off.all() else np.isin(cut.owner, np.unique(surface.owner[split_off]))
    made = []
    for number in np.unique(cut.owner[inside]).tolist():
        made.append(_own_texture(cut.kept(inside & (cut.owner == number)), number, brush, resolution, between))
    info["new_textures"] = len(made)
    rest = cut.kept(~inside)
    return [*rest.to_meshes(), *made], info


def _in_place(mesh: Mesh, near: BoolArray, brush: Brush, report: Callable[[], None]) -> tuple[Mesh, int] | None:
    """The mesh with another texture, and how many texels changed; None if its texture cannot be changed in place."""
    picture = mesh.material.base_color_texture
    if picture is None or mesh.uv is None or mesh.normals is None or mesh.colors is not None:
        return None
    if not np.allclose(mesh.material.base_color[:3], 1) or mesh.uv.min() < -1e-4 or mesh.uv.max() > 1 + 1e-4:
        return None
    height, width = picture.shape[:2]
    index, face, weights = _rastered(mesh.uv, mesh.faces[near], width, height, report)
    face = np.flatnonzero(near)[face].astype(np.int32)
    points = np.einsum("ij,ijk->ik", weights, mesh.positions[mesh.faces[face]])
    report()
    normals = np.einsum("ij,ijk->ik", weights, mesh.normals[mesh.faces[face]])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    flat = picture.reshape(-1, picture.shape[2])
    old = flat[index, :3].astype(np.float32) / 255
    report()
    stroke = brush(points.astype(np.float32), normals.astype(np.float32), old)
    report()
    touched = stroke.share > 0
    if not touched.any():
        return mesh, 0
    if _shows_twice(mesh, index[touched], face[touched], width, height, report):
        return None
    new = flat.copy()
    share = stroke.share[:, None]
    mixed = old * (1 - share) + stroke.color * share
    new[index[touched], :3] = (mixed[touched] * 255 + 0.5).astype(np.uint8)
    whole = _with_gutter(mesh, new.reshape(picture.shape), picture, index, touched, report)
    material = replace(mesh.material, base_color_texture=whole)
    if stroke.roughness is not None and stroke.metallic is not None:
        place = np.stack(np.divmod(index, width), 1)
        material = _resurfaced(material, place, (height, width), stroke, touched)
    return mesh.with_(material=material), int(touched.sum())


def _rastered(
    uv: FloatArray, faces: IntArray, width: int, height: int, report: Callable[[], None]
) -> tuple[IntArray, IntArray, FloatArray]:
    """Which texels of a picture faces cover: row * width + column, the face, and barycentric weights."""
    scene = RayScene(np.concatenate([uv, np.zeros((len(uv), 1), np.float32)], axis=1), faces)
    index, face, weights = [], [], []
    rows = max(1, RAYS_A_CALL // width)
    for top in range(0, height, rows):
        report()
        y, x = np.mgrid[top : min(top + rows, height), 0:width]
        centre = np.stack([(x.reshape(-1) + 0.5) / width, (y.reshape(-1) + 0.5) / height, np.ones(x.size)], 1)
        hits = scene.first_hits(centre.astype(np.float32), np.tile(np.array([0, 0, -1], np.float32), (x.size, 1)))
        found = np.flatnonzero(hits.face >= 0)
        index.append(found + top * width)
        face.append(hits.face[found])
        weights.append(hits.weights[found])
    return np.concatenate(index), np.concatenate(face), np.concatenate(weights).astype(np.float32)


def _shows_twice(
    mesh: Mesh, index: IntArray, face: IntArray, width: int, height: int, report: Callable[[], None]
) -> bool:
    """Whether texels that are to change show other places too: other faces, or these faces twice."""
    painted = np.zeros(len(mesh.faces), bool)
    painted[face] = True
    assert mesh.uv is not None
    corners = mesh.uv[mesh.faces[painted]].astype(np.float64) * [width, height]
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    own = float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2)
    covered, _, _ = _rastered(mesh.uv, mesh.faces[painted], width, height, report)
    if own > (1 + _SHARED) * len(covered) + 8 * np.sqrt(own) + 16:
        return True
    if painted.all():
        return False
    others, _, _ = _rastered(mesh.uv, mesh.faces[~painted], width, height, report)
    both = among(index, others).sum()
    return bool(both > _SHARED * len(index) + 4)


def _with_gutter(
    mesh: Mesh, new: BytePixels, old: BytePixels, index: IntArray, touched: BoolArray, report: Callable[[], None]
) -> BytePixels:
    """The texels between islands beside a changed one take its colour, or the old one would show at the seams."""
    assert mesh.uv is not None
    height, width = shape = new.shape[:2]
    covered = np.zeros(width * height, bool)
    covered[_rastered(mesh.uv, mesh.faces, width, height, report)[0]] = True
    covered[index] = True
    changed = np.zeros(width * height, np.uint8)
    changed[index[touched]] = 1
    report()
    near_changed = spread(changed.reshape(*shape, 1), covered.reshape(shape))[..., 0] > 0
    report()
    filled = spread(new, covered.reshape(shape))
    use = near_changed & ~covered.reshape(shape)
    return np.where(use[..., None], filled, new)


def _resurfaced(
    material: Material, place: IntArray, shape: tuple[int, int], stroke: Paint, touched: BoolArray
) -> Material:
    """The material with roughness and metallic changed at these texels (row, column) of the colour texture."""
    surface = material.surface_texture
    if surface is None:
        surface = np.empty((max(1, shape[0] // 2), max(1, shape[1] // 2), 3), np.uint8)
        surface[:] = (255, round(material.roughness * 255), round(material.metallic * 255))
    assert stroke.roughness is not None and stroke.metallic is not None
    scale = np.array(surface.shape[:2]) / np.array(shape)
    row, column = np.minimum((place[touched] * scale).astype(int), np.array(surface.shape[:2]) - 1).T
    new = surface.copy()
    share = stroke.share[touched]
    for channel, values in ((1, stroke.roughness), (2, stroke.metallic)):
        old = surface[row, column, channel] / 255
        new[row, column, channel] = ((old * (1 - share) + values[touched] * share) * 255 + 0.5).astype(np.uint8)
    known = np.zeros(surface.shape[:2], bool)
    known[row, column] = True
    wide = cv2.dilate(known.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return replace(material, surface_texture=np.where((wide & ~known)[..., None], spread(new, known), new))


def _own_texture(part: Surface, number: int, brush: Brush, resolution: int, between: Between) -> Mesh:
    """The faces of one mesh with a texture of their own: their old colours, and the brush led over them."""
    old = part.mesh(number)
    assert old is not None and old.normals is not None
    size = min(resolution, 1024) if len(old.faces) < 20_000 else resolution
    used, local = np.unique(part.corners.reshape(-1), return_inverse=True)
    points, faces = part.points[used], local.reshape(-1, 3).astype(np.int32)
    opened = unwrap(points, faces, size, max(2, size // 256), between=lambda k, n: between(0.4 + 0.3 * k / n))
    cover = texels(opened.uv, opened.faces, size, lambda done: between(0.7 + 0.05 * done))
    between(0.75)
    where = cover.of(points, faces)
    sharp = part.faces
    normals = part.values[:, NORMAL]
    directions = cover.of(normals, sharp)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-9)
    linear, metallic, roughness = Appearance(old).at(old, old.faces[cover.face], cover.weights)
    before = linear_to_srgb(linear)
    between(0.8)
    stroke = brush(where, directions, before)
    between(0.9)
    share = stroke.share[:, None]
    color = before * (1 - share) + stroke.color * share
    rough = roughness if stroke.roughness is None else roughness * (1 - stroke.share) + stroke.roughness * stroke.share
    metal = metallic if stroke.metallic is None else metallic * (1 - stroke.share) + stroke.metallic * stroke.share
    material = Material(
        "painted",
        base_color_texture=cover.picture(color),
        surface_texture=cover.picture(np.stack([np.ones_like(rough), rough, metal], 1))[::2, ::2],
        double_sided=old.material.double_sided,
    )
    source, triangles, uv, shading = with_normals(opened, sharp, normals)
    return Mesh(points[source], triangles, normals=shading, uv=uv, material=material, name=f"{old.name}_painted")
