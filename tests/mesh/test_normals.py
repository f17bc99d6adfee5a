import numpy as np

from aigc.mesh.normals import face_normals, smooth_normals, split_at_creases
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere


def test_normals_of_a_ball_point_away_from_its_centre():
    points, faces = sphere()

    assert np.einsum("ij,ij->i", smooth_normals(points, faces), points).min() > 0.99


def test_a_face_normal_is_as_long_as_twice_the_area():
    assert np.allclose(np.linalg.norm(face_normals(CUBE_CORNERS, CUBE_FACES), axis=1), 1.0)


def test_a_cube_keeps_its_edges_and_a_ball_stays_whole():
    source, faces, normals = split_at_creases(CUBE_CORNERS, CUBE_FACES, 40)
    points, round_faces = sphere()

    assert len(source) == 24
    assert np.array_equal(CUBE_CORNERS[source][faces], CUBE_CORNERS[CUBE_FACES])
    assert np.allclose(np.abs(normals).max(axis=1), 1)
    assert len(split_at_creases(points, round_faces, 40)[0]) == len(points)


def test_no_crease_is_sharp_enough_for_an_angle_of_180_degrees():
    assert len(split_at_creases(CUBE_CORNERS, CUBE_FACES, 180)[0]) == 8
