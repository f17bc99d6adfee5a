import numpy as np
import pytest

from aigc.models.rigging.fit import along, at_height, extended, kept_inside, pairs, skeleton_of, symmetric
from aigc.models.rigging.frame import FACINGS
from tests.models.rigging.kit import BIPED, framed, turned

BENT = np.array([(0.0, 0.0, 0.0), (0.0, 2.0, 0.0), (1.0, 2.0, 0.0)])


def test_shares_of_a_line_are_shares_of_its_length():
    assert along(BENT, 0.5).tolist() == [0, 1.5, 0]
    assert along(BENT, 1.0).tolist() == [1, 2, 0]


def test_the_first_point_at_a_height_is_found_from_below():
    assert at_height(BENT, 1.0).tolist() == [0, 2, 0]
    assert at_height(BENT, 3.0).tolist() == [1, 2, 0]


def test_a_tip_is_followed_to_the_surface():
    frame = framed(BIPED)
    path = np.array([(0.5, 1.27, 0.0), (0.4, 1.28, 0.0), (0.3, 1.29, 0.0)])

    assert extended(frame, path)[0] == pytest.approx(0.7, abs=0.04)


def test_mirror_images_are_found_among_the_tips():
    frame = framed(BIPED)

    best = min(pairs(frame, frame.tree.leaves(), 0.0), key=lambda pair: pair.mismatch)

    assert best.mismatch < 0.03
    assert frame.tree.points[best.left, 0] > 0 > frame.tree.points[best.right, 0]


def test_what_nearly_mirrors_does_so_afterwards_and_what_does_not_stays():
    frame = framed(BIPED)
    heads = {
        "leftHand": np.array([0.5, 1.0, 0.0]),
        "rightHand": np.array([-0.52, 1.02, 0.0]),
        "leftFoot": np.array([0.1, 0.1, 0.0]),
        "rightFoot": np.array([-0.1, 0.6, 0.0]),
    }
    tails = {name: head - np.array([0, 0.1, 0]) for name, head in heads.items()}

    made = symmetric(heads, tails, frame, 0.0)

    assert made == (("leftHand", "rightHand"),)
    assert heads["leftHand"].tolist() == [0.51, 1.01, 0] and heads["rightHand"].tolist() == [-0.51, 1.01, 0]
    assert heads["rightFoot"].tolist() == [-0.1, 0.6, 0]


def test_pairs_stay_mirror_images_when_they_are_moved_inside():
    frame = framed(BIPED)
    heads = {"leftHand": np.array([0.5, 0.9, 0.0]), "rightHand": np.array([-0.5, 0.9, 0.0])}

    kept = kept_inside(heads, frame, (("leftHand", "rightHand"),), 0.0)

    assert kept == (("leftHand", "rightHand"),)
    assert heads["rightHand"] == pytest.approx(heads["leftHand"] * [-1, 1, 1])
    assert frame.voxels.inside(heads["leftHand"])


def test_the_skeleton_is_in_the_space_of_the_mesh():
    frame = framed(turned(BIPED, FACINGS["+x"].T), "+x")
    heads, tails = {"hips": np.array([0.1, 1.0, 0.2])}, {"hips": np.array([0.1, 1.1, 0.2])}

    (joint,) = skeleton_of(frame, {"hips": None}, heads, tails).joints

    assert joint.head == pytest.approx((0.2, 1.0, -0.1))
    assert joint.parent == -1
