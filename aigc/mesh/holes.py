"""Closing small holes, and what else a net of quadrilaterals needs to be a sound surface."""

from __future__ import annotations

import numpy as np

from aigc.mesh.keys import among
from aigc.mesh.types import FloatArray, IntArray


def fill_holes(points: FloatArray, polygons: IntArray, largest: int) -> tuple[FloatArray, IntArray]:
    """The mesh with each hole of at most `largest` edges closed by one face, or by a fan around its middle.

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
        if len(loop) == 3 or len(loop) == sides:
            added.append([*loop, loop[-1]][:sides])
            continue
        middle = len(points) + len(added_points)
        added_points.append(points[loop].mean(axis=0))
        added += _fan(loop, middle, sides)
    middles = np.array(added_points, np.float32).reshape(-1, 3)
    return np.concatenate([points, middles]), np.concatenate([polygons, np.array(added, np.int32)])


def without_doublets(quads: IntArray) -> IntArray:
    """The net without vertices at which only two quadrilaterals meet: both become one, with the corner left out.

    Cut into triangles, such a pair would have one diagonal twice.
    """
    rows = quads.tolist()
    at: dict[int, set[int]] = {}
    for number, row in enumerate(rows):
        for corner in row:
            at.setdefault(corner, set()).add(number)
    pending = [corner for corner, around in at.items() if len(around) == 2]
    gone: set[int] = set()
    while pending:
        corner = pending.pop()
        around = sorted(at[corner])
        if len(around) != 2 or any(len(set(rows[number])) < 4 for number in around):
            continue
        one, two = (rows[number] for number in around)
        place = one.index(corner)
        other = two[(two.index(corner) + 2) % 4]
        if {one[place - 1], one[(place + 1) % 4]} != set(two) - {corner, other} or other in one:
            continue
        rows[around[0]] = [*one[:place], other, *one[place + 1 :]]
        gone.add(around[1])
        for vertex in two:
            at[vertex].discard(around[1])
        at[other].add(around[0])
        at[corner].discard(around[0])
        pending += [vertex for vertex in rows[around[0]] if len(at[vertex]) == 2]
    return np.array([row for number, row in enumerate(rows) if number not in gone], np.int32)


def border_loops(polygons: IntArray) -> list[list[int]]:
    """The borders of holes as lists of vertices, each in the order in which the faces to come shall run.

    Where two holes meet in a vertex, the way goes around the faces that lie between them.
    """
    open_edges = _open_edges(polygons)
    before: dict[tuple[int, int], int] = {}
    # Only what touches a border is walked around, which on a large mesh is little of it.
    rim = np.isin(polygons, list({vertex for edge in open_edges for vertex in edge})).any(axis=1)
    for row in polygons[rim].tolist():
        corners = list(dict.fromkeys(row))
        for k, start in enumerate(corners):
            before[start, corners[(k + 1) % len(corners)]] = corners[k - 1]
    loops = []
    while open_edges:
        edge = min(open_edges)
        loop: list[int] = []
        while edge in open_edges:
            open_edges.discard(edge)
            loop.append(edge[1])
            edge = _next_open(edge, before)
        loops += _simple(loop)
    return loops


def _open_edges(polygons: IntArray) -> set[tuple[int, int]]:
    """Edges that a polygon has in this direction and none in the other."""
    edges = np.stack([polygons, np.roll(polygons, -1, axis=1)], axis=2).reshape(-1, 2).astype(np.int64)
    edges = edges[edges[:, 0] != edges[:, 1]]
    count = int(edges.max(initial=0)) + 1
    there, back = edges @ [count, 1], edges @ [1, count]
    return {(start, end) for start, end in edges[~among(there, back)].tolist()}


def _simple(loop: list[int]) -> list[list[int]]:
    """The loop cut into loops that come by each vertex once."""
    found: list[list[int]] = []
    way: list[int] = []
    for vertex in loop:
        if vertex in way:
            place = way.index(vertex)
            found.append(way[place:])
            del way[place:]
        way.append(vertex)
    return [one for one in [*found, way] if len(one) > 2]


def _next_open(edge: tuple[int, int], before: dict[tuple[int, int], int]) -> tuple[int, int]:
    """The open edge that ends where this one starts, past the faces between the two."""
    start, end = edge
    for _ in range(len(before)):
        previous = before[start, end]
        if (start, previous) not in before:
            return previous, start
        end = previous
    return edge


def _fan(loop: list[int], middle: int, sides: int) -> list[list[int]]:
    if sides == 3:
        return [[loop[k], loop[(k + 1) % len(loop)], middle] for k in range(len(loop))]
    around = [*loop, loop[0]]
    faces = [[around[k], around[k + 1], around[k + 2], middle] for k in range(0, len(loop) - 1, 2)]
    if len(loop) % 2:
        faces.append([loop[-1], loop[0], middle, middle])
    return faces
