"""Closing what an edit opened, in the shape and the colours of what lies around."""

from __future__ import annotations

import numpy as np

from aigc.mesh.appearance import Appearance
from aigc.mesh.cap import Cap, caps, is_free, loops_around, welded_cap
from aigc.mesh.geodesic import dome, fair, harmonic, neighbours
from aigc.mesh.keys import distinct
from aigc.mesh.normals import smooth_normals
from aigc.mesh.shading import linear_to_srgb
from aigc.mesh.surface import COLOR, NORMAL, UV, Surface
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Material, Mesh

_ROUNDNESS = 0.5  # height of a stump's end, in radii


def filled(surface: Surface, gone: IntArray, smooth: bool, name: str) -> list[Mesh]:
    """One mesh for each hole that faces left when they went.

    Args:
        surface: the faces that stay. gone: int32 (k, 3), the places of those that went.
        smooth: round, and in the colours along its border; else flat in their mean, a little lighter.
    """
    loops = loops_around(surface.corners, gone)
    if not loops:
        return []
    colors, material = _border_colors(surface, np.array([place for loop in loops for place in loop], np.int32))
    normals = _border_normals(surface)
    made = []
    for number, cap in enumerate(caps(surface.points, loops, smooth)):
        faces = welded_cap(cap, len(surface.points))
        if smooth:
            made.append(_smooth(surface, cap, faces, colors, normals, material, f"{name}_{number}"))
        else:
            made.append(_flat(surface, cap, colors, material, f"{name}_{number}"))
    return made


def _smooth(
    surface: Surface, cap: Cap, faces: IntArray, colors: FloatArray, normals: FloatArray, look: Material, name: str
) -> Mesh:
    count = len(surface.points)
    near = np.isin(surface.corners, cap.border).any(axis=1)
    corners = np.concatenate([surface.corners[near], faces])
    used, local = np.unique(corners.reshape(-1), return_inverse=True)
    local = local.reshape(-1, 3)
    points: FloatArray = np.asarray(np.concatenate([surface.points, cap.inner]), np.float64)[used]
    free = is_free(count, cap)[used]
    own = local[near.sum() :]
    # A membrane first, since the weights of what follows are lengths.
    flat = np.unique(own)
    patch = neighbours(points, own.astype(np.int32))
    points = harmonic(patch, points, free)
    round_ = fair(points, local.astype(np.int32), free)
    # A stump that widens towards its end has no smooth continuation that closes it: it gets a round end of its own.
    stump, radius = _stump(surface, cap, corners[: near.sum()])
    share = float(np.clip((stump - 0.3) / 0.4, 0, 1))
    ended = points + np.sqrt(dome(patch, free))[:, None] * cap.normal * (_ROUNDNESS * radius)
    points = (1 - share) * round_ + share * ended
    tones: FloatArray = np.zeros((len(used), 3))
    known = used < count
    tones[known] = colors[used[known]]
    tones = harmonic(patch, tones, free)
    shading = smooth_normals(points.astype(np.float32), local.astype(np.int32))
    # Along the border the normals are those of the neighbours, so that no seam is seen.
    border = ~free & np.isin(used, cap.border)
    shading[border] = normals[used[border]]
    renamed = np.full(len(used), -1, np.int32)
    renamed[flat] = np.arange(len(flat))
    rgba = np.concatenate([tones[flat] * 255 + 0.5, np.full((len(flat), 1), 255)], axis=1)
    return Mesh(
        points[flat].astype(np.float32),
        renamed[own].astype(np.int32),
        normals=shading[flat],
        colors=np.clip(rgba, 0, 255).astype(np.uint8),
        material=look,
        name=name,
    )


def _stump(surface: Surface, cap: Cap, near: IntArray) -> tuple[float, float]:
    """How much like a stump the surface ends at the hole, 1 for a pipe and 0 for a wall, and the hole's radius."""
    on_border = np.zeros(len(surface.points), bool)
    on_border[cap.border] = True
    rows, columns = near[:, [0, 1, 1, 2, 2, 0]].reshape(-1), near[:, [1, 0, 2, 1, 0, 2]].reshape(-1)
    leads = on_border[rows] & ~on_border[columns]
    ring = surface.points[cap.border].astype(np.float64)
    radius = float(np.linalg.norm(ring - ring.mean(axis=0), axis=1).mean())
    if not leads.any():
        return 0.0, radius
    way = surface.points[columns[leads]].astype(np.float64) - surface.points[rows[leads]]
    length = np.linalg.norm(way, axis=1)
    return float(-(way @ cap.normal).sum() / max(float(length.sum()), 1e-30)), radius


def _flat(surface: Surface, cap: Cap, colors: FloatArray, look: Material, name: str) -> Mesh:
    tone = colors[cap.border].mean(axis=0)
    tone = tone + (1 - tone) * 0.25
    rgba = np.concatenate([tone * 255 + 0.5, [255]]).astype(np.uint8)
    return Mesh(
        surface.points[cap.border].copy(),
        cap.faces,
        normals=np.tile(cap.normal.astype(np.float32), (len(cap.border), 1)),
        colors=np.tile(rgba, (len(cap.border), 1)),
        material=look,
        name=name,
    )


def _border_normals(surface: Surface) -> FloatArray:
    """float32 (p, 3): one of the normals that vertices in each place have."""
    normals = np.zeros((len(surface.points), 3), np.float32)
    used = distinct(surface.faces)
    normals[surface.place[used]] = surface.values[used, NORMAL]
    return normals


def _border_colors(surface: Surface, places: IntArray) -> tuple[FloatArray, Material]:
    """sRGB (p, 3), 0 to 1, known at `places`, and the look of the mesh that has most of them."""
    colors = np.zeros((len(surface.points), 3))
    wanted = np.zeros(len(surface.points), bool)
    wanted[places] = True
    metallic, roughness, most = 0.0, 0.8, 0
    for number, mesh in enumerate(surface.meshes):
        faces = surface.faces[surface.owner == number]
        vertices = distinct(faces)
        mine = vertices[wanted[surface.place[vertices]]]
        if not len(mine):
            continue
        tone, metal, rough = colors_at(surface, mesh, mine)
        colors[surface.place[mine]] = tone
        if len(mine) > most:
            metallic, roughness, most = float(metal.mean()), float(rough.mean()), len(mine)
    return colors, Material("fill", metallic=metallic, roughness=roughness)


def colors_at(surface: Surface, mesh: Mesh, vertices: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """sRGB (k, 3), 0 to 1, metallic and roughness of vertices of this mesh."""
    values = surface.values[vertices]
    colors: BytePixels | None = None
    if mesh.colors is not None:
        colors = np.clip(values[:, COLOR] + 0.5, 0, 255).astype(np.uint8)
    alone = mesh.with_(
        positions=values[:, :3],
        faces=np.zeros((0, 3), np.int32),
        normals=None,
        uv=None if mesh.uv is None else values[:, UV],
        colors=colors,
    )
    corners = np.repeat(np.arange(len(vertices), dtype=np.int32)[:, None], 3, axis=1)
    weights = np.full((len(vertices), 3), 1 / 3, np.float32)
    linear, metallic, roughness = Appearance(alone).at(alone, corners, weights)
    return linear_to_srgb(linear), metallic, roughness
