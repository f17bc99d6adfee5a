import numpy as np
import pytest

from aigc.models.shapes.finish import PATTERNS, Finish, Frame, Spots, paint, rgb, tone


def spots(turned: bool = False) -> Spots:
    random = np.random.default_rng(0)
    points = random.uniform(-0.5, 0.5, (3000, 3)).astype(np.float32)
    normals = random.standard_normal((3000, 3)).astype(np.float32)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Spots(points, normals, Frame(np.zeros(3, np.float32), 1, turned, 3.0))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_paints_every_spot_with_lawful_values_and_always_the_same(pattern):
    finish = Finish(pattern, rgb("a0522d"), None, 0.5, 0.3)

    color, roughness, metallic = paint(finish, spots())
    again, _, _ = paint(finish, spots())

    assert color.shape == (3000, 3) and roughness.shape == metallic.shape == (3000,)
    assert color.min() >= 0 and color.max() <= 1
    assert roughness.min() >= 0.04 and roughness.max() <= 1
    assert set(metallic.tolist()) == {np.float32(0.3)}
    assert np.array_equal(color, again)
    assert color.std(axis=0).max() > 0.003


def test_courses_of_bricks_have_joints_of_the_second_colour():
    color, _, _ = paint(Finish("courses", rgb("ff0000"), rgb("0000ff"), 0.9), spots(turned=True))

    joints = (color[:, 2] > 0.6).mean()
    assert 0.05 < joints < 0.4


def test_a_finish_in_another_colour_moves_its_second_colour_too():
    moved = Finish("wood", (0.5, 0.5, 0.5), (0.3, 0.3, 0.3)).in_color((0.9, 0.5, 0.1))

    assert moved.color == (0.9, 0.5, 0.1)
    assert moved.second[0] > 0.3 > moved.second[2]


def test_colours_are_written_in_hexadecimal_and_lightened():
    assert rgb("ff8000") == (1.0, 128 / 255, 0.0)
    assert tone((0.5, 1.0, 0.0), 1.5, 0.1) == (0.85, 1.0, 0.1)
