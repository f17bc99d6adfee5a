"""How faces hang together: welding, parts, closedness."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from aigc.mesh.keys import distinct
from aigc.mesh.normals import smooth_normals
from aigc.mesh.types import FloatArray, IntArray, Mesh


def weld(positions: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """The same surface without doubled vertices, vertices that no face uses, and faces that name a vertex twice.

    Vertices are doubled along the seams of a texture, which would read as open borders. Slivers without an area stay:
    without them a closed surface would have gaps, though of no width.
    """
    first, name = same_points(positions)
    unique, joined = positions.astype(np.float32)[first], name[faces]
    a, b, c = joined.T
    kept = (a != b) & (b != c) & (c != a)
    return compact(unique, joined[kept])


def same_points(positions: FloatArray) -> tuple[IntArray, IntArray]:
    """The first vertex in each place, in order of appearance, and the number of the place of each vertex.

    Vertices are compared by a 64-bit hash of their bytes, five times faster than by sorting rows; should two places
    ever share one, they are told apart by sorting after all.
    """
    # +0.0 turns the negative zeros, whose bytes differ, into positive ones.
    rows = np.ascontiguousarray(positions.astype(np.float32) + np.float32(0))
    words = rows.view(np.uint32).astype(np.uint64)
    key = words[:, 0] * np.uint64(0x9E3779B97F4A7C15)
    for column, factor in ((1, 0xC2B2AE3D27D4EB4F), (2, 0x165667B19E3779F9)):
        key ^= key >> np.uint64(29)
        key = (key + words[:, column]) * np.uint64(factor)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    if not np.array_equal(rows[first[inverse]], rows):
        _, first, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
        inverse = inverse.reshape(-1)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[inverse].astype(np.int32)


def separated(positions: FloatArray, faces: IntArray, distance: float) -> FloatArray:
    """Positions in which vertices that lie in one point, but are not one, are moved inwards by `distance`.

    Two solids that touch in an edge make an edge of four faces as soon as somebody welds the vertices.
    """
    _, name = same_points(positions)
    shared = np.flatnonzero(np.bincount(name)[name] > 1)
    if not len(shared):
        return positions
    moved = positions.copy()
    moved[shared] -= np.float32(distance) * smooth_normals(positions, faces)[shared]
    return moved


def compact(positions: FloatArray, faces: IntArray) -> tuple[FloatArray, IntArray]:
    """The same surface without vertices that no face uses; the order of faces is kept."""
    used = np.zeros(len(positions), bool)
    used[faces] = True
    return np.ascontiguousarray(positions[used]), (np.cumsum(used, dtype=np.int32) - 1)[faces]


def joined(meshes: list[Mesh]) -> tuple[FloatArray, IntArray]:
    """All meshes as one list of positions and one of faces, in order."""
    offsets = np.cumsum([0] + [len(mesh.positions) for mesh in meshes])
    faces = [mesh.faces + offset for mesh, offset in zip(meshes, offsets, strict=False)]
    return np.concatenate([mesh.positions for mesh in meshes]), np.concatenate(faces).astype(np.int32)


def edge_counts(faces: IntArray) -> tuple[IntArray, IntArray]:
    """Each edge once, int32 (e, 2), smaller index first, and how many faces share it, int32 (e,)."""
    ends = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    count = np.int64(faces.max(initial=0)) + 1
    keys, counts = np.unique(ends[:, 0] * count + ends[:, 1], return_counts=True)
    return np.stack(np.divmod(keys, count), axis=1).astype(np.int32), counts.astype(np.int32)


def is_watertight(faces: IntArray) -> bool:
    """Whether every edge of welded faces has exactly two of them, running along it in opposite directions."""
    if len(faces) == 0:
        return False
    count = int(faces.max()) + 1
    starts, ends = faces.reshape(-1).astype(np.int64), faces[:, [1, 2, 0]].reshape(-1).astype(np.int64)
    there = distinct(starts * count + ends)
    return len(there) == len(starts) and np.array_equal(there, distinct(ends * count + starts))


def parts(faces: IntArray, vertices: int) -> tuple[int, IntArray]:
    """How many pieces hang together by shared vertices, and the piece of each face, int32 (m,)."""
    rows = faces.reshape(-1)
    columns = faces[:, [1, 2, 0]].reshape(-1)
    graph = coo_matrix((np.ones(len(rows), np.int8), (rows, columns)), shape=(vertices, vertices))
    _, label = connected_components(graph, directed=False)
    names, piece = np.unique(label[faces[:, 0]], return_inverse=True)
    return len(names), piece.astype(np.int32)
