"""From many small regions of a surface to few parts, by how distinct the regions are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.mesh.merge_tree import MergeTree
from aigc.mesh.types import FloatArray, IntArray

_GROUND = 0.9


@dataclass(frozen=True)
class Regions:
    """n regions of a surface, each of which hangs together.

    Args:
        mass: float64 (n,), share of the area.
        places: float64 (n, d), where each lies if creases are in the way. ground: the same if they are not.
        flow: float64 (n, n), how well heat crosses the border of each two. free: the same if nothing hindered it.
    """

    mass: FloatArray
    places: FloatArray
    ground: FloatArray
    flow: FloatArray
    free: FloatArray


def regions_of(
    labels: IntArray,
    share: FloatArray,
    places: FloatArray,
    ground: FloatArray,
    links: tuple[IntArray, FloatArray, FloatArray],
) -> Regions:
    """The regions that `labels`, int32 (m,), makes of m faces with these shares of the area and places.

    Args:
        links: pairs of faces, int32 (e, 2), and flow and free flow over each, float64 (e,).
    """
    count = int(labels.max()) + 1
    mass = np.bincount(labels, share, count).astype(np.float64)
    pairs, flow, free = links
    one, two = labels[pairs].T
    apart = one != two

    def summed(values: FloatArray) -> FloatArray:
        table = np.bincount(one[apart].astype(np.int64) * count + two[apart], values[apart], count * count)
        return np.asarray(table.reshape(count, count) + table.reshape(count, count).T)

    def middle(points: FloatArray) -> FloatArray:
        return np.stack([np.bincount(labels, share * column, count) / mass for column in points.T], axis=1)

    return Regions(mass, middle(places), middle(ground), summed(flow), summed(free))


def part_tree(regions: Regions) -> MergeTree:
    """Merge the two neighbours that are least distinct, again and again.

    Distinct are large regions between which creases make the way much longer than it is anyway, and whose common border
    itself hinders. So long or wide things are not cut somewhere in the middle.
    """
    count = len(regions.mass)
    mass, places, ground = regions.mass.copy(), regions.places.copy(), regions.ground.copy()
    flow, free = regions.flow.copy(), regions.free.copy()
    name = np.arange(count)
    merged, cost = [], []
    for step in range(count - 1):
        both = mass[:, None] * mass[None] / (mass[:, None] + mass[None])
        excess = np.maximum(_squares(places) - _GROUND * _squares(ground), 0)
        hindered = 1 - flow / np.where(free > 0, free, 1)
        price = np.where(free > 0, both * excess * hindered, np.inf)
        a, b = sorted(divmod(int(np.argmin(price)), len(mass)))
        merged.append((name[a], name[b]))
        cost.append(price[a, b])
        whole = mass[a] + mass[b]
        for points in (places, ground):
            points[a] = (mass[a] * points[a] + mass[b] * points[b]) / whole
        for table in (flow, free):
            table[a] += table[b]
            table[:, a] = table[a]
            table[a, a] = 0
        mass[a], name[a] = whole, count + step
        mass, places, ground = (np.delete(values, b, axis=0) for values in (mass, places, ground))
        name = np.delete(name, b)
        flow, free = (np.delete(np.delete(table, b, axis=0), b, axis=1) for table in (flow, free))
    return MergeTree(count, np.array(merged, np.int64).reshape(-1, 2), np.array(cost, np.float64))


def _squares(points: FloatArray) -> FloatArray:
    """float64 (n, n): square distances."""
    apart = points[:, None] - points[None]
    return np.asarray(np.einsum("ijk,ijk->ij", apart, apart))
