import numpy as np

from aigc.models.rigging.chains import chains_of, fit_generic
from tests.models.rigging.kit import BEAST, STAR, framed


def test_a_star_gets_a_chain_in_each_arm_from_its_middle():
    fit = fit_generic(framed(STAR), 64)

    joints = fit.skeleton.joints
    assert joints[0].name == "root" and np.allclose(joints[0].head, (0, 1, 0), atol=0.1)
    tips = {joint.name[:8] for joint in joints[1:]}
    assert tips == {f"chain_{number:02d}" for number in range(1, 6)}
    firsts = [joint for joint in joints if joint.name.endswith("_01")]
    assert all(joint.parent == 0 for joint in firsts)


def test_every_joint_lies_inside_and_bones_join():
    fit = fit_generic(framed(BEAST), 64)

    joints = fit.skeleton.joints
    assert framed(BEAST).voxels.inside(fit.skeleton.heads).all()
    for joint in joints:
        if joint.parent > 0:
            assert np.allclose(joints[joint.parent].tail, joint.head, atol=1e-6)


def test_legs_on_both_sides_are_mirror_images():
    fit = fit_generic(framed(BEAST), 64)

    heads = fit.skeleton.heads
    feet = heads[heads[:, 1] < 0.35]
    image = feet * [-1, 1, 1]
    nearest = np.linalg.norm(image[:, None] - feet[None], axis=2).min(axis=1)
    assert len(feet) >= 4
    assert nearest.max() < 0.02


def test_there_are_no_more_joints_than_wished():
    many, few = (len(fit_generic(framed(BEAST), most).skeleton.joints) for most in (64, 14))

    assert few <= 14 < many


def test_a_long_bone_is_divided_and_a_short_one_is_not():
    tree = framed(STAR).tree

    assert all(len(chain.points) >= 3 for chain in chains_of(tree, 2.0))
    assert all(len(chain.points) == 2 for chain in chains_of(tree, 2.0, coarseness=10))
