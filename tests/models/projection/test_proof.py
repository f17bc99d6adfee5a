from io import BytesIO

import numpy as np
from PIL import Image

from aigc.mesh.preview import View, render
from aigc.models.projection.proof import proof
from aigc.models.projection.sight import Sight
from aigc.models.projection.silhouette_fit import box_fit
from aigc.models.projection.view_search import Cutout, Found
from tests.mesh.kit import figurine


def test_the_outline_lies_around_the_subject_of_the_picture():
    mesh, view = figurine(), View(0, 0, orthographic=True)
    picture = render(mesh, view, 256, "transparent")
    cutout = Cutout(picture, (picture[..., 3] > 128).astype(np.float32))

    data = proof(mesh, picture, Sight(mesh.positions, mesh.faces), Found(view, 1, 1, 1), box_fit(cutout, 1))

    with Image.open(BytesIO(data)) as image:
        pixels = np.asarray(image).astype(int)
    assert pixels.shape == (512, 1024, 3)
    ink = (np.abs(pixels[:, :512] - (232, 64, 160)).max(axis=2) < 40).nonzero()
    rows, columns = np.flatnonzero(picture[..., 3].any(axis=1)), np.flatnonzero(picture[..., 3].any(axis=0))
    assert abs(ink[0].min() - 2 * rows[0]) < 6 and abs(ink[0].max() - 2 * rows[-1]) < 6
    assert abs(ink[1].min() - 2 * columns[0]) < 6 and abs(ink[1].max() - 2 * columns[-1]) < 6
