import numpy as np
import pytest

from aigc.mesh.normals import smooth_normals
from aigc.mesh.stats import volume
from aigc.mesh.topology import is_watertight, weld
from aigc.mesh.winding_solid import thickened, winding_numbers, winding_solid, within
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere
from tests.mesh.segment_kit import box


def opened():
    """A ball without its lowest part."""
    points, faces = sphere(24, 48)
    return weld(points, faces[points[faces].mean(axis=1)[:, 1] > -0.6])


def test_winding_numbers_say_what_is_inside():
    at = np.array([(0.5, 0.5, 0.5), (2, 0.5, 0.5)], np.float64)

    assert winding_numbers(CUBE_CORNERS, CUBE_FACES, at) == pytest.approx([1, 0], abs=0.02)


def test_an_open_ball_becomes_a_solid_whose_surface_lies_on_it():
    points, faces = opened()

    made, net = winding_solid(points, faces, 40)

    assert is_watertight(net)
    assert 0.85 < volume(made, net) / (4 / 3 * np.pi) < 1.01
    upper = made[made[:, 1] > -0.4]
    assert np.abs(np.linalg.norm(upper, axis=1) - 1).max() < 0.01


def test_a_sheet_encloses_nothing():
    points = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0.1)], np.float32)

    assert winding_solid(points, np.array([(0, 1, 2), (1, 3, 2)], np.int32), 32) is None


def test_it_can_be_stopped():
    def stop(share):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        winding_solid(*opened(), 32, stop)


def test_what_lies_outside_the_whole_is_cut_off():
    half = box((0, 0, 0), (0.5, 1, 1))

    made, net = within(*box((0, 0, 0), (1, 1, 1)), half)

    assert volume(made, net) == pytest.approx(0.5)
    alone = box((0, 0, 0), (1, 1, 1))
    assert within(*alone, opened())[0] is alone[0]


def test_a_sheet_with_a_thickness_is_closed():
    points, faces = opened()

    made, net = thickened(points, faces, 0.1, smooth_normals(points, faces))

    assert is_watertight(net)
    assert 0 < volume(made, net) < 0.1 * 4 * np.pi
