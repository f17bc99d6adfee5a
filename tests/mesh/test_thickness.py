import numpy as np
import pytest

from aigc.mesh.thickness import shape_diameter
from tests.mesh.kit import sphere
from tests.mesh.segment_kit import box


def test_a_plate_is_as_thick_as_it_is():
    points, faces = box((0, 0, 0), (4, 0.2, 4))

    thickness = shape_diameter(points, faces)

    flat = np.ptp(points[faces][..., 1], axis=1) == 0
    assert thickness[flat].min() > 0.2 and thickness[flat].max() < 0.32


def test_a_ball_is_equally_thick_everywhere_whatever_its_size():
    points, faces = sphere(16, 24)

    one, large = shape_diameter(points, faces), shape_diameter(points * 1000, faces)

    assert np.ptp(one) < 0.2
    assert large == pytest.approx(one * 1000, rel=1e-2)


def test_behind_an_open_sheet_there_is_nothing_to_measure():
    points = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0)], np.float32)

    assert np.isnan(shape_diameter(points, np.array([(0, 1, 2)], np.int32))).all()


def test_it_can_be_stopped_between_batches():
    def stop():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        shape_diameter(*sphere(8, 8), between=stop)
