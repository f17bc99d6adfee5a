from io import BytesIO

import numpy as np
import pytest
import trimesh

from aigc.mesh.export import mesh_outputs, part_output, texture_outputs, write_ply, write_stl
from aigc.mesh.obj_write import write_mtl, write_obj
from aigc.mesh.types import Material, Mesh
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, cube, two_cubes

SQUARES = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 7)], np.int32)


def loaded(data: bytes, kind: str) -> trimesh.Trimesh:
    return trimesh.load(BytesIO(data), file_type=kind, force="mesh")


@pytest.mark.parametrize(("write", "kind"), [(write_obj, "obj"), (write_ply, "ply"), (write_stl, "stl")])
def test_another_reader_finds_a_closed_cube(write, kind):
    mesh = loaded(write(cube()), kind)

    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(1)


def test_quadrilaterals_are_written_as_such_and_a_repeated_corner_makes_a_triangle():
    mesh = Mesh(CUBE_CORNERS, CUBE_FACES, quads=SQUARES)

    corners = [len(line.split()) - 1 for line in write_obj(mesh).decode().splitlines() if line.startswith("f ")]

    assert corners == [4, 4, 4, 4, 4, 3]
    assert len(loaded(write_ply(mesh), "ply").faces) == 12
    assert b"element face 5\n" in write_ply(Mesh(CUBE_CORNERS, CUBE_FACES, quads=SQUARES[:5]))


def test_an_obj_file_comes_with_its_material_and_texture():
    material = Material("paint", base_color_texture=np.full((4, 4, 3), 90, np.uint8))
    mesh = cube().with_(uv=np.ascontiguousarray(CUBE_CORNERS[:, :2]), material=material)

    outputs = mesh_outputs(mesh, "obj")

    assert [(output.name, output.role) for output in outputs] == [
        ("mesh.obj", "model"),
        ("mesh_color.png", "texture"),
        ("mesh.mtl", "texture"),
    ]
    assert b"map_Kd mesh_color.png" in write_mtl(mesh, "mesh_color.png")
    assert b"mtllib mesh.mtl" in outputs[0].data


def test_a_part_is_one_file_of_its_own():
    picture = two_cubes()[1]

    assert [part_output(picture, kind, "part").name for kind in ("glb", "obj", "ply", "stl")] == [
        "part.glb", "part.glb", "part.ply", "part.stl",
    ]  # fmt: skip


def test_an_unknown_format_is_named():
    with pytest.raises(ValueError, match="fbx"):
        mesh_outputs(cube(), "fbx")


def test_textures_are_files_of_their_own_if_there_are_any():
    picture = np.zeros((4, 4, 3), np.uint8)
    painted = cube().with_(material=Material(base_color_texture=picture, surface_texture=picture, jpeg=True))

    assert [(one.name, one.role) for one in texture_outputs(painted)] == [
        ("color.jpg", "texture"),
        ("surface.jpg", "texture"),
    ]
    assert texture_outputs(cube()) == []
