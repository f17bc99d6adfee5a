import numpy as np
import pytest

from aigc.mesh.surface import Surface
from aigc.mesh.types import Material, Mesh
from aigc.models.editing.phrase import look_of
from aigc.models.editing.recolour import brush_of, repainted
from aigc.models.editing.region import box, whole
from tests.mesh.kit import sphere

TOP = box([0, 1, 0], [3, 2, 3])


def ball(uv=None, texture=True, colors=None):
    """A ball of grey texture, its map a cylinder's unless told otherwise."""
    points, faces = sphere(24, 36)
    seamless = faces[(np.ptp(np.arctan2(points[faces][:, :, 0], points[faces][:, :, 2]), axis=1) < 3)]
    turn = np.arctan2(points[:, 0], points[:, 2]) / (2 * np.pi) + 0.5
    if uv is None:
        uv = np.stack([0.02 + 0.96 * turn, 0.02 + 0.96 * (1 - points[:, 1]) / 2], 1).astype(np.float32)
    picture = np.full((128, 256, 3), 120, np.uint8)
    picture[::8] = 90
    material = Material("skin", base_color_texture=picture if texture else None)
    return Mesh(points, seamless, points.copy(), uv if texture else None, colors, material=material)


def painted(mesh, region, words):
    surface = Surface.of([mesh])
    brush = brush_of(look_of(words), region, surface.size)
    return repainted(surface, region, brush, 256, lambda share: None)


def test_texels_of_the_region_take_the_colour_and_no_other_texel_changes():
    mesh = ball()

    (result,), info = painted(mesh, TOP, "red")

    before, after = mesh.material.base_color_texture, result.material.base_color_texture
    assert np.array_equal(result.positions, mesh.positions) and result.uv is mesh.uv
    assert np.array_equal(after[68:], before[68:])
    assert after[10:50, 20:236, 0].mean() > 2 * after[10:50, 20:236, 1].mean()
    assert info["texels_changed"] > 10_000
    stripes = after[16:48, 100]
    assert stripes[::8, 0].mean() < 0.9 * stripes[4::8, 0].mean(), "light and dark are kept"


def test_another_material_brings_its_gloss():
    (result,), _ = painted(ball(), TOP, "gold")

    surface = result.material.surface_texture
    assert surface is not None
    assert surface[10:20, 30:90, 2].mean() > 240 and surface[10:20, 30:90, 1].mean() < 120
    assert (surface[40:, :, 2] == 0).all() and (surface[40:, :, 1] == round(0.8 * 255)).all()


@pytest.mark.parametrize("kind", ["shared", "plain", "vertex colours"])
def test_where_texels_are_shared_or_missing_the_region_gets_a_texture_of_its_own(kind):
    mesh = ball(
        texture=kind == "shared",
        colors=np.full((len(ball().positions), 4), 200, np.uint8) if kind == "vertex colours" else None,
    )
    if kind == "shared":
        # Both halves, upper and lower, show the same texels.
        mesh = mesh.with_(uv=np.stack([mesh.uv[:, 0], np.abs(mesh.uv[:, 1] - 0.5) * 2], 1).astype(np.float32))

    meshes, info = painted(mesh, TOP, "blue")

    assert info["new_textures"] == 1 and len(meshes) == 2
    old, new = meshes
    assert old.material is mesh.material
    assert old.positions[:, 1].max() < 0.05 and new.positions[:, 1].min() > -0.05
    red, _, blue = new.material.base_color_texture.reshape(-1, 3).mean(axis=0)
    assert blue > 1.5 * red


def test_the_whole_mesh_and_a_mesh_by_name_have_no_soft_border():
    (result,), _ = painted(ball(), whole(Surface.of([ball()])), "green")

    picture = result.material.base_color_texture
    assert (picture[4:124, 8:248, 1] > picture[4:124, 8:248, 0]).all()
