"""Which parts a file holds."""

from __future__ import annotations

import re

import numpy as np
from scipy.spatial import cKDTree

from aigc.mesh.normals import face_normals
from aigc.mesh.topology import is_watertight, joined, parts, weld
from aigc.mesh.types import IntArray, Mesh

_LEAST = 0.01  # of the area: smaller pieces belong to the nearest larger one


def named_parts(meshes: list[Mesh]) -> dict[str, list[Mesh]]:
    """The meshes by part, in order: those of one name are one part, and `head.1` belongs to `head` if there is one.

    A name like `head.001`, as Blender gives it to a copy, is a part of its own.
    """
    names = {mesh.name for mesh in meshes}
    found: dict[str, list[Mesh]] = {}
    for mesh in meshes:
        split = re.fullmatch(r"(.+)\.[1-9]\d?", mesh.name)
        name = split[1] if split and split[1] in names else mesh.name
        found.setdefault(name, []).append(mesh)
    return found


def open_pieces(meshes: list[Mesh]) -> IntArray | None:
    """int32 (m,), the piece of each face of all meshes, if the surface is of several pieces of which some are open.

    None where it is of one piece, or where all are closed: then pieces say nothing about what is to be completed.
    """
    positions, faces = joined(meshes)
    points, welded = weld(positions, faces)
    count, piece = parts(welded, len(points))
    if count < 2 or is_watertight(welded):
        return None
    size = np.bincount(piece, np.linalg.norm(face_normals(points, welded), axis=1), count)
    large = size >= _LEAST * size.sum()
    if large.sum() < 2:
        return None
    centres = points[welded].mean(axis=1)
    kept = np.flatnonzero(large[piece])
    rank = np.cumsum(large) - 1
    nearest = cKDTree(centres[kept]).query(positions[faces].mean(axis=1), workers=1)[1]
    return np.asarray(rank[piece[kept[nearest]]], np.int32)
