"""What each chain is in a thing that stands on four legs: front and hind legs, trunk, neck, head and tail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.mesh.types import FloatArray
from aigc.models.rigging.frame import Frame

# Shares of the height.
_GROUND = 0.2
_MISMATCH = 0.18
_APART = 0.25


@dataclass
class Chain:
    """A run of joints without a branching.

    Args:
        points: float64 (k, 3), the first on the chain above or at the root.
        above: index of the chain that it leaves, at its end; -1 at the root.
    """

    points: FloatArray
    above: int


def roles(chains: list[Chain], frame: Frame) -> list[str] | None:
    """A word for each chain, `chain` where none is known; None unless it faces ahead on two pairs of legs."""
    middle, height = float(frame.cells[:, 0].mean()), frame.height
    ends = np.array([chain.points[-1] for chain in chains]).reshape(-1, 3)
    tips = sorted(set(range(len(chains))) - {chain.above for chain in chains})
    feet = [tip for tip in tips if ends[tip, 1] - frame.floor < _GROUND * height]
    pairs = _pairs(ends, feet, middle, _MISMATCH * height)
    if len(pairs) != 2:
        return None
    (_, hind), (_, front) = sorted((float(ends[[*pair], 2].mean()), pair) for pair in pairs)
    first, last = float(ends[[*front], 2].mean()), float(ends[[*hind], 2].mean())
    depth = frame.cells[:, 2]
    # A head is more than a tail.
    if first - last < _APART * height or (depth > first).sum() < (depth < last).sum():
        return None
    words = ["chain"] * len(chains)
    for legs, word in ((front, "FrontLeg"), (hind, "HindLeg")):
        for side, leg in zip(("left", "right"), legs, strict=True):
            for index in _up(chains, chains[leg].above):
                words[index] = "spine"
            words[leg] = side + word
    free = [tip for tip in tips if words[tip] == "chain"]
    head = max((tip for tip in free if ends[tip, 2] > first), key=lambda tip: float(ends[tip, 2]), default=None)
    tail = min((tip for tip in free if ends[tip, 2] < last), key=lambda tip: float(ends[tip, 2]), default=None)
    if head is not None:
        for index in _up(chains, chains[head].above):
            words[index] = "neck" if words[index] == "chain" else words[index]
        words[head] = "head"
    if tail is not None:
        for index in _up(chains, tail):
            words[index] = "tail" if words[index] == "chain" else words[index]
    return words


def _pairs(ends: FloatArray, feet: list[int], middle: float, apart: float) -> list[tuple[int, int]]:
    """(left, right): each foot with its mirror image, the best matches first, none twice."""
    image = ends * [-1, 1, 1] + [2 * middle, 0, 0]
    found = sorted(
        (float(np.linalg.norm(image[left] - ends[right])), left, right)
        for left in feet
        for right in feet
        if ends[left, 0] > middle > ends[right, 0]
    )
    pairs: list[tuple[int, int]] = []
    for distance, left, right in found:
        if distance < apart and not any({left, right} & {*pair} for pair in pairs):
            pairs.append((left, right))
    return pairs


def _up(chains: list[Chain], index: int) -> list[int]:
    """This chain and those above it."""
    way = []
    while index >= 0:
        way.append(index)
        index = chains[index].above
    return way
