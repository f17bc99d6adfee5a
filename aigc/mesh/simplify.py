"""Fewer triangles on the same surface."""

from __future__ import annotations

from collections.abc import Callable

import fast_simplification
import manifold3d
import numpy as np

from aigc.mesh.topology import is_watertight, weld
from aigc.mesh.types import FloatArray, IntArray

_FIRST_TOLERANCE, _GROWTH, _ROUNDS = 4e-4, 1.35, 24


def to_manifold(positions: FloatArray, faces: IntArray) -> manifold3d.Manifold | None:
    """The closed surface as a solid, or None where it is not one."""
    mesh = manifold3d.Mesh(
        vert_properties=np.ascontiguousarray(positions, np.float32), tri_verts=np.ascontiguousarray(faces, np.uint32)
    )
    mesh.merge()
    solid = manifold3d.Manifold(mesh)
    return solid if solid.status() == manifold3d.Error.NoError and not solid.is_empty() else None


def from_manifold(solid: manifold3d.Manifold) -> tuple[FloatArray, IntArray]:
    """Positions and faces of a solid, welded."""
    mesh = solid.to_mesh()
    return weld(np.asarray(mesh.vert_properties[:, :3], np.float32), np.asarray(mesh.tri_verts, np.int32))


def simplify_closed(
    positions: FloatArray, faces: IntArray, target: int, between: Callable[[int], None] | None = None
) -> tuple[FloatArray, IntArray]:
    """About `target` triangles, and as closed as before.

    The tolerance grows round by round upon the last result: one call with a large tolerance gives counts that do not
    fall steadily, and quadric decimation now and then pinches a closed mesh. A surface that is no solid comes back as
    `simplify_open` makes it. `between` is called with the round's number and may raise.
    """
    solid = to_manifold(positions, faces) if len(faces) > target else None
    if solid is None:
        return simplify_open(positions, faces, target)
    extent = float(np.linalg.norm(positions.max(axis=0) - positions.min(axis=0)))
    tolerance = _FIRST_TOLERANCE * extent
    for step in range(_ROUNDS):
        if solid.num_tri() <= target:
            break
        if between is not None:
            between(step)
        fewer = solid.simplify(tolerance)
        if fewer.is_empty() or fewer.num_tri() < min(target // 3, 200):
            break
        solid = fewer
        tolerance *= _GROWTH
    return from_manifold(solid)


def simplify_open(positions: FloatArray, faces: IntArray, target: int) -> tuple[FloatArray, IntArray]:
    """At most `target` triangles by edge collapse under the quadric error (Garland and Heckbert, SIGGRAPH 1997).

    A closed surface may come back with a pinched edge: look before relying on it.
    """
    if len(faces) <= target:
        return positions, faces
    points, triangles = fast_simplification.simplify(
        positions.astype(np.float32), faces.astype(np.int32), target_count=max(4, target)
    )
    return weld(np.asarray(points, np.float32), np.asarray(triangles, np.int32))


def simplify(positions: FloatArray, faces: IntArray, target: int) -> tuple[FloatArray, IntArray]:
    """At most about `target` triangles: exact where the quadric error keeps a closed surface closed."""
    fewer = simplify_open(positions, faces, target)
    if is_watertight(faces) and not is_watertight(fewer[1]):
        return simplify_closed(positions, faces, target)
    return fewer
