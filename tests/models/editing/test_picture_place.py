import numpy as np
import pytest

from aigc.mesh.preview import View
from aigc.mesh.stats import mesh_stats
from aigc.models.editing.picture_change import Change
from aigc.models.editing.picture_place import PicturePlace
from aigc.models.editing.region import box
from aigc.models.projection.sight import Sight
from aigc.models.projection.view_search import Cutout
from tests.mesh.kit import sphere


def disc(x=100, y=100, radius=50, size=200):
    row, column = np.mgrid[0:size, 0:size] + 0.5
    return ((column - x) ** 2 + (row - y) ** 2 < radius**2).astype(np.float32)


@pytest.fixture
def place():
    """A ball of radius 1, shown as a disc of radius 50 in a picture of 200."""
    sight = Sight(*sphere(32, 48))
    picture = np.full((200, 200, 4), 200, np.uint8)
    return PicturePlace(sight, sight.frame(View(90, 0, True)), Cutout(picture, disc()), (200, 200))


def test_points_and_pixels_are_each_others_inverse(place):
    points = np.array([[0.1, 0.5, -0.2], [0.9, -0.3, 0.4]], np.float32)
    _, depth = place.frame.place(points)

    pixels = place.pixels(points)

    assert place.points(pixels, depth) == pytest.approx(points, abs=1e-5)
    # Seen from the mesh's left, its front points to the left of the picture.
    assert place.pixels(np.array([[0, 0, 0.8]], np.float32))[0] == pytest.approx([60, 100], abs=1.5)
    assert place.unit == pytest.approx(0.02, rel=0.03)


def test_a_prism_holds_what_the_mask_covers_at_any_depth(place):
    prism = place.prism(disc(60, 100, 15) > 0.5, None, "")
    narrow = place.prism(disc(60, 100, 15) > 0.5, box([5, 0, 0.8], [10, 4, 4]), "")
    at = np.array([[0.0, 0, 0.8], [-0.9, 0, 0.8], [0.9, 0, 0.8], [0, 0.7, 0.8], [0, 0, 0]], np.float32)

    assert (prism.field(at) < 0).tolist() == [True, True, True, False, False]
    assert (narrow.field(at[1:3]) < 0).tolist() == [False, True]
    assert (prism.low <= [-1, -0.3, 0.5]).all() and (prism.high >= [1, 0.3, 1.1]).all()


def test_the_middle_depth_lies_within_the_mesh(place):
    assert place.middle_depth(disc(100, 100, 10) > 0.5) == pytest.approx(0, abs=0.02)
    assert place.middle_depth(np.zeros((200, 200), bool)) == pytest.approx(0, abs=0.02)


def test_a_blob_becomes_a_closed_body_where_it_was_drawn(place):
    blob = disc(60, 40, 20) > 0.5
    target = np.full((200, 200, 4), (200, 40, 40, 255), np.uint8)

    body = place.inflated(blob, 0.25, target, blob.astype(np.float32))

    assert mesh_stats(body)["watertight"]
    assert body.bounds.mean(axis=0) == pytest.approx([0.25, 1.2, 0.8], abs=0.03)
    assert np.ptp(body.positions, axis=0) == pytest.approx([0.64, 0.8, 0.8], abs=0.06)
    assert body.material.base_color_texture.reshape(-1, 3).mean(axis=0)[0] > 190


def test_the_brush_paints_what_faces_the_viewer_where_the_picture_changed(place):
    target = np.full((200, 200, 4), (10, 200, 10, 255), np.uint8)
    change = Change(disc() > 2, disc() > 2, disc(100, 100, 20))
    at = np.array([[1, 0, 0], [-1, 0, 0], [0.6, 0.8, 0]], np.float32)

    paint = place.brush(target, disc(), change, None, 256)(at, at, np.zeros((3, 3), np.float32))

    assert paint.share.tolist() == pytest.approx([1, 0, 0], abs=0.02)
    assert paint.color[0] * 255 == pytest.approx([10, 200, 10], abs=2)
    limited = place.brush(target, disc(), change, box([-5, 0, 0], [2, 2, 2]), 256)
    assert limited(at, at, np.zeros((3, 3), np.float32)).share.max() == 0
