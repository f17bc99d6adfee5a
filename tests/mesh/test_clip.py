import numpy as np
import pytest

from aigc.mesh.clip import clipped, refined, split
from aigc.mesh.stats import area
from aigc.mesh.surface import Surface
from aigc.mesh.topology import is_watertight
from aigc.mesh.types import Mesh
from tests.mesh.kit import cube, sphere


@pytest.fixture
def ball():
    points, faces = sphere(20, 32)
    return Surface.of([Mesh(points, faces, uv=points[:, :2].copy())])


def test_a_cut_leaves_the_surface_closed_and_every_old_vertex_where_it_was(ball):
    cut, inside = clipped(ball, lambda at: at[:, 1] - 0.31)

    assert is_watertight(cut.corners)
    assert np.array_equal(cut.values[: len(ball.values)], ball.values)
    heights = cut.points[cut.corners][:, :, 1]
    assert (heights[inside] <= 0.32).all() and (heights[~inside] >= 0.30).all()
    assert area(cut.points, cut.corners) == pytest.approx(area(ball.points, ball.corners), rel=1e-5)


def test_the_cut_lies_on_a_curved_border_too(ball):
    centre = np.array([0.8, 0.3, 0])

    cut, inside = clipped(ball, lambda at: np.linalg.norm(at - centre, axis=1) - 0.5, snap=1e-6)

    new = cut.points[len(ball.points) :]
    assert np.abs(np.linalg.norm(new - centre, axis=1) - 0.5).max() < 1e-4
    assert 0 < inside.sum() < len(cut.faces)


def test_texture_coordinates_are_mixed_along_the_cut(ball):
    cut, _ = clipped(ball, lambda at: at[:, 0] - 0.123, snap=1e-6)

    assert np.allclose(cut.values[:, 6:8], cut.values[:, 0:2], atol=1e-6)


def test_a_cut_beside_the_mesh_changes_nothing(ball):
    cut, inside = clipped(ball, lambda at: at[:, 1] - 9)

    assert np.array_equal(cut.faces, ball.faces) and inside.all()


def test_edges_are_halved_until_they_are_short_enough_where_it_is_wanted():
    box = Surface.of([cube()])

    fine = refined(box, lambda low, high: low[:, 1] > 0.99, 0.3)

    spans = fine.points[fine.corners]
    edges = np.linalg.norm(spans - spans[:, [1, 2, 0]], axis=2)
    top = (spans[:, :, 1] > 0.99).all(axis=1)
    assert edges[top].max() <= 0.3 and top.sum() > 20
    assert is_watertight(fine.corners)
    assert area(fine.points, fine.corners) == pytest.approx(6)


def test_one_two_and_three_split_edges_of_a_face_leave_no_gap():
    box = Surface.of([cube()])
    edges = np.array([[0, 1], [1, 3], [0, 3], [4, 6]], np.int32)

    parted = split(box, edges, np.full(4, 0.25))

    assert is_watertight(parted.corners)
    assert len(parted.points) == 12
    assert area(parted.points, parted.corners) == pytest.approx(6)
