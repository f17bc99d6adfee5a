"""Smaller faces on the same surface, for what must be computed on even ones."""

from __future__ import annotations

import numpy as np

from aigc.mesh.keys import among
from aigc.mesh.types import FloatArray, IntArray

_ROUNDS = 24


def split_long_edges(
    positions: FloatArray,
    faces: IntArray,
    longest: float,
    most_faces: int,
    fixed: IntArray | None = None,
    rounds: int = _ROUNDS,
) -> tuple[FloatArray, IntArray, IntArray]:
    """The same surface without edges longer than `longest`, or nearly so where more than `most_faces` would be needed.

    Each round halves every face's longest edge if it is too long (after Rivara, 1984); both faces at an edge are cut
    at the same point, so that a welded surface stays without gaps.

    Args:
        fixed: int (k, 2), edges that stay whole, however long. rounds: how often an edge may be halved at most.
    Returns:
        float32 (k, 3), int32 (l, 3), and the old face of each new one, int32 (l,).
    """
    points, triangles, parent = positions, faces, np.arange(len(faces), dtype=np.int32)
    for _ in range(rounds):
        starts, ends = triangles, triangles[:, [1, 2, 0]]
        length = np.linalg.norm(points[starts] - points[ends], axis=2)
        key = np.minimum(starts, ends).astype(np.int64) * len(points) + np.maximum(starts, ends)
        if fixed is not None:
            length[among(key, fixed.min(axis=1).astype(np.int64) * len(points) + fixed.max(axis=1))] = 0
        worst = np.argmax(length, axis=1)
        row = np.flatnonzero(length[np.arange(len(triangles)), worst] > longest)
        if not len(row) or len(triangles) + len(row) > most_faces:
            break
        cut = np.unique(key[row, worst[row]])
        place = np.minimum(np.searchsorted(cut, key), len(cut) - 1)
        is_cut = cut[place] == key
        # A face with several cut edges is split at its longest now and at the others in the same way right after.
        low, high = np.divmod(cut, len(points))
        middles = (points[low] + points[high]) / 2
        name = np.where(is_cut, place + len(points), -1)
        points = np.concatenate([points, middles]).astype(np.float32)
        triangles, source = _split(triangles, name)
        parent = parent[source]
    return points, triangles, parent


def _split(faces: IntArray, middle: IntArray) -> tuple[IntArray, IntArray]:
    """Each face cut at the middles of its edges, int (m, 3), -1 for an edge that stays whole."""
    kept = np.flatnonzero((middle < 0).all(axis=1))
    made, source = [faces[kept]], [kept]
    cuts = (middle >= 0).sum(axis=1)
    for count in (1, 2, 3):
        row = np.flatnonzero(cuts == count)
        if not len(row):
            continue
        # Turned so that the lone cut edge, or the lone whole one, comes first.
        lone = np.argmax((middle[row] >= 0) if count == 1 else (middle[row] < 0), axis=1)
        turn = (np.arange(3) + lone[:, None]) % 3
        (a, b, c), (ab, bc, ca) = (np.take_along_axis(table[row], turn, 1).T for table in (faces, middle))
        pieces = {
            1: [(a, ab, c), (ab, b, c)],
            2: [(a, b, bc), (a, bc, ca), (ca, bc, c)],
            3: [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)],
        }[count]
        made += [np.stack(piece, axis=1) for piece in pieces]
        source += [row] * len(pieces)
    joined, origin = np.concatenate(made), np.concatenate(source)
    order = np.argsort(origin, kind="stable")
    return joined[order].astype(np.int32), origin[order].astype(np.int32)
