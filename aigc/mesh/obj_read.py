"""A Wavefront OBJ file with its material library: a mesh for each material."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import trimesh
from trimesh.resolvers import Resolver

from aigc.mesh.mtl import read_mtl
from aigc.mesh.types import Material, Mesh
from aigc.runner.model import InputInvalid


def read_obj(data: bytes, beside: Callable[[str], bytes | None]) -> list[Mesh]:
    """The file's faces, parted by material. Numbers are not checked.

    Args:
        beside: finds the bytes of another file by the name that this one gives it.
    Raises:
        InputInvalid: a library or a picture that it names is damaged or is not there.
    """
    materials: dict[str, Material] = {}
    for name in dict.fromkeys(re.findall(rb"(?m)^[ \t]*mtllib[ \t]+([^\r\n]+)", data)):
        title = name.strip().decode("utf-8", "replace")
        library = beside(title)
        if library is None:
            raise InputInvalid(
                f"the OBJ file names the material file {title[:80]!r}, which is not in the archive",
                "put it beside the mesh, or remove the line from the OBJ file",
            )
        materials |= read_mtl(library, beside)
    loaded: Any = trimesh.load(BytesIO(data), file_type="obj", process=False, resolver=_Names(materials))
    parts = loaded.geometry.values() if isinstance(loaded, trimesh.Scene) else [loaded]
    return [_mesh(part, materials) for part in parts if isinstance(part, trimesh.Trimesh)]


def _mesh(part: Any, materials: dict[str, Material]) -> Mesh:
    count = len(part.vertices)
    uv: Any = getattr(part.visual, "uv", None)
    is_mapped = uv is not None and np.shape(uv) == (count, 2) and bool(np.isfinite(uv).all())
    name = str(getattr(getattr(part.visual, "material", None), "name", "") or "")
    return Mesh(
        np.asarray(part.vertices, np.float32).reshape(-1, 3),
        np.asarray(part.faces, np.int32).reshape(-1, 3),
        # OBJ counts v from the bottom, glTF from the top.
        uv=np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).astype(np.float32) if is_mapped else None,
        material=materials.get(name, Material()),
        name=name[:64] or "mesh",
    )


class _Names(Resolver):
    """Tells trimesh the materials' names and nothing else, so that it parts the faces by them and opens no picture."""

    def __init__(self, names: dict[str, Material]) -> None:
        self._library = "".join(f"newmtl {name}\nillum 2\n" for name in names).encode()

    def get(self, key: str) -> bytes:
        """The library, whatever is asked for."""
        return self._library

    def write(self, name: str, data: Any) -> None:
        """Nothing is kept."""

    def namespaced(self, namespace: str) -> _Names:
        """The same everywhere."""
        return self

    def keys(self) -> list[str]:
        """None that are known beforehand."""
        return []
