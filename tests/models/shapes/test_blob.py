import numpy as np
import pytest

from aigc.models.shapes.blob import Blob


def size(solid) -> np.ndarray:
    box = np.array(solid.bounding_box())
    return box[3:] - box[:3]


def test_a_limb_is_a_round_cone_and_an_egg_an_ellipsoid():
    cone = Blob().limb((0, 0, 0), (0, 2, 0), 0.5, 0.25).solid()
    egg = Blob().egg((0, 0, 0), (1, 0.5, 0.25)).solid()

    assert size(cone) == pytest.approx([1, 2.75, 1], rel=0.03)
    assert cone.volume() == pytest.approx(1.25, rel=0.06)
    assert size(egg) == pytest.approx([2, 1, 0.5], rel=0.03)
    assert egg.volume() == pytest.approx(4 / 3 * np.pi * 0.125, rel=0.05)


def test_a_turned_egg_lies_along_another_axis():
    assert size(Blob().egg((0, 0, 0), (1, 0.3, 0.3), (0, 0, 90)).solid()) == pytest.approx([0.6, 2, 0.6], rel=0.05)


def test_blending_adds_between_the_parts():
    plain = Blob(0).egg((0, 0, 0), (1, 1, 1)).egg((1.2, 0, 0), (1, 1, 1)).solid()
    soft = Blob(0.5).egg((0, 0, 0), (1, 1, 1)).egg((1.2, 0, 0), (1, 1, 1)).solid()

    assert soft.volume() > plain.volume() * 1.02
    assert len(soft.decompose()) == 1


def test_a_ball_that_holds_the_other_is_all_there_is():
    assert size(Blob().limb((0, 0, 0), (0, 0.1, 0), 1, 0.2).solid()) == pytest.approx([2, 2, 2], rel=0.03)


def test_pairs_are_mirrored_and_chains_are_joined():
    pair = Blob().pair("limb", (1, 0, 0), (1.5, 1, 0), 0.2).pair("egg", (1, -1, 0), (0.3, 0.2, 0.1), (0, 0, 30)).solid()
    chain = Blob(0.05).chain([(0, 0, 0), (1, 0, 0), (1, 1, 0)], [0.2, 0.2, 0.2]).solid()

    box = np.array(pair.bounding_box())
    assert box[0] == pytest.approx(-box[3], abs=0.02)
    assert len(pair.decompose()) == 4
    assert len(chain.decompose()) == 1


def test_the_number_of_triangles_is_kept_to():
    assert Blob().egg((0, 0, 0), (1, 1, 1)).solid(1000).num_tri() <= 1000
