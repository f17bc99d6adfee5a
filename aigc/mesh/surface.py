"""Several meshes as one skin, for work that must not tear it where only a material or a seam of a texture changes.

Vertices keep all that they carry (normal, texture coordinates, colour), and vertices in one place know each other.
What is not touched comes out again bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aigc.mesh.normals import face_normals, shaded
from aigc.mesh.topology import compact, same_points
from aigc.mesh.types import BoolArray, FloatArray, IntArray, Mesh

POSITION, NORMAL, UV, COLOR = slice(0, 3), slice(3, 6), slice(6, 8), slice(8, 12)
WIDTH = 12


@dataclass(frozen=True)
class Surface:
    """All faces of `meshes`.

    Args:
        meshes: where the faces come from; their materials and names.
        values: float32 (n, 12): position, normal, uv, sRGB colour from 0 to 255; what a mesh lacks is 0.
        faces: int32 (m, 3), vertices. owner: int32 (m,), the mesh of each face.
        place: int32 (n,), the place in which each vertex lies; vertices along a seam share one.
        points: float32 (p, 3), the places.
    """

    meshes: tuple[Mesh, ...]
    values: FloatArray
    faces: IntArray
    owner: IntArray
    place: IntArray
    points: FloatArray

    @staticmethod
    def of(meshes: list[Mesh]) -> Surface:
        """The skin of these meshes; those without normals get them, with creases at 40 degrees."""
        meshes = [shaded(mesh) for mesh in meshes]
        offsets = np.cumsum([0] + [len(mesh.positions) for mesh in meshes])
        values = np.zeros((int(offsets[-1]), WIDTH), np.float32)
        for mesh, start, end in zip(meshes, offsets[:-1], offsets[1:], strict=True):
            values[start:end, POSITION] = mesh.positions
            values[start:end, NORMAL] = mesh.normals
            if mesh.uv is not None:
                values[start:end, UV] = mesh.uv
            if mesh.colors is not None:
                values[start:end, COLOR] = mesh.colors
        first, place = same_points(values[:, POSITION])
        faces = np.concatenate([mesh.faces + start for mesh, start in zip(meshes, offsets, strict=False)])
        owner = np.repeat(np.arange(len(meshes)), [len(mesh.faces) for mesh in meshes])
        return Surface(
            tuple(meshes), values, faces.astype(np.int32), owner.astype(np.int32), place, values[first, POSITION]
        )

    @property
    def corners(self) -> IntArray:
        """int32 (m, 3): the places of each face's corners: the same faces, welded."""
        return np.asarray(self.place[self.faces], np.int32)

    @property
    def size(self) -> float:
        """The longest side of what the faces span."""
        return float(np.ptp(self.points[self.corners].reshape(-1, 3), axis=0).max()) if len(self.faces) else 0.0

    def kept(self, chosen: BoolArray) -> Surface:
        """The chosen faces only; vertices and places keep their numbers."""
        return replace(self, faces=self.faces[chosen], owner=self.owner[chosen])

    def moved(self, points: FloatArray) -> Surface:
        """The same faces with places elsewhere; the normals there follow, and those of no other place."""
        changed = (points != self.points).any(axis=1)
        if not changed.any():
            return self
        values = self.values.copy()
        shifted = changed[self.place]
        values[shifted, POSITION] = points[self.place[shifted]]
        values[shifted, NORMAL] = self._normals(points)[shifted]
        return replace(self, values=values, points=points.astype(np.float32))

    def _normals(self, points: FloatArray) -> FloatArray:
        """New normals of all vertices: shared by those that lie in one place and had one normal."""
        key = np.concatenate([self.place[:, None], np.round(self.values[:, NORMAL] * 1000).astype(np.int32)], axis=1)
        _, group = np.unique(key, axis=0, return_inverse=True)
        group = group.reshape(-1)
        weighted = face_normals(points, self.corners).astype(np.float64)
        total = np.zeros((int(group.max()) + 1, 3))
        for axis in range(3):
            total[:, axis] = np.bincount(
                group[self.faces].reshape(-1), np.repeat(weighted[:, axis], 3), minlength=len(total)
            )
        length = np.linalg.norm(total, axis=1, keepdims=True)
        unit = total / np.maximum(length, 1e-30)
        return np.where(length[group] > 0, unit[group], self.values[:, NORMAL]).astype(np.float32)

    def to_meshes(self) -> list[Mesh]:
        """The meshes that still have faces, each with its material; untouched ones are the same objects as before."""
        return [mesh for number in range(len(self.meshes)) if (mesh := self.mesh(number)) is not None]

    def mesh(self, number: int) -> Mesh | None:
        """What the faces of one mesh are now, or None if it has none left."""
        old = self.meshes[number]
        faces = self.faces[self.owner == number]
        if not len(faces):
            return None
        values, faces = compact(self.values, faces)
        new = old.with_(
            positions=np.ascontiguousarray(values[:, POSITION]),
            faces=faces,
            normals=np.ascontiguousarray(values[:, NORMAL]),
            uv=None if old.uv is None else np.ascontiguousarray(values[:, UV]),
            colors=None if old.colors is None else np.clip(values[:, COLOR] + 0.5, 0, 255).astype(np.uint8),
            quads=None,
        )
        same = len(new.positions) == len(old.positions) and np.array_equal(new.faces, old.faces)
        return old if same and np.array_equal(new.positions, old.positions) else new
