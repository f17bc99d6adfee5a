import numpy as np
import pytest

from aigc.mesh.symmetry import mirrors


def scattered(keep) -> np.ndarray:
    """Points on the surface of a long box, upright, as `keep` chooses."""
    random = np.random.default_rng(1)
    points = random.uniform(-1, 1, (20_000, 3))
    side = random.integers(0, 3, len(points))
    points[np.arange(len(points)), side] = np.sign(points[np.arange(len(points)), side])
    points = (points * np.array([0.4, 0.7, 1.0])).astype(np.float32)
    return points[keep(points)]


@pytest.mark.parametrize("turn", [0, 40, 100])
def test_the_plane_is_found_however_the_thing_is_turned(turn):
    # A notch in front at the top leaves one plane: the one across x.
    points = scattered(lambda p: ~((p[:, 2] > 0.3) & (p[:, 1] > 0.2)))
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    rotation = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)

    found = mirrors(points @ rotation.T)

    assert len(found) == 1
    assert abs(found[0].normal @ rotation @ np.array([1, 0, 0])) > 0.999
    back = found[0].points(found[0].points(points))
    assert np.allclose(back, points, atol=1e-5)
    assert np.allclose(found[0].directions(found[0].normal[None]), -found[0].normal, atol=1e-6)


def test_a_lopsided_thing_has_no_plane():
    assert mirrors(scattered(lambda p: ~((p[:, 0] > 0) & (p[:, 2] > 0) & (p[:, 1] > -0.5)))) == []
