"""Measures of a mesh that go into a job's outputs."""

from __future__ import annotations

import numpy as np

from aigc.mesh.normals import face_normals
from aigc.mesh.topology import is_watertight, joined, parts, weld
from aigc.mesh.types import FloatArray, IntArray, Mesh

Stats = dict[str, float | int | str | bool]


def mesh_stats(meshes: Mesh | list[Mesh]) -> Stats:
    """Counts, size and quality of what a file holds.

    Keys: triangles, quads, vertices, parts, watertight, width, height, depth (m), area (m²), volume (m³, only where
    watertight), uv_coverage (share of the texture that faces use), textures, texture_size ("1024x1024").
    """
    meshes = [meshes] if isinstance(meshes, Mesh) else meshes
    positions, faces = joined(meshes)
    points, solid = weld(positions, faces)
    size = positions.max(axis=0) - positions.min(axis=0)
    closed = is_watertight(solid)
    stats: Stats = {
        "triangles": len(faces),
        "vertices": len(points),
        "parts": parts(solid, len(points))[0],
        "watertight": closed,
        "width": _rounded(size[0]),
        "height": _rounded(size[1]),
        "depth": _rounded(size[2]),
        "area": _rounded(area(positions, faces)),
    }
    quads = sum(len(mesh.quads) for mesh in meshes if mesh.quads is not None)
    if quads:
        stats["quads"] = quads
    if closed:
        stats["volume"] = _rounded(volume(points, solid))
    textured = [mesh for mesh in meshes if mesh.uv is not None]
    if textured:
        stats["uv_coverage"] = _rounded(sum(uv_area(mesh.uv, mesh.faces) for mesh in textured if mesh.uv is not None))
    pictures = [mesh.material.base_color_texture for mesh in textured]
    sizes = [f"{picture.shape[1]}x{picture.shape[0]}" for picture in pictures if picture is not None]
    stats["textures"] = len(sizes)
    if sizes:
        stats["texture_size"] = sizes[0]
    return stats


def area(positions: FloatArray, faces: IntArray) -> float:
    """Square metres."""
    return float(np.linalg.norm(face_normals(positions, faces).astype(np.float64), axis=1).sum() / 2)


def volume(positions: FloatArray, faces: IntArray) -> float:
    """Cubic metres inside a closed surface: the sum of signed tetrahedra."""
    a, b, c = (positions[faces[:, k]].astype(np.float64) for k in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def uv_area(uv: FloatArray, faces: IntArray) -> float:
    """Area of the faces in texture space, where the whole texture is 1."""
    a, b, c = (uv[faces[:, k]].astype(np.float64) for k in range(3))
    one, two = b - a, c - a
    return float(np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).sum() / 2)


def _rounded(value: float) -> float:
    return float(f"{float(value):.6g}")
