"""Shapes whose parts are known, and how alike two ways to cut one are."""

from __future__ import annotations

import numpy as np

from aigc.mesh.simplify import from_manifold, to_manifold
from aigc.mesh.subdivide import split_long_edges
from aigc.mesh.types import FloatArray, IntArray
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> tuple[FloatArray, IntArray]:
    """A closed box of twelve faces."""
    size = np.subtract(high, low).astype(np.float32)
    return CUBE_CORNERS * size + np.asarray(low, np.float32), CUBE_FACES.copy()


def table(edge: float = 0.12) -> tuple[FloatArray, IntArray, IntArray]:
    """A table top on four legs, one closed surface, and the part of each face: 0 the top, 1 to 4 the legs."""
    solids = [to_manifold(*box((-1, 0.9, -0.6), (1, 1.05, 0.6)))]
    for x in (-0.85, 0.7):
        for z in (-0.5, 0.35):
            solids.append(to_manifold(*box((x, 0, z), (x + 0.15, 0.95, z + 0.15))))
    whole = solids[0]
    for leg in solids[1:]:
        whole = whole + leg
    points, faces, _ = split_long_edges(*from_manifold(whole), edge, 100_000)
    centre = points[faces].mean(axis=1)
    leg = 1 + (centre[:, 0] > 0) * 2 + (centre[:, 2] > 0)
    return points, faces, np.where(centre[:, 1] > 0.9 - 1e-4, 0, leg).astype(np.int32)


def ball_with_ears(rings: int = 40) -> tuple[FloatArray, IntArray, IntArray]:
    """A ball with two smaller ones grown into it, and the part of each face: 0 the ball, 1 and 2 the others."""
    whole = to_manifold(*sphere(rings, 2 * rings))
    middles = np.array([(-0.75, 1.0, 0.0), (0.75, 1.0, 0.0)], np.float32)
    for middle in middles:
        points, faces = sphere(rings // 2, rings, 0.5)
        whole = whole + to_manifold(points + middle, faces)
    points, faces = from_manifold(whole)
    centre = points[faces].mean(axis=1)
    inside = np.stack([np.abs(np.linalg.norm(centre - middle, axis=1) - 0.5) < 0.02 for middle in middles], axis=1)
    return points, faces, np.where(inside.any(axis=1), 1 + np.argmax(inside, axis=1), 0).astype(np.int32)


def turned(points: FloatArray) -> FloatArray:
    """The same, turned about a skew axis and moved."""
    axis = np.array([1.0, 2.0, 3.0]) / np.sqrt(14)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turn = np.eye(3) + np.sin(1.1) * cross + (1 - np.cos(1.1)) * cross @ cross
    return (points @ turn.T + np.array([3, -2, 1])).astype(np.float32)


def agreement(one: IntArray, two: IntArray, weight: FloatArray) -> float:
    """The adjusted Rand index of two labellings of weighted things: 1 for equal parts, 0 for chance (Hubert, 1985)."""
    table = np.zeros((int(one.max()) + 1, int(two.max()) + 1))
    np.add.at(table, (one, two), weight / weight.sum() * 1e4)

    def pairs(counts: FloatArray) -> float:
        return float((counts * (counts - 1) / 2).clip(0).sum())

    both, rows, columns = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    chance = rows * columns / pairs(np.array([1e4]))
    most = (rows + columns) / 2
    # Two that leave the whole as one part agree.
    return (both - chance) / (most - chance) if most > chance else 1.0
