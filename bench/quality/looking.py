"""A mesh file as somebody else's reader sees it: its surface, and its colours straight from the front.

trimesh reads the file here, not our own reader, so that an error of our writer does not hide itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray

from aigc.mesh.rays import RayScene

Array = NDArray[Any]


@dataclass(frozen=True)
class Look:
    """An orthographic view, cut to what is seen.

    Args:
        mask: bool (h, w): where the mesh is.
        colors: uint8 (h, w, 3), sRGB, unlit; grey where the file has none.
    """

    mask: Array
    colors: Array


def read(data: bytes, kind: str) -> list[trimesh.Trimesh]:
    """Every mesh of the file in place."""
    scene = trimesh.load(BytesIO(data), file_type=kind, force="scene", process=False)
    return [mesh for mesh in scene.dump() if isinstance(mesh, trimesh.Trimesh) and len(mesh.faces)]


def welded(meshes: list[trimesh.Trimesh]) -> trimesh.Trimesh:
    """All of it as one surface, without the cuts of its texture."""
    positions = np.concatenate([np.asarray(mesh.vertices) for mesh in meshes])
    offsets = np.cumsum([0] + [len(mesh.vertices) for mesh in meshes[:-1]])
    faces = np.concatenate([np.asarray(mesh.faces) + offset for mesh, offset in zip(meshes, offsets, strict=True)])
    # Positions in single precision are equal or they are not; trimesh's own tolerance would join thin walls.
    _, inverse = np.unique(positions.astype(np.float32), axis=0, return_inverse=True)
    unique = np.zeros((inverse.max() + 1, 3))
    unique[inverse.reshape(-1)] = positions
    joined = inverse.reshape(-1)[faces]
    # A face between two corners of the texture that lie in one place has no area; mesh tools drop it when they weld.
    kept = (joined != np.roll(joined, 1, axis=1)).all(axis=1)
    return trimesh.Trimesh(unique, joined[kept], process=False)


def look(meshes: list[trimesh.Trimesh], azimuth: float = 0.0, size: int = 256) -> Look:
    """From the front (+Z), or from `azimuth` degrees to its left."""
    turn = trimesh.transformations.rotation_matrix(np.radians(-azimuth), [0, 1, 0])[:3, :3]
    placed = [np.asarray(mesh.vertices) @ turn.T for mesh in meshes]
    low, high = np.concatenate(placed).min(axis=0), np.concatenate(placed).max(axis=0)
    scale = max(high[0] - low[0], high[1] - low[1]) / size
    width, height = (max(1, round(float((high[k] - low[k]) / scale))) for k in (0, 1))
    y, x = np.mgrid[0:height, 0:width]
    origins = np.stack([low[0] + (x + 0.5) * scale, high[1] - (y + 0.5) * scale, np.full(x.shape, high[2] + scale)], -1)
    offsets = np.cumsum([0] + [len(mesh.faces) for mesh in meshes])
    starts = np.cumsum([0] + [len(each) for each in placed])
    faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)])
    scene = RayScene(np.concatenate(placed).astype(np.float32), faces.astype(np.int32))
    flat = origins.reshape(-1, 3).astype(np.float32)
    hits = scene.first_hits(flat, np.tile(np.array([0, 0, -1], np.float32), (len(flat), 1)))
    colors = np.full((len(flat), 3), 128, np.uint8)
    for index, mesh in enumerate(meshes):
        mine = np.flatnonzero((hits.face >= offsets[index]) & (hits.face < offsets[index + 1]))
        if len(mine):
            colors[mine] = _colors(mesh, hits.face[mine] - offsets[index], hits.weights[mine])
    return Look((hits.face >= 0).reshape(height, width), colors.reshape(height, width, 3))


def _colors(mesh: trimesh.Trimesh, face: Array, weights: Array) -> Array:
    corners = np.asarray(mesh.faces)[face]
    visual: Any = mesh.visual
    if visual.kind == "vertex":
        return np.einsum("ij,ijk->ik", weights, visual.vertex_colors[corners][..., :3]).astype(np.uint8)
    material = getattr(visual, "material", None)
    picture = getattr(material, "baseColorTexture", None) or getattr(material, "image", None)
    if visual.kind == "texture" and picture is not None and visual.uv is not None:
        uv = np.einsum("ij,ijk->ik", weights, visual.uv[corners])
        pixels = np.asarray(picture.convert("RGB"))
        row = np.clip(((1 - uv[:, 1] % 1.0) * pixels.shape[0]).astype(int), 0, pixels.shape[0] - 1)
        column = np.clip(((uv[:, 0] % 1.0) * pixels.shape[1]).astype(int), 0, pixels.shape[1] - 1)
        return pixels[row, column]
    factor = getattr(material, "main_color", None)
    return np.tile(np.asarray(factor if factor is not None else (128, 128, 128, 255))[:3], (len(face), 1))
