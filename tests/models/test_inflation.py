import numpy as np
import pytest

from aigc.mesh.topology import is_watertight
from aigc.models.inflation import lathe_height, lay_out, round_height, slab_height, taubin, to_solid
from tests.mesh.kit import sphere


def disc(radius: float = 60) -> np.ndarray:
    y, x = np.mgrid[0:160, 0:160] + 0.5
    return np.clip(radius + 0.5 - np.hypot(x - 80, y - 80), 0, 1).astype(np.float32)


def test_a_disc_becomes_a_ball():
    plane = lay_out(disc())

    points, faces = to_solid(round_height(plane.distance), 1.0)

    radius = np.linalg.norm(points - (points.min(axis=0) + points.max(axis=0)) / 2, axis=1)
    assert is_watertight(faces)
    assert radius.std() / radius.mean() < 0.01
    assert radius.mean() * plane.cell == pytest.approx(60, rel=0.02)


def test_a_turned_disc_is_a_ball_as_well_and_fits():
    plane = lay_out(disc())

    squared, fit = lathe_height(plane.distance)
    points, faces = to_solid(squared, 1.0)

    assert fit > 0.95
    assert is_watertight(faces)
    assert np.ptp(points, axis=0) == pytest.approx(np.full(3, 120 / plane.cell), rel=0.03)


@pytest.mark.parametrize("upside_down", [False, True])
def test_what_has_ears_or_feet_is_no_turned_body(upside_down):
    y, x = np.mgrid[0:160, 0:160] + 0.5
    ears = np.maximum(18.5 - np.hypot(x - 45, y - 34), 18.5 - np.hypot(x - 115, y - 34))
    figure = np.clip(np.maximum(60.5 - np.hypot(x - 80, y - 90), ears), 0, 1).astype(np.float32)

    _, fit = lathe_height(lay_out(figure[::-1] if upside_down else figure).distance)
    assert fit < 0.6


def turned(silhouette: np.ndarray) -> np.ndarray:
    """The depth of the turned body behind the middle of each row of its silhouette, in pixels, from the top."""
    plane = lay_out(silhouette)
    squared, fit = lathe_height(plane.distance)
    assert fit > 0.9
    rows = np.flatnonzero((plane.distance > 0).any(axis=1))
    middle = squared.shape[1] // 2
    return np.sqrt(np.maximum(squared[rows[0] : rows[-1] + 1, middle], 0)) * plane.cell


def test_handles_are_no_brims_of_a_turned_body():
    y, x = np.mgrid[0:160, 0:160] + 0.5
    far = np.abs(x - 80)
    pot = np.hypot(far, y - 80) < 50
    handled = pot | (np.abs(np.hypot(far - 50, y - 80) - 16) < 3)

    depth = turned(handled.astype(np.float32))

    height = np.linspace(-50, 50, len(depth))
    assert depth == pytest.approx(np.sqrt(50**2 - height**2), abs=9.1)


def test_a_hat_that_droops_keeps_its_brim():
    y, x = np.mgrid[0:160, 0:160] + 0.5
    far = np.abs(x - 80)
    cap = (np.hypot(far, (y - 80) * 1.2) < 60) & (y < 80 - 0.03 * (60 - far))
    stem = (far < 20) & (y >= 60) & (y < 130)

    assert turned((cap | stem).astype(np.float32)).max() > 50


def test_a_slab_is_as_deep_as_asked():
    plane = lay_out(disc())

    points, faces = to_solid(slab_height(plane.distance, 10.0), 1.0)

    assert is_watertight(faces)
    assert np.ptp(points[:, 2]) == pytest.approx(20, rel=0.05)


def test_the_grid_follows_the_silhouette_wherever_it_lies():
    mask = np.zeros((200, 300), np.float32)
    mask[50:60, 100:280] = 1

    plane = lay_out(mask)
    inside = np.argwhere(plane.distance > 0)

    low = inside.min(axis=0) * plane.cell + (plane.top, plane.left)
    high = (inside.max(axis=0) + 1) * plane.cell + (plane.top, plane.left)
    assert low == pytest.approx((50, 100), abs=1.5)
    assert high == pytest.approx((60, 280), abs=1.5)


def test_smoothing_removes_noise_and_keeps_the_size():
    points, faces = sphere()
    rough = points + np.random.default_rng(0).normal(0, 0.02, points.shape).astype(np.float32)

    smooth = np.linalg.norm(taubin(rough, faces, 8), axis=1)

    assert smooth.std() < 0.6 * np.linalg.norm(rough, axis=1).std()
    assert smooth.mean() == pytest.approx(1, abs=0.02)
