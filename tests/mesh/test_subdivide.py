import numpy as np
import pytest

from aigc.mesh.stats import area, volume
from aigc.mesh.subdivide import split_long_edges
from aigc.mesh.topology import is_watertight
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES


def longest(points, faces):
    return np.linalg.norm(points[faces] - points[faces[:, [1, 2, 0]]], axis=2).max()


@pytest.mark.parametrize("wanted", [1.2, 0.5, 0.11])
def test_no_edge_is_too_long_and_the_surface_is_the_same(wanted):
    points, faces, parent = split_long_edges(CUBE_CORNERS, CUBE_FACES, wanted, 100_000)

    assert longest(points, faces) <= wanted
    assert is_watertight(faces)
    assert volume(points, faces) == pytest.approx(1)
    pieces = [area(points, faces[parent == face]) for face in range(12)]
    assert pieces == pytest.approx([0.5] * 12)


def test_short_edges_stay():
    points, faces, parent = split_long_edges(CUBE_CORNERS, CUBE_FACES, 2.0, 100)

    assert np.array_equal(points, CUBE_CORNERS) and np.array_equal(faces, CUBE_FACES)
    assert parent.tolist() == list(range(12))


def test_it_stops_before_there_are_too_many_faces():
    _, faces, _ = split_long_edges(CUBE_CORNERS, CUBE_FACES, 0.001, 1_000)

    assert 250 < len(faces) <= 1_000
    assert is_watertight(faces)


def test_fixed_edges_stay_whole():
    square = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)
    rim = np.array([(0, 1), (1, 2), (2, 3), (0, 3)])

    _, faces, _ = split_long_edges(square, np.array([(0, 1, 2), (0, 2, 3)], np.int32), 0.4, 1_000, rim)

    edges = {tuple(sorted(edge)) for edge in faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2).tolist()}
    assert {tuple(edge) for edge in rim.tolist()} <= edges
    assert len(faces) > 4
