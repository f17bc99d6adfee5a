import numpy as np
import pytest

from aigc.mesh.simplify import from_manifold, simplify, simplify_closed, simplify_open, to_manifold
from aigc.mesh.stats import volume
from aigc.mesh.topology import is_watertight
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere


def test_a_closed_surface_stays_closed_and_keeps_its_volume():
    points, faces = sphere(100, 200)
    rounds: list[int] = []

    fewer_points, fewer = simplify_closed(points, faces, 2_000, rounds.append)

    assert len(fewer) <= 2_000
    assert is_watertight(fewer)
    assert volume(fewer_points, fewer) == pytest.approx(volume(points, faces), rel=0.02)
    assert rounds == list(range(len(rounds)))


def test_an_open_surface_gets_the_asked_number():
    points, faces = sphere(60, 120)

    _, fewer = simplify_open(points, faces[100:], 1_500)

    assert 1_400 <= len(fewer) <= 1_500


def test_what_is_small_already_is_left_alone():
    points, faces = simplify(CUBE_CORNERS, CUBE_FACES, 100)

    assert np.array_equal(points, CUBE_CORNERS)
    assert np.array_equal(faces, CUBE_FACES)


def test_an_open_surface_is_no_solid():
    assert to_manifold(CUBE_CORNERS, CUBE_FACES[1:]) is None
    assert is_watertight(from_manifold(to_manifold(CUBE_CORNERS, CUBE_FACES))[1])
