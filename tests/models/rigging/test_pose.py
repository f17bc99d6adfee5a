import numpy as np
import pytest

from aigc.mesh.skeleton import Joint, Skeleton, pose_matrices
from aigc.models.rigging.chains import fit_generic
from aigc.models.rigging.frame import FACINGS
from aigc.models.rigging.humanoid import fit_humanoid
from aigc.models.rigging.pose import sample_pose
from tests.models.rigging.kit import BIPED, STAR, framed, turned


@pytest.mark.parametrize("facing", ["+z", "+x"])
def test_a_humanoid_raises_its_arms_and_a_knee(facing):
    turn = FACINGS[facing]
    fit = fit_humanoid(framed(turned(BIPED, turn.T), facing))
    assert fit is not None

    matrices = pose_matrices(fit.skeleton, sample_pose(fit.skeleton, "humanoid", turn))

    joints = {joint.name: index for index, joint in enumerate(fit.skeleton.joints)}

    def at(name: str) -> np.ndarray:
        index = joints[name]
        return turn @ (matrices[index, :3, :3] @ fit.skeleton.tails[index] + matrices[index, :3, 3])

    rest = {name: turn @ fit.skeleton.tails[index] for name, index in joints.items()}
    for side in ("left", "right"):
        assert at(f"{side}Hand")[1] > rest[f"{side}Hand"][1] + 0.2
    assert at("leftUpperLeg")[2] > rest["leftUpperLeg"][2] + 0.15


def test_turns_are_rotations():
    fit = fit_generic(framed(STAR), 64)

    for turn in sample_pose(fit.skeleton, "generic", np.eye(3)).values():
        assert np.allclose(turn @ turn.T, np.eye(3)) and np.linalg.det(turn) == pytest.approx(1)


def test_a_bone_that_points_the_other_way_is_turned_round():
    skeleton = Skeleton((Joint("leftUpperArm", -1, (0, 0, 0), (-0.95, -0.3, -0.1)),))

    (turn,) = sample_pose(skeleton, "humanoid", np.eye(3)).values()

    assert np.allclose(turn @ turn.T, np.eye(3))
