"""Closing small holes."""

from __future__ import annotations

import numpy as np

from aigc.mesh.types import FloatArray, IntArray


def fill_holes(points: FloatArray, polygons: IntArray, largest: int) -> tuple[FloatArray, IntArray]:
    """The mesh with each hole of at most `largest` edges closed by a fan around its middle.

    Args:
        polygons: int32 (m, 3 or 4); where they have four corners the fan is of quadrilaterals, and one triangle, which
            repeats its last corner, where the hole has an odd number of edges.
    """
    loops = [loop for loop in border_loops(polygons) if 3 <= len(loop) <= largest]
    if not loops:
        return points, polygons
    sides = polygons.shape[1]
    added_points: list[FloatArray] = []
    added: list[list[int]] = []
    for loop in loops:
        middle = len(points) + len(added_points)
        added_points.append(points[loop].mean(axis=0))
        added += _fan(loop, middle, sides)
    return (
        np.concatenate([points, np.array(added_points, np.float32)]),
        np.concatenate([polygons, np.array(added, np.int32)]),
    )


def border_loops(polygons: IntArray) -> list[list[int]]:
    """The borders of holes as lists of vertices, each in the order in which the faces to come shall run.

    Loops that touch themselves in a vertex are left out.
    """
    starts = polygons
    ends = np.roll(polygons, -1, axis=1)
    kept = starts != ends
    directed = set(zip(starts[kept].tolist(), ends[kept].tolist(), strict=True))
    # A missing neighbour would run along the edge the other way.
    following: dict[int, int] = {}
    crossing: set[int] = set()
    for start, end in directed:
        if (end, start) not in directed:
            if end in following:
                crossing.add(end)
            following[end] = start
    loops = []
    while following:
        first, current = next(iter(following.items()))
        loop = [first]
        del following[first]
        while current != first and current in following:
            loop.append(current)
            current = following.pop(current)
        if current == first and not crossing & set(loop):
            loops.append(loop)
    return loops


def _fan(loop: list[int], middle: int, sides: int) -> list[list[int]]:
    if sides == 3:
        return [[loop[k], loop[(k + 1) % len(loop)], middle] for k in range(len(loop))]
    around = [*loop, loop[0]]
    faces = [[around[k], around[k + 1], around[k + 2], middle] for k in range(0, len(loop) - 1, 2)]
    if len(loop) % 2:
        faces.append([loop[-1], loop[0], middle, middle])
    return faces
