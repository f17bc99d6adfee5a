"""Writing a mesh in the formats that models offer: GLB, OBJ with its material, PLY, STL, USDZ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aigc.mesh.gltf import encode_picture, write_glb
from aigc.mesh.normals import face_normals
from aigc.mesh.stats import mesh_stats
from aigc.mesh.types import Mesh
from aigc.mesh.usdz import write_usdz
from aigc.runner.model import Output


def mesh_outputs(
    mesh: Mesh, file_format: str, name: str = "mesh", extras: Mapping[str, Any] | None = None
) -> list[Output]:
    """The mesh as the main output, and beside it the material and texture files that its format keeps apart.

    Raises:
        ValueError: an unknown format.
    """
    stats = mesh_stats(mesh)
    if file_format == "glb":
        return [Output(f"{name}.glb", "model", write_glb(mesh, extras), stats=stats)]
    if file_format == "ply":
        return [Output(f"{name}.ply", "model", write_ply(mesh), stats=stats)]
    if file_format == "stl":
        return [Output(f"{name}.stl", "model", write_stl(mesh), stats=stats)]
    if file_format == "usdz":
        return [Output(f"{name}.usdz", "model", write_usdz(mesh), stats=stats)]
    if file_format != "obj":
        raise ValueError(f"unknown mesh format {file_format!r}; write glb, obj, ply, stl or usdz")
    texture = mesh.material.base_color_texture if mesh.uv is not None else None
    outputs = []
    picture = None
    if texture is not None:
        data, mime = encode_picture(texture, mesh.material.jpeg)
        picture = f"{name}_color.{'jpg' if mime == 'image/jpeg' else 'png'}"
        outputs.append(Output(picture, "texture", data))
    outputs.append(Output(f"{name}.mtl", "texture", write_mtl(mesh, picture)))
    return [Output(f"{name}.obj", "model", write_obj(mesh, f"{name}.mtl"), stats=stats), *outputs]


def texture_outputs(mesh: Mesh) -> list[Output]:
    """The mesh's textures as files of their own, color and surface; a GLB file has them inside, too."""
    found = []
    for name, pixels in (("color", mesh.material.base_color_texture), ("surface", mesh.material.surface_texture)):
        if pixels is not None:
            data, mime = encode_picture(pixels, mesh.material.jpeg)
            found.append(Output(f"{name}.{'jpg' if mime == 'image/jpeg' else 'png'}", "texture", data))
    return found


def write_obj(mesh: Mesh, material_file: str | None = None) -> bytes:
    """Wavefront OBJ; quadrilaterals where the mesh has them, colours after the positions where it has those.

    Vertices that differ in texture coordinates or normals only are one again: the format counts these apart, and so
    the seams of the texture do not cut the surface.
    """
    rows = mesh.positions.astype(np.float64)
    if mesh.colors is not None:
        rows = np.concatenate([rows, mesh.colors[:, :3] / 255.0], axis=1)
    unique, first, vertex = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    vertex = np.argsort(order, kind="stable")[vertex.reshape(-1)]
    lines = ["# aigc", *([f"mtllib {material_file}"] if material_file else []), f"o {mesh.name}"]
    lines += ["v " + " ".join(f"{value:.7g}" for value in row) for row in unique[order].tolist()]
    if mesh.uv is not None:
        # OBJ counts v from the bottom.
        lines += [f"vt {u:.7g} {1 - v:.7g}" for u, v in mesh.uv.tolist()]
    if mesh.normals is not None:
        lines += [f"vn {x:.5f} {y:.5f} {z:.5f}" for x, y, z in mesh.normals.tolist()]
    if material_file:
        lines.append(f"usemtl {mesh.material.name}")
    own = [f"{'' if mesh.uv is None else k}/{'' if mesh.normals is None else k}" for k in range(1, len(rows) + 1)]
    names = np.array([f"{v + 1}/{rest}".rstrip("/") for v, rest in zip(vertex.tolist(), own, strict=True)], object)
    polygons = mesh.quads if mesh.quads is not None else mesh.faces
    lines += ["f " + " ".join(dict.fromkeys(row)) for row in names[polygons].tolist()]
    return ("\n".join(lines) + "\n").encode()


def write_mtl(mesh: Mesh, picture: str | None) -> bytes:
    """The material of an OBJ file, with the metallic-roughness extension that Blender reads."""
    material = mesh.material
    red, green, blue, alpha = material.base_color
    lines = [
        "# aigc",
        f"newmtl {material.name}",
        f"Kd {red:.5f} {green:.5f} {blue:.5f}",
        f"d {alpha:.5f}",
        f"Pr {material.roughness:.4f}",
        f"Pm {material.metallic:.4f}",
        "illum 2",
    ]
    if picture:
        lines.append(f"map_Kd {picture}")
    return ("\n".join(lines) + "\n").encode()


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
