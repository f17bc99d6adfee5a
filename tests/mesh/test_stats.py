import numpy as np
import pytest

from aigc.mesh.stats import area, mesh_stats, uv_area, volume
from aigc.mesh.types import Material
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube, sphere


def test_a_cube_is_measured_exactly():
    stats = mesh_stats(cube())

    assert stats == {
        "triangles": 12, "vertices": 8, "parts": 1, "watertight": True, "width": 1.0, "height": 1.0, "depth": 1.0,
        "area": 6.0, "volume": 1.0, "textures": 0,
    }  # fmt: skip


def test_a_ball_has_about_the_area_and_volume_of_a_ball():
    points, faces = sphere(96, 192)

    assert area(points, faces) == pytest.approx(4 * np.pi, rel=1e-2)
    assert volume(points, faces) == pytest.approx(4 / 3 * np.pi, rel=1e-2)


def test_an_open_mesh_has_no_volume():
    stats = mesh_stats(cube().with_(faces=CUBE_FACES[1:]))

    assert stats["watertight"] is False
    assert "volume" not in stats


def test_texture_and_its_use_are_counted():
    uv = CUBE_CORNERS[:, :2].copy()
    material = Material(base_color_texture=np.zeros((8, 16, 3), np.uint8))

    stats = mesh_stats(cube().with_(uv=uv, material=material))

    assert stats["textures"] == 1
    assert stats["texture_size"] == "16x8"
    assert stats["uv_coverage"] == pytest.approx(uv_area(uv, CUBE_FACES))
