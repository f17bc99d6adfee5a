import json
import struct
from io import BytesIO

import numpy as np
import pytest
import trimesh

from aigc.mesh.gltf import write_glb
from aigc.mesh.skeleton import Joint, Skeleton, strongest
from aigc.mesh.types import Material, Mesh
from tests.gltf import gltf_issues
from tests.mesh.kit import cube, sphere


def textured() -> Mesh:
    points, faces = sphere(8, 12)
    uv = np.random.default_rng(0).random((len(points), 2)).astype(np.float32)
    picture = np.random.default_rng(1).integers(0, 255, (16, 32, 3), dtype=np.uint8)
    material = Material("photo", base_color_texture=picture, surface_texture=picture, jpeg=True)
    return Mesh(points, faces, normals=points, uv=uv, material=material, name="ball")


def test_the_official_validator_has_nothing_to_say_about_any_kind_of_mesh():
    many = Mesh(*sphere(200, 400))
    colored = cube().with_(colors=np.full((8, 4), 200, np.uint8), normals=np.zeros((8, 3), np.float32))
    files = [write_glb(cube()), write_glb([textured(), colored], {"model": "test"}), write_glb(many)]

    assert gltf_issues(*files) == []


def test_another_reader_finds_the_same_geometry():
    mesh = textured()

    loaded = trimesh.load(BytesIO(write_glb(mesh)), file_type="glb", force="mesh", process=False)

    assert np.array_equal(loaded.faces, mesh.faces)
    assert np.allclose(loaded.vertices, mesh.positions)
    assert np.allclose(loaded.visual.uv, np.stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]], axis=1), atol=1e-6)


def test_more_vertices_than_sixteen_bits_can_name_get_wider_indices():
    points, faces = sphere(200, 400)
    data = write_glb(Mesh(points, faces))
    document = json.loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])

    assert len(points) > 65_535
    assert document["accessors"][1]["componentType"] == 5125


def test_a_mesh_without_faces_is_refused():
    with pytest.raises(ValueError, match="at least one face"):
        write_glb(Mesh(np.zeros((3, 3), np.float32), np.zeros((0, 3), np.int32)))


def test_a_skin_is_valid_and_its_joints_undo_their_places_at_rest():
    skeleton = Skeleton(
        (Joint("upper", -1, (0.5, 0, 0.5), (0.5, 0.5, 0.5)), Joint("lower", 0, (0.5, 0.5, 0.5), (0.5, 1, 0.5)))
    )
    near = np.clip(cube().positions[:, 1:2], 0.1, 0.9)
    skin = strongest(np.concatenate([1 - near, near], axis=1))

    data = write_glb([cube(), cube()], skeleton=skeleton, skins=[skin, skin])

    assert gltf_issues(data, write_glb(cube(), skeleton=skeleton)) == []
    document = json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])
    (written,) = document["skins"]
    joints = [document["nodes"][index] for index in written["joints"]]
    assert [node["name"] for node in joints] == ["upper", "lower"]
    assert joints[0]["children"] == [written["joints"][1]]
    assert np.allclose(np.sum([node["translation"] for node in joints], axis=0), (0.5, 0.5, 0.5))
    assert [document["nodes"][index].get("skin") for index in document["scenes"][0]["nodes"]] == [0, 0, None]


def test_a_skin_for_other_vertices_is_refused():
    skeleton = Skeleton((Joint("root", -1, (0, 0, 0), (0, 1, 0)),))

    with pytest.raises(ValueError, match="skins"):
        write_glb(cube(), skeleton=skeleton, skins=[strongest(np.ones((3, 1)))])
