import numpy as np

from aigc.mesh.ambient import between_texels, coarse_texels, open_sky
from aigc.mesh.canvas import lay_canvas
from aigc.mesh.rays import RayScene
from aigc.mesh.types import Mesh
from tests.mesh.kit import box, sphere


def sky_of(mesh: Mesh):
    canvas = lay_canvas([mesh], 256, lambda share, doing: None)
    chosen = coarse_texels(canvas.cover)
    scene = RayScene(canvas.positions, canvas.faces)
    told = []
    sky = open_sky(scene, canvas.cover, chosen, *canvas.at(chosen), canvas.extent, told.append)
    assert told == sorted(told) and len(told) > 4
    return canvas.at(slice(0, None))[0], sky


def test_a_ball_sees_the_whole_sky_and_a_corner_less_of_it():
    _, free = sky_of(Mesh(*sphere(16, 24)))
    floor, post = box((-1, -0.1, -1), (1, 0, 1)), box((-0.2, 0, -0.2), (0.2, 1, 0.2))
    points, sky = sky_of(
        Mesh(np.concatenate([floor[0], post[0]]), np.concatenate([floor[1], post[1] + 8]).astype(np.int32))
    )

    away = np.abs(points[:, [0, 2]]).max(axis=1)
    floor_top = points[:, 1] > -0.01
    assert free.min() > 0.95
    assert sky[floor_top & (away > 0.22) & (away < 0.3)].mean() < 0.75
    assert sky[floor_top & (away > 0.9)].mean() > 0.95


def test_values_between_coarse_texels_change_smoothly():
    canvas = lay_canvas([Mesh(*sphere(16, 24))], 128, lambda share, doing: None)
    chosen = coarse_texels(canvas.cover)

    values = between_texels(canvas.cover, chosen, np.full(len(chosen), 0.5, np.float32))

    assert np.abs(values - 0.5).max() < 0.01
