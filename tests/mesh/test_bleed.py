import numpy as np

from aigc.mesh.bleed import bled


def test_colours_reach_past_the_silhouette_and_no_backdrop_is_left():
    picture = np.full((64, 64, 3), (0, 200, 0), np.uint8)
    picture[20:44, 20:44] = (200, 0, 0)
    mask = np.zeros((64, 64), np.float32)
    mask[20:44, 20:44] = 1

    carried = bled(picture, mask)

    assert (carried[..., 1] < 10).all()
    assert (carried[..., 0] > 190).all()
