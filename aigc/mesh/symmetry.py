"""The upright plane that mirrors a thing onto itself, if there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from aigc.mesh.types import FloatArray

_TRIED, _AT = 24, 500
_MEAN, _MOST = 0.012, 0.045  # extents that the mirror image may lie beside the surface


@dataclass(frozen=True)
class Mirror:
    """A plane through `point` with the unit normal `normal`, both float32 (3,).

    Args:
        miss: how far the mirror image lies beside the surface on average, in extents.
    """

    point: FloatArray
    normal: FloatArray
    miss: float

    def points(self, places: FloatArray) -> FloatArray:
        """float32 (k, 3): the places on the other side."""
        return (places - 2 * ((places - self.point) @ self.normal)[:, None] * self.normal).astype(np.float32)

    def directions(self, vectors: FloatArray) -> FloatArray:
        """float32 (k, 3): the directions as a mirror shows them."""
        return (vectors - 2 * (vectors @ self.normal)[:, None] * self.normal).astype(np.float32)


def mirrors(points: FloatArray) -> list[Mirror]:
    """Upright planes that mirror the surface onto itself, the best first.

    Args:
        points: float32 (n, 3), spread evenly over the surface, y up.
    """
    extent = float(np.ptp(points, axis=0).max()) or 1.0
    middle = ((points.min(axis=0) + points.max(axis=0)) / 2).astype(np.float32)
    local = (points - middle) / np.float32(extent)
    few = local[np.random.default_rng(0).choice(len(local), min(_AT, len(local)), replace=False)]
    tree = cKDTree(local)
    found = []
    angles = np.arange(_TRIED) * np.pi / _TRIED
    misses = np.array([_miss(tree, few, angle) for angle in angles])
    for number in np.flatnonzero((misses <= np.roll(misses, 1)) & (misses < np.roll(misses, -1))).tolist():
        best, step = float(angles[number]), np.pi / _TRIED / 2
        low = float(misses[number])
        for _ in range(6):
            for angle in (best - step, best + step):
                miss = _miss(tree, few, angle)
                if miss < low:
                    best, low = angle, miss
            step /= 2
        shift = _offset(local, best)
        distance = tree.query(_mirrored(few, best, shift), workers=1)[0]
        if distance.mean() < _MEAN and np.percentile(distance, 95) < _MOST:
            normal = np.array([np.cos(best), 0, np.sin(best)], np.float32)
            found.append(Mirror(middle + normal * np.float32(shift * extent), normal, float(distance.mean())))
    return sorted(found, key=lambda mirror: mirror.miss)


def _offset(points: FloatArray, angle: float) -> float:
    """Where the plane of this direction lies: midway between the extremes."""
    along = points @ np.array([np.cos(angle), 0, np.sin(angle)])
    return float(along.min() + along.max()) / 2


def _mirrored(points: FloatArray, angle: float, shift: float) -> FloatArray:
    normal = np.array([np.cos(angle), 0, np.sin(angle)])
    return np.asarray(points - 2 * ((points @ normal) - shift)[:, None] * normal)


def _miss(tree: cKDTree, points: FloatArray, angle: float) -> float:
    shift = _offset(np.asarray(tree.data), angle)
    return float(tree.query(_mirrored(points, angle, shift), workers=1)[0].mean())
