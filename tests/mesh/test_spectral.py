import numpy as np
import pytest

from aigc.mesh.dual_graph import dual_graph
from aigc.mesh.normals import face_normals
from aigc.mesh.spectral import conductance, embedding, hollow, smoothed_bend, smoothed_thickness
from tests.mesh.kit import sphere
from tests.mesh.segment_kit import table


@pytest.fixture(scope="module")
def thing():
    points, faces, parts = table(0.25)
    return points, faces, parts, dual_graph(points, faces)


def test_only_the_corners_between_top_and_legs_are_hollow(thing):
    _, _, parts, graph = thing

    across = parts[graph.pairs[:, 0]] != parts[graph.pairs[:, 1]]
    found = hollow(graph, graph.bend)

    assert (found[across] > 1).all()
    assert (found[~across] == 0).all()


def test_the_inside_of_a_ball_is_no_crease():
    points, faces = sphere(24, 48)
    graph = dual_graph(points, faces[:, ::-1])

    assert -graph.bend.sum() > 50
    assert hollow(graph, graph.bend).sum() < 0.02 * -graph.bend.sum()


def test_parts_lie_far_apart_and_their_faces_together(thing):
    _, _, parts, graph = thing
    even = np.ones(graph.count)

    flow = conductance(graph, hollow(graph, graph.bend), even, 0.8, 0.4)
    places = embedding(graph, flow, 12)

    middles = np.array([places[parts == part].mean(axis=0) for part in range(5)])
    within = max(np.linalg.norm(places[parts == part] - middles[part], axis=1).mean() for part in range(1, 5))
    between = min(np.linalg.norm(middles[a] - middles[b]) for a in range(5) for b in range(a))
    assert between > 5 * within


def test_a_step_in_thickness_hinders_and_a_slow_change_does_not(thing):
    _, _, parts, graph = thing
    concave = np.zeros(len(graph.pairs))
    free = conductance(graph, concave, np.ones(graph.count), 1, 1)

    stepped = conductance(graph, concave, np.where(parts > 0, 1.0, 3.0), 1, 1)

    across = parts[graph.pairs[:, 0]] != parts[graph.pairs[:, 1]]
    assert (stepped[across] < 0.2 * free[across]).all()
    assert np.array_equal(stepped[~across], free[~across])


def test_averaged_normals_bend_a_noisy_ball_like_a_smooth_one():
    points, faces = sphere(24, 48)
    noisy = points * (1 + 0.01 * np.random.default_rng(1).standard_normal((len(points), 1))).astype(np.float32)
    graph = dual_graph(noisy, faces)

    smooth = smoothed_bend(graph, face_normals(noisy, faces), noisy[faces].mean(axis=1), 2)

    assert np.maximum(-smooth, 0).sum() < 0.3 * np.maximum(-graph.bend, 0).sum()


def test_thickness_that_was_not_measured_comes_from_the_neighbours():
    graph = dual_graph(*sphere(8, 12))
    measured = np.full(graph.count, 2.0)
    measured[::3] = np.nan

    assert smoothed_thickness(graph, measured) == pytest.approx(np.full(graph.count, 2.0))
    assert smoothed_thickness(graph, measured * np.nan) == pytest.approx(np.ones(graph.count))
