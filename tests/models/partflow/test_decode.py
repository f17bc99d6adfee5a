import numpy as np
import pytest

from aigc.models.partflow import decode
from aigc.models.partflow import primitives as q
from aigc.models.partflow.primitives import Primitive
from aigc.models.shapes.palette import OAK, PLASTIC


def box(x, y, z, half=0.1, finish=OAK, **more):
    dims = np.array([half, half, half, 1, 1, 0])
    return Primitive(q.BOX, np.array([x, y, z], float), np.eye(3), dims, finish, **more)


def egg(x, y, z, finish=PLASTIC):
    return Primitive(q.EGG, np.array([x, y, z], float), np.eye(3), np.array([0.1, 0.1, 0.1, 0.03, 0, 0]), finish)


def test_a_crumb_that_touches_nothing_is_left_out_and_what_touches_stays():
    pieces, lost = decode.pieces([box(0, 0.1, 0), box(0, 0.3, 0), box(0.8, 0.8, 0, 0.02)])
    assert lost == 1
    assert sum(piece.solid.volume() for piece in pieces) == pytest.approx(2 * 0.2**3, rel=0.05)


def test_a_mirrored_part_is_made_twice_and_one_in_the_middle_once():
    pieces, _ = decode.pieces([box(0, 0.1, 0, 0.15), box(0.25, 0.1, 0, mirror=True), box(0.005, 0.35, 0, mirror=True)])
    low, high = np.array(pieces[0].solid.bounding_box()).reshape(2, 3)
    assert low[0] == pytest.approx(-high[0], abs=1e-6)
    assert pieces[0].solid.volume() == pytest.approx(0.3**3 + 3 * 0.2**3, rel=0.05)


def test_nearly_one_colour_is_one_finish():
    paler = OAK.in_color(tuple(channel + 0.03 for channel in OAK.color))
    pieces, _ = decode.pieces([box(0, 0.1, 0), box(0, 0.3, 0, finish=paler), box(0, 0.5, 0, finish=PLASTIC)])
    assert {piece.finish for piece in pieces} == {OAK, PLASTIC}


def test_soft_parts_flow_into_one_surface():
    pieces, _ = decode.pieces([egg(0, 0.1, 0), egg(0, 0.26, 0)])
    assert len(pieces) == 1
    assert len(pieces[0].solid.decompose()) == 1


def test_what_is_a_little_off_is_pulled_in():
    pieces, lost = decode.pieces([box(0, 0.2, 0, 0.2), box(0, 0.55, 0)])
    assert lost == 0
    assert len(pieces[0].solid.decompose()) == 1
