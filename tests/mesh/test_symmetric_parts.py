import numpy as np
import pytest

from aigc.mesh.dual_graph import dual_graph
from aigc.mesh.normals import face_normals
from aigc.mesh.subdivide import split_long_edges
from aigc.mesh.symmetric_parts import TwoSides, mirror_of
from aigc.mesh.symmetry import Mirror
from tests.mesh.segment_kit import agreement, ball_with_ears, turned


@pytest.fixture(scope="module")
def ears():
    points, faces, parts = ball_with_ears(24)
    points, faces, old = split_long_edges(turned(points), faces, 0.08, 20_000)
    parts = parts[old]
    return points, faces, parts, dual_graph(points, faces), points[faces].mean(axis=1)


def _across(centres, parts):
    left, right = (centres[parts == ear].mean(axis=0) for ear in (1, 2))
    return (left - right) / np.linalg.norm(left - right)


def test_the_plane_between_two_ears_is_found_however_the_thing_lies(ears):
    _, _, parts, graph, centres = ears

    mirror = mirror_of(centres, graph.area)

    assert abs(mirror.normal @ _across(centres, parts)) > 0.99
    assert np.linalg.norm(mirror.point - turned(np.array([[0, 0.3, 0]], np.float32))) < 0.2


def test_a_thing_without_a_mirror_plane_has_none(ears):
    points, faces, *_ = ears
    skew = points.copy()
    skew[:, 0] += 0.4 * np.sin(2 * skew[:, 1]) + 0.3 * skew[:, 2] ** 2
    graph = dual_graph(skew, faces)

    assert mirror_of(skew[faces].mean(axis=1), graph.area) is None


@pytest.mark.parametrize("missed", [1, 2])
def test_an_ear_that_was_cut_on_one_side_is_cut_on_both(ears, missed):
    points, faces, parts, graph, centres = ears
    mirror = Mirror(
        (centres[parts == 1].mean(axis=0) + centres[parts == 2].mean(axis=0)) / 2, _across(centres, parts), 0.0
    )
    found = np.where(parts == missed, 0, np.minimum(parts, 1)).astype(np.int32)

    more, fewer = TwoSides(graph, centres, face_normals(points, faces), mirror).alike(found)

    assert agreement(more, parts, graph.area) > 0.95
    assert (more.max(), fewer.max()) == (2, 0)
