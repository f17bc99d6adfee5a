import numpy as np

from aigc.mesh.topology import compact, edge_counts, is_watertight, joined, parts, same_points, separated, weld
from aigc.mesh.types import Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube, sphere


def test_welding_joins_what_lies_in_one_point_and_keeps_the_order_of_faces():
    loose = CUBE_CORNERS[CUBE_FACES].reshape(-1, 3)

    points, faces = weld(loose, np.arange(36, dtype=np.int32).reshape(-1, 3))

    assert len(points) == 8
    assert np.array_equal(points[faces], CUBE_CORNERS[CUBE_FACES])


def test_a_closed_surface_is_watertight_and_one_with_a_hole_is_not():
    assert is_watertight(CUBE_FACES)
    assert not is_watertight(CUBE_FACES[1:])
    assert not is_watertight(np.concatenate([CUBE_FACES[1:], CUBE_FACES[:1, ::-1]]))
    assert not is_watertight(np.zeros((0, 3), np.int32))


def test_two_cubes_are_two_parts():
    points, faces = joined([cube(), cube().with_(positions=CUBE_CORNERS + np.float32(3))])

    count, piece = parts(faces, len(points))

    assert count == 2
    assert piece.tolist() == [0] * 12 + [1] * 12


def test_cubes_that_touch_in_an_edge_are_moved_apart():
    points, faces = joined([cube(), cube().with_(positions=CUBE_CORNERS + np.array([1, 1, 0], np.float32))])
    assert not is_watertight(weld(points, faces)[1])

    moved = separated(points, faces, 1e-4)

    assert is_watertight(weld(moved, faces)[1])
    assert np.abs(moved - points).max() <= 1e-4


def test_every_edge_of_a_closed_mesh_has_two_faces():
    _, faces = sphere()

    edges, counts = edge_counts(faces)

    assert len(edges) == len(faces) * 3 // 2
    assert set(counts.tolist()) == {2}


def test_compacting_drops_unused_vertices():
    points, faces = compact(CUBE_CORNERS, CUBE_FACES[:1])

    assert np.array_equal(points[faces], CUBE_CORNERS[CUBE_FACES[:1]])
    assert len(points) == 3
    assert isinstance(Mesh(points, faces), Mesh)


def test_places_are_numbered_in_order_of_appearance_and_zero_has_no_sign():
    points = np.array(
        [(1, 2, 3), (0.0, 5, 6), (1, 2, 3), (-0.0, 5, 6), (1, 2, np.nextafter(np.float32(3), 4))], np.float32
    )

    first, name = same_points(points)

    assert first.tolist() == [0, 1, 4]
    assert name.tolist() == [0, 1, 0, 1, 2]


def test_neighbouring_floats_never_share_a_place():
    grid = np.stack(np.meshgrid(*[np.arange(40)] * 3), axis=-1).reshape(-1, 3).astype(np.float32) * np.float32(1e-3)

    assert len(same_points(np.concatenate([grid, grid]))[0]) == 64_000
