import numpy as np
import pytest

from aigc.mesh.fbx import write_fbx
from aigc.mesh.gltf import encode_picture
from aigc.mesh.skeleton import Joint, Skeleton, strongest
from aigc.mesh.types import Material, Mesh
from tests.fbx import seen_fbx
from tests.mesh.kit import cube

SKELETON = Skeleton(
    (
        Joint("hips", -1, (0.5, 0, 0.5), (0.5, 0.5, 0.5)),
        Joint("chest", 0, (0.5, 0.5, 0.5), (0.5, 1, 0.4)),
        Joint("arm", 1, (0.5, 0.9, 0.5), (1.5, 0.9, 0.5)),
        Joint("nose", 1, (0.5, 1, 0.5), (0.5, 1, 0.9)),
    )
)
PICTURE = np.random.default_rng(0).integers(0, 255, (8, 8, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def box() -> Mesh:
    """A cube cut apart along its edges, as a texture's seams do."""
    corners = cube().positions[cube().faces].reshape(-1, 3)
    uv = np.random.default_rng(1).random((36, 2)).astype(np.float32)
    faces = np.arange(36, dtype=np.int32).reshape(-1, 3)
    return Mesh(corners, faces, uv=uv, material=Material("wood", base_color_texture=PICTURE), name="box")


@pytest.fixture(scope="module")
def weights(box):
    height = box.positions[:, 1:2]
    return np.concatenate([1 - 0.7 * height, 0.5 * height, 0.2 * height, 0 * height], axis=1)


@pytest.fixture(scope="module")
def seen(box, weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("fbx") / "box.fbx"
    path.write_bytes(write_fbx([box, box.with_(name="other")], SKELETON, [strongest(weights)] * 2))
    return seen_fbx(path)


def test_the_surface_is_whole_and_in_centimetres(seen):
    assert len(seen.meshes) == 2
    for mesh in seen.meshes:
        corners = mesh.vertices[mesh.faces].reshape(-1, 3)
        assert np.allclose(corners, cube().corners.reshape(-1, 3) * 100)


def test_texture_coordinates_and_the_texture_are_within(seen, box):
    uv = seen.meshes[0].uv[seen.meshes[0].faces].reshape(-1, 2)
    assert np.allclose(uv[:, 0], box.uv[:, 0], atol=1e-5) and np.allclose(uv[:, 1], 1 - box.uv[:, 1], atol=1e-5)
    assert seen.textures[0] == encode_picture(PICTURE, jpeg=False)[0]
    assert seen.meshes[0].material == "wood"


def test_bones_stand_where_the_joints_are_and_point_along_themselves(seen):
    for joint in SKELETON.joints:
        node = seen.nodes[joint.name]
        assert node.parent == (SKELETON.joints[joint.parent].name if joint.parent >= 0 else "RootNode")
        assert np.allclose(node.place[:3, 3], np.array(joint.head) * 100, atol=1e-3)
        along = np.array(joint.tail) - np.array(joint.head)
        assert np.allclose(node.place[:3, 1], along / np.linalg.norm(along), atol=1e-5)
        assert np.linalg.det(node.place) == pytest.approx(1, abs=1e-5)


def test_skins_hold_each_vertex_wholly_and_at_rest_move_nothing(seen):
    mesh = seen.meshes[0]
    assert set(mesh.holds) == {"hips", "chest", "arm"}
    assert np.allclose(np.sum(list(mesh.holds.values()), axis=0), 1, atol=1e-5)
    high = mesh.vertices[:, 1] > 50
    assert np.allclose(mesh.holds["chest"][high], 0.5, atol=1e-5)
    for bone, offset in mesh.offsets.items():
        assert np.allclose(seen.nodes[bone].place @ offset, np.eye(4), atol=1e-3)


def test_a_skeleton_alone_holds_nothing(box, tmp_path):
    path = tmp_path / "bones.fbx"
    path.write_bytes(write_fbx(box, SKELETON))

    seen = seen_fbx(path)
    assert {"hips", "chest", "arm", "nose"} <= set(seen.nodes) and seen.meshes[0].holds == {}


def test_a_mesh_alone_is_a_file_too_and_its_normals_look_outward(tmp_path):
    path = tmp_path / "mesh.fbx"
    path.write_bytes(write_fbx(cube()))

    seen = seen_fbx(path)
    (mesh,) = seen.meshes
    assert seen.textures == [] and mesh.uv is None
    assert (np.einsum("ij,ij->i", mesh.vertices - 50, mesh.normals) > 0).all()


def test_a_skin_for_other_vertices_and_a_mesh_without_faces_are_refused(box):
    with pytest.raises(ValueError, match="skins"):
        write_fbx(box, SKELETON, [strongest(np.ones((3, 1)))])
    with pytest.raises(ValueError, match="face"):
        write_fbx(box.with_(faces=np.zeros((0, 3), np.int32)))
