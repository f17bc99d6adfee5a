import numpy as np
import pytest

from aigc.mesh.borders import settled_borders, without_islands
from aigc.mesh.dual_graph import dual_graph
from tests.mesh.kit import sphere
from tests.mesh.segment_kit import table


def border_length(graph, labels):
    return graph.length[labels[graph.pairs[:, 0]] != labels[graph.pairs[:, 1]]].sum()


def test_a_ragged_border_becomes_nearly_as_short_as_it_can_be():
    points, faces = sphere(40, 60)
    graph = dual_graph(points, faces)
    height = points[faces].mean(axis=1)[:, 1]
    ragged = (height + 0.12 * np.random.default_rng(0).standard_normal(len(faces)) > 0).astype(np.int32)

    settled = settled_borders(graph, ragged, 0.5)

    assert border_length(graph, ragged) > 20
    assert border_length(graph, settled) == pytest.approx(2 * np.pi, rel=0.12)
    assert (settled == ragged)[np.abs(height) > 0.6].all()


def test_a_border_beside_a_crease_moves_into_it():
    points, faces, parts = table(0.12)
    graph = dual_graph(points, faces)
    centre = points[faces].mean(axis=1)
    beside = np.where(centre[:, 1] > 0.78, 0, parts).astype(np.int32)

    assert np.array_equal(settled_borders(graph, beside, 0.3), parts)


def test_a_border_moves_no_farther_than_it_may():
    points, faces, parts = table(0.12)
    graph = dual_graph(points, faces)
    centre = points[faces].mean(axis=1)
    far = np.where(centre[:, 1] > 0.5, 0, parts).astype(np.int32)

    settled = settled_borders(graph, far, 0.1)

    assert np.abs(centre[settled != far][:, 1] - 0.5).max(initial=0) < 0.2


def test_islands_join_what_lies_around_them():
    points, faces = sphere(20, 30)
    graph = dual_graph(points, faces)
    labels = (points[faces].mean(axis=1)[:, 1] > 0).astype(np.int32)
    holed = labels.copy()
    holed[[3, 400, 700, len(faces) - 5]] ^= 1

    assert np.array_equal(without_islands(graph, holed, 0.25), labels)


def test_one_part_has_no_border():
    graph = dual_graph(*sphere(6, 8))
    labels = np.zeros(graph.count, np.int32)

    assert np.array_equal(settled_borders(graph, labels, 1.0), labels)


def test_a_border_across_faces_longer_than_it_may_move_does_not_run_along_them():
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = [
        np.stack([0.2 * np.cos(angle), np.full(24, y), 0.2 * np.sin(angle)], axis=1)
        for y in (0, 0.2, 0.4, 1.4, 1.6, 1.8)
    ]
    corner = np.arange(24)
    after = (corner + 1) % 24
    faces = np.concatenate(
        [
            24 * ring
            + np.concatenate([np.stack([corner, 24 + corner, after], 1), np.stack([after, 24 + corner, 24 + after], 1)])
            for ring in range(5)
        ]
    ).astype(np.int32)
    points = np.concatenate(rings).astype(np.float32)
    graph = dual_graph(points, faces)
    comb = (points[faces].mean(axis=1)[:, 1] > 0.9).astype(np.int32)

    settled = settled_borders(graph, comb, 0.05)

    assert border_length(graph, comb) > 24
    assert border_length(graph, settled) == pytest.approx(48 * 0.2 * np.sin(np.pi / 24), rel=0.01)
