import numpy as np
import pytest

from aigc.mesh.part_closing import Closing
from aigc.mesh.topology import is_watertight, joined, weld
from aigc.mesh.types import Material, Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube, sphere


def quiet(share, message):
    assert 0 <= share <= 1


def closing(meshes, method="auto"):
    return Closing(weld(*joined(meshes)), method, 32, 256)


def is_closed(mesh):
    return is_watertight(weld(mesh.positions, mesh.faces)[1])


def painted_bowl():
    """Half a ball with a texture that is red above and blue at the border."""
    points, faces = sphere(16, 24)
    points, faces = weld(points, faces[points[faces].mean(axis=1)[:, 1] > 0])
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[:16, :, 0], picture[16:, :, 2] = 200, 200
    uv = np.stack([points[:, 0] / 4 + 0.5, 0.99 - points[:, 1]], axis=1).astype(np.float32)
    return Mesh(points, faces, uv=uv, material=Material(base_color_texture=picture))


def test_a_cap_has_the_colour_of_its_border_and_the_rest_stays():
    bowl = painted_bowl()

    found = closing([bowl]).close([bowl], quiet)

    assert found.method == "caps" and is_closed(found.mesh)
    assert found.kept == pytest.approx(2 / 3, abs=0.02)
    caps = found.mesh.faces[len(bowl.faces) :]
    assert (found.mesh.uv[caps][..., 1] > 0.5).all(), "blue"
    assert np.array_equal(found.mesh.corners[: len(bowl.faces)], bowl.corners)


def test_rebuilt_by_winding_numbers_it_keeps_its_colours_in_a_new_texture():
    bowl = painted_bowl()

    found = closing([bowl], "winding").close([bowl], quiet)

    assert found.method == "winding" and is_closed(found.mesh)
    picture = found.mesh.material.base_color_texture.reshape(-1, 3)
    assert (picture[:, 0] > 150).mean() > 0.1 and (picture[:, 2] > 150).mean() > 0.1


def test_a_sheet_gets_a_thickness():
    sheet = Mesh(CUBE_CORNERS, CUBE_FACES[:2])

    found = closing([sheet]).close([sheet], quiet)

    assert found.method == "sheet" and is_closed(found.mesh)


def test_two_colours_of_one_part_become_colours_of_its_vertices():
    one, two = cube((1, 0, 0)).with_(faces=CUBE_FACES[:6]), cube((0, 1, 0)).with_(faces=CUBE_FACES[6:])

    found = closing([one, two]).close([one, two], quiet)

    assert found.method == "closed" and found.kept == 1
    assert {tuple(color) for color in found.mesh.colors.tolist()} == {(255, 0, 0, 255), (0, 255, 0, 255)}
