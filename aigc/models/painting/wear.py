"""Use and age on a painted surface: dirt in hollows, bare and bright edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from aigc.mesh.ambient import open_sky
from aigc.mesh.bake import Texels
from aigc.mesh.rays import RayScene
from aigc.mesh.types import FloatArray, IntArray
from aigc.models.shapes.finish import step
from aigc.models.shapes.noise import cloudy

_REACH = 0.02  # extents that an edge is wide
_DIRT = np.array([0.16, 0.13, 0.10], np.float32)
# How far use brightens an edge of this pattern; what is not named is soft and does not chip.
_CHIPS = {"plain": 0.45, "metal": 0.6, "rust": 0.3, "wood": 0.4, "planks": 0.4, "stone": 0.4, "courses": 0.35,
          "shingles": 0.3, "leather": 0.35, "marble": 0.2, "checkered": 0.35, "bands": 0.35, "striped": 0.3,
          "stripes": 0.35, "dots": 0.35, "camouflage": 0.3}  # fmt: skip


def edges(
    scene: RayScene,
    cover: Texels,
    chosen: IntArray,
    points: FloatArray,
    normals: FloatArray,
    extent: float,
    between: Callable[[float], None],
) -> FloatArray:
    """float32 (k,): 1 on sharp outer edges, 0 on flat and hollow surfaces, and on plates, which are all edge.

    From a little below the surface, rays go inwards; near an edge they soon meet the other side of it. Arguments as of
    `open_sky`.
    """
    blocked = 1 - open_sky(scene, cover, chosen, points, -normals, extent, between, _REACH)
    return np.asarray(step(blocked, 0.12, 0.45) * (1 - step(blocked, 0.75, 0.95)), np.float32)


def chips(pattern: str) -> float:
    """How much lighter the edges of this pattern become with use, 0 to 1."""
    return _CHIPS.get(pattern, 0.0)


def age(
    color: FloatArray, rough: FloatArray, sky: FloatArray, edge: FloatArray, points: FloatArray, amount: float
) -> None:
    """Shade hollows, put dirt into them and wear the edges, in place.

    Args:
        color: float32 (k, 3). rough: float32 (k,). sky: float32 (k,), the share of it that is seen.
        edge: float32 (k,), how much of an edge, times how much it chips.
        points: float32 (k, 3), in extents. amount: 0 to 1.
    """
    noise = cloudy(points, 3.5, 3)
    color *= (1 - 0.6 * amount * (1 - sky))[:, None]
    dirt = amount * step(1 - sky + 0.25 * noise, 0.45, 1.1) * 0.55
    color += (_DIRT - color) * dirt[:, None]
    rough += (0.9 - rough) * dirt
    bare = amount * edge * step(0.55 + 0.6 * noise, 0.2, 0.9)
    color += (np.clip(color * 1.5 + 0.16, 0, 1) - color) * np.minimum(1.6 * bare, 1)[:, None]
    rough -= 0.12 * bare
