import numpy as np
import pytest

from aigc.mesh.stats import volume
from aigc.mesh.surface import Surface
from aigc.mesh.topology import is_watertight
from aigc.mesh.types import Mesh
from aigc.models.editing.deform import deformed, finer, grip
from aigc.models.editing.intent import Instruction, by_rules
from aigc.models.editing.region import box, whole
from aigc.runner.model import InputInvalid
from tests.mesh.kit import sphere

HEAD = box([0, 1.0, 0], [3, 1.2, 3])


@pytest.fixture
def ball():
    points, faces = sphere(40, 60)
    return Surface.of([Mesh(points, faces, points.copy(), uv=points[:, :2].copy())])


def done(surface, region, words, falloff=0.3, strength=1.0):
    return deformed(surface, region, by_rules(words), strength, falloff, lambda share: None)[0]


@pytest.mark.parametrize(
    "words",
    ["make it bigger", "make it smaller", "stretch it upwards", "puff it up", "thin", "smooth", "twist", "bend it",
     "rotate it", "move it up"],
)  # fmt: skip
def test_outside_the_region_not_a_bit_changes_and_closed_stays_closed(ball, words):
    result = done(ball, HEAD, words)

    outside = ball.points[:, 1] < 0.4
    assert np.array_equal(result.values[: len(ball.values)][outside], ball.values[outside])
    assert is_watertight(result.corners)
    if words != "smooth":
        assert not np.array_equal(result.points[: len(ball.points)], ball.points)


def test_larger_and_smaller_change_the_volume_as_told(ball):
    everything = whole(ball)
    before = volume(ball.points, ball.corners)

    def ratio(words):
        result = done(ball, everything, words)
        return volume(result.points, result.corners) / before

    assert ratio("make it twice as big") == pytest.approx(8, rel=1e-3)
    assert ratio("make it half as big") == pytest.approx(1 / 8, rel=1e-3)
    assert ratio("make it 50% smaller") == pytest.approx(1 / 8, rel=1e-3)
    assert ratio("make it taller") == pytest.approx(1.4, rel=1e-3)
    assert ratio("flatten it") == pytest.approx(1 / 1.4, rel=1e-3)
    assert ratio("make it fatter") > 1.2
    assert ratio("make it thinner") < 0.85


def test_what_stands_on_the_ground_stays_there(ball):
    assert done(ball, whole(ball), "make it bigger").points[:, 1].min() == pytest.approx(-1, abs=1e-5)


def test_a_twist_turns_the_top_by_the_angle_and_leaves_the_bottom(ball):
    result = done(ball, whole(ball), "twist it by 90 degrees")

    x, y, z = result.points[: len(ball.points)].T
    at = np.argmin(np.abs(ball.points[:, 1]) + np.abs(ball.points[:, 0] - 1))
    assert np.hypot(x, z)[at] == pytest.approx(1, rel=1e-3)
    assert abs(
        np.degrees(np.arctan2(z[at], x[at]) - np.arctan2(ball.points[at, 2], ball.points[at, 0]))
    ) == pytest.approx(45, abs=1)
    assert np.allclose(y, ball.points[:, 1], atol=1e-6)


def test_a_bend_lays_an_upright_thing_over(ball):
    result = done(ball, whole(ball), "bend it by 90 degrees")

    top = result.points[0]
    assert abs(top[0]) == pytest.approx(4 / np.pi, rel=0.02)
    assert top[1] + 1 == pytest.approx(4 / np.pi, rel=0.02)


def test_smoothing_lowers_the_bumps(ball):
    bumps = 1 + 0.05 * np.sin(20 * ball.points[:, :1]) * np.sin(20 * ball.points[:, 1:2])
    rough = ball.moved((ball.points * bumps).astype(np.float32))

    result = done(rough, whole(rough), "smooth it")

    def roughness(surface):
        return np.linalg.norm(surface.points[: len(ball.points)], axis=1).std()

    assert roughness(result) < 0.5 * roughness(rough)


def test_an_edit_fades_towards_the_border_along_the_surface(ball):
    hold = grip(finer(ball, HEAD), HEAD, 0.5)

    assert hold.weight.min() == 0 and hold.weight[0] == 1
    inner = hold.weight[(hold.weight > 0) & (hold.weight < 1)]
    assert len(inner) > 50
    abrupt = grip(ball, HEAD, 0.0).weight
    assert set(np.unique(abrupt)) <= {0.0, 1.0}


def test_a_mask_without_a_vertex_is_refused(ball):
    with pytest.raises(InputInvalid, match="no vertex"):
        grip(ball, box([0, 5, 0], [1, 1, 1]), 0.3)


def test_what_was_done_is_told_in_numbers(ball):
    _, info = deformed(ball, HEAD, Instruction("rotate", axis=(0, 1.0)), 2.0, 0.3, lambda share: None)

    assert info == {"degrees": 60.0, "axis": "y"}


def test_two_ears_grow_each_from_its_own_root(ball):
    ears = Surface.of(
        [
            Mesh((ball.points * [0.2, 0.7, 0.2] + [side, 0.8, 0]).astype(np.float32), ball.corners, name="ear")
            for side in (-0.6, 0.6)
        ]
    )
    hold = grip(ears, HEAD, 0.0)
    points = ears.points

    larger = done(ears, HEAD, "make it twice as big")

    left = points[:, 0] < 0
    assert hold.anchor[left][0] == pytest.approx([-0.6, 0.4, 0], abs=0.06)
    assert hold.anchor[~left][0] == pytest.approx([0.6, 0.4, 0], abs=0.06)
    for side in (left, ~left):
        middle = larger.points[: len(points)][side & (points[:, 1] > 1)].mean(axis=0)
        assert middle[0] == pytest.approx(-0.6 if side is left else 0.6, abs=0.05)
