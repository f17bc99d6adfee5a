"""Rays against a mesh, by Embree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from aigc.mesh.types import BoolArray, FloatArray, IntArray

# A few hundred thousand rays take some 30 ms: short enough for whoever looks between two calls.
RAYS_A_CALL = 1 << 18


@dataclass(frozen=True)
class Hits:
    """Where rays met the mesh first.

    Args:
        face: int32 (k,): the face, or -1.
        distance: float32 (k,).
        weights: float32 (k, 3): barycentric weights of the face's corners.
    """

    face: IntArray
    distance: FloatArray
    weights: FloatArray


class RayScene:
    """A mesh that rays can be shot at. float32 (n, 3) positions, int32 (m, 3) faces."""

    def __init__(self, positions: FloatArray, faces: IntArray) -> None:
        self._scene = EmbreeScene()
        self._mesh = TriangleMesh(
            self._scene, np.ascontiguousarray(positions, np.float32), np.ascontiguousarray(faces, np.int32)
        )

    def first_hits(self, origins: FloatArray, directions: FloatArray) -> Hits:
        """The first face that each ray meets; `directions` need not be of unit length."""
        found = self._scene.run(_rows(origins), _rows(directions), output=True)
        u, v = found["u"], found["v"]
        return Hits(found["primID"], found["tfar"], np.stack([1 - u - v, u, v], axis=1))

    def occluded(self, origins: FloatArray, directions: FloatArray, reach: float) -> BoolArray:
        """bool (k,): whether anything is hit within `reach` times the direction's length."""
        limits = np.full(len(origins), reach, np.float32)
        found = self._scene.run(_rows(origins), _rows(directions), dists=limits, query="OCCLUDED")
        return np.asarray(found == 0)


def _rows(vectors: FloatArray) -> FloatArray:
    return np.ascontiguousarray(vectors, np.float32)


def hemisphere(count: int) -> FloatArray:
    """float32 (count, 3): directions about +Z with the density of the cosine, evenly spread (a Fibonacci spiral)."""
    index = np.arange(count) + 0.5
    radius = np.sqrt(index / count)
    angle = index * np.pi * (3 - np.sqrt(5))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1 - radius**2)], 1).astype(np.float32)


def around(normals: FloatArray, local: FloatArray, turn: FloatArray) -> FloatArray:
    """float32 (k, 3): `local` directions about +Z, turned by `turn` radians about it, then set upon `normals`."""
    sine, cosine = np.sin(turn)[:, None], np.cos(turn)[:, None]
    x, y, z = local[:, 0:1], local[:, 1:2], local[:, 2:3]
    x, y = x * cosine - y * sine, x * sine + y * cosine
    # An orthonormal frame without branches: Duff et al., Building an Orthonormal Basis, Revisited (JCGT 2017).
    nx, ny, nz = normals[:, 0:1], normals[:, 1:2], normals[:, 2:3]
    sign = np.where(nz >= 0, 1.0, -1.0)
    a = -1.0 / (sign + nz)
    b = nx * ny * a
    first = np.concatenate([1 + sign * nx * nx * a, sign * b, -sign * nx], axis=1)
    second = np.concatenate([b, sign + ny * ny * a, -ny], axis=1)
    return (first * x + second * y + normals * z).astype(np.float32)
