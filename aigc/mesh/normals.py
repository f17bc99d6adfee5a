"""Vertex normals that are smooth where the surface is and sharp at its creases."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aigc.mesh.types import FloatArray, IntArray, Mesh


def face_normals(positions: FloatArray, faces: IntArray) -> FloatArray:
    """float32 (m, 3): the normal of each face, as long as twice its area."""
    a, b, c = (positions[faces[:, k]].astype(np.float64) for k in range(3))
    return np.cross(b - a, c - a).astype(np.float32)


def smooth_normals(positions: FloatArray, faces: IntArray) -> FloatArray:
    """float32 (n, 3): unit normals, each the mean of its faces weighted by area."""
    weighted = face_normals(positions, faces)
    total = np.zeros((len(positions), 3))
    for k in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(faces[:, k], weighted[:, axis], len(positions))
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.where(length > 0, total / np.maximum(length, 1e-30), [0.0, 1.0, 0.0]).astype(np.float32)


def split_at_creases(
    positions: FloatArray, faces: IntArray, crease: float = 40.0
) -> tuple[IntArray, IntArray, FloatArray]:
    """Vertices doubled along edges sharper than `crease` degrees, so that both sides keep their own normal.

    Weighting by area makes a bevelled box look rounded at the bevel and flat on the sides.

    Returns:
        source: int32 (k,): the old vertex of each new one. faces: int32 (m, 3) of new vertices, order kept.
        normals: float32 (k, 3).
    """
    weighted = face_normals(positions, faces).astype(np.float64)
    unit = weighted / np.maximum(np.linalg.norm(weighted, axis=1, keepdims=True), 1e-30)
    # Each face corner is a node; two corners at one vertex are joined if they meet across a soft edge.
    starts = faces.reshape(-1)
    ends = faces[:, [1, 2, 0]].reshape(-1)
    corner = np.arange(len(starts), dtype=np.int64)
    following = corner - corner % 3 + (corner + 1) % 3
    key = np.minimum(starts, ends).astype(np.int64) * len(positions) + np.maximum(starts, ends)
    order = np.argsort(key, kind="stable")
    paired = np.flatnonzero(key[order][1:] == key[order][:-1])
    one, two = order[paired], order[paired + 1]
    soft = np.einsum("ij,ij->i", unit[one // 3], unit[two // 3]) > np.cos(np.radians(crease))
    one, two = one[soft], two[soft]
    # Neighbours run along their common edge in opposite directions, unless one of them is inside out.
    opposed = starts[one] == ends[two]
    first = np.where(opposed, following[two], two)
    second = np.where(opposed, two, following[two])
    rows = np.concatenate([one, following[one]])
    columns = np.concatenate([first, second])
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(starts), len(starts)))
    count, label = connected_components(graph, directed=False)
    normals = np.zeros((count, 3))
    for axis in range(3):
        normals[:, axis] = np.bincount(label, np.repeat(weighted[:, axis], 3), count)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 0, normals / np.maximum(length, 1e-30), [0.0, 1.0, 0.0])
    source = np.zeros(count, dtype=np.int32)
    source[label] = starts
    return source, label.reshape(-1, 3).astype(np.int32), normals.astype(np.float32)


def shaded(mesh: Mesh) -> Mesh:
    """The mesh with normals: its own, else smooth ones that are sharp at creases, where vertices are doubled."""
    if mesh.normals is not None:
        return mesh
    source, faces, normals = split_at_creases(mesh.positions, mesh.faces)
    return mesh.with_(
        positions=mesh.positions[source],
        faces=faces,
        normals=normals,
        uv=None if mesh.uv is None else mesh.uv[source],
        colors=None if mesh.colors is None else mesh.colors[source],
        quads=None,
    )
