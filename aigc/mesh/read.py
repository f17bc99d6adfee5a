"""Reading a mesh from somebody's file, told by its content and with nothing taken on trust."""

from __future__ import annotations

import functools
import re
import struct
import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from aigc.mesh.archive import MAGIC, Archive
from aigc.mesh.fbx_read import read_fbx
from aigc.mesh.gltf_read import Beside, read_gltf, too_many_faces
from aigc.mesh.obj_read import read_obj
from aigc.mesh.types import Mesh
from aigc.runner.model import InputInvalid

MOST_FACES = 1_000_000
MOST_BYTES = 512 * 1024 * 1024
MOST_MATERIALS = 2000
"""Of an OBJ file: parting its faces by them takes the square of their number."""
_FORMATS = "send a GLB, FBX, OBJ, PLY, STL or OFF file, or a ZIP archive of one with its textures"
_STRANGERS = {
    MAGIC: ("an archive in an archive", "unpack it and send the mesh"),
    b"BLENDER": ("a Blender file", "export it as GLB"),
    b"\x1f\x8b": ("a gzip archive", "unpack it and send the mesh"),
    b"\x89PNG": ("a picture", _FORMATS),
    b"\xff\xd8\xff": ("a picture", _FORMATS),
    b"%PDF": ("a PDF file", _FORMATS),
}


def read_mesh(path: str | Path, most_faces: int = MOST_FACES) -> list[Mesh]:
    """The meshes in the file, at least one, each with at least one face, all numbers finite.

    Raises:
        InputInvalid: it is no mesh of a known format, is damaged, empty or too large.
    """
    size = Path(path).stat().st_size
    if size > MOST_BYTES:
        raise InputInvalid(f"the mesh file has {size:,} bytes, more than {MOST_BYTES:,}", "simplify the mesh first")
    data = Path(path).read_bytes()
    beside = None
    if data.startswith(MAGIC):
        archive = Archive(data)
        name = archive.mesh()
        data, beside = archive.read(name), functools.partial(archive.beside, name)
    kind = mesh_kind(data)
    if kind == "gltf":
        meshes = read_gltf(data, most_faces, beside)
    elif kind == "fbx":
        meshes = read_fbx(data, most_faces)
    else:
        meshes = _other(data, kind, most_faces, beside)
    meshes = [mesh for mesh in meshes if len(mesh.faces)]
    if not meshes:
        raise InputInvalid("the file holds no triangles (points and lines alone are no surface)", _FORMATS)
    return [_checked(mesh) for mesh in meshes]


def mesh_kind(data: bytes) -> str:
    """One of gltf, fbx, ply, off, stl, obj, by content.

    Raises:
        InputInvalid: it is none of these.
    """
    for magic, (what, suggestion) in _STRANGERS.items():
        if data.startswith(magic):
            raise InputInvalid(f"the mesh file is {what}", suggestion)
    head = data[:4096]
    if head.startswith(b"glTF") or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return "gltf"
    if head.startswith(b"Kaydara FBX Binary") or re.match(rb"\s*;\s*FBX \d", head):
        return "fbx"
    if head.startswith((b"ply\n", b"ply\r")):
        return "ply"
    if re.match(rb"\s*(ST)?C?N?4?OFF\b", head):
        return "off"
    if len(data) >= 84 and len(data) == 84 + 50 * struct.unpack_from("<I", data, 80)[0]:
        return "stl"
    if head.lstrip().startswith(b"solid") and b"facet" in data[:65536]:
        return "stl"
    if re.search(rb"(?m)^[ \t]*v\s+[-+.\d]", data[:1_000_000]) and b"\0" not in head:
        return "obj"
    raise InputInvalid("the file is no mesh of a known format", _FORMATS)


def _other(data: bytes, kind: str, most_faces: int, beside: Beside | None) -> list[Mesh]:
    """The mesh of a PLY, OFF, STL or OBJ file; of an OBJ file with its materials, one for each."""
    _check_counts(data, kind, most_faces)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            meshes = read_obj(data, beside) if kind == "obj" and beside else [_plain(data, kind)]
        except InputInvalid:
            raise
        # The readers of half a dozen formats fail in as many ways on damaged files.
        except Exception as problem:  # noqa: BLE001
            raise InputInvalid(
                f"the {kind.upper()} file cannot be read ({type(problem).__name__}: {str(problem)[:200]})",
                "open it in a mesh editor and export it as GLB",
            ) from None
    if sum(len(mesh.faces) for mesh in meshes) > most_faces:
        raise too_many_faces(most_faces)
    return meshes


def _plain(data: bytes, kind: str) -> Mesh:
    # A file object instead of a path: an OBJ file's material library is then not looked for on this disk.
    loaded: Any = trimesh.load(BytesIO(data), file_type=kind, process=False, force="mesh")
    positions = np.asarray(loaded.vertices, np.float32).reshape(-1, 3)
    faces = np.asarray(loaded.faces, np.int64).reshape(-1, 3)
    if len(faces) and (faces.min() < 0 or faces.max() >= len(positions)):
        raise InputInvalid("a face names a vertex that is not there", "repair the file in a mesh editor")
    return Mesh(
        positions, faces.astype(np.int32), uv=_uv(loaded, len(positions)), colors=_colors(loaded, len(positions))
    )


def _uv(loaded: Any, count: int) -> Any:
    uv = getattr(loaded.visual, "uv", None)
    if uv is None or np.shape(uv) != (count, 2) or not np.isfinite(uv).all():
        return None
    # trimesh counts v from the bottom, glTF from the top.
    return np.stack([uv[:, 0], 1 - uv[:, 1]], axis=1).astype(np.float32)


def _colors(loaded: Any, count: int) -> Any:
    if loaded.visual.kind != "vertex":
        return None
    colors = np.asarray(loaded.visual.vertex_colors, np.uint8)
    return colors if colors.shape == (count, 4) else None


def _check_counts(data: bytes, kind: str, most_faces: int) -> None:
    """Refuse before parsing what announces too much, or more than its bytes can hold."""
    faces = vertices = 0
    if kind == "obj":
        faces = len(re.findall(rb"(?m)^[ \t]*f\s", data))
        materials = len(set(re.findall(rb"usemtl[ \t]+([^\r\n]*)", data)))
        if materials > MOST_MATERIALS:
            raise InputInvalid(
                f"the OBJ file has {materials:,} materials, more than {MOST_MATERIALS:,}", "join materials, or send GLB"
            )
    elif kind == "stl" and b"facet" in data[:65536]:
        faces = data.count(b"facet normal")
    elif kind == "ply":
        header = data.split(b"end_header", 1)[0][:65536]
        faces = max((int(n) for n in re.findall(rb"element\s+face\s+(\d{1,18})", header)), default=0)
        vertices = max((int(n) for n in re.findall(rb"element\s+vertex\s+(\d{1,18})", header)), default=0)
    elif kind == "off":
        counts = re.match(rb"\s*(?:ST)?C?N?4?OFF\s+(?:#[^\n]*\n\s*)*(\d{1,18})\s+(\d{1,18})", data[:65536])
        vertices, faces = (int(counts[1]), int(counts[2])) if counts else (0, 0)
    if faces > most_faces or vertices > 3 * most_faces:
        raise too_many_faces(most_faces)
    if faces + vertices > len(data):
        raise InputInvalid(
            f"the {kind.upper()} file announces {vertices:,} vertices and {faces:,} faces but has {len(data):,} bytes",
            "it is cut off or damaged: export it anew",
        )


def _checked(mesh: Mesh) -> Mesh:
    """The mesh, if its numbers are usable."""
    used = mesh.positions[mesh.faces]
    if not np.isfinite(used).all():
        raise InputInvalid("the mesh has coordinates that are not numbers", "repair it in a mesh editor")
    extent = float(np.abs(used).max())
    if extent > 1e12:
        raise InputInvalid(f"the mesh reaches out to {extent:.3g} m", "scale it down")
    if float(np.ptp(used.reshape(-1, 3), axis=0).max()) <= 1e-12 * max(1.0, extent):
        raise InputInvalid("all vertices of the mesh lie in one point", _FORMATS)
    if np.isfinite(mesh.positions).all():
        return mesh
    return mesh.with_(positions=np.nan_to_num(mesh.positions))
