import numpy as np
import pytest

from aigc.mesh.canvas import lay_canvas, uv_fault
from aigc.mesh.types import Mesh
from tests.mesh.kit import cube, figurine, sphere


def quiet(fraction: float, doing: str) -> None:
    assert 0 <= fraction <= 1 and doing


def square(side: float) -> Mesh:
    """A square of two faces with texture coordinates `side` wide."""
    positions = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)
    faces = np.array([(0, 1, 2), (0, 2, 3)], np.int32)
    return Mesh(positions, faces, uv=np.ascontiguousarray(positions[:, :2] * np.float32(side)))


def test_texture_coordinates_that_serve_are_kept():
    canvas = lay_canvas([square(0.9)], 64, quiet)

    assert canvas.uv_fault == ""
    assert sorted(canvas.mesh.uv.tolist()) == sorted(square(0.9).uv.tolist())


def aside(mesh: Mesh) -> Mesh:
    return mesh.with_(positions=mesh.positions + np.array([0, 0, 2], np.float32))


@pytest.mark.parametrize(
    ("meshes", "words"),
    [
        ([square(1.5)], "leave the unit square"),
        ([square(0.1)], "next to nothing"),
        ([square(0.9), aside(square(0.9))], "overlap"),
        ([square(0.9), aside(square(0.9)).with_(uv=None)], "no texture coordinates"),
    ],
)
def test_those_that_do_not_serve_are_made_anew_and_the_fault_is_named(meshes, words):
    canvas = lay_canvas(meshes, 64, quiet)

    assert words in canvas.uv_fault
    assert uv_fault(canvas.mesh.positions, canvas.mesh.uv, canvas.mesh.faces) == ""


def test_surface_without_texture_is_a_fault():
    mesh = square(0.5)
    far = Mesh(
        np.concatenate([mesh.positions, mesh.positions + np.float32(2)]),
        np.concatenate([mesh.faces, mesh.faces + 4]),
        uv=np.concatenate([mesh.uv, np.float32(0.9) + mesh.uv * np.float32(0.01)]),
    )

    assert "hardly any texture" in uv_fault(far.positions, far.uv, far.faces)


def test_every_texel_lies_on_the_surface_with_its_normal():
    points, faces = sphere(16, 24)

    canvas = lay_canvas([Mesh(points, faces)], 128, quiet)

    places, normals = canvas.at(slice(0, None))
    assert np.abs(np.linalg.norm(places, axis=1) - 1).max() < 0.03
    assert np.einsum("ij,ij->i", places, normals).min() > 0.9
    assert sum(block.stop - block.start for block in canvas.blocks()) == len(places)


def test_faces_remember_their_mesh_and_the_paint_lands_on_them():
    canvas = lay_canvas([cube(), figurine()], 128, quiet)
    mine = canvas.owner[canvas.cover.face] == 0
    color = np.where(mine[:, None], (1.0, 0, 0), (0, 0, 1.0)).astype(np.float32)

    painted = canvas.painted(color, np.full_like(color, 0.5), "p", jpeg=False)

    assert canvas.owner.tolist() == [0] * 12 + [1] * len(figurine().faces)
    texture = painted.material.base_color_texture
    centre = (painted.uv[painted.faces].mean(axis=1) * 128).astype(int)
    assert (texture[centre[:, 1], centre[:, 0], 0] == np.where(canvas.owner == 0, 255, 0)).mean() > 0.98
    assert painted.material.surface_texture.shape == (64, 64, 3)
    assert (painted.material.surface_texture == 128).all()


def test_normals_of_the_file_are_kept_and_doubled_vertices_welded():
    points, faces = sphere(8, 12)
    tilted = np.tile(np.array([0.6, 0.8, 0], np.float32), (len(points), 1))
    twice = Mesh(points[faces].reshape(-1, 3), np.arange(3 * len(faces), dtype=np.int32).reshape(-1, 3))

    canvas = lay_canvas([twice.with_(normals=np.repeat(tilted[:1], len(twice.positions), axis=0))], 64, quiet)

    assert len(canvas.positions) == len(points)
    assert np.allclose(canvas.mesh.normals, (0.6, 0.8, 0), atol=1e-6)
