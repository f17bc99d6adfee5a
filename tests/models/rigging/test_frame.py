import numpy as np
import pytest

from aigc.models.rigging.frame import FACINGS, nearest_inside
from tests.models.rigging.kit import BIPED, framed, turned


@pytest.mark.parametrize("facing", FACINGS)
def test_a_thing_that_faces_so_looks_the_same_in_its_frame(facing):
    plain = framed(BIPED)
    seen = framed(turned(BIPED, FACINGS[facing].T), facing)

    # The toes are ahead, at +z.
    low = seen.cells[seen.cells[:, 1] < seen.floor + 0.06]
    assert low[:, 2].max() > 2 * -low[:, 2].min()
    assert seen.cells.min(axis=0) == pytest.approx(plain.cells.min(axis=0), abs=plain.voxels.cell)
    assert seen.voxels.inside(seen.tree.points).all()


@pytest.mark.parametrize("facing", FACINGS)
def test_the_way_back_is_the_inverse(facing):
    seen = framed(turned(BIPED, FACINGS[facing].T), facing)
    point = np.array([1.0, 2.0, 3.0])

    assert np.linalg.det(FACINGS[facing]) == pytest.approx(1)
    assert seen.back(FACINGS[facing] @ point) == pytest.approx(point)


def test_a_point_outside_is_moved_inside_and_one_inside_stays():
    seen = framed(BIPED)
    inner, outer = np.array([0.0, 1.1, 0.0]), np.array([0.4, 0.6, 0.0])

    assert nearest_inside(seen, inner) is inner
    assert seen.voxels.inside(nearest_inside(seen, outer))


def test_the_middle_at_a_height_is_the_deepest_cell_there():
    seen = framed(BIPED)

    found = seen.middle(1.1, 0.0, 0.1)

    assert found is not None and np.abs(found[[0, 2]]).max() < 1.5 * seen.voxels.cell
    assert seen.middle(5.0, 0.0, 0.1) is None
