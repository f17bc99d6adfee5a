import numpy as np
import pytest

from aigc.mesh.surface import Surface
from aigc.mesh.types import Mesh
from aigc.models.editing.intent import Instruction
from aigc.models.editing.placing import fitted, in_place_of, room_for, shown, standing, touching
from aigc.models.editing.region import box
from aigc.models.editing.things import Thing
from aigc.runner.model import InputInvalid
from tests.mesh import kit
from tests.mesh.kit import cube, sphere


@pytest.fixture(scope="module")
def ball():
    points, faces = sphere(32, 48)
    return Surface.of([Mesh(points, faces, points.copy(), name="ball")])


@pytest.fixture(scope="module")
def brick():
    return Thing(cube().with_(positions=cube().positions * np.float32([1, 2, 1]), name="brick"), "brick", 1.0)


def test_a_part_fills_its_room_with_its_proportions_kept(brick):
    mesh = fitted(brick.mesh, box([5, 1, 0], [4, 2, 4]))

    assert np.ptp(mesh.positions, axis=0) == pytest.approx([1, 2, 1])
    assert mesh.bounds.mean(axis=0) == pytest.approx([5, 1, 0])


def test_of_a_part_half_in_the_mesh_half_is_shown(ball):
    points, faces = sphere(16, 24, 0.1)

    at = [Mesh(points + np.float32([0, height, 0]), faces) for height in (0.8, 1.0, 1.2)]

    assert [shown(part, ball) for part in at] == pytest.approx([0, 0.5, 1], abs=0.07)


def test_a_part_that_the_mesh_would_hide_stands_on_it_and_in_the_room(ball, brick):
    room = box([0, 1.05, 0], [0.6, 0.9, 0.6])

    hidden = shown(fitted(brick.mesh, box([0, 0.8, 0], [0.6, 0.4, 0.6])), ball)
    part, beyond = standing(brick, box([0, 0.9, 0], [0.2, 0.7, 0.2]), ball)

    assert hidden < 0.35
    assert not beyond and shown(part, ball) > 0.5
    assert 1.15 < part.positions[:, 1].max() < 1.26
    assert standing(brick, room, ball)[0].positions[:, 1].max() == pytest.approx(room.high[1], abs=1e-3)


def test_a_part_for_a_room_that_the_mesh_fills_stands_upon_it_beyond_the_room(ball, brick):
    part, beyond = standing(brick, box([0, 0.3, 0], [2, 1.4, 2]), ball)

    assert beyond and part.positions[:, 1].max() > 1.2 and shown(part, ball) > 0.5


def test_a_part_that_usually_is_at_the_side_comes_to_that_side(ball, brick):
    part, beyond = standing(Thing(brick.mesh, "handle", 1.0), box([0.8, 0.1, 0], [0.8, 0.5, 0.5]), ball)

    assert not beyond and part.positions[:, 0].max() > 1.1 and part.positions[:, 1].max() < 0.5


def test_a_room_within_the_mesh_is_refused_with_its_bounds(ball, brick):
    with pytest.raises(InputInvalid, match="inside the mesh") as caught:
        standing(brick, box([0, 0.1, 0], [0.4, 0.4, 0.4]), ball)

    assert "(1, 1, 1)" in caught.value.suggestion


def test_what_touches_stays_and_what_floats_comes(ball, brick):
    near, far = (fitted(brick.mesh, box([0, height, 0], [0.5, 1, 0.5])) for height in (1.3, 4))

    assert touching(near, ball) is near
    assert touching(far, ball).positions[:, 1].min() == pytest.approx(0.96, abs=0.02)


def test_what_comes_for_a_plate_is_as_large_as_its_broad_side_and_sinks_until_held():
    plate = Mesh(*kit.box((-0.5, 1.0, -0.02), (0.5, 1.8, 0.02)))
    points, faces = sphere(16, 24)
    rests = np.array([[x, 1.0, 0] for x in (-0.3, -0.1, 0.1, 0.3)])

    placed = in_place_of(Mesh(points, faces), plate, rests)
    free = in_place_of(Mesh(points, faces), plate, np.zeros((0, 3)))

    assert np.ptp(placed.positions, axis=0) == pytest.approx([0.8] * 3, rel=0.02)
    middle = placed.bounds.mean(axis=0)
    assert (np.linalg.norm(rests - middle, axis=1) < 0.4).sum() >= 3
    assert 0.68 < placed.positions[:, 1].min() < 0.97
    assert free.bounds.mean(axis=0) == pytest.approx([0, 1.4, 0], abs=1e-6)


def test_room_is_found_on_top_behind_or_beneath(ball, brick):
    on_top = room_for(brick, ball, Instruction("add"), None)
    behind = room_for(brick, ball, Instruction("add", relation="behind"), None)
    beneath = room_for(brick, ball, Instruction("add", relation="under"), None)

    assert on_top.centre[1] > 0.9 and abs(on_top.centre[0]) < 0.1
    assert behind.centre[2] < -0.8
    assert beneath.centre[1] < -0.9
