import numpy as np

from aigc.mesh.appearance import Appearance, sample
from aigc.mesh.types import Material
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube


def test_between_texels_colours_mix_and_beyond_the_border_they_repeat():
    picture = np.array([[[0, 0, 0], [100, 100, 100]]], np.uint8)

    values = sample(picture, np.array([(0.25, 0.5), (0.5, 0.5), (1.25, 0.5)], np.float32))

    assert values[:, 0].tolist() == [0, 50, 0]


def test_factor_texture_and_vertex_colour_multiply():
    half = np.full((4, 4, 3), 188, np.uint8)  # a linear half
    mesh = cube((1, 1, 1)).with_(
        uv=np.ascontiguousarray(CUBE_CORNERS[:, :2]),
        colors=np.full((8, 4), 188, np.uint8),
        material=Material(base_color=(1, 0.5, 0, 1), base_color_texture=half, surface_texture=half),
    )

    color, metallic, roughness = Appearance(mesh).at(mesh, CUBE_FACES[:1], np.full((1, 3), 1 / 3, np.float32))

    assert np.allclose(color, [[0.25, 0.125, 0]], atol=0.01)
    assert np.allclose([metallic[0], roughness[0]], 188 / 255, atol=0.01)
