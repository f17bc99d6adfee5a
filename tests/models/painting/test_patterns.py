import numpy as np
import pytest

from aigc.models.painting.patterns import ALL_PATTERNS
from aigc.models.shapes.finish import PATTERNS, Finish, Frame, Spots, paint
from tests.mesh.kit import sphere


def spots() -> Spots:
    points, _ = sphere(40, 60)
    return Spots(points * np.float32(0.5) + np.float32(0.5), points, Frame(np.full(3, 0.5, np.float32), 1, False, 3.0))


@pytest.mark.parametrize("name", sorted(ALL_PATTERNS.keys() - PATTERNS.keys()))
def test_a_pattern_shows_two_tones_and_stays_in_range(name):
    color, rough, metallic = paint(Finish(name, (0.8, 0.2, 0.1), (0.1, 0.2, 0.8)), spots(), ALL_PATTERNS)

    assert color.min() >= 0 and color.max() <= 1 and np.isfinite(color).all()
    assert rough.shape == metallic.shape == (len(color),)
    assert color.std(axis=0).max() > 0.08


@pytest.mark.parametrize("axis", [0, 2])
def test_stripes_show_on_every_wall(axis):
    random = np.random.default_rng(0)
    wall = random.random((2000, 3)).astype(np.float32)
    wall[:, axis] = 0.5
    normals = np.zeros_like(wall)
    normals[:, axis] = 1

    color, _, _ = paint(
        Finish("stripes", (1, 0, 0), (0, 0, 1)), Spots(wall, normals, Frame(np.zeros(3), 1, False, 0)), ALL_PATTERNS
    )

    assert 0.3 < (color[:, 0] > 0.5).mean() < 0.7
