"""Writing a mesh in the formats that models offer: GLB, OBJ with its material, PLY, STL, USDZ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aigc.mesh.gltf import encode_picture, write_glb
from aigc.mesh.normals import face_normals
from aigc.mesh.obj_write import with_distinct_names, write_mtl, write_obj
from aigc.mesh.one_mesh import one_mesh
from aigc.mesh.stats import Stats, mesh_stats
from aigc.mesh.types import Mesh
from aigc.mesh.usdz import write_usdz
from aigc.runner.model import Output


def mesh_outputs(
    mesh: Mesh | Sequence[Mesh],
    file_format: str,
    name: str = "mesh",
    extras: Mapping[str, Any] | None = None,
    stats: Stats | None = None,
) -> list[Output]:
    """The mesh as the main output, and beside it the material and texture files that its format keeps apart.

    Several meshes are named nodes in GLB and named objects with materials of their own in OBJ; PLY and STL know one
    surface only, and PLY then has a colour for each vertex in place of textures.

    Args:
        stats: told of the file; counted here if not given.
    Raises:
        ValueError: an unknown format.
    """
    meshes = [mesh] if isinstance(mesh, Mesh) else list(mesh)
    stats = stats or mesh_stats(meshes)
    if file_format == "glb":
        return [Output(f"{name}.glb", "model", write_glb(meshes, extras), stats=stats)]
    if file_format == "ply":
        return [Output(f"{name}.ply", "model", write_ply(one_mesh(meshes)), stats=stats)]
    if file_format == "stl":
        return [Output(f"{name}.stl", "model", write_stl(one_mesh(meshes)), stats=stats)]
    if file_format == "usdz" and len(meshes) == 1:
        return [Output(f"{name}.usdz", "model", write_usdz(meshes[0]), stats=stats)]
    if file_format != "obj":
        raise ValueError(f"{file_format!r} cannot be written of {len(meshes)} meshes; write glb, obj, ply or stl")
    named = with_distinct_names(meshes)
    files, pictures = _pictures(named, name)
    material = Output(f"{name}.mtl", "texture", write_mtl(named, pictures))
    return [Output(f"{name}.obj", "model", write_obj(named, f"{name}.mtl"), stats=stats), *files, material]


def part_output(part: Mesh | Sequence[Mesh], file_format: str, name: str) -> Output:
    """A part as a file of its own: PLY or STL if the whole is, else GLB, which has all of its look in one file."""
    kind = file_format if file_format in ("ply", "stl") else "glb"
    (file,) = mesh_outputs(part, kind, name)
    return replace(file, role="part")


def texture_outputs(mesh: Mesh) -> list[Output]:
    """The mesh's textures as files of their own, color and surface; a GLB file has them inside, too."""
    found = []
    for name, pixels in (("color", mesh.material.base_color_texture), ("surface", mesh.material.surface_texture)):
        if pixels is not None:
            data, mime = encode_picture(pixels, mesh.material.jpeg)
            found.append(Output(f"{name}.{'jpg' if mime == 'image/jpeg' else 'png'}", "texture", data))
    return found


def _pictures(meshes: Sequence[Mesh], name: str) -> tuple[list[Output], list[str | None]]:
    """The distinct textures of these meshes as files, and for each mesh the name of its own."""
    files: dict[int, Output] = {}
    names: list[str | None] = []
    shown = [mesh.material.base_color_texture if mesh.uv is not None else None for mesh in meshes]
    several = len({id(texture) for texture in shown if texture is not None}) > 1
    for mesh, texture in zip(meshes, shown, strict=True):
        if texture is None:
            names.append(None)
            continue
        if id(texture) not in files:
            data, mime = encode_picture(texture, mesh.material.jpeg)
            number = f"_{len(files)}" if several else ""
            kind = "jpg" if mime == "image/jpeg" else "png"
            files[id(texture)] = Output(f"{name}_color{number}.{kind}", "texture", data)
        names.append(files[id(texture)].name)
    return list(files.values()), names


def write_ply(mesh: Mesh) -> bytes:
    """Stanford PLY, binary, little-endian; quadrilaterals where the mesh is made of nothing else."""
    columns: list[tuple[str, str]] = [("x", "<f4"), ("y", "<f4"), ("z", "<f4")]
    values: list[NDArray[Any]] = [mesh.positions[:, k] for k in range(3)]
    if mesh.normals is not None:
        columns += [("nx", "<f4"), ("ny", "<f4"), ("nz", "<f4")]
        values += [mesh.normals[:, k] for k in range(3)]
    if mesh.uv is not None:
        columns += [("s", "<f4"), ("t", "<f4")]
        values += [mesh.uv[:, 0], 1 - mesh.uv[:, 1]]
    if mesh.colors is not None:
        columns += [(channel, "u1") for channel in ("red", "green", "blue", "alpha")]
        values += [mesh.colors[:, k] for k in range(4)]
    # Lists of mixed length are allowed, but half of all readers give up at them.
    quads = mesh.quads if mesh.quads is not None and (mesh.quads[:, 2] != mesh.quads[:, 3]).all() else None
    polygons = mesh.faces if quads is None else quads
    vertices = np.zeros(len(mesh.positions), dtype=columns)
    for (column, _), value in zip(columns, values, strict=True):
        vertices[column] = value
    sides = polygons.shape[1]
    faces = np.zeros(len(polygons), dtype=[("count", "u1"), ("index", "<i4", (sides,))])
    faces["count"], faces["index"] = sides, polygons
    words = {"<f4": "float", "u1": "uchar"}
    header = ["ply", "format binary_little_endian 1.0", "comment aigc", f"element vertex {len(vertices)}"]
    header += [f"property {words[kind]} {column}" for column, kind in columns]
    header += [
        f"element face {len(polygons)}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    return ("\n".join(header) + "\n").encode() + vertices.tobytes() + faces.tobytes()


def write_stl(mesh: Mesh) -> bytes:
    """Binary STL."""
    normals = face_normals(mesh.positions, mesh.faces)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    layout = [("normal", "<f4", (3,)), ("corners", "<f4", (3, 3)), ("attribute", "<u2")]
    facets = np.zeros(len(mesh.faces), dtype=layout)
    facets["normal"], facets["corners"] = normals, mesh.corners
    return b"aigc".ljust(80, b"\0") + len(facets).to_bytes(4, "little") + facets.tobytes()
