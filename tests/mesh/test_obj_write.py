import trimesh

from aigc.mesh.export import mesh_outputs
from aigc.mesh.obj_write import with_distinct_names
from tests.mesh.kit import two_cubes


def test_several_meshes_are_objects_with_materials_of_their_own_in_obj(tmp_path):
    for output in mesh_outputs(two_cubes(), "obj"):
        (tmp_path / output.name).write_bytes(output.data)

    scene = trimesh.load(tmp_path / "mesh.obj", process=False, split_objects=True, group_material=True)

    plain, pictured = sorted(scene.geometry.values(), key=lambda mesh: mesh.bounds[0][0])
    assert plain.is_watertight and pictured.is_watertight
    assert plain.visual.material.main_color.tolist() == [255, 0, 0, 255]
    assert pictured.visual.material.image.getpixel((0, 0)) == (0, 255, 0)
    assert pictured.bounds[0].tolist() == [2, 0, 0]


def test_meshes_and_different_materials_get_names_of_their_own():
    plain, pictured = with_distinct_names(two_cubes())
    again = with_distinct_names([plain, plain, pictured])

    assert (plain.name, pictured.name) == ("mesh", "mesh_1")
    assert (plain.material.name, pictured.material.name) == ("paint", "paint_1")
    assert [mesh.material.name for mesh in again] == ["paint", "paint", "paint_1"]
