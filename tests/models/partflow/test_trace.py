import numpy as np
import pytest

from aigc.models.partflow import primitives as q
from aigc.models.partflow.trace import watching
from aigc.models.shapes import solids as s
from aigc.models.shapes.blob import Blob
from aigc.models.shapes.builder import Piece
from aigc.models.shapes.palette import OAK


def told(make):
    with watching() as trace:
        return trace.of([Piece("part", make(), OAK, False)])


def test_the_parts_of_a_union_are_told_where_they_were_moved():
    box, ball = told(lambda: s.box(0.2, 0.4, 0.6).translate((0, 1, 0)) + s.ball(0.1).translate((0.15, 1, 0)))
    assert (box.kind, ball.kind) == (q.BOX, q.EGG)
    assert box.centre == pytest.approx([0, 1, 0])
    assert box.dims[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert ball.dims[:3] == pytest.approx([0.1, 0.1, 0.1])


def test_what_was_cut_away_is_not_told_and_a_bored_vessel_is_hollow():
    (mug,) = told(lambda: s.cylinder(0.1, 0.2) - s.cylinder(0.09, 0.2).translate((0, 0.02, 0)))
    assert (mug.kind, mug.hollow) == (q.ROUND, True)


def test_a_blob_is_told_by_its_soft_parts():
    egg, limb = told(lambda: Blob(0.05).egg((0, 0, 0), (0.3, 0.2, 0.1)).limb((0, 0, 0), (0, 0.5, 0), 0.1, 0.05).solid())
    assert (egg.kind, limb.kind) == (q.EGG, q.LIMB)
    assert egg.soft == limb.soft == pytest.approx(0.05)
    assert limb.dims[:3] == pytest.approx([0.1, 0.05, 0.25])


def test_a_hull_is_told_by_what_is_nearest():
    (roof,) = told(lambda: s.prism([(-1, 0), (1, 0), (0, 1)], 2))
    (cone,) = told(lambda: s.hull(s.cylinder(0.5, 0.01), s.cylinder(0.1, 0.01).translate((0, 1, 0))))
    assert roof.kind == q.BOX
    assert min(roof.dims[3:5]) < 0.2, "it tapers to a ridge"
    assert cone.kind == q.ROUND
    assert cone.dims[0] > 3 * cone.dims[4]


def test_afterwards_the_functions_are_what_they_were():
    before = s.box, Blob.solid
    with pytest.raises(RuntimeError), watching():
        assert s.box is not before[0]
        raise RuntimeError
    assert (s.box, Blob.solid) == before


def test_mirrored_parts_are_told_twice():
    left, right = told(lambda: s.mirrored(s.ball(0.1).translate((0.5, 0, 0))))
    assert np.allclose(left.centre, -right.centre)
