import numpy as np

from aigc.models.shapes.noise import cells, cloudy, grainy

POINTS = np.random.default_rng(0).uniform(-3, 3, (20_000, 3)).astype(np.float32)


def test_noise_has_no_bias_and_repeats_after_one_period():
    for noise in (cloudy, grainy):
        values = noise(POINTS, 1.0)
        assert abs(values.mean()) < 0.05
        assert 0.25 < values.std() < 0.6
        assert np.allclose(values, noise(POINTS + np.float32(2), 1.0), atol=1e-2)


def test_noise_is_continuous():
    step = np.array([1e-4, 0, 0], np.float32)

    assert np.abs(cloudy(POINTS + step, 2.0) - cloudy(POINTS, 2.0)).max() < 0.02


def test_cells_have_dark_borders_and_a_value_each():
    inner, value = cells(POINTS, 0.5)

    assert inner.min() < 0.1 and inner.max() == 1
    assert 100 < len(np.unique(value)) <= 343
