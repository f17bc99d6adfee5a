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


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> tuple[FloatArray, IntArray]:
    """A box between two corners."""
    span = np.array(high, np.float32) - np.array(low, np.float32)
    return np.array(low, np.float32) + CUBE_CORNERS * span, CUBE_FACES.copy()


def figurine() -> Mesh:
    """A blue body, a red head with a yellow nose to the front, a green arm to its left: no view is like another."""
    body, head = sphere(12, 20, 0.5), sphere(10, 16, 0.3)
    pieces = [
        (body[0] + np.array([0, 0.5, 0], np.float32), body[1], (40, 70, 200)),
        (head[0] + np.array([0, 1.2, 0], np.float32), head[1], (210, 40, 40)),
        (*box((-0.07, 1.1, 0.2), (0.07, 1.25, 0.55)), (235, 200, 40)),
        (*box((0.4, 0.55, -0.1), (0.95, 0.72, 0.1)), (40, 170, 60)),
    ]
    positions = np.concatenate([points for points, _, _ in pieces])
    offsets = np.cumsum([0] + [len(points) for points, _, _ in pieces])
    faces = np.concatenate([triangles + offset for (_, triangles, _), offset in zip(pieces, offsets, strict=False)])
    colors = np.concatenate([np.tile((*color, 255), (len(points), 1)) for points, _, color in pieces])
    return Mesh(positions, faces.astype(np.int32), colors=colors.astype(np.uint8), name="figurine")


def two_cubes():
    """One red and one under a picture of nothing but green, with materials and meshes of one name."""
    red = cube().with_(material=Material("paint", base_color=(1, 0, 0, 1)))
    green = np.zeros((4, 4, 3), np.uint8) + np.array([0, 255, 0], np.uint8)
    pictured = cube().with_(
        positions=CUBE_CORNERS + np.float32([2, 0, 0]),
        uv=np.ascontiguousarray(CUBE_CORNERS[:, :2]),
        material=Material("paint", base_color_texture=green),
    )
    return [red, pictured]
