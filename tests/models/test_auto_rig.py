import json

import numpy as np
import pytest

from aigc.mesh.gltf import write_glb
from aigc.mesh.read import read_mesh
from aigc.mesh.skeleton import Joint, Skeleton, Skin, posed, strongest
from aigc.mesh.stats import volume
from aigc.mesh.types import Material, Mesh
from aigc.models.auto_rig import HeatRig
from aigc.models.rigging.pose import sample_pose
from aigc.runner.testing import Recorder, run_model
from tests.fbx import seen_fbx
from tests.gltf import gltf_issues
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere
from tests.models.rigging.kit import BEAST, BIPED, LAMP, body, saved_body


@pytest.fixture(scope="module")
def biped(tmp_path_factory):
    return saved_body(BIPED, tmp_path_factory.mktemp("meshes") / "biped.glb")


@pytest.fixture(scope="module")
def rigged(biped, tmp_path_factory):
    return run_model(HeatRig(), {"mesh": biped}, {"output_format": "glb"}, tmp_path_factory.mktemp("scratch"))


def document(data: bytes):
    return json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])


def attribute(data: bytes, name: str) -> np.ndarray:
    """Of the first primitive."""
    gltf = document(data)
    accessor = gltf["accessors"][gltf["meshes"][0]["primitives"][0]["attributes"][name]]
    view = gltf["bufferViews"][accessor["bufferView"]]
    kind = {5121: np.uint8, 5126: np.float32}[accessor["componentType"]]
    start = 28 + int.from_bytes(data[12:16], "little") + view["byteOffset"]
    return np.frombuffer(data, kind, offset=start, count=view["byteLength"] // kind().nbytes).reshape(
        accessor["count"], -1
    )


def test_a_biped_is_bound_to_named_joints(rigged):
    data = rigged.outputs[0].data
    assert gltf_issues(data) == []
    assert rigged.info["bone_count"] == 19
    assert rigged.info["rig_info"]["template"] == "humanoid"
    weights = attribute(data, "WEIGHTS_0")
    assert np.abs(weights.sum(axis=1) - 1).max() < 1e-6
    assert attribute(data, "JOINTS_0").max() < 19
    assert {node["name"] for node in document(data)["nodes"]} >= {"hips", "leftHand", "rightFoot"}


def test_the_same_rig_comes_as_fbx(biped, rigged, tmp_path):
    result = run_model(HeatRig(), {"mesh": biped}, {}, tmp_path)

    (tmp_path / "rig.fbx").write_bytes(result.outputs[0].data)
    seen = seen_fbx(tmp_path / "rig.fbx")
    assert (result.outputs[0].name, result.info["format"]) == ("rig.fbx", "fbx")
    assert set(rigged.info["rig_info"]["joints"]) <= set(seen.nodes)
    assert np.allclose(np.sum(list(seen.meshes[0].holds.values()), axis=0), 1, atol=1e-4)


def test_the_joints_are_told_in_a_file_of_their_own(rigged):
    (file,) = [output for output in rigged.outputs if output.name == "skeleton.json"]
    joints = json.loads(file.data)["joints"]
    assert [joint["name"] for joint in joints] == rigged.info["rig_info"]["joints"]
    assert joints[0]["parent"] is None and joints[1]["parent"] == "hips"


def test_pictures_show_the_skeleton_at_rest_and_in_a_pose(rigged):
    roles = {output.name: output.role for output in rigged.outputs}
    assert roles["thumbnail.png"] == "thumbnail" and roles["posed.png"] == "preview"


def test_only_the_skeleton_is_bound_to_nothing(biped, tmp_path):
    result = run_model(HeatRig(), {"mesh": biped}, {"rig_mode": "skeleton", "output_format": "glb"}, tmp_path)

    gltf = document(result.outputs[0].data)
    assert gltf_issues(result.outputs[0].data) == []
    assert "WEIGHTS_0" not in gltf["meshes"][0]["primitives"][0]["attributes"]
    assert len(gltf["skins"][0]["joints"]) == 19


def test_a_file_s_own_joints_are_bound_by_their_names(tmp_path):
    mesh = Mesh(*body(BIPED))
    own = Skeleton(
        (Joint("Bip01", -1, (0.0, 0.9, 0.0), (0.0, 1.3, 0.0)), Joint("Bip01 Head", 0, (0.0, 1.4, 0.0), (0.0, 1.7, 0.0)))
    )
    path = tmp_path / "own.glb"
    path.write_bytes(write_glb([mesh], {}, own, [strongest(np.eye(2)[np.zeros(len(mesh.positions), int)])]))

    result = run_model(HeatRig(), {"mesh": str(path)}, {"rig_mode": "skin", "output_format": "glb"}, tmp_path)

    data = result.outputs[0].data
    assert gltf_issues(data) == []
    assert result.info["rig_info"]["joints"] == ["Bip01", "Bip01 Head"]
    weights, joints = attribute(data, "WEIGHTS_0"), attribute(data, "JOINTS_0")
    head = np.where(joints == 1, weights, 0).sum(axis=1)
    height = mesh.positions[:, 1]
    assert head[height > 1.65].min() > 0.9 and head[height < 0.8].max() < 0.1


def test_a_mesh_without_joints_gets_some_although_its_own_were_asked_for(biped, tmp_path):
    recorder = Recorder(tmp_path)
    result = run_model(HeatRig(), {"mesh": biped}, {"rig_mode": "skin"}, tmp_path, recorder=recorder)
    assert result.info["bone_count"] == 19 and "brings no joints" in recorder.warnings[0]


def test_textures_and_several_meshes_are_kept(tmp_path):
    positions, faces = body(BIPED)
    picture = np.full((8, 8, 3), 90, np.uint8)
    material = Material("skin", base_color_texture=picture)
    upper = positions[faces].mean(axis=1)[:, 1] > 1.0
    meshes = [Mesh(positions, faces[half], uv=positions[:, :2], material=material) for half in (upper, ~upper)]
    path = tmp_path / "two.glb"
    path.write_bytes(write_glb(meshes))
    (tmp_path / "scratch").mkdir()

    result = run_model(HeatRig(), {"mesh": str(path)}, {"output_format": "glb"}, tmp_path / "scratch")

    assert gltf_issues(result.outputs[0].data) == []
    (tmp_path / "rig.glb").write_bytes(result.outputs[0].data)
    again = read_mesh(tmp_path / "rig.glb")
    assert [len(mesh.faces) for mesh in again] == [int(upper.sum()), int((~upper).sum())]
    for mesh in again:
        assert np.allclose(mesh.uv, positions[:, :2])
        assert np.array_equal(mesh.material.base_color_texture, picture)


@pytest.mark.parametrize(("capsules", "template"), [(BEAST, "auto"), (LAMP, "auto"), (LAMP, "humanoid")])
def test_other_shapes_are_rigged_too(tmp_path, capsules, template):
    path = saved_body(capsules, tmp_path / "shape.glb")
    recorder = Recorder(tmp_path)
    params = {"template": template, "max_joints": 20, "output_format": "glb"}

    result = run_model(HeatRig(), {"mesh": path}, params, tmp_path, recorder=recorder)

    assert gltf_issues(result.outputs[0].data) == []
    assert len(result.info["rig_info"]["joints"]) <= 40
    if template == "humanoid":
        assert "loosely" in recorder.warnings[0]


def test_progress_is_told_and_a_cancel_heard_at_every_step(biped, tmp_path):
    recorder = check_progress(HeatRig(), {"mesh": biped}, {}, tmp_path)

    calls = len(recorder.reports)
    check_cancel(lambda call: run_model(HeatRig(), {"mesh": biped}, {}, tmp_path, cancel_at=call), calls, tmp_path)


def test_the_same_mesh_gives_the_same_files_in_another_process(biped, rigged):
    assert digest(rigged) == digest_elsewhere("aigc.models.auto_rig:HeatRig", {"mesh": biped}, {"output_format": "glb"})


def test_a_posed_biped_neither_tears_nor_collapses(rigged, tmp_path):
    (tmp_path / "rig.glb").write_bytes(rigged.outputs[0].data)
    (mesh,) = read_mesh(tmp_path / "rig.glb")
    joints = json.loads(next(o.data for o in rigged.outputs if o.name == "skeleton.json"))["joints"]
    names = [joint["name"] for joint in joints]
    skeleton = Skeleton(
        tuple(
            Joint(j["name"], names.index(j["parent"]) if j["parent"] else -1, tuple(j["head"]), tuple(j["tail"]))
            for j in joints
        )
    )
    data = rigged.outputs[0].data
    skin = Skin(attribute(data, "JOINTS_0").astype(np.uint16), attribute(data, "WEIGHTS_0"))

    moved = posed(mesh, skeleton, skin, sample_pose(skeleton, "humanoid", np.eye(3)))

    def lengths(of: Mesh) -> np.ndarray:
        return np.linalg.norm(np.diff(of.corners, axis=1), axis=2)

    assert volume(moved.positions, mesh.faces) == pytest.approx(volume(mesh.positions, mesh.faces), rel=0.12)
    usual = np.median(lengths(mesh))
    assert (lengths(moved) / np.maximum(lengths(mesh), 0.5 * usual)).max() < 3
    assert np.linalg.norm(moved.positions - mesh.positions, axis=1).max() > 0.3
