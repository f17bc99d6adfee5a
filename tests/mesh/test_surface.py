import numpy as np

from aigc.mesh.surface import NORMAL, Surface
from aigc.mesh.topology import is_watertight
from aigc.mesh.types import Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube, sphere


def test_vertices_along_a_seam_lie_in_one_place():
    one = cube()
    split = one.with_(
        positions=one.positions[one.faces.reshape(-1)], faces=np.arange(36, dtype=np.int32).reshape(-1, 3)
    )

    surface = Surface.of([split])

    assert len(surface.points) == 8
    assert is_watertight(surface.corners)


def test_untouched_meshes_come_out_as_the_same_objects():
    points, faces = sphere(8, 12)
    ball = Mesh(points, faces, normals=points.copy())
    box = cube().with_(positions=CUBE_CORNERS + 5, normals=CUBE_CORNERS - 0.5)
    surface = Surface.of([ball, box])
    moved = surface.points.copy()
    moved[-8:] += 1

    result = surface.moved(moved).to_meshes()

    assert result[0] is ball
    assert np.array_equal(result[1].positions, CUBE_CORNERS + 6)


def test_normals_follow_where_faces_move_and_nowhere_else():
    points, faces = sphere(16, 24)
    surface = Surface.of([Mesh(points, faces, normals=points.copy())])
    squashed = points.copy()
    top = points[:, 1] > 0.5
    squashed[top, 1] = 0.5

    moved = surface.moved(squashed)

    far = points[:, 1] < 0.2
    assert np.array_equal(moved.values[far], surface.values[far])
    assert (moved.values[points[:, 1] > 0.9, NORMAL][:, 1] > 0.99).all()


def test_colours_and_texture_coordinates_survive_the_round_trip():
    colors = np.arange(32, dtype=np.uint8).reshape(8, 4)
    uv = CUBE_CORNERS[:, :2].copy()
    mesh = Mesh(CUBE_CORNERS, CUBE_FACES, CUBE_CORNERS - 0.5, uv, colors)

    surface = Surface.of([mesh]).kept(np.arange(12) < 6)
    (result,) = surface.to_meshes()

    used = np.unique(CUBE_FACES[:6])
    assert np.array_equal(result.colors, colors[used])
    assert np.array_equal(result.uv, uv[used])
    assert Surface.of([mesh]).kept(np.zeros(12, bool)).to_meshes() == []
