"""How thick a thing is behind each of its faces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aigc.mesh.normals import face_normals
from aigc.mesh.rays import RAYS_A_CALL, RayScene, around
from aigc.mesh.types import FloatArray, IntArray

_RAYS = 24
_CONE = np.radians(50)


def shape_diameter(positions: FloatArray, faces: IntArray, between: Callable[[], None] | None = None) -> FloatArray:
    """float32 (m,): the mean way from each face to the opposite wall, or nan where no wall is met.

    Rays start inwards in a cone about the normal; the outer quarter of their lengths is left out (after Shapira et al.,
    Consistent mesh partitioning using the shape diameter function, 2008). `between` is called between batches.
    """
    normals = face_normals(positions, faces)
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    size = float(np.linalg.norm(np.ptp(positions, axis=0)))
    origins = positions[faces].mean(axis=1) - unit * np.float32(1e-5 * size)
    cone = _cone()
    turn = np.random.default_rng(0).random(len(faces), np.float32) * np.float32(2 * np.pi)
    rays = RayScene(positions, faces)
    result = np.full(len(faces), np.nan, np.float32)
    batch = max(1, RAYS_A_CALL // _RAYS)
    for start in range(0, len(faces), batch):
        if between is not None:
            between()
        rows = slice(start, start + batch)
        lengths = np.full((len(origins[rows]), _RAYS), np.nan, np.float32)
        for k, local in enumerate(cone):
            directions = around(-unit[rows], np.tile(local, (len(origins[rows]), 1)), turn[rows])
            hits = rays.first_hits(origins[rows], directions)
            # A wall seen from its outside is another thing that touches this one.
            inner = (hits.face >= 0) & (np.einsum("ij,ij->i", unit[hits.face], directions) > 0)
            lengths[inner, k] = hits.distance[inner]
        result[rows] = _trimmed(lengths)
    return result


def _cone() -> FloatArray:
    """float32 (rays, 3): directions about +Z, evenly spread within the cone."""
    index = np.arange(_RAYS) + 0.5
    cosine = 1 - index / _RAYS * (1 - np.cos(_CONE))
    sine = np.sqrt(1 - cosine**2)
    angle = index * np.pi * (3 - np.sqrt(5))
    return np.stack([sine * np.cos(angle), sine * np.sin(angle), cosine], axis=1).astype(np.float32)


def _trimmed(lengths: FloatArray) -> FloatArray:
    """The mean of each row between its lower and upper eighth; nan where all is nan."""
    ordered = np.sort(lengths, axis=1)
    count = (~np.isnan(ordered)).sum(axis=1)
    low, high = count // 8, count - count // 8
    column = np.arange(lengths.shape[1])
    inside = (column >= low[:, None]) & (column < high[:, None])
    total = np.where(inside, np.nan_to_num(ordered), 0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(high - low, 1), np.nan).astype(np.float32)
