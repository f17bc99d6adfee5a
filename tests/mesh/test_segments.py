import numpy as np
import pytest
from scipy.spatial import cKDTree

from aigc.mesh.normals import face_normals
from aigc.mesh.segments import MOST_PARTS, Settings, natural_count, segment
from aigc.mesh.simplify import simplify_closed
from aigc.mesh.topology import joined
from aigc.mesh.types import Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere
from tests.mesh.segment_kit import agreement, ball_with_ears, box, table, turned


@pytest.fixture(scope="module")
def ears():
    points, faces, parts = ball_with_ears()
    return points, faces, parts, np.linalg.norm(face_normals(points, faces), axis=1)


@pytest.fixture(scope="module")
def ear_labels(ears):
    return segment(*ears[:2])


def test_a_table_is_a_top_and_four_legs_exactly():
    points, faces, parts = table()

    labels = segment(points, faces)

    assert agreement(labels, parts, np.ones(len(faces))) == 1
    assert labels.max() == 4
    areas = np.bincount(labels, np.linalg.norm(face_normals(points, faces), axis=1))
    assert (np.diff(areas) <= 1e-6).all(), "parts are numbered by falling area"


def test_ears_are_parts_and_stay_the_same_parts_when_the_thing_is_turned_or_meshed_anew(ears, ear_labels):
    points, faces, parts, weight = ears
    labels = ear_labels

    again = segment(turned(points), faces)
    fewer, triangles = simplify_closed(points, faces, 3_000)
    coarse = segment(fewer, triangles)

    assert labels.max() == 2
    assert agreement(labels, parts, weight) > 0.95
    assert agreement(again, labels, weight) > 0.95
    assert coarse.max() == 2
    nearest = cKDTree(points[faces].mean(axis=1)).query(fewer[triangles].mean(axis=1))[1]
    assert agreement(coarse, labels[nearest], np.linalg.norm(face_normals(fewer, triangles), axis=1)) > 0.9


@pytest.mark.parametrize("wanted", [2, MOST_PARTS])
def test_as_many_parts_come_out_as_were_asked_for(wanted):
    points, faces, _ = table(0.2)

    assert len(np.unique(segment(points, faces, Settings(parts=wanted)))) == wanted


def test_a_ball_and_a_box_have_no_parts():
    assert segment(*sphere(24, 40)).max() == 0
    assert segment(*box((0, 0, 0), (1, 2, 1))).max() == 0


def test_a_step_in_what_merging_costs_says_how_many_parts_there_are():
    assert natural_count(np.array([0.001, 0.001, 0.002, 0.04, 0.05, 0.06, 0.07])) == 5
    assert natural_count(np.array([0.001, 0.01])) == 1
    assert natural_count(np.array([])) == 1
    assert natural_count(np.array([0.5])) == 2
    assert natural_count(np.linspace(0.02, 0.5, 200)) <= MOST_PARTS


def test_pieces_that_only_touch_are_parts():
    apple = sphere(10, 16, 0.4)
    places = [(-0.45, 0.4, 0), (0.45, 0.4, 0), (0, 0.4, 0.78)]
    things = [Mesh(apple[0] + np.array(place, np.float32), apple[1]) for place in places]
    board = Mesh(*box((-1, -0.1, -1), (1, 0, 1.4)))
    points, faces = joined([*things, board])

    labels = segment(points, faces)

    owner = np.repeat(np.arange(4), [len(mesh.faces) for mesh in (*things, board)])
    assert agreement(labels, owner.astype(np.int32), np.linalg.norm(face_normals(points, faces), axis=1)) == 1


def test_doubled_vertices_slivers_and_faces_inside_out_change_nothing(ears, ear_labels):
    points, faces, _, weight = ears
    labels = ear_labels
    loose = points[faces].reshape(-1, 3)
    own = np.arange(len(loose), dtype=np.int32).reshape(-1, 3)
    with_sliver = np.concatenate([own, [[0, 0, 1]]]).astype(np.int32)

    found = segment(loose, with_sliver)

    assert len(found) == len(faces) + 1
    assert agreement(found[:-1], labels, weight) == 1
    assert agreement(segment(points, np.ascontiguousarray(faces[:, ::-1])), labels, weight) > 0.95


def test_an_open_surface_and_one_of_a_single_face_are_cut_too(ears):
    points, faces, parts, weight = ears
    kept = points[faces].mean(axis=1)[:, 1] > -0.5

    labels = segment(points, faces[kept])

    assert labels.max() == 2
    assert agreement(labels, parts[kept], weight[kept]) > 0.9
    assert segment(CUBE_CORNERS, CUBE_FACES[:1]).tolist() == [0]


def test_it_tells_how_far_it_is_and_can_be_stopped():
    points, faces, _ = table(0.3)
    told = []
    segment(points, faces, report=lambda fraction, message: told.append(fraction))
    assert told == sorted(told) and len(told) > 8

    for call in (0, 1, len(told) // 2):
        left = [call]

        def stop(fraction, message, left=left):
            left[0] -= 1
            if left[0] < 0:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            segment(points, faces, report=stop)
