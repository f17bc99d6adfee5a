import numpy as np
import pytest

from aigc.mesh.shading import KEY, Surface, filmed, linear_to_srgb, shade, to_linear


def lit(color=(0.5, 0.5, 0.5), metallic=0.0, normal=(0, 0, 1), sky=1.0, key=1.0):
    def row(*values: float) -> np.ndarray:
        return np.array([values], np.float32)

    return shade(
        Surface(
            row(*normal),
            row(0, 0, 1),
            row(*color),
            row(metallic)[0],
            np.array([0.5], np.float32),
            row(sky)[0],
            row(key)[0],
        )
    )[0]


def test_there_and_back_again():
    values = np.linspace(0, 1, 50, dtype=np.float32)

    assert np.allclose(to_linear(linear_to_srgb(values)), values, atol=1e-5)


def test_a_surface_in_the_shadow_and_in_a_corner_is_darker():
    assert lit(key=0).sum() < lit().sum()
    assert lit(sky=0.2).sum() < lit().sum()


def test_a_surface_that_faces_the_key_light_is_brighter_than_one_that_faces_away():
    assert lit(normal=KEY.direction).sum() > lit(normal=(0, -1, 0)).sum()


def test_a_metal_reflects_in_its_own_colour():
    red, _, blue = lit((0.9, 0.5, 0.1), metallic=1.0)

    assert red / blue == pytest.approx(9, rel=0.25)


def test_the_film_curve_rises_and_never_clips_hard():
    values = filmed(np.linspace(0, 8, 200, dtype=np.float32))

    assert (np.diff(values) >= -1e-6).all()
    assert values.min() >= 0.0 and values.max() <= 1.0
