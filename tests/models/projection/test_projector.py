import numpy as np

from aigc.mesh.canvas import lay_canvas
from aigc.mesh.preview import View, render
from aigc.mesh.symmetry import Mirror
from aigc.models.projection.projector import Projector, useful_mirror
from aigc.models.projection.sight import Sight
from aigc.models.projection.silhouette_fit import box_fit
from aigc.models.projection.view_search import Cutout
from tests.mesh.kit import figurine

ACROSS_X = Mirror(np.zeros(3, np.float32), np.array([1, 0, 0], np.float32), 0.001)
ACROSS_Z = Mirror(np.zeros(3, np.float32), np.array([0, 0, 1], np.float32), 0.0)


def projected(view: View):
    mesh = figurine()
    sight = Sight(mesh.positions, mesh.faces)
    picture = render(mesh, view, 300, "transparent")
    cutout = Cutout(picture, (picture[..., 3] > 250).astype(np.float32))
    return Projector(sight, sight.frame(view), box_fit(cutout, 1), 300)


def test_what_faces_the_viewer_gets_its_colour_and_the_rest_none():
    projector = projected(View(0, 0, orthographic=True))
    canvas = lay_canvas([figurine()], 128, lambda share, doing: None)
    points, normals = canvas.at(slice(0, None))

    color, trust = projector.shown(points, normals)

    belly = (trust > 0.9) & (points[:, 1] < 0.5) & (np.abs(points[:, 0]) < 0.2)
    assert belly.any() and (color[belly, 2] > 2 * color[belly, 0]).all()
    face = (trust > 0.9) & (points[:, 1] > 1.3) & (points[:, 2] > 0)
    assert face.any() and (color[face, 0] > 2 * color[face, 2]).all()
    assert (trust[normals[:, 2] < 0] == 0).all()
    # The face beside the nose is seen, the part that the nose hides is not.
    behind_nose = (np.abs(points[:, 0]) < 0.05) & (np.abs(points[:, 1] - 1.18) < 0.05) & (points[:, 2] < 0.4)
    assert (trust[behind_nose & (points[:, 2] > 0.2)] == 0).all()


def test_the_mirror_image_shows_what_is_turned_away():
    projector = projected(View(-90, 0, orthographic=True))
    left = np.array([(0.45, 0.3, 0)], np.float32)
    normal = np.array([(0.9, -0.43, 0)], np.float32)

    assert projector.shown(left, normal)[1][0] == 0
    color, trust = projector.mirrored(ACROSS_X, left, normal)
    assert trust[0] > 0.8 and color[0, 2] > 2 * color[0, 0]


def test_shone_through_the_back_looks_like_the_front():
    projector = projected(View(0, 0, orthographic=True))
    back = np.array([(0, 0.5, -0.5)], np.float32)

    color, trust = projector.behind(back, np.array([(0, 0, -1)], np.float32))

    assert trust[0] == 1 and color[0, 2] > 2 * color[0, 0]


def test_a_plane_that_parts_front_from_back_is_of_no_use():
    mesh = figurine()
    sight = Sight(mesh.positions, mesh.faces)
    front, side = (sight.frame(View(turn, 0, orthographic=True)) for turn in (10, 90))

    assert useful_mirror([ACROSS_Z], front) is None
    assert useful_mirror([ACROSS_Z, ACROSS_X], front) is ACROSS_X
    assert useful_mirror([ACROSS_X], side) is ACROSS_X
    assert useful_mirror([], side) is None
