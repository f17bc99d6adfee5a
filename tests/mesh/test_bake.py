import numpy as np
import pytest

from aigc.mesh import bake
from aigc.mesh.bake import Texels, spread, texels

TRIANGLE = np.array([(0.1, 0.1), (0.9, 0.1), (0.1, 0.9)], np.float32)
FACE = np.array([(0, 1, 2)], np.int32)


def test_each_texel_shows_the_point_of_the_face_that_lies_over_it():
    cover = texels(TRIANGLE, FACE, 64)
    place = np.stack([cover.index % 64 + 0.5, cover.index // 64 + 0.5], axis=1) / 64

    assert abs(len(cover.index) / 64**2 - 0.32) < 0.02
    assert np.allclose(cover.of(TRIANGLE, FACE), place, atol=1e-4)


def test_texels_beside_the_face_repeat_the_nearest_of_it():
    cover = texels(TRIANGLE, FACE, 64)

    picture = cover.picture(np.full((len(cover.index), 3), 0.5, np.float32))

    assert (picture == 128).all()


def test_a_sliver_thinner_than_a_texel_still_gets_its_own():
    sliver = np.array([(0.1, 0.5), (0.9, 0.5001), (0.1, 0.5002)], np.float32)
    both = np.concatenate([TRIANGLE * 0.4, sliver])

    cover = texels(both, np.array([(0, 1, 2), (3, 4, 5)], np.int32), 32)

    assert (cover.face == 1).sum() > 5


def test_slivers_get_the_same_texels_however_many_are_looked_at_in_one_step(monkeypatch: pytest.MonkeyPatch):
    places = np.random.default_rng(3).random((90, 2)).astype(np.float32)
    places[2::3] = places[1::3] + 1e-4
    slivers = np.arange(90, dtype=np.int32).reshape(30, 3)
    whole = texels(places, slivers, 32)
    told: list[float] = []

    monkeypatch.setattr(bake, "_FACES_A_STEP", 7)
    stepwise = texels(places, slivers, 32, told.append)

    assert len(whole.index) > 100
    for one, other in zip(_by_texel(whole), _by_texel(stepwise), strict=True):
        assert np.array_equal(one, other)
    assert told == sorted(told)
    assert (len(told), told[-1]) == (1 + 5 + 1, 1.0)


def _by_texel(cover: Texels) -> tuple[np.ndarray, ...]:
    order = np.argsort(cover.index)
    return cover.index[order], cover.face[order], cover.weights[order]


def test_spreading_nothing_changes_nothing():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    assert np.array_equal(spread(image, np.zeros((2, 2), bool)), image)
    assert np.array_equal(spread(image, np.array([[True, False], [False, False]]))[1, 1], image[0, 0])
