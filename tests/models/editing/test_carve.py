import numpy as np
import pytest

from aigc.mesh.stats import mesh_stats, volume
from aigc.mesh.surface import Surface
from aigc.mesh.topology import joined, parts, weld
from aigc.mesh.types import Mesh
from aigc.models.editing.carve import halved, hollowed, without
from aigc.models.editing.intent import by_rules
from aigc.models.editing.region import box, whole
from aigc.runner.model import InputInvalid
from tests.mesh.kit import cube, sphere


@pytest.fixture
def ball():
    points, faces = sphere(32, 48)
    return Surface.of([Mesh(points, faces, points.copy(), uv=points[:, :2].copy())])


def amount(meshes):
    return volume(*weld(*joined(meshes)))


def test_what_is_removed_is_gone_and_the_rest_is_there_to_the_bit(ball):
    region = box([0, 1, 0], [3, 1, 3])

    meshes, gone, info = without(ball, region, smooth=True, name="fill")

    assert mesh_stats(meshes)["watertight"] and info["closed_holes"] == 1
    assert gone is not None and gone.positions[:, 1].min() > 0.45
    known = {row.tobytes() for row in np.concatenate([meshes[0].positions, meshes[0].uv], axis=1)}
    outside = ball.points[:, 1] < 0.5
    rows = ball.values[:, [0, 1, 2, 6, 7]][outside[ball.place]]
    assert all(row.tobytes() in known for row in np.ascontiguousarray(rows))
    assert meshes[0].positions[:, 1].max() < 0.52


def test_a_corner_of_a_box_of_twelve_faces_can_be_removed():
    meshes, _, _ = without(Surface.of([cube()]), box([1, 1, 1], [1, 1, 1]), smooth=True, name="fill")

    assert mesh_stats(meshes)["watertight"]
    assert amount(meshes) < 1


def test_to_remove_everything_is_refused(ball):
    with pytest.raises(InputInvalid, match="nothing would be left"):
        without(ball, whole(ball), smooth=True, name="fill")


@pytest.mark.parametrize(
    ("words", "axis", "sign"), [("cut it in half", 0, 1), ("cut the upper half off upwards", 1, -1)]
)
def test_a_cut_leaves_one_half_with_a_flat_face(ball, words, axis, sign):
    meshes, info = halved(ball, whole(ball), by_rules(words))

    assert mesh_stats(meshes)["watertight"]
    assert amount(meshes) == pytest.approx(volume(ball.points, ball.corners) / 2, rel=0.01)
    face = meshes[-1].positions[:, axis]
    assert np.abs(face).max() < 1e-5
    assert (meshes[0].positions[:, axis] * sign).min() > -1e-5
    assert info["axis"] == "xyz"[axis]


def test_a_closed_cavity_leaves_walls_of_the_asked_thickness(ball):
    meshes, info = hollowed(ball, whole(ball), 0.2, lambda share: None)

    assert mesh_stats(meshes)["watertight"] and not info["open"]
    inner = min(meshes, key=lambda mesh: float(np.abs(mesh.positions).max()))
    assert np.linalg.norm(inner.positions, axis=1) == pytest.approx(np.full(len(inner.positions), 0.8), abs=0.03)
    assert amount(meshes) == pytest.approx(4 / 3 * np.pi * (1 - 0.8**3), rel=0.06)


def test_a_mask_that_reaches_beyond_the_top_opens_the_cavity(ball):
    told = []

    meshes, info = hollowed(ball, box([0, 0.5, 0], [3, 3, 3]), 0.1, told.append)

    assert mesh_stats(meshes)["watertight"] and info["open"]
    points, faces = weld(*joined(meshes))
    assert parts(faces, len(points))[0] == 1
    assert info["removed_volume"] > 2
    assert len(told) > 3 and told == sorted(told)


def test_a_sheet_cannot_be_hollowed(ball):
    flat = ball.moved((ball.points * [1, 0.02, 1]).astype(np.float32))

    with pytest.raises(InputInvalid, match="hollow"):
        hollowed(flat, whole(flat), 0.1, lambda share: None)
    with pytest.raises(InputInvalid, match="enclose"):
        hollowed(ball.kept(np.arange(len(ball.faces)) > 9), whole(ball), 0.1, lambda share: None)
