import numpy as np
import pytest

from aigc.mesh.dual_graph import dual_graph
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere


def test_a_cube_has_twelve_sharp_convex_links_and_six_flat_ones():
    graph = dual_graph(CUBE_CORNERS, CUBE_FACES)

    assert len(graph.pairs) == 18
    assert np.degrees(graph.bend[graph.bend > 0.1]) == pytest.approx([90] * 12)
    assert graph.area.sum() == pytest.approx(6)
    assert graph.length.max() == pytest.approx(np.sqrt(2))


def test_seen_from_inside_what_was_convex_is_concave():
    outside, inside = dual_graph(CUBE_CORNERS, CUBE_FACES), dual_graph(CUBE_CORNERS, CUBE_FACES[:, ::-1])

    assert outside.bend.sum() == pytest.approx(-inside.bend.sum())
    assert (inside.bend <= 1e-6).all()


def test_a_face_that_is_inside_out_bends_nowhere():
    faces = CUBE_FACES.copy()
    faces[0] = faces[0, ::-1]

    graph = dual_graph(CUBE_CORNERS, faces)

    assert (graph.bend[(graph.pairs == 0).any(axis=1)] == 0).all()


def test_three_faces_at_one_edge_hang_together():
    points = np.array([(0, 0, 0), (0, 1, 0), (1, 0, 0), (-1, 0, 0), (0, 0, 1)], np.float32)

    graph = dual_graph(points, np.array([(0, 1, 2), (0, 1, 3), (0, 1, 4)], np.int32))

    assert len(graph.pairs) == 2


def test_the_matrix_is_symmetric_with_one_value_for_each_link():
    graph = dual_graph(*sphere(8, 12))

    table = graph.matrix(graph.length)

    assert abs(table - table.T).max() == 0
    assert table.nnz == 2 * len(graph.pairs)
