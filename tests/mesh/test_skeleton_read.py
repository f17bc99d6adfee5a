from pathlib import Path

import numpy as np
import pytest

from aigc.mesh.fbx import write_fbx
from aigc.mesh.gltf import write_glb
from aigc.mesh.read import read_mesh
from aigc.mesh.skeleton import Joint, Skeleton, strongest
from aigc.mesh.skeleton_read import MOST_JOINTS, read_skeleton, skeleton_of
from aigc.mesh.types import Mesh
from aigc.runner.model import InputInvalid
from tests.bad_input.meshes import Gltf, animated
from tests.mesh.kit import sphere

BENT = Skeleton(
    (
        Joint("hips", -1, (0.0, -0.5, 0.0), (0.0, 0.0, 0.1)),
        Joint("spine", 0, (0.0, 0.0, 0.1), (0.2, 0.5, 0.0)),
        Joint("head", 1, (0.2, 0.5, 0.0), (0.2, 0.9, 0.0)),
        Joint("tail", 0, (0.0, -0.4, -0.3), (0.0, -0.4, -0.9)),
    )
)
BALL = Mesh(*sphere(8, 16))


@pytest.mark.parametrize(("write", "suffix"), [(write_glb, "glb"), (write_fbx, "fbx")])
@pytest.mark.parametrize("bound", [True, False])
def test_joints_are_found_where_they_were_written(tmp_path: Path, write, suffix: str, bound: bool) -> None:
    path = tmp_path / f"rig.{suffix}"
    skins = [strongest(np.ones((len(BALL.positions), 4)))] if bound else None
    arguments = ({}, BENT, skins) if suffix == "glb" else (BENT, skins)
    path.write_bytes(write([BALL], *arguments))

    found = read_skeleton(path)

    assert found is not None
    assert {joint.name: found.joints[joint.parent].name for joint in found.joints if joint.parent >= 0} == {
        "spine": "hips", "head": "spine", "tail": "hips"
    }  # fmt: skip
    for joint in BENT.joints:
        (mine,) = [one for one in found.joints if one.name == joint.name]
        assert np.allclose(mine.head, joint.head, atol=1e-5)


def test_joints_lie_where_the_mesh_was_bound_and_not_where_they_are_now(tmp_path: Path) -> None:
    made = Gltf()
    primitive = made.plain(BALL)
    bind = np.eye(4, dtype="<f4")
    bind[3, :3] = (0, 0.5, 0)  # column-major: the joint was at (0, -0.5, 0)
    matrices = made.accessor(5126, "MAT4", 1, made.view(bind.tobytes()))
    nodes = [{"mesh": 0, "skin": 0, "scale": [2, 2, 2]}, {"translation": [9, 9, 9], "name": "hips"}]
    skins = [{"joints": [1], "inverseBindMatrices": matrices}]
    path = tmp_path / "moved.glb"
    path.write_bytes(made.glb(primitive, nodes=nodes, skins=skins, scenes=[{"nodes": [0, 1]}]))

    found = read_skeleton(path)

    assert found is not None and np.allclose(found.heads, [[0, -1, 0]])
    assert np.isclose(read_mesh(path)[0].bounds[1, 1], 2)


def test_a_file_without_a_skeleton_has_none(tmp_path: Path) -> None:
    (tmp_path / "plain.glb").write_bytes(write_glb(BALL))
    (tmp_path / "animated.glb").write_bytes(animated())

    assert read_skeleton(tmp_path / "plain.glb") is None
    found = read_skeleton(tmp_path / "animated.glb")
    assert found is not None and np.allclose(found.heads, [[0, 1, 0]])


def test_names_are_made_unique_and_a_lonely_joint_still_has_a_bone() -> None:
    found = skeleton_of([("a", 1, np.ones(3)), ("a", -1, np.zeros(3)), ("", 1, np.array([1, 0, 0]))])

    assert [joint.name for joint in found.joints] == ["a", "a_2", "joint"]
    assert all(joint.head != joint.tail for joint in found.joints)
    assert skeleton_of([("one", -1, np.zeros(3))]).joints[0].tail != (0, 0, 0)


@pytest.mark.parametrize("joints", [[0] * 3, list(range(1, 2 * MOST_JOINTS))])
def test_circles_and_crowds_are_refused_in_words(tmp_path: Path, joints: list[int]) -> None:
    made = Gltf()
    nodes = [{"mesh": 0, "skin": 0}, *({"name": "j"} for _ in joints)]
    made.document["skins"] = [{"joints": joints}]
    path = tmp_path / "odd.glb"
    path.write_bytes(made.glb(made.plain(BALL), nodes=nodes, scenes=[{"nodes": list(range(len(nodes)))}]))

    if len(set(joints)) == 1:
        found = read_skeleton(path)
        assert found is not None and len(found.joints) == 1
        with pytest.raises(InputInvalid, match="own ancestor"):
            skeleton_of([("a", 1, np.zeros(3)), ("b", 0, np.zeros(3))])
        return
    with pytest.raises(InputInvalid, match="joints, more than"):
        read_skeleton(path)
