import numpy as np
import pytest

from aigc.mesh.topology import weld
from aigc.mesh.voxels import voxelize
from tests.mesh.kit import cube, sphere

VOLUME = 4 / 3 * np.pi


def volume_of(positions, faces) -> float:
    voxels = voxelize(positions, faces, most=20_000)
    return float(voxels.solid.sum() * voxels.cell**3)


def test_the_cells_of_a_closed_mesh_fill_its_volume():
    assert volume_of(*sphere()) == pytest.approx(VOLUME, rel=0.05)


def test_a_mesh_turned_inside_out_is_as_solid():
    points, faces = sphere()

    assert volume_of(points, faces[:, ::-1]) == pytest.approx(VOLUME, rel=0.05)


def test_a_hollow_wall_is_filled():
    points, faces = sphere()
    hollow = np.concatenate([points, points * np.float32(0.8)])
    both = np.concatenate([faces, faces[:, ::-1] + len(points)])

    assert volume_of(hollow, both) == pytest.approx(VOLUME, rel=0.05)


def test_a_hole_does_not_empty_a_body():
    points, faces = weld(*sphere())
    opened = faces[points[faces].mean(axis=1)[:, 1] < 0.9]
    assert len(opened) < len(faces)

    assert volume_of(points, opened) == pytest.approx(VOLUME, rel=0.1)


def test_a_sheet_without_an_inside_is_one_cell_thick():
    corners = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], np.float32)

    voxels = voxelize(corners, np.array([(0, 1, 2), (0, 2, 3)], np.int32))

    assert voxels.solid.sum() == pytest.approx((1 / voxels.cell) ** 2, rel=0.1)
    assert voxels.inside(np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.2]])).tolist() == [True, False]


def test_there_are_about_as_many_cells_as_wished_and_the_outermost_are_empty():
    voxels = voxelize(cube().positions, cube().faces, most=5_000)

    assert 3_000 < voxels.solid.sum() < 7_000
    assert voxels.solid[1:-1, 1:-1, 1:-1].sum() == voxels.solid.sum()


def test_cells_and_centres_are_inverse():
    voxels = voxelize(cube().positions, cube().faces, most=1_000)
    index = np.argwhere(voxels.solid)

    assert np.array_equal(voxels.cells(voxels.centres(index)), index)


def test_a_cancel_is_heard():
    class Stop(Exception):
        pass

    def stop(done: float) -> None:
        raise Stop

    with pytest.raises(Stop):
        voxelize(cube().positions, cube().faces, between=stop)
