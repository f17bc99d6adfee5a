import numpy as np

from aigc.mesh.bake import texels
from aigc.mesh.carry import carried
from aigc.mesh.normals import split_at_creases
from aigc.mesh.types import Mesh
from aigc.mesh.unwrap import unwrap
from tests.mesh.kit import sphere

EDGE = 256


def test_each_texel_has_the_colour_of_the_place_that_it_covers():
    points, faces = sphere(24, 32)
    colors = np.full((len(points), 4), 255, np.uint8)
    colors[:, :3] = np.where(points[:, :1] > 0, (230, 20, 20), (20, 20, 230))
    opened = unwrap(points, faces, EDGE)
    _, sharp, normals = split_at_creases(points, faces, 40.0)
    told: list[float] = []

    made = carried([Mesh(points, faces, colors=colors)], points, faces, (normals, sharp), opened, EDGE, told.append)

    cover = texels(opened.uv, opened.faces, EDGE)
    across = cover.of(points, faces)[:, 0]
    assert made.base_color_texture is not None
    seen = made.base_color_texture.reshape(-1, 3)[cover.index].astype(int)
    size = np.ptp(points[:, 0])
    right, left = across > 0.1 * size, across < -0.1 * size
    assert (seen[right, 0] - seen[right, 2] > 100).all() and (seen[left, 2] - seen[left, 0] > 100).all()
    assert told == sorted(told) and told[-1] == 0.9
