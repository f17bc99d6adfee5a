"""Several meshes as one, for formats that know one surface only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aigc.mesh.appearance import Appearance
from aigc.mesh.shading import linear_to_srgb
from aigc.mesh.topology import joined
from aigc.mesh.types import BytePixels, Mesh


def one_mesh(meshes: Sequence[Mesh]) -> Mesh:
    """The same surface as one mesh; of several, what materials show is kept as a colour for each vertex."""
    if len(meshes) == 1:
        return meshes[0]
    positions, faces = joined(list(meshes))
    normals = [mesh.normals for mesh in meshes if mesh.normals is not None]
    return Mesh(
        positions,
        faces,
        normals=np.concatenate(normals) if len(normals) == len(meshes) else None,
        colors=np.concatenate([_colors(mesh) for mesh in meshes]),
    )


def _colors(mesh: Mesh) -> BytePixels:
    """uint8 (n, 4): sRGB of each vertex."""
    count = len(mesh.positions)
    corners = np.repeat(np.arange(count, dtype=np.int32)[:, None], 3, axis=1)
    weights = np.tile(np.array([1, 0, 0], np.float32), (count, 1))
    linear, _, _ = Appearance(mesh).at(mesh, corners, weights)
    alpha = np.full((count, 1), round(255 * mesh.material.base_color[3]), np.uint8)
    return np.concatenate([np.round(255 * linear_to_srgb(linear)).astype(np.uint8), alpha], axis=1)
