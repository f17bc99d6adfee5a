"""Small meshes to test with."""

from __future__ import annotations

import numpy as np

from aigc.mesh.types import FloatArray, IntArray, Material, Mesh

CUBE_CORNERS = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], np.float32)
CUBE_FACES = np.array(
    [
        (0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1),
        (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3),
    ],
    np.int32,
)  # fmt: skip


def cube(color: tuple[float, float, float] = (0.8, 0.2, 0.1)) -> Mesh:
    """A unit cube of one colour."""
    return Mesh(CUBE_CORNERS.copy(), CUBE_FACES.copy(), material=Material(base_color=(*color, 1.0)))


def sphere(rings: int = 24, sides: int = 48, radius: float = 1.0) -> tuple[FloatArray, IntArray]:
    """A closed ball around the origin."""
    points = [(0.0, radius, 0.0)]
    for ring in range(1, rings):
        polar = np.pi * ring / rings
        for side in range(sides):
            turn = 2 * np.pi * side / sides
            points.append(
                (
                    radius * np.sin(polar) * np.sin(turn),
                    radius * np.cos(polar),
                    radius * np.sin(polar) * np.cos(turn),
                )
            )
    points.append((0.0, -radius, 0.0))
    faces = []
    last = len(points) - 1
    for side in range(sides):
        after = (side + 1) % sides
        faces.append((0, 1 + side, 1 + after))
        base = 1 + (rings - 2) * sides
        faces.append((last, base + after, base + side))
        for ring in range(rings - 2):
            a, b = 1 + ring * sides + side, 1 + ring * sides + after
            faces += [(a, a + sides, b + sides), (a, b + sides, b)]
    return np.array(points, np.float32), np.array(faces, np.int32)
