"""An edited mesh as it is handed out: one mesh for each material, and no part without a face."""

from __future__ import annotations

import numpy as np

from aigc.mesh.types import Mesh


def finished(meshes: list[Mesh]) -> list[Mesh]:
    """The same faces; meshes of one material become one, so that no texture is written twice."""
    groups: dict[tuple[object, ...], list[Mesh]] = {}
    for mesh in meshes:
        if len(mesh.faces):
            key = (id(mesh.material), mesh.uv is None, mesh.colors is None, mesh.normals is None, mesh.name)
            groups.setdefault(key, []).append(mesh)
    return [group[0] if len(group) == 1 else _one(group) for group in groups.values()]


def _one(group: list[Mesh]) -> Mesh:
    offsets = np.cumsum([0] + [len(mesh.positions) for mesh in group])
    faces = [mesh.faces + start for mesh, start in zip(group, offsets, strict=False)]
    joined: dict[str, object] = {"faces": np.concatenate(faces).astype(np.int32), "quads": None}
    for name in ("positions", "normals", "uv", "colors"):
        values = [getattr(mesh, name) for mesh in group]
        joined[name] = None if values[0] is None else np.concatenate(values)
    return group[0].with_(**joined)
