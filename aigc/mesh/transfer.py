"""Colours carried from one surface to another that lies close to it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from aigc.mesh.appearance import Appearance
from aigc.mesh.normals import face_normals
from aigc.mesh.rays import RayScene
from aigc.mesh.shading import linear_to_srgb
from aigc.mesh.topology import joined
from aigc.mesh.types import FloatArray, IntArray, Mesh

_POINTS_A_CALL = 1 << 16
"""Points whose colours are asked for at once: some 0.1 s."""
_REACH = 0.05  # of the whole thing's size


def has_colors(meshes: list[Mesh]) -> bool:
    """Whether there is anything to carry over: a texture, colours of vertices, or more than one base colour."""
    textured = any(
        mesh.colors is not None or (mesh.uv is not None and mesh.material.base_color_texture is not None)
        for mesh in meshes
    )
    return textured or len({mesh.material.base_color for mesh in meshes}) > 1


class ColorSource:
    """A surface that can be asked for the colour nearest to a point."""

    def __init__(self, meshes: list[Mesh]) -> None:
        self._meshes = meshes
        positions, faces = joined(meshes)
        self._rays = RayScene(positions, faces)
        self._size = float(np.linalg.norm(np.ptp(positions, axis=0)))
        self._owner = np.repeat(np.arange(len(meshes)), [len(mesh.faces) for mesh in meshes])
        self._starts = np.cumsum([0] + [len(mesh.faces) for mesh in meshes])
        self._appearances = [Appearance(mesh) for mesh in meshes]
        self._normals = face_normals(positions, faces)
        self._centres = cKDTree(positions[faces].mean(axis=1))

    def at(self, points: FloatArray, normals: FloatArray, between: Callable[[float], None] | None = None) -> FloatArray:
        """float32 (k, 3), sRGB 0 to 1, of the nearer surface along the normal, outwards or inwards.

        Where neither way meets the surface soon, the face with the nearest centre gives its colour.
        `between` is called with the share done, before every 65,536 points, and may raise.
        """
        colors = []
        for k in range(0, len(points), _POINTS_A_CALL):
            if between is not None:
                between(k / len(points))
            colors.append(self._some(points[k : k + _POINTS_A_CALL], normals[k : k + _POINTS_A_CALL]))
        return np.concatenate(colors) if colors else np.zeros((0, 3), np.float32)

    def _some(self, points: FloatArray, normals: FloatArray) -> FloatArray:
        reach = np.float32(_REACH * self._size)
        lift = normals * np.float32(1e-5 * self._size)
        out = self._rays.first_hits(points - lift, normals)
        back = self._rays.first_hits(points + lift, -normals)
        far = np.float32(np.inf)
        to_out, to_back = np.where(out.face >= 0, out.distance, far), np.where(back.face >= 0, back.distance, far)
        # A wall of some thickness has another surface behind it, which looks the other way.
        to_out = to_out + np.where(np.einsum("ij,ij->i", self._normals[out.face], normals) < 0, reach, 0)
        to_back = to_back + np.where(np.einsum("ij,ij->i", self._normals[back.face], normals) < 0, reach, 0)
        outward = to_out < to_back
        face = np.where(outward, out.face, back.face)
        weights = np.where(outward[:, None], out.weights, back.weights)
        lost = np.flatnonzero((np.minimum(to_out, to_back) > reach) | (face < 0))
        if len(lost):
            face[lost] = self._centres.query(points[lost], workers=1)[1]
            weights[lost] = 1 / 3
        return self._colors(face, weights.astype(np.float32))

    def _colors(self, face: IntArray, weights: FloatArray) -> FloatArray:
        result = np.zeros((len(face), 3), np.float32)
        for index, (mesh, appearance) in enumerate(zip(self._meshes, self._appearances, strict=True)):
            mine = np.flatnonzero(self._owner[face] == index)
            if len(mine):
                corners = mesh.faces[face[mine] - self._starts[index]]
                result[mine] = linear_to_srgb(appearance.at(mesh, corners, weights[mine])[0])
        return result
