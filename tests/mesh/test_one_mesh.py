from io import BytesIO

import pytest
import trimesh

from aigc.mesh.export import mesh_outputs
from aigc.mesh.one_mesh import one_mesh
from tests.mesh.kit import cube, two_cubes


def test_one_mesh_stays_as_it_is():
    mesh = cube()

    assert one_mesh([mesh]) is mesh


@pytest.mark.parametrize("kind", ["ply", "stl"])
def test_several_meshes_are_one_surface_where_the_format_knows_no_more(kind):
    (output,) = mesh_outputs(two_cubes(), kind)

    mesh = trimesh.load(BytesIO(output.data), file_type=kind, force="mesh")

    assert mesh.volume == pytest.approx(2)
    if kind == "ply":
        left = mesh.vertices[:, 0] < 1.5
        assert {tuple(color) for color in mesh.visual.vertex_colors[left].tolist()} == {(255, 0, 0, 255)}
        assert {tuple(color) for color in mesh.visual.vertex_colors[~left].tolist()} == {(0, 255, 0, 255)}
