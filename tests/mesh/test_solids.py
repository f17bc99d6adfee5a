import numpy as np
import pytest

from aigc.mesh.solids import Workshop, flipped, joined_surface
from aigc.mesh.stats import volume
from aigc.mesh.surface import Surface
from aigc.mesh.topology import is_watertight
from aigc.mesh.types import Material, Mesh
from tests.mesh.kit import cube, sphere


@pytest.fixture
def ball():
    points, faces = sphere(20, 32)
    return Mesh(points, faces, points.copy(), uv=points[:, :2].copy(), material=Material("ball"), name="ball")


def test_a_union_keeps_materials_texture_coordinates_and_every_vertex_outside(ball):
    box = cube().with_(positions=cube().positions * 2)
    workshop = Workshop()
    one, two = workshop.solid(Surface.of([ball])), workshop.solid(Surface.of([box]))

    result = workshop.surface(one + two)

    assert is_watertight(result.corners)
    kept, _ = result.to_meshes()
    assert [mesh.material.name for mesh in result.meshes] == ["ball", "surface"]
    outside = ball.positions[(ball.positions < 0).any(axis=1)]
    known = {row.tobytes() for row in kept.positions}
    assert all(row.tobytes() in known for row in outside)
    assert np.allclose(kept.uv, kept.positions[:, :2], atol=1e-5)


def test_a_difference_has_walls_of_the_tools_material(ball):
    tool = cube().with_(positions=cube().positions * 2)
    workshop = Workshop()

    result = workshop.surface(workshop.solid(Surface.of([ball])) - workshop.solid(Surface.of([tool])))

    assert is_watertight(result.corners)
    assert volume(result.points, result.corners) == pytest.approx(volume(ball.positions, ball.faces) * 7 / 8, rel=0.01)
    assert len(result.to_meshes()) == 2


def test_an_open_surface_is_no_solid(ball):
    surface = Surface.of([ball])

    assert Workshop().solid(surface.kept(np.arange(len(surface.faces)) > 5)) is None


def test_skins_lie_side_by_side_and_turn_inside_out(ball):
    surface = Surface.of([ball])

    both = joined_surface([surface, flipped(surface)])

    assert is_watertight(both.corners)
    assert volume(both.points, both.corners) == pytest.approx(0, abs=1e-6)
    assert len(both.to_meshes()) == 2
