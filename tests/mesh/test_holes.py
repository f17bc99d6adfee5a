import numpy as np

from aigc.mesh.holes import border_loops, fill_holes, without_doublets
from aigc.mesh.topology import is_watertight
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere

SQUARES = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)], np.int32)


def test_a_missing_face_is_closed_again():
    points, faces = fill_holes(CUBE_CORNERS, CUBE_FACES[1:], 10)

    assert is_watertight(faces)
    assert len(points) == 8


def test_a_hole_in_quadrilaterals_is_closed_with_quadrilaterals():
    points, quads = fill_holes(CUBE_CORNERS, SQUARES[1:], 10)
    wide_points, wide = fill_holes(CUBE_CORNERS, SQUARES[[1, 3, 4, 5]], 10)

    assert quads.shape == (6, 4)
    assert len(points) == 8
    assert wide.shape == (7, 4)
    assert len(wide_points) == 9
    assert border_loops(quads) == border_loops(wide) == []


def test_a_hole_that_is_too_large_stays():
    points, faces = sphere()
    rim = faces[(points[faces][:, :, 1] > 0).all(axis=1)]

    assert np.array_equal(fill_holes(points, rim, 40)[1], rim)
    assert len(border_loops(rim)) == 1


def test_two_holes_that_meet_in_a_vertex_are_both_closed():
    points, faces = sphere(10, 16)
    # Two faces at one vertex that are no neighbours.
    around = np.flatnonzero((faces == 40).any(axis=1))
    first = around[0]
    second = next(k for k in around if len(set(faces[k]) & set(faces[first])) == 1)
    torn = np.delete(faces, [first, second], axis=0)

    _, mended = fill_holes(points, torn, 10)

    assert not is_watertight(torn)
    assert is_watertight(mended)


def test_a_vertex_between_two_quadrilaterals_only_goes():
    # A cube with a point in the middle of one face, which cuts it into two.
    doublet = np.concatenate([SQUARES[1:], [(0, 1, 3, 8), (3, 2, 0, 8)]]).astype(np.int32)

    mended = without_doublets(doublet)

    assert len(mended) == 6
    assert 8 not in mended
    assert border_loops(mended) == []
    assert np.array_equal(without_doublets(SQUARES), SQUARES)
