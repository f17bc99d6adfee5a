"""Regions of a surface by merging neighbours, from one region a face up to a single one."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from aigc.mesh.types import FloatArray, IntArray

_BETWEEN = 500  # merges


@dataclass(frozen=True)
class MergeTree:
    """Which regions were merged, in order.

    Args:
        leaves: how many there were at first.
        merged: int64 (leaves - 1, 2): the two regions that became region `leaves + row`.
        cost: float64 (leaves - 1,): what each merge cost.
    """

    leaves: int
    merged: IntArray
    cost: FloatArray

    def labels(self, count: int) -> IntArray:
        """int32 (leaves,): the region of each leaf, numbered as they appear, when `count` of them were left."""
        done = max(0, len(self.merged) - max(count - 1, 0))
        owner = np.arange(self.leaves + done)
        for row in range(done - 1, -1, -1):
            owner[self.merged[row]] = owner[self.leaves + row]
        _, first, region = np.unique(owner[: self.leaves], return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[region].astype(np.int32)


def merge_tree(
    pairs: IntArray,
    points: FloatArray,
    mass: FloatArray,
    between: Callable[[], None] | None = None,
) -> MergeTree:
    """Merge the two neighbours whose union spreads least about its mean, again and again (Ward, 1963).

    The same links, points and masses give the same tree: ties are broken by number.

    Args:
        pairs: int32 (e, 2), which leaves are neighbours; all must hang together.
        points: float64 (leaves, d), where each leaf lies. mass: float64 (leaves,), how much it counts.
        between: called every few hundred merges; may raise.
    """
    leaves = len(points)
    centre = np.concatenate([points, np.zeros((max(leaves - 1, 0), points.shape[1]))])
    weight = [*mass.tolist(), *[0.0] * (leaves - 1)]
    near: list[set[int]] = [set() for _ in range(leaves)]
    for one, two in pairs.tolist():
        near[one].add(two)
        near[two].add(one)
    links = np.unique(np.sort(pairs, axis=1), axis=0)
    one, two = links[:, 0], links[:, 1]
    first = mass[one] * mass[two] / (mass[one] + mass[two]) * _square(points[one] - points[two])
    queue = list(zip(first.tolist(), one.tolist(), two.tolist(), strict=True))
    heapq.heapify(queue)
    gone = bytearray(2 * leaves)
    merged: list[tuple[int, int]] = []
    cost: list[float] = []
    while queue:
        price, a, b = heapq.heappop(queue)
        if gone[a] or gone[b]:
            continue
        new = leaves + len(merged)
        if between is not None and len(merged) % _BETWEEN == 0:
            between()
        gone[a] = gone[b] = 1
        weight[new] = weight[a] + weight[b]
        centre[new] = (weight[a] * centre[a] + weight[b] * centre[b]) / weight[new]
        around = sorted((near[a] | near[b]) - {a, b})
        near.append(set(around))
        squares = _square(centre[around] - centre[new]).tolist()
        for other, square in zip(around, squares, strict=True):
            near[other] -= {a, b}
            near[other].add(new)
            both = weight[new] * weight[other] / (weight[new] + weight[other])
            heapq.heappush(queue, (both * square, other, new))
        merged.append((a, b))
        cost.append(price)
    return MergeTree(leaves, np.array(merged, np.int64).reshape(-1, 2), np.array(cost, np.float64))


def _square(vectors: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->i", vectors, vectors))
