"""What fitting a template gives, and the few measures that every template takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from aigc.mesh.skeleton import Joint, Skeleton
from aigc.mesh.types import FloatArray
from aigc.models.rigging.frame import Frame, nearest_inside

_ALIKE = 0.07  # of the height: how far a joint may be from the mirror image of its partner to be made symmetric


BROUGHT = "brought"  # joints that the file had


@dataclass(frozen=True)
class Fit:
    """A skeleton in the mesh's own space.

    Args:
        template: humanoid, quadruped, generic, or BROUGHT.
        confidence: 0 to 1, how well the shape suits the template.
        pairs: (left, right) names of joints that were made mirror images of each other.
    """

    skeleton: Skeleton
    template: str
    confidence: float
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Pair:
    """A left and a right leaf of the tree.

    Args:
        mismatch: distance of one to the mirror image of the other, as a share of the height.
    """

    left: int
    right: int
    mismatch: float


def pairs(frame: Frame, leaves: list[int], middle: float) -> list[Pair]:
    """Every left leaf with every right one."""
    points = frame.tree.points
    mirror = np.array([-1.0, 1.0, 1.0])
    found = []
    for left in leaves:
        for right in leaves:
            if points[left, 0] > middle > points[right, 0]:
                image = points[left] * mirror + [2 * middle, 0, 0]
                apart = float(np.linalg.norm(image - points[right])) / frame.height
                found.append(Pair(left, right, apart))
    return found


def along(path: FloatArray, share: float) -> FloatArray:
    """float64 (3,): the point at this share, 0 to 1, of the length of a polyline (k, 3)."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    length = np.concatenate([[0.0], np.cumsum(steps)])
    return np.array([np.interp(share * length[-1], length, path[:, axis]) for axis in range(3)])


def at_height(path: FloatArray, height: float) -> FloatArray:
    """The first point of a polyline, from its start, that reaches this height from below; its end if none does."""
    reached = np.flatnonzero(path[:, 1] >= height)
    return np.asarray(path[reached[0] if len(reached) else -1])


def extended(frame: Frame, path: FloatArray) -> FloatArray:
    """float64 (3,): where a line on from the start of `path`, a tip, would leave the solid."""
    back = path[min(len(path) - 1, 4)]
    direction = path[0] - back
    direction /= max(float(np.linalg.norm(direction)), 1e-12)
    steps = path[0] + direction * (np.arange(1, 40) * frame.voxels.cell / 2)[:, None]
    inside = frame.voxels.inside(steps)
    last = int(np.argmin(inside)) if not inside.all() else len(steps)
    return np.asarray(steps[last - 1] if last else path[0])


def symmetric(
    heads: dict[str, FloatArray], tails: dict[str, FloatArray], frame: Frame, middle: float
) -> tuple[tuple[str, str], ...]:
    """Make chains of `left…` and `right…` mirror images where they nearly are, in place, and name what is one now."""
    mirror = np.array([-1.0, 1.0, 1.0])
    shift = np.array([2 * middle, 0.0, 0.0])
    made = []
    for left in [name for name in heads if name.startswith("left")]:
        right = "right" + left.removeprefix("left")
        if right not in heads:
            continue
        if np.linalg.norm(heads[left] * mirror + shift - heads[right]) > _ALIKE * frame.height:
            continue
        for points in (heads, tails):
            mean = (points[left] + points[right] * mirror + shift) / 2
            points[left], points[right] = mean, mean * mirror + shift
        made.append((left, right))
    return tuple(made)


def kept_inside(
    heads: dict[str, FloatArray], frame: Frame, made: tuple[tuple[str, str], ...], middle: float
) -> tuple[tuple[str, str], ...]:
    """Move joints outside the solid to the nearest place within, in place; the pairs that are still mirror images.

    One is given up where the mirror image of what lies inside lies outside.
    """
    mirror = np.array([-1.0, 1.0, 1.0])
    shift = np.array([2 * middle, 0.0, 0.0])
    kept = []
    for left, right in made:
        heads[left] = nearest_inside(frame, heads[left])
        image = heads[left] * mirror + shift
        if bool(frame.voxels.inside(image)):
            heads[right] = image
            kept.append((left, right))
    for name in heads:
        heads[name] = nearest_inside(frame, heads[name])
    return tuple(kept)


def skeleton_of(
    frame: Frame, parents: Mapping[str, str | None], heads: Mapping[str, FloatArray], tails: Mapping[str, FloatArray]
) -> Skeleton:
    """The joints in the order of `parents`, brought back into the mesh's own space."""
    names = [name for name in parents if name in heads]
    joints = []
    for name in names:
        above = parents[name]
        parent = -1 if above is None else names.index(above)
        joints.append(joint(frame, name, parent, heads[name], tails[name]))
    return Skeleton(tuple(joints))


def joint(frame: Frame, name: str, parent: int, head: FloatArray, tail: FloatArray) -> Joint:
    """A joint whose ends are given in the frame, in the mesh's own space."""
    one, two = frame.back(head).tolist(), frame.back(tail).tolist()
    return Joint(name, parent, (one[0], one[1], one[2]), (two[0], two[1], two[2]))
