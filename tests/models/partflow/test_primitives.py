import numpy as np
import pytest

from aigc.models.partflow import primitives as q
from aigc.models.partflow.primitives import Primitive, along, canonical
from aigc.models.shapes.palette import OAK

DIMS = {
    q.BOX: [0.1, 0.2, 0.3, 1, 1, 0],
    q.EGG: [0.1, 0.2, 0.3, 0, 0, 0],
    q.ROUND: [0.1, 0.2, 0.3, 0.2, 0.1, 0.4],
    q.LIMB: [0.1, 0.05, 0.3, 0, 0, 0],
    q.RING: [0.3, 0.05, 0, 0, 0, 0],
}
TURN = along(np.array([0.3, 1.0, -0.4]))


def primitive(kind, **changes):
    given = {"centre": np.array([0.2, 0.5, 0.1]), "turn": TURN, "dims": np.array(DIMS[kind], float), "finish": OAK}
    return Primitive(kind, **{**given, **changes})


@pytest.mark.parametrize("kind", DIMS)
def test_a_solid_is_closed_and_within_its_reach(kind):
    part = primitive(kind)
    low, high = np.array(part.solid().bounding_box()).reshape(2, 3)
    assert part.solid().volume() > 0
    assert np.all(high - part.centre <= part.reach + 1e-3)
    assert np.all(part.centre - low <= part.reach + 1e-3)


@pytest.mark.parametrize("kind", DIMS)
def test_equal_frames_of_a_solid_have_one_canonical_form(kind):
    part = primitive(kind, turn=np.diag([-1.0, -1.0, 1.0]) if kind not in (q.BOX, q.EGG) else np.eye(3)[[1, 2, 0]])
    same = canonical(part)
    assert (part.solid() ^ same.solid()).volume() == pytest.approx(part.solid().volume(), rel=0.02)
    assert np.allclose(same.turn, np.eye(3))


def test_the_mirror_image_is_that_of_the_solid():
    part = primitive(q.LIMB)
    mirrored = part.solid().mirror((1, 0, 0))
    assert (part.mirrored().solid() ^ mirrored).volume() == pytest.approx(mirrored.volume(), rel=0.02)


def test_stretching_scales_the_dimensions_along_the_axes():
    part = primitive(q.BOX, turn=np.eye(3)).affine(np.diag([2.0, 1.0, 0.5]), np.array([0, 1.0, 0]))
    assert part.dims[:3] == pytest.approx([0.2, 0.2, 0.15])
    assert part.centre == pytest.approx([0.4, 1.5, 0.05])


def test_a_hollow_round_body_is_open_above():
    full, hollow = primitive(q.ROUND, turn=np.eye(3)), primitive(q.ROUND, turn=np.eye(3), hollow=True)
    assert hollow.solid().volume() < 0.6 * full.solid().volume()
