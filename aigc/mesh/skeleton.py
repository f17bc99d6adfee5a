"""A skeleton, its hold upon a mesh, and what the mesh looks like when the skeleton moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aigc.mesh.types import FloatArray, Mesh

INFLUENCES = 4


@dataclass(frozen=True)
class Joint:
    """One joint, and the bone that it moves.

    Args:
        parent: index into the skeleton's joints, -1 for a root; less than the joint's own.
        head: where it turns, in the mesh's space.
        tail: where its bone ends.
    """

    name: str
    parent: int
    head: tuple[float, float, float]
    tail: tuple[float, float, float]


@dataclass(frozen=True)
class Skeleton:
    """Joints, parents before their children, each name once. At rest no joint is turned.

    Raises:
        ValueError: a parent does not come before its child, a name comes twice, or there is no joint.
    """

    joints: tuple[Joint, ...]

    def __post_init__(self) -> None:
        if not self.joints or any(not -1 <= joint.parent < index for index, joint in enumerate(self.joints)):
            raise ValueError("a skeleton needs a joint, and each joint's parent must come before it")
        if len({joint.name for joint in self.joints}) < len(self.joints):
            raise ValueError("two joints have one name")

    @property
    def heads(self) -> FloatArray:
        """float64 (j, 3)."""
        return np.array([joint.head for joint in self.joints], np.float64)

    @property
    def tails(self) -> FloatArray:
        """float64 (j, 3)."""
        return np.array([joint.tail for joint in self.joints], np.float64)

    @property
    def parents(self) -> list[int]:
        """The index of each joint's parent, -1 for a root."""
        return [joint.parent for joint in self.joints]

    def described(self) -> list[dict[str, Any]]:
        """`[{name, parent, head, tail}]` with names as parents, for a file or an answer."""
        return [
            {
                "name": joint.name,
                "parent": self.joints[joint.parent].name if joint.parent >= 0 else None,
                "head": [round(value, 6) for value in joint.head],
                "tail": [round(value, 6) for value in joint.tail],
            }
            for joint in self.joints
        ]


@dataclass(frozen=True)
class Skin:
    """How much of each vertex follows which joints.

    Args:
        joints: uint16 (n, 4), indices into a skeleton's joints; 0 where the weight is 0.
        weights: float32 (n, 4), the greatest first, each row's sum 1.
    """

    joints: NDArray[np.uint16]
    weights: FloatArray


def strongest(weights: FloatArray) -> Skin:
    """The skin of a full table, float (n, j) and not negative: the four strongest of each vertex, made to sum to one.

    From each the fifth strongest is taken off first, so that where one joint takes another's place among the four, both
    have no weight: cut off just so, neighbouring vertices would jump apart there.

    Raises:
        ValueError: a vertex follows no joint.
    """
    few = min(INFLUENCES, weights.shape[1])
    padded = np.pad(weights, ((0, 0), (0, max(0, INFLUENCES + 1 - weights.shape[1]))))
    fifth = np.partition(padded, -INFLUENCES - 1, axis=1)[:, [-INFLUENCES - 1]]
    # A stable sort, so that equal weights give equal files everywhere.
    order = np.argsort(-weights, axis=1, kind="stable")[:, :few]
    kept = np.take_along_axis(weights, order, axis=1).astype(np.float64)
    # Five equal ones leave nothing after that: then the cut is all there is.
    kept = np.where(kept[:, :1] - fifth > 1e-6, np.maximum(kept - fifth, 0), kept)
    # Less than this moves no vertex by a pixel, but makes every joint of the body hold on to it.
    kept[kept < 1e-3 * kept[:, :1]] = 0
    total = kept.sum(axis=1, keepdims=True)
    if not (total > 0).all():
        raise ValueError("a vertex follows no joint")
    kept /= total
    joints = np.zeros((len(weights), INFLUENCES), np.uint16)
    final = np.zeros((len(weights), INFLUENCES), np.float32)
    joints[:, :few] = np.where(kept > 0, order, 0)
    final[:, :few] = kept
    return Skin(joints, final)


def pose_matrices(skeleton: Skeleton, turns: Mapping[str, FloatArray]) -> FloatArray:
    """float64 (j, 4, 4): what each joint does to a point at rest when the named joints are turned by (3, 3) rotations.

    A turn is given in the axes of the mesh, and carries all joints below along.

    Raises:
        KeyError: there is no joint of that name.
    """
    names = [joint.name for joint in skeleton.joints]
    unknown = set(turns) - set(names)
    if unknown:
        raise KeyError(f"no joint is called {', '.join(sorted(unknown))}")
    result: FloatArray = np.zeros((len(names), 4, 4))
    for index, joint in enumerate(skeleton.joints):
        above = result[joint.parent] if joint.parent >= 0 else np.eye(4)
        own = np.eye(4)
        if joint.name in turns:
            own[:3, :3] = turns[joint.name]
            own[:3, 3] = np.array(joint.head) - own[:3, :3] @ np.array(joint.head)
        result[index] = above @ own
    return result


def posed(mesh: Mesh, skeleton: Skeleton, skin: Skin, turns: Mapping[str, FloatArray]) -> Mesh:
    """The mesh with its skeleton turned: linear blend skinning, as every engine does it (glTF 2.0, 3.7.3)."""
    matrices = pose_matrices(skeleton, turns)
    blended = np.einsum("nk,nkij->nij", skin.weights.astype(np.float64), matrices[skin.joints])
    positions = np.einsum("nij,nj->ni", blended[:, :3, :3], mesh.positions) + blended[:, :3, 3]
    normals = None
    if mesh.normals is not None:
        turned = np.einsum("nij,nj->ni", blended[:, :3, :3], mesh.normals)
        normals = (turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)).astype(np.float32)
    return mesh.with_(positions=positions.astype(np.float32), normals=normals)


def rotation(axis: tuple[float, float, float], degrees: float) -> FloatArray:
    """float64 (3, 3): a turn about an axis, counter-clockwise seen from its tip (Rodrigues)."""
    x, y, z = np.array(axis, np.float64) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
