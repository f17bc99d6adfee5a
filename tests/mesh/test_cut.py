import numpy as np
import pytest

from aigc.mesh.cut import cut_apart, painted, with_own_texture
from aigc.mesh.stats import area
from aigc.mesh.types import Material, Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube, sphere

HALVES = np.array([0] * 6 + [1] * 6, np.int32)


def test_parts_together_are_the_whole_and_keep_what_belongs_to_their_vertices():
    colors = np.arange(32, dtype=np.uint8).reshape(8, 4)
    uv = np.ascontiguousarray(CUBE_CORNERS[:, :2])
    whole = cube().with_(colors=colors, uv=uv)

    (one,), (two,) = cut_apart([whole], HALVES, ["part_00", "part_01"])

    assert [one.name, two.name] == ["part_00", "part_01"]
    assert np.array_equal(np.concatenate([one.corners, two.corners]), whole.corners)
    assert np.array_equal(one.uv[one.faces], uv[CUBE_FACES[:6]])
    assert np.array_equal(two.colors[two.faces], colors[CUBE_FACES[6:]])
    assert one.material is whole.material


def test_normals_run_over_the_border_as_on_the_whole():
    points, faces = sphere(20, 30)
    labels = (points[faces].mean(axis=1)[:, 1] > 0).astype(np.int32)

    for (part,) in cut_apart([Mesh(points, faces)], labels, ["a", "b"]):
        assert np.einsum("ij,ij->i", part.normals, part.positions).min() > 0.98


def test_a_part_of_two_materials_is_two_meshes():
    other = cube().with_(positions=CUBE_CORNERS + np.float32(1), material=Material("other"))

    (one, two), (three,) = cut_apart([cube(), other], np.concatenate([HALVES * 0, HALVES]), ["a", "b"])

    assert [one.name, two.name, three.name] == ["a", "a.1", "b"]
    assert [one.material.name, two.material.name, three.material.name] == ["surface", "other", "other"]


def test_a_painted_part_is_one_mesh_of_one_colour():
    part = cut_apart([cube(), cube()], np.zeros(24, np.int32), ["a"])[0]

    mesh = painted(part, (0.1, 0.2, 0.3, 1.0))

    assert mesh.material.base_color == (0.1, 0.2, 0.3, 1.0)
    assert area(mesh.positions, mesh.faces) == pytest.approx(12)


def test_a_parts_own_texture_holds_what_it_shows_and_nothing_else():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, :32], picture[:, 32:] = (200, 0, 0), (0, 0, 200)
    uv = np.array([(0.1, 0.1), (0.3, 0.1), (0.1, 0.9)], np.float32)
    mesh = Mesh(CUBE_CORNERS[:3], np.array([(0, 1, 2)], np.int32), uv=uv, material=Material(base_color_texture=picture))

    own = with_own_texture(mesh).material.base_color_texture

    assert (own[..., 2] == 0).all()
    assert (own[6:50, 7] == (200, 0, 0)).all()
    repeated = mesh.with_(uv=uv * 4)
    assert with_own_texture(repeated) is repeated
