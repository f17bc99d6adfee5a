"""The colour of a surface at any point of it, from its factors, vertex colours and textures."""

from __future__ import annotations

import cv2
import numpy as np

from aigc.mesh.shading import to_linear
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Mesh


class Appearance:
    """A mesh's material, ready to be asked for its colour at points of its faces.

    Args:
        step: how far apart these points lie in the texture, which is shrunk to suit.
    """

    def __init__(self, mesh: Mesh, step: float = 0.0) -> None:
        self._base = _shrunk(mesh.material.base_color_texture, step)
        self._surface = _shrunk(mesh.material.surface_texture, step)

    def at(self, mesh: Mesh, corners: IntArray, weights: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Linear colour (k, 3), metallic (k,) and roughness (k,)."""
        material = mesh.material
        color: FloatArray = np.tile(np.asarray(material.base_color[:3], np.float32), (len(corners), 1))
        metallic: FloatArray = np.full(len(corners), material.metallic, np.float32)
        roughness: FloatArray = np.full(len(corners), material.roughness, np.float32)
        if mesh.colors is not None:
            mixed = np.einsum("ij,ijk->ik", weights, mesh.colors[corners][..., :3].astype(np.float32))
            color = color * to_linear(mixed / 255)
        if mesh.uv is not None:
            uv = np.einsum("ij,ijk->ik", weights, mesh.uv[corners])
            if self._base is not None:
                color = color * to_linear(sample(self._base, uv)[:, :3] / 255)
            if self._surface is not None:
                surface = sample(self._surface, uv) / 255
                roughness, metallic = surface[:, 1], surface[:, 2]
        return color, metallic, roughness


def sample(picture: BytePixels, uv: FloatArray) -> FloatArray:
    """float32 (k, channels): the picture at `uv`, between four texels, repeated beyond its borders."""
    height, width = picture.shape[:2]
    x, y = uv[:, 0] * width - 0.5, uv[:, 1] * height - 0.5
    left, top = np.floor(x), np.floor(y)
    dx, dy = (x - left)[:, None].astype(np.float32), (y - top)[:, None].astype(np.float32)
    left, top = left.astype(np.int64), top.astype(np.int64)
    x0, x1, y0, y1 = left % width, (left + 1) % width, top % height, (top + 1) % height
    above = picture[y0, x0] * (1 - dx) + picture[y0, x1] * dx
    below = picture[y1, x0] * (1 - dx) + picture[y1, x1] * dx
    return np.asarray(above * (1 - dy) + below * dy, np.float32)


def _shrunk(picture: BytePixels | None, step: float) -> BytePixels | None:
    if picture is None or step <= 0:
        return picture
    level = int(np.floor(np.log2(max(step * max(picture.shape[:2]), 1) * 1.2)))
    if level < 1:
        return picture
    width, height = max(1, picture.shape[1] >> level), max(1, picture.shape[0] >> level)
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
