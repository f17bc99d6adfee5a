"""Ambient occlusion of a texture: the share of the sky that each texel sees."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from aigc.mesh.bake import Texels, spread
from aigc.mesh.rays import RayScene, around, hemisphere
from aigc.mesh.types import FloatArray, IntArray

_RAYS = 24
_COARSE = 4  # one texel in so many, along each edge, is cast


def coarse_texels(cover: Texels, step: int = _COARSE) -> IntArray:
    """int32 (j,): one texel in `step` times `step`, evenly spread over the texture."""
    row, column = np.divmod(cover.index, cover.size)
    return np.flatnonzero((row % step == step // 2) & (column % step == step // 2)).astype(np.int32)


def open_sky(
    scene: RayScene,
    cover: Texels,
    chosen: IntArray,
    points: FloatArray,
    normals: FloatArray,
    extent: float,
    between: Callable[[float], None],
    reach: float = 0.22,
) -> FloatArray:
    """float32 (k,): the share of the sky that each of the texels sees.

    Args:
        chosen: what `coarse_texels` gave; rays are cast from these, the others lie between them.
        points, normals: float32 (j, 3), of the chosen.
        between: called with the share done; may raise.
        reach: extents within which something hides the sky.
    """
    if len(chosen) < 16:
        return np.ones(len(cover.index), np.float32)
    start = points + normals * np.float32(2e-3 * extent)
    blocked = np.zeros(len(chosen), np.float32)
    turn = np.random.default_rng(0).random(len(chosen), np.float32) * np.float32(2 * np.pi)
    for number, local in enumerate(hemisphere(_RAYS)):
        if number % 4 == 0:
            between(number / _RAYS)
        rays = around(normals, np.tile(local, (len(chosen), 1)), turn)
        blocked += scene.occluded(start, rays, reach * extent)
    return between_texels(cover, chosen, 1 - blocked / _RAYS)


def between_texels(cover: Texels, chosen: IntArray, values: FloatArray) -> FloatArray:
    """float32 (k,): values (j,), 0 to 1, of the coarse texels, smoothed and read at all of them."""
    side = cover.size // _COARSE
    row, column = np.divmod(cover.index[chosen], cover.size)
    image = np.zeros((side * side, 1), np.uint8)
    known = np.zeros(side * side, bool)
    place = (row // _COARSE) * side + column // _COARSE
    image[place, 0] = (np.clip(values, 0, 1) * 255).astype(np.uint8)
    known[place] = True
    filled = spread(image.reshape(side, side, 1), known.reshape(side, side))[..., 0]
    smooth = cv2.GaussianBlur(filled, (0, 0), 0.9)
    full = cv2.resize(smooth, (cover.size, cover.size), interpolation=cv2.INTER_LINEAR).reshape(-1)
    return (full[cover.index] / 255).astype(np.float32)
