"""A file's meshes cut into parts that keep their look."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from aigc.mesh.normals import shaded
from aigc.mesh.topology import joined
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Material, Mesh

_MARGIN = 8  # texels around a part's islands that its texture keeps


def cut_apart(meshes: list[Mesh], labels: IntArray, names: list[str]) -> list[list[Mesh]]:
    """For each part the meshes that it is made of, one for each material that it shows.

    Args:
        labels: int32 (m,), the part of each face of all meshes in order.
        names: of the parts; the second mesh of a part is named `name.1`, and so on.
    """
    starts = np.cumsum([0] + [len(mesh.faces) for mesh in meshes])
    lit = [shaded(mesh) for mesh in meshes]
    parts: list[list[Mesh]] = [[] for _ in names]
    for number, name in enumerate(names):
        for index, mesh in enumerate(lit):
            kept = labels[starts[index] : starts[index + 1]] == number
            if kept.any():
                suffix = f".{len(parts[number])}" if parts[number] else ""
                parts[number].append(_piece(mesh, kept).with_(name=name + suffix))
    return parts


def painted(part: list[Mesh], color: tuple[float, float, float, float]) -> Mesh:
    """The part as one mesh of one linear colour."""
    positions, faces = joined(part)
    normals = [mesh.normals for mesh in part if mesh.normals is not None]
    material = Material(part[0].name, base_color=color, roughness=0.7, double_sided=True)
    return Mesh(
        positions,
        faces,
        normals=np.concatenate(normals) if len(normals) == len(part) else None,
        material=material,
        name=part[0].name,
    )


def with_own_texture(mesh: Mesh, between: Callable[[], None] | None = None) -> Mesh:
    """The mesh with a texture that holds nothing but what it shows, so that its file is small.

    Coordinates stay. What is not shown has one colour; a texture that is repeated stays whole.
    """
    texture, uv = mesh.material.base_color_texture, mesh.uv
    if texture is None or uv is None or uv.min() < -1e-3 or uv.max() > 1 + 1e-3:
        return mesh
    if between is not None:
        between()
    shown = _shown(texture, uv, mesh.faces)
    own = texture.copy()
    own[~shown] = texture[shown].mean(axis=0).astype(np.uint8)
    material = mesh.material
    return mesh.with_(
        material=Material(
            material.name,
            material.base_color,
            material.metallic,
            material.roughness,
            own,
            double_sided=material.double_sided,
            jpeg=material.jpeg,
        )
    )


def _shown(texture: BytePixels, uv: FloatArray, faces: IntArray) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """bool (h, w): texels of these faces and a margin around them."""
    height, width = texture.shape[:2]
    corners = np.round(uv[faces] * np.array([width, height], np.float32) - 0.5).astype(np.int32)
    mask = np.zeros((height, width), np.uint8)
    # One triangle a call: together, those that overlap would cancel out.
    for triangle in corners:
        cv2.fillConvexPoly(mask, triangle, 1)
    return np.asarray(cv2.dilate(mask, np.ones((2 * _MARGIN + 1,) * 2, np.uint8)) > 0)


def _piece(mesh: Mesh, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Mesh:
    """These faces with what belongs to their vertices."""
    used, inverse = np.unique(mesh.faces[kept].reshape(-1), return_inverse=True)
    return mesh.with_(
        positions=np.ascontiguousarray(mesh.positions[used]),
        faces=inverse.reshape(-1, 3).astype(np.int32),
        normals=None if mesh.normals is None else mesh.normals[used],
        uv=None if mesh.uv is None else mesh.uv[used],
        colors=None if mesh.colors is None else mesh.colors[used],
        quads=None,
    )
