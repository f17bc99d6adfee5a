from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from aigc.mesh import preview
from aigc.mesh.preview import View, project, render, silhouette, thumbnail
from aigc.mesh.types import Material, Mesh
from tests.mesh.kit import CUBE_CORNERS, cube, sphere

FRONT = View(0, 0, orthographic=True)


def test_a_ball_is_seen_as_a_disc():
    mask = silhouette(Mesh(*sphere(96, 192)), FRONT, 200) > 0
    y, x = np.mgrid[0:200, 0:200] + 0.5
    disc = np.hypot(x - 100, y - 100) < 88

    assert (mask ^ disc).mean() < 0.005


def test_a_red_cube_looks_red_before_a_clear_background_and_stands_on_a_shadow():
    picture = render(cube(), size=128, background="transparent")

    red, green, blue, alpha = picture[64, 64].astype(int)
    assert red > 1.5 * green and red > 1.5 * blue and alpha == 255
    assert picture[4, 4, 3] == 0
    assert ((picture[..., 3] > 20) & (picture[..., 3] < 200)).mean() > 0.02


def test_the_light_comes_from_above():
    picture = render(Mesh(*sphere()), View(0, 0), 128, "transparent").astype(int)

    assert picture[30, 64, 0] > picture[98, 64, 0] + 20


def test_left_and_right_and_up_are_where_they_should_be():
    marker = cube().with_(positions=CUBE_CORNERS * np.float32(0.2) + np.array([2, 2, 0], np.float32))

    mask = silhouette([cube(), marker], FRONT, 64) > 0

    assert mask[:12, 52:].any()
    assert not mask[:12, :12].any()


def test_a_texture_is_seen_the_right_way_up():
    square = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)
    uv = np.array([(0, 1), (1, 1), (1, 0), (0, 0)], np.float32)
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[:4] = (250, 20, 20)
    picture[4:] = (20, 20, 250)
    faces = np.array([(0, 1, 2), (0, 2, 3)], np.int32)

    seen = render(Mesh(square, faces, uv=uv, material=Material(base_color_texture=picture)), FRONT, 64).astype(int)

    assert seen[20, 32, 0] > 2 * seen[20, 32, 2]
    assert seen[44, 32, 2] > 2 * seen[44, 32, 0]


def test_edges_are_smooth():
    alpha = render(Mesh(*sphere(96, 192)), FRONT, 100, "transparent")[..., 3]

    assert len(np.unique(alpha)) >= 5


def test_a_thumbnail_is_a_png_of_the_asked_size():
    with Image.open(BytesIO(thumbnail(cube(), size=96))) as picture:
        assert (picture.format, picture.size, picture.mode) == ("PNG", (96, 96), "RGBA")


def test_very_small_and_very_large_things_look_alike():
    small, large = (
        render(cube().with_(positions=CUBE_CORNERS * np.float32(scale)), size=64).astype(int) for scale in (1e-4, 1e5)
    )

    assert np.abs(small - large).mean() < 2


@pytest.mark.parametrize("view", [View(), View(-50, 40), FRONT])
def test_a_point_is_drawn_where_its_projection_says(view):
    points, faces = sphere(12, 16, 0.05)
    at = np.array([[0.0, 0.0, 0.0], [1.0, 0.4, -0.3], [-0.6, 0.1, 0.9]])
    balls = [Mesh((points + place).astype(np.float32), faces) for place in at]

    x, y = project(balls, at, view, 256).T

    drawn = silhouette(balls, view, 256)
    assert (drawn[y.astype(int), x.astype(int)] == 255).all()
    assert drawn[0, 0] == 0


def test_at_most_one_ray_for_each_pixel_is_cast_between_two_looks(monkeypatch):
    cast = [0]

    class Counting(preview.RayScene):
        def first_hits(self, origins, directions):
            cast[-1] += len(origins)
            return super().first_hits(origins, directions)

        def occluded(self, origins, directions, reach):
            cast[-1] += len(origins)
            return super().occluded(origins, directions, reach)

    monkeypatch.setattr(preview, "RayScene", Counting)
    thumbnail(cube(), size=64, between=lambda: cast.append(0))

    assert 64 * 64 == max(cast) < sum(cast) / 4
