import numpy as np
import pytest

from aigc.mesh.bake import texels
from aigc.mesh.normals import split_at_creases
from aigc.mesh.stats import uv_area
from aigc.mesh.unwrap import FACES_A_PIECE, cut_into_pieces, stretch, unwrap, with_normals
from aigc.runner.model import InputInvalid
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere


@pytest.mark.parametrize(
    "shape", [(CUBE_CORNERS, CUBE_FACES), sphere(), sphere(50, 100)], ids=["cube", "ball", "pieces"]
)
def test_islands_lie_in_the_unit_square_without_overlaps(shape):
    points, faces = shape

    opened = unwrap(points, faces)

    assert np.array_equal(points[opened.source][opened.faces], points[faces])
    assert opened.uv.min() >= 0 and opened.uv.max() <= 1
    shown = len(texels(opened.uv, opened.faces, 1024).index) / 1024**2
    assert uv_area(opened.uv, opened.faces) == pytest.approx(shown, rel=0.02)
    assert opened.utilization > 0.3


def test_a_large_mesh_is_cut_into_pieces_and_reports_each():
    points, faces = sphere(50, 100)
    calls: list[tuple[int, int]] = []

    unwrap(points, faces, between=lambda *call: calls.append(call))

    assert len(faces) > FACES_A_PIECE
    assert calls == [(number, len(calls)) for number in range(len(calls))]
    assert len(calls) >= 3


def test_pieces_hold_every_face_once():
    points, faces = sphere()

    pieces = cut_into_pieces(points, faces, 100)

    assert sorted(np.concatenate(pieces).tolist()) == list(range(len(faces)))
    assert max(map(len, pieces)) <= 100


def test_a_sliver_without_area_gets_a_place_and_covers_nothing():
    points = np.concatenate([CUBE_CORNERS, [[0.5, 0, 0]]]).astype(np.float32)
    faces = np.concatenate([CUBE_FACES, [(0, 8, 4)]]).astype(np.int32)

    opened = unwrap(points, faces)

    assert opened.faces.min() >= 0
    assert uv_area(opened.uv, opened.faces[-1:]) == pytest.approx(0, abs=1e-9)


def test_stretch_is_one_where_nothing_is_stretched_and_two_where_one_side_is_doubled():
    points = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0)], np.float32)
    faces = np.array([(0, 1, 2)], np.int32)
    source = np.arange(3, dtype=np.int32)

    assert stretch(points, source, points[:, :2] * 3, faces)[0] == pytest.approx(1)
    assert stretch(points, source, points[:, :2] * [2, 1], faces)[0] == pytest.approx(2)


def test_corners_with_one_place_but_two_normals_become_two_vertices():
    opened = unwrap(CUBE_CORNERS, CUBE_FACES)
    _, sharp, normals = split_at_creases(CUBE_CORNERS, CUBE_FACES)

    source, faces, uv, shading = with_normals(opened, sharp, normals)

    assert np.array_equal(CUBE_CORNERS[source][faces], CUBE_CORNERS[CUBE_FACES])
    assert np.array_equal(uv[faces], opened.uv[opened.faces])
    assert np.array_equal(shading[faces], normals[sharp])


def test_a_mesh_whose_faces_have_no_area_is_refused():
    line = np.array([[0, 0, 0], [1, 0, 0], [2, 0, 0], [3, 0, 0]], np.float32)
    with pytest.raises(InputInvalid, match="no face of the mesh has an area"):
        unwrap(line, np.array([[0, 1, 2], [1, 2, 3]], np.int32))
