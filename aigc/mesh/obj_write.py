"""Writing Wavefront OBJ and its material file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from aigc.mesh.types import FloatArray, Mesh


def with_distinct_names(meshes: Sequence[Mesh]) -> list[Mesh]:
    """The same meshes, so named that neither two of them nor two different materials are called alike."""
    names: set[str] = set()
    materials: dict[str, int] = {}
    found = []
    for number, mesh in enumerate(meshes):
        name, called = mesh.name, mesh.material.name
        name = f"{name}_{number}" if name in names else name
        if materials.setdefault(called, id(mesh.material)) != id(mesh.material):
            called = f"{called}_{number}"
        names.add(name)
        found.append(mesh.with_(name=name, material=replace(mesh.material, name=called)))
    return found


def write_obj(meshes: Mesh | Sequence[Mesh], material_file: str | None = None) -> bytes:
    """Wavefront OBJ, an object for each mesh; quadrilaterals where a mesh has them, colours after the positions.

    Vertices that differ in texture coordinates or normals only are one again: the format counts these apart, and so
    the seams of the texture do not cut the surface.
    """
    lines = ["# aigc", *([f"mtllib {_word(material_file)}"] if material_file else [])]
    before = (0, 0, 0)
    for mesh in [meshes] if isinstance(meshes, Mesh) else meshes:
        own, counts = _object(mesh, before, with_material=bool(material_file))
        lines += own
        before = (before[0] + counts[0], before[1] + counts[1], before[2] + counts[2])
    return ("\n".join(lines) + "\n").encode()


def _object(mesh: Mesh, before: tuple[int, int, int], *, with_material: bool) -> tuple[list[str], tuple[int, int, int]]:
    """Lines of one mesh, and how many positions, texture coordinates and normals they have.

    Args:
        before: how many of each the file has already.
    """
    rows = mesh.positions.astype(np.float64)
    if mesh.colors is not None:
        rows = np.concatenate([rows, mesh.colors[:, :3] / 255.0], axis=1)
    unique, first, vertex = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    vertex = np.argsort(order, kind="stable")[vertex.reshape(-1)] + before[0] + 1
    lines = [f"o {_word(mesh.name)}"]
    lines += _rows("v " + " ".join(["%.7g"] * rows.shape[1]), unique[order])
    if mesh.uv is not None:
        # OBJ counts v from the bottom.
        lines += _rows("vt %.7g %.7g", mesh.uv.astype(np.float64) * [1, -1] + [0, 1])
    if mesh.normals is not None:
        lines += _rows("vn %.5f %.5f %.5f", mesh.normals)
    if with_material:
        lines.append(f"usemtl {_word(mesh.material.name)}")
    _, uvs, normals = before
    own = [
        f"{'' if mesh.uv is None else k + uvs}/{'' if mesh.normals is None else k + normals}"
        for k in range(1, len(rows) + 1)
    ]
    names = np.array([f"{v}/{rest}".rstrip("/") for v, rest in zip(vertex.tolist(), own, strict=True)], object)
    polygons = mesh.quads if mesh.quads is not None else mesh.faces
    corners = zip(*(names[column].tolist() for column in polygons.T), strict=True)
    if mesh.quads is None:
        lines += [f"f {a} {b} {c}" for a, b, c in corners]
    else:
        lines += [f"f {a} {b} {c}" if c == d else f"f {a} {b} {c} {d}" for a, b, c, d in corners]
    return lines, (len(unique), 0 if mesh.uv is None else len(rows), 0 if mesh.normals is None else len(rows))


def _rows(form: str, values: FloatArray) -> list[str]:
    """A line for each row of (n, k) values."""
    # By columns: a list for each of a million rows would keep the garbage collector busy.
    return [form % row for row in zip(*(column.tolist() for column in values.T), strict=True)]


def write_mtl(meshes: Mesh | Sequence[Mesh], pictures: str | Sequence[str | None] | None) -> bytes:
    """The materials of an OBJ file, with the metallic-roughness extension that Blender reads.

    Args:
        pictures: for each mesh the file of its texture.
    """
    meshes = [meshes] if isinstance(meshes, Mesh) else meshes
    pictures = [pictures] if pictures is None or isinstance(pictures, str) else pictures
    lines = ["# aigc"]
    told: set[str] = set()
    for mesh, picture in zip(meshes, pictures, strict=True):
        material = mesh.material
        if material.name in told:
            continue
        told.add(material.name)
        red, green, blue, alpha = material.base_color
        lines += [
            f"newmtl {_word(material.name)}",
            f"Kd {red:.5f} {green:.5f} {blue:.5f}",
            f"d {alpha:.5f}",
            f"Pr {material.roughness:.4f}",
            f"Pm {material.metallic:.4f}",
            "illum 2",
            *([f"map_Kd {picture}"] if picture else []),
        ]
    return ("\n".join(lines) + "\n").encode()


def _word(name: str) -> str:
    """The name without white space, which ends a name in this format."""
    return "_".join(name.split()) or "mesh"
