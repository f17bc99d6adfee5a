"""Joints for a shape of any kind: a chain along each branch of its tree, from the thickest branching outwards."""

from __future__ import annotations

import itertools

import numpy as np

from aigc.mesh.skeleton import Skeleton
from aigc.mesh.types import FloatArray
from aigc.models.rigging.fit import Fit, joint
from aigc.models.rigging.frame import Frame
from aigc.models.rigging.medial_tree import MedialTree
from aigc.models.rigging.roles import Chain, roles

_BEND = 0.35  # of the radius: how far a bone may run beside the middle
_LONGEST = 3.0  # radii, or
_LONGEST_SHARE = 0.13  # of the size: no bone is longer than the greater of the two
_MERGED = 0.9  # of the radius: branchings so close are one
_ALIKE = 0.06  # of the size


def fit_generic(frame: Frame, most: int) -> Fit:
    """Chains of at most `most` joints in all, mirror images of each other where the shape is.

    On four legs they are called after what they are, and the template is `quadruped`.
    """
    branchings = frame.tree.branchings() or list(range(len(frame.tree.points)))
    root = max(branchings, key=lambda node: float(frame.tree.radius[node]))
    tree = frame.tree.rooted_at(root)
    size = float(np.ptp(frame.cells, axis=0).max())
    coarseness = 1.0
    chains = chains_of(tree, size, coarseness)
    while 1 + sum(len(chain.points) - 1 for chain in chains) > most and coarseness < 20:
        coarseness *= 1.3
        chains = chains_of(tree, size, coarseness)
    _mirror(chains, frame, float(frame.cells[:, 0].mean()), size)
    words = roles(chains, frame)
    skeleton = skeleton_from(frame, tree, chains, words)
    return Fit(skeleton, "generic" if words is None else "quadruped", 1.0 if len(chains) > 1 else 0.5)


def chains_of(tree: MedialTree, size: float, coarseness: float = 1.0) -> list[Chain]:
    """The branches of the tree as few straight bones, thick ones first; each comes after the one that it leaves."""
    children: dict[int, list[int]] = {}
    for node, above in enumerate(tree.parent.tolist()):
        children.setdefault(above, []).append(node)
    chains: list[Chain] = []
    pending = [(0, child, -1) for child in children.get(0, [])]
    while pending:
        start, node, above = pending.pop(0)
        run = [start, node]
        while len(children.get(run[-1], [])) == 1:
            run.append(children[run[-1]][0])
        further = children.get(run[-1], [])
        points = tree.points[run]
        radius = float(np.median(tree.radius[run]))
        length = float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())
        if further and length < _MERGED * coarseness * float(tree.radius[start]):
            # Two branchings in one body: what leaves the second leaves the first.
            pending += [(start, child, above) for child in further]
            continue
        bones = _straightened(points, _BEND * coarseness * radius)
        bones = _divided(bones, coarseness * max(_LONGEST * radius, _LONGEST_SHARE * size))
        if above >= 0:
            bones[0] = chains[above].points[-1]
        elif start == 0:
            bones[0] = tree.points[0]
        chains.append(Chain(bones, above))
        pending += [(run[-1], child, len(chains) - 1) for child in further]
    return chains


def _straightened(points: FloatArray, tolerance: float) -> FloatArray:
    """Fewer points, none of the others further than `tolerance` from the line (Ramer, Douglas, Peucker)."""
    kept = np.zeros(len(points), bool)
    kept[[0, -1]] = True
    pending = [(0, len(points) - 1)]
    while pending:
        first, last = pending.pop()
        if last - first < 2:
            continue
        line = points[last] - points[first]
        length = float(np.linalg.norm(line))
        off = points[first + 1 : last] - points[first]
        if length > 1e-12:
            off = off - np.outer(off @ line / length, line / length)
        away = np.linalg.norm(off, axis=1)
        if away.max() > tolerance:
            middle = first + 1 + int(np.argmax(away))
            kept[middle] = True
            pending += [(first, middle), (middle, last)]
    return points[kept]


def _divided(points: FloatArray, longest: float) -> FloatArray:
    """The same line with each piece cut into equal ones no longer than `longest`."""
    result = [points[0]]
    for one, two in itertools.pairwise(points):
        count = int(np.ceil(float(np.linalg.norm(two - one)) / longest - 1e-6))
        result += [one + (two - one) * k / max(count, 1) for k in range(1, max(count, 1) + 1)]
    return np.array(result)


def _mirror(chains: list[Chain], frame: Frame, middle: float, size: float) -> None:
    """Give a right-hand chain the mirror image of the left-hand one that it resembles, in place."""
    image = np.array([-1.0, 1.0, 1.0])
    shift = np.array([2 * middle, 0.0, 0.0])

    def origin(chain: Chain) -> FloatArray:
        return np.asarray(chain.points[0])

    for index, left in enumerate(chains):
        if left.points[-1, 0] <= middle or any(other.above == index for other in chains):
            continue
        for number, right in enumerate(chains):
            if any(other.above == number for other in chains):
                continue
            ends = np.linalg.norm(left.points[-1] * image + shift - right.points[-1])
            starts = np.linalg.norm(origin(left) * image + shift - origin(right))
            mirrored = left.points * image + shift
            if number != index and max(ends, starts) < _ALIKE * size and frame.voxels.inside(mirrored[1:]).all():
                mirrored[0] = origin(right)
                right.points = mirrored
                break


def skeleton_from(frame: Frame, tree: MedialTree, chains: list[Chain], words: list[str] | None = None) -> Skeleton:
    """A root, and a joint `chain_<number>_<place>` or `<word>_<place>` at the start of each bone."""
    start = tree.points[0]
    up = start + np.array([0.0, 0.5 * float(tree.radius[0]), 0.0])
    joints = [joint(frame, "root", -1, start, up)]
    last: list[int] = []
    counts: dict[str, int] = {}
    for number, chain in enumerate(chains):
        parent = 0 if chain.above < 0 else last[chain.above]
        word = "chain" if words is None else words[number]
        word = f"chain_{number + 1:02d}" if word == "chain" else word
        for head, tail in itertools.pairwise(chain.points):
            counts[word] = counts.get(word, 0) + 1
            joints.append(joint(frame, f"{word}_{counts[word]:02d}", parent, head, tail))
            parent = len(joints) - 1
        last.append(parent)
    return Skeleton(tuple(joints))
