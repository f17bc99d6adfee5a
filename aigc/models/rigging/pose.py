"""One pose for each template, to show that a rig moves: arms up and a knee raised, a step, or every chain curled."""

from __future__ import annotations

import numpy as np

from aigc.mesh.skeleton import Skeleton, rotation
from aigc.mesh.types import FloatArray

# Directions of bones (to its left, up, ahead) in a lively stance.
_DANCE = {
    "leftUpperArm": (0.95, 0.3, 0.1),
    "leftLowerArm": (0.55, 0.8, 0.25),
    "rightUpperArm": (-0.95, 0.2, 0.1),
    "rightLowerArm": (-0.6, 0.75, 0.3),
    "leftUpperLeg": (0.15, -0.75, 0.65),
    "leftLowerLeg": (0.1, -0.9, -0.4),
    "rightUpperLeg": (-0.12, -1.0, 0.05),
}
_STEP = {"leftFrontLeg_01": -24.0, "rightFrontLeg_01": 24.0, "leftHindLeg_01": 24.0, "rightHindLeg_01": -24.0}
_NOD = {"neck_01": 14.0, "head_01": 10.0}
_TURN = {"head": ((0.0, 1.0, 0.0), 25.0), "spine": ((0.0, 0.0, 1.0), -5.0)}
_CURL = 16.0


def sample_pose(skeleton: Skeleton, template: str, facing: FloatArray) -> dict[str, FloatArray]:
    """Rotations by joint, for `posed`.

    Args:
        facing: float (3, 3), rows: its left, up and ahead in the mesh's space.
    """
    turns: dict[str, FloatArray] = {}
    total: dict[int, FloatArray] = {-1: np.eye(3)}
    for index, joint in enumerate(skeleton.joints):
        above = total[joint.parent]
        own: FloatArray = np.eye(3)
        if template == "humanoid" and joint.name in _DANCE:
            rest = np.array(joint.tail) - np.array(joint.head)
            own = _shortest(rest, above.T @ (np.array(_DANCE[joint.name]) @ facing))
        elif template == "humanoid" and joint.name in _TURN:
            axis, degrees = _TURN[joint.name]
            turned = np.array(axis) @ facing
            own = rotation((turned[0], turned[1], turned[2]), degrees)
        elif template == "quadruped":
            if degrees := _STEP.get(joint.name, _NOD.get(joint.name, 0.0)):
                own = rotation((facing[0][0], facing[0][1], facing[0][2]), degrees)
        elif template != "humanoid" and joint.parent >= 0:
            side = facing[0] if abs(joint.tail[1] - joint.head[1]) < abs(joint.tail[2] - joint.head[2]) else facing[2]
            own = rotation((side[0], side[1], side[2]), _CURL)
        total[index] = above @ own
        if not np.array_equal(own, np.eye(3)):
            turns[joint.name] = own
    return turns


def _shortest(one: FloatArray, two: FloatArray) -> FloatArray:
    """float64 (3, 3): the least rotation that turns the direction of `one` into that of `two`."""
    a, b = one / max(float(np.linalg.norm(one)), 1e-12), two / max(float(np.linalg.norm(two)), 1e-12)
    axis = np.cross(a, b)
    sine, cosine = float(np.linalg.norm(axis)), float(a @ b)
    if sine < 1e-9:
        return np.eye(3) if cosine > 0 else rotation((0.0, 0.0, 1.0), 180.0)
    return rotation((axis[0], axis[1], axis[2]), float(np.degrees(np.arctan2(sine, cosine))))
