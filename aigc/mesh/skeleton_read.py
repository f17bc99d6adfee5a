"""The skeleton that a mesh file brings: joints where they were when the mesh was bound to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aigc.mesh.archive import MAGIC, Archive
from aigc.mesh.fbx_read import fbx_joints
from aigc.mesh.gltf_read import gltf_joints
from aigc.mesh.read import mesh_kind
from aigc.mesh.skeleton import Joint, Skeleton
from aigc.mesh.types import FloatArray
from aigc.runner.model import InputInvalid

MOST_JOINTS = 256
_NAME = 64
_LAST = 0.5  # of the bone before it: how long the bone of a joint without children is drawn

Found = list[tuple[str, int, FloatArray]]
"""Name, the place in the list of the joint above or -1, and the head, float64 (3,), in the space of the read meshes."""


def read_skeleton(path: str | Path) -> Skeleton | None:
    """The joints of the file, in the space in which `read_mesh` gives its meshes; None if it brings none.

    Raises:
        InputInvalid: the file is damaged, or has more than `MOST_JOINTS` joints.
    """
    data = Path(path).read_bytes()
    beside = None
    if data.startswith(MAGIC):
        archive = Archive(data)
        name = archive.mesh()
        data, beside = archive.read(name), lambda uri: archive.beside(name, uri)
    kind = mesh_kind(data)
    found = gltf_joints(data, beside) if kind == "gltf" else fbx_joints(data) if kind == "fbx" else []
    if len(found) > MOST_JOINTS:
        raise InputInvalid(
            f"the file's skeleton has {len(found):,} joints, more than {MOST_JOINTS}",
            "leave out those of face and hair",
        )
    return skeleton_of(found) if found else None


def skeleton_of(found: Found) -> Skeleton:
    """Parents before their children, each name once, and a bone from each joint to the middle of those below it."""
    order = _parents_first([above for _, above, _ in found])
    place = {old: new for new, old in enumerate(order)}
    heads = np.array([found[old][2] for old in order], np.float64)
    parents = [place[above] if (above := found[old][1]) >= 0 else -1 for old in order]
    size = float(np.linalg.norm(np.ptp(heads, axis=0))) or 1.0
    names: dict[str, None] = {}
    joints = []
    for index, old in enumerate(order):
        below = [child for child, parent in enumerate(parents) if parent == index]
        if below:
            tail = heads[below].mean(axis=0)
        else:
            above = heads[parents[index]] if parents[index] >= 0 else heads[index] - [0, 0.2 * size, 0]
            tail = heads[index] + _LAST * (heads[index] - above)
        name = _free(found[old][0][:_NAME] or "joint", names)
        names[name] = None
        (hx, hy, hz), (tx, ty, tz) = heads[index].tolist(), tail.tolist()
        joints.append(Joint(name, parents[index], (hx, hy, hz), (tx, ty, tz)))
    return Skeleton(tuple(joints))


def _parents_first(above: list[int]) -> list[int]:
    order: list[int] = []
    pending = [index for index, parent in enumerate(above) if parent < 0]
    while pending:
        order.append(pending.pop(0))
        pending += [index for index, parent in enumerate(above) if parent == order[-1]]
    if len(order) < len(above):
        raise InputInvalid("a joint of the file's skeleton is its own ancestor", "export it anew")
    return order


def _free(name: str, taken: dict[str, None]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
