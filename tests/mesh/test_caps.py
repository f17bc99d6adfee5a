import numpy as np
import pytest

from aigc.mesh.caps import capped
from aigc.mesh.stats import area, volume
from aigc.mesh.topology import is_watertight, weld
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere
from tests.mesh.segment_kit import table, turned


def half_ball(tilt=0.0):
    points, faces = sphere(24, 48)
    centre = points[faces].mean(axis=1)
    return weld(points, faces[centre[:, 1] > tilt * np.sin(2 * np.arctan2(centre[:, 2], centre[:, 0]))])


def test_half_a_ball_gets_a_flat_bottom():
    points, faces = half_ball()

    made = capped(points, faces)

    assert is_watertight(made.faces)
    assert volume(made.points, made.faces) == pytest.approx(2 / 3 * np.pi, rel=0.02)
    assert area(made.points, made.faces) == pytest.approx(3 * np.pi, rel=0.02)
    assert np.array_equal(made.points[: len(points)], points) and np.array_equal(made.faces[: len(faces)], faces)


def test_a_wavy_border_gets_a_smooth_membrane_however_the_thing_lies():
    points, faces = half_ball(0.4)

    made = capped(turned(points), faces)

    ((border, own),) = made.caps
    assert is_watertight(made.faces)
    assert len(made.points) > len(points), "the membrane has points of its own"
    cap = area(made.points, made.faces[own])
    assert np.pi < cap < 1.35 * np.pi
    assert len(border) >= 48


def test_a_closed_surface_stays_as_it_is():
    assert capped(CUBE_CORNERS, CUBE_FACES).caps == []


def test_every_part_of_a_table_is_closed_by_its_caps():
    points, faces, parts = table(0.3)
    volumes = []
    for part in range(5):
        made = capped(*weld(points, faces[parts == part]))
        assert is_watertight(made.faces)
        volumes.append(volume(made.points, made.faces))

    assert volumes == pytest.approx([2 * 0.15 * 1.2] + [0.15 * 0.15 * 0.9] * 4, rel=0.01)


def test_the_two_borders_of_a_cut_through_a_thick_wall_become_a_ring():
    outer, faces = half_ball()
    inner = outer * np.float32(0.8)
    points = np.concatenate([outer, inner])
    both = np.concatenate([faces, faces[:, ::-1] + len(outer)])

    made = capped(points, both)

    assert is_watertight(made.faces)
    assert len(made.caps) == 1
    assert volume(made.points, made.faces) == pytest.approx(2 / 3 * np.pi * (1 - 0.8**3), rel=0.03)


def test_tangled_borders_are_left_to_others():
    points = np.array([(0, 0, 0), (0, 1, 0), (1, 0, 0), (-1, 0, 0), (0, 0, 1)], np.float32)

    assert capped(points, np.array([(0, 1, 2), (0, 1, 3), (0, 1, 4)], np.int32)) is None
