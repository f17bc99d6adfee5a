"""Bodies of capsules, made into closed meshes, to rig."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.measure import marching_cubes

from aigc.mesh.gltf import write_glb
from aigc.mesh.topology import weld
from aigc.mesh.types import FloatArray, IntArray, Mesh
from aigc.mesh.voxels import Voxels, voxelize
from aigc.models.rigging.frame import Frame, frame
from aigc.models.rigging.medial_tree import MedialTree, medial_tree

Capsule = tuple[tuple[float, float, float], tuple[float, float, float], float]
"""Two ends and a radius."""

BIPED: tuple[Capsule, ...] = (
    ((0, 0.95, 0), (0, 1.3, 0), 0.15),
    ((0, 1.3, 0), (0, 1.5, 0), 0.06),
    ((0, 1.62, 0), (0, 1.66, 0), 0.13),
    *(
        capsule
        for side in (-1, 1)
        for capsule in (
            ((side * 0.1, 1.32, 0), (side * 0.65, 1.25, 0), 0.055),
            ((side * 0.1, 0.9, 0), (side * 0.14, 0.08, 0), 0.075),
            ((side * 0.14, 0.06, 0), (side * 0.14, 0.06, 0.16), 0.06),
        )
    ),
)
BEAST: tuple[Capsule, ...] = (
    ((0, 0.7, -0.5), (0, 0.7, 0.5), 0.16),
    ((0, 0.75, 0.5), (0, 1.1, 0.75), 0.09),
    ((0, 1.1, 0.75), (0, 1.05, 0.95), 0.1),
    ((0, 0.75, -0.6), (0, 0.55, -1.0), 0.05),
    *(((x, 0.65, z), (x, 0.06, z), 0.06) for x in (-0.13, 0.13) for z in (-0.45, 0.45)),
)
STAR: tuple[Capsule, ...] = tuple(
    ((0, 1, 0), (float(np.sin(turn)), 1 + float(np.cos(turn)), 0), 0.12) for turn in np.arange(5) * 2 * np.pi / 5
)

LAMP: tuple[Capsule, ...] = (
    ((0, 0, 0), (0, 0.06, 0), 0.2),
    ((0, 0, 0), (0, 1.4, 0), 0.05),
    ((0, 1.4, 0), (0.5, 1.3, 0.1), 0.05),
    ((0.5, 1.25, 0.1), (0.55, 1.15, 0.1), 0.15),
)


@cache
def body(capsules: tuple[Capsule, ...], cell: float = 0.035) -> tuple[FloatArray, IntArray]:
    """The closed surface around all of them."""
    ends = np.array([capsule[:2] for capsule in capsules]).reshape(-1, 3)
    wide = max(capsule[2] for capsule in capsules) + 3 * cell
    low, high = ends.min(axis=0) - wide, ends.max(axis=0) + wide
    # Symmetric about x = 0, so that both sides get the same triangles.
    low[0], high[0] = -max(-low[0], high[0]), max(-low[0], high[0])
    shape = 2 * np.ceil((high - low) / cell / 2).astype(int) + 1
    grid = np.stack(np.meshgrid(*(np.linspace(0, n - 1, n) for n in shape), indexing="ij"), axis=-1) * cell
    points = grid - (shape - 1) / 2 * cell + (low + high) / 2
    field = np.full(shape, np.inf)
    for one, two, radius in capsules:
        a, b = np.array(one), np.array(two)
        span = b - a
        at = np.clip(((points - a) @ span) / max(float(span @ span), 1e-12), 0, 1)
        field = np.minimum(field, np.linalg.norm(points - a - at[..., None] * span, axis=-1) - radius)
    field = ndimage.gaussian_filter(field, 0.7)
    vertices, faces, _, _ = marching_cubes(field, 0.0, spacing=(cell,) * 3)
    vertices = vertices - (shape - 1) / 2 * cell + (low + high) / 2
    return weld(vertices.astype(np.float32), faces.astype(np.int32))


@cache
def solid(capsules: tuple[Capsule, ...]) -> tuple[Voxels, MedialTree]:
    """Its inside and its tree."""
    voxels = voxelize(*body(capsules), most=20_000)
    return voxels, medial_tree(voxels)


def framed(capsules: tuple[Capsule, ...], facing: str = "+z") -> Frame:
    """The same, seen from where it faces."""
    voxels, tree = solid(capsules)
    return frame(voxels, tree, ndimage.distance_transform_edt(voxels.solid) * voxels.cell, facing)


def turned(capsules: tuple[Capsule, ...], turn: FloatArray) -> tuple[Capsule, ...]:
    """The same capsules, turned by a (3, 3) rotation."""

    def at(point: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = (turn @ np.array(point, float)).round(9).tolist()
        return x, y, z

    return tuple((at(one), at(two), radius) for one, two, radius in capsules)


def saved_body(capsules: tuple[Capsule, ...], path: Path) -> str:
    """Where its GLB lies now."""
    path.write_bytes(write_glb(Mesh(*body(capsules))))
    return str(path)
