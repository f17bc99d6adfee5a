import numpy as np

from aigc.mesh.ambient import coarse_texels
from aigc.mesh.canvas import lay_canvas
from aigc.mesh.rays import RayScene
from aigc.models.painting.wear import age, chips, edges
from tests.mesh.kit import cube


def test_edges_are_found_where_faces_meet_and_not_between():
    canvas = lay_canvas([cube()], 256, lambda share, doing: None)
    chosen = coarse_texels(canvas.cover)
    scene = RayScene(canvas.positions, canvas.faces)

    found = edges(scene, canvas.cover, chosen, *canvas.at(chosen), canvas.extent, lambda share: None)

    points, _ = canvas.at(slice(0, None))
    inner = np.sort(np.minimum(points, 1 - points), axis=1)[:, 1]  # from the nearest edge
    assert found[inner > 0.1].max() < 0.05
    assert found[inner < 0.004].mean() > 0.15


def test_hollows_darken_and_edges_lighten_with_use_and_not_without():
    count = 300
    points = np.tile(np.random.default_rng(0).random((count, 3)), (3, 1)).astype(np.float32)
    sky, edge = np.ones(3 * count, np.float32), np.zeros(3 * count, np.float32)
    sky[count : 2 * count], edge[2 * count :] = 0.1, 1
    color = np.full((3 * count, 3), 0.5, np.float32)
    rough, new = color[:, 0].copy(), color.copy()

    age(new, rough.copy(), sky, edge, points, 0.0)
    age(color, rough, sky, edge, points, 1.0)

    assert np.allclose(new, 0.5)
    plain, hollow, worn = color.reshape(3, -1).mean(axis=1)
    assert hollow < plain - 0.2 and worn > plain + 0.1
    plain, hollow, worn = rough.reshape(3, -1).mean(axis=1)
    assert hollow > plain > worn


def test_soft_things_do_not_chip():
    assert chips("fur") == chips("cloth") == 0
    assert chips("metal") > chips("stone") > 0
