import numpy as np
import pytest

from aigc.mesh.geodesic import dome, fair, geodesic_distance, harmonic, neighbours
from tests.mesh.kit import sphere


@pytest.fixture
def ball():
    return sphere(24, 36)


def test_distances_run_along_the_surface_and_not_through_it(ball):
    points, faces = ball
    start = np.zeros(len(points), bool)
    start[0] = True

    away = geodesic_distance(points, faces, start)

    assert away[0] == 0
    assert away[-1] == pytest.approx(np.pi, rel=0.02)
    nowhere = geodesic_distance(points, faces, np.zeros(len(points), bool))
    assert np.isinf(nowhere).all()


def test_a_harmonic_fill_lies_between_what_is_around_it(ball):
    points, faces = ball
    free = points[:, 1] > 0.5
    values = np.where(points[:, :1] > 0, 1.0, 0.0)

    filled = harmonic(neighbours(points, faces), values, free)

    assert np.array_equal(filled[~free], values[~free])
    assert filled.min() >= 0 and filled.max() <= 1
    assert 0.3 < filled[0, 0] < 0.7


def test_a_fair_fill_goes_on_round_where_a_harmonic_one_is_flat(ball):
    points, faces = ball
    free = points[:, 1] > 0.6
    flat = harmonic(neighbours(points, faces), points, free)

    round_ = fair(flat, faces, free)

    assert flat[0, 1] < 0.55
    assert 0.85 < round_[0, 1] < 1.05
    assert np.array_equal(round_[~free], points[~free].astype(float))


def test_a_dome_is_one_in_the_middle_and_nothing_outside(ball):
    points, faces = ball
    free = points[:, 1] > 0.6

    height = dome(neighbours(points, faces), free)

    assert height[0] == pytest.approx(1, abs=0.02)
    assert (height[~free] == 0).all() and (height[free] > 0).all()
