"""Union, difference and intersection of textured meshes (manifold3d), which keep what their vertices carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import manifold3d
import numpy as np
from manifold3d import Manifold

from aigc.mesh.surface import NORMAL, POSITION, WIDTH, Surface
from aigc.mesh.types import Mesh


class Workshop:
    """Turns skins into solids and back; it remembers which mesh each face is of."""

    def __init__(self) -> None:
        self._names: dict[int, Mesh] = {}

    def solid(self, surface: Surface) -> Manifold | None:
        """The solid that the skin encloses, or None where it does not enclose one."""
        order = np.argsort(surface.owner, kind="stable")
        owner = surface.owner[order]
        present, starts = np.unique(owner, return_index=True)
        first = Manifold.reserve_ids(max(1, len(present)))
        for offset, number in enumerate(present.tolist()):
            self._names[first + offset] = surface.meshes[number]
        used, inverse = np.unique(surface.faces[order].reshape(-1), return_inverse=True)
        place = surface.place[used]
        _, lead, group = np.unique(place, return_index=True, return_inverse=True)
        target = lead[group.reshape(-1)]
        doubled = np.flatnonzero(target != np.arange(len(used)))
        mesh = manifold3d.Mesh(
            vert_properties=np.ascontiguousarray(surface.values[used]),
            tri_verts=np.ascontiguousarray(inverse.reshape(-1, 3), np.uint32),
            merge_from_vert=doubled.astype(np.uint32),
            merge_to_vert=target[doubled].astype(np.uint32),
            run_index=np.concatenate([3 * starts, [3 * len(order)]]).astype(np.uint32),
            run_original_id=(first + np.arange(len(present))).astype(np.uint32),
        )
        solid = Manifold(mesh)
        return solid if solid.status() == manifold3d.Error.NoError and not solid.is_empty() else None

    def surface(self, solid: Manifold) -> Surface:
        """The skin of the solid; its meshes are those that went in, in order, as far as something of them is left."""
        mesh = solid.to_mesh()
        values = np.zeros((len(mesh.vert_properties), WIDTH), np.float32)
        values[:, : mesh.vert_properties.shape[1]] = mesh.vert_properties[:, :WIDTH]
        faces = np.asarray(mesh.tri_verts, np.int32)
        # One mesh may come in several runs, and a difference turns the normals of what it took away.
        names = list(self._names)
        owner = np.zeros(len(faces), np.int32)
        runs = zip(mesh.run_index[:-1], mesh.run_index[1:], mesh.run_original_id, strict=True)
        for start, end, original in runs:
            owner[start // 3 : end // 3] = names.index(int(original))
        length = np.linalg.norm(values[:, NORMAL], axis=1, keepdims=True)
        off = (np.abs(length[:, 0] - 1) > 1e-3) & (length[:, 0] > 1e-6)
        values[off, NORMAL] /= length[off]
        merged = np.arange(len(values))
        merged[np.asarray(mesh.merge_from_vert, np.int64)] = np.asarray(mesh.merge_to_vert, np.int64)
        lead, place = np.unique(merged, return_inverse=True)
        present = np.unique(owner)
        renamed = np.searchsorted(present, owner).astype(np.int32)
        meshes = tuple(self._names[names[number]] for number in present.tolist())
        return Surface(
            meshes, values, faces, renamed, place.reshape(-1).astype(np.int32), values[lead, POSITION].copy()
        )


def joined_surface(surfaces: Sequence[Surface]) -> Surface:
    """All faces of the skins side by side; nothing is welded that was not."""
    result = surfaces[0]
    for other in surfaces[1:]:
        result = Surface(
            (*result.meshes, *other.meshes),
            np.concatenate([result.values, other.values]),
            np.concatenate([result.faces, other.faces + len(result.values)]).astype(np.int32),
            np.concatenate([result.owner, other.owner + len(result.meshes)]).astype(np.int32),
            np.concatenate([result.place, other.place + len(result.points)]).astype(np.int32),
            np.concatenate([result.points, other.points]),
        )
    return result


def flipped(surface: Surface) -> Surface:
    """The skin inside out."""
    values = surface.values.copy()
    values[:, NORMAL] *= -1
    return replace(surface, values=values, faces=np.ascontiguousarray(surface.faces[:, ::-1]))
