import cv2
import numpy as np

from aigc.mesh.preview import View, render
from aigc.models.projection.sight import Sight
from aigc.models.projection.silhouette_fit import box_fit, fit_silhouettes, read_pixels
from aigc.models.projection.view_search import Cutout, overlap_of
from tests.mesh.kit import figurine

FRONT = View(0, 0, orthographic=True)


def bent_picture() -> Cutout:
    """The figurine from the front, its middle moved aside."""
    picture = render(figurine(), FRONT, 300, "transparent")
    y, x = np.mgrid[0:300, 0:300].astype(np.float32)
    moved = cv2.remap(picture, x + 14 * np.sin(y / 300 * np.pi), y, cv2.INTER_LINEAR)
    return Cutout(moved, (moved[..., 3] > 250).astype(np.float32))


def test_bending_brings_the_silhouettes_together():
    mesh = figurine()
    sight = Sight(mesh.positions, mesh.faces)
    frame, cutout = sight.frame(FRONT), bent_picture()
    told = []

    fit = fit_silhouettes(sight, frame, cutout, told.append)

    before = overlap_of(sight.mask(frame, (160, 160)), cutout.shape((160, 160)))
    assert fit.overlap > before + 0.03
    assert fit.overlap > 0.94
    assert told == sorted(told) and len(told) > 4


def test_a_picture_that_fits_is_hardly_bent():
    mesh = figurine()
    sight = Sight(mesh.positions, mesh.faces)
    picture = render(mesh, FRONT, 300, "transparent")
    cutout = Cutout(picture, (picture[..., 3] > 128).astype(np.float32))
    places = np.random.default_rng(0).random((50, 2)).astype(np.float32)

    fit = fit_silhouettes(sight, sight.frame(FRONT), cutout, lambda share: None)

    off = fit.pixels(places) - box_fit(cutout, 1).pixels(places)
    assert np.abs(off).max() < 0.03 * max(cutout.width, cutout.height)


def test_pixels_are_read_between_their_centres():
    image = np.arange(12, dtype=np.float32).reshape(3, 4, 1)

    read = read_pixels(image, np.array([(0.5, 0.5), (1.0, 0.5), (3.5, 2.5), (99, 99)], np.float32))

    assert read[:, 0].tolist() == [0, 0.5, 11, 11]
