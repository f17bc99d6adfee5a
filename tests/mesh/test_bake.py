import numpy as np

from aigc.mesh.bake import spread, texels

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


def test_spreading_nothing_changes_nothing():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)

    assert np.array_equal(spread(image, np.zeros((2, 2), bool)), image)
    assert np.array_equal(spread(image, np.array([[True, False], [False, False]]))[1, 1], image[0, 0])
