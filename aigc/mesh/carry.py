"""The colours of an old surface as a texture on the islands of a new one that lies close to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aigc.mesh.bake import texels
from aigc.mesh.transfer import ColorSource
from aigc.mesh.types import FloatArray, IntArray, Material, Mesh
from aigc.mesh.unwrap import Unwrapped


def carried(
    source: list[Mesh],
    positions: FloatArray,
    faces: IntArray,
    shading: tuple[FloatArray, IntArray],
    opened: Unwrapped,
    edge: int,
    told: Callable[[float], None],
) -> Material:
    """The first material of the source, with one texture of edge² pixels for all its colours.

    Args:
        source: what has the colours.
        positions: float32 (n, 3) of the new mesh, and `faces`, int32 (m, 3), of it.
        shading: the new mesh's normals, float32 (k, 3), and which of them each face has, int32 (m, 3).
        opened: the new mesh's islands, which do not overlap.
        edge: pixels.
        told: called with the share done; may raise.
    """
    cover = texels(opened.uv, opened.faces, edge, lambda share: told(0.3 * share))
    told(0.3)
    directions = cover.of(*shading)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-9)
    points = cover.of(positions, faces)
    told(0.4)
    colors = ColorSource(source).at(points, directions, lambda share: told(0.4 + 0.5 * share))
    told(0.9)
    first = source[0].material
    return Material(
        first.name, metallic=first.metallic, roughness=first.roughness, base_color_texture=cover.picture(colors)
    )
