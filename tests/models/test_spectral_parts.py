import json
from io import BytesIO

import numpy as np
import pytest
import trimesh

from aigc.mesh.gltf import write_glb
from aigc.mesh.gltf_read import read_gltf
from aigc.mesh.types import Material, Mesh
from aigc.models.spectral_parts import SpectralParts
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.mesh.kit import CUBE_CORNERS, CUBE_FACES, sphere
from tests.mesh.segment_kit import table
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere

PICTURE = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def furniture(tmp_path_factory):
    """A table with a texture."""
    points, faces, _ = table(0.4)
    uv = ((points[:, [0, 2]] + 1) / 2.1).astype(np.float32)
    mesh = Mesh(points, faces, uv=uv, material=Material("wood", base_color_texture=PICTURE))
    path = tmp_path_factory.mktemp("inputs") / "table.glb"
    path.write_bytes(write_glb(mesh))
    return str(path)


@pytest.fixture(scope="module")
def made(furniture, tmp_path_factory):
    return run_model(SpectralParts(), {"mesh": furniture}, {}, tmp_path_factory.mktemp("scratch"))


def test_each_part_is_a_named_node_of_its_own_and_keeps_the_texture(made):
    scene = trimesh.load(BytesIO(made.outputs[0].data), file_type="glb")

    names = [f"part_{number:02d}" for number in range(5)]
    assert sorted(scene.graph.nodes_geometry) == names
    assert made.info["num_parts"] == 5
    assert made.info["segmentation_info"]["requested_parts"] is None
    tops, *legs = (scene.geometry[name] for name in names)
    assert tops.area > 5 * max(leg.area for leg in legs)
    for mesh in read_gltf(made.outputs[0].data, 10_000):
        assert np.array_equal(mesh.material.base_color_texture, PICTURE)
    assert made.outputs[0].data.count(b"\x89PNG") == 1, "the texture is written once for all parts"
    assert gltf_issues(made.outputs[0].data) == []


def test_the_file_says_how_large_each_part_is(made):
    text = made.outputs[0].data[20:]
    extras = json.loads(text[: text.rindex(b'"buffers"') - 1] + b"}")["asset"]["extras"]

    assert extras["num_parts"] == 5
    assert sum(part["faces"] for part in extras["parts"]) == made.outputs[0].stats["triangles"]


def test_parts_and_labels_are_outputs_too(made, furniture):
    parts = [output for output in made.outputs if output.role == "part"]
    (labels,) = [output for output in made.outputs if output.role == "data"]
    document = json.loads(labels.data)

    assert [output.name for output in parts] == [f"part_{number:02d}.glb" for number in range(5)]
    assert labels.name == made.info["segmentation_info_path"]
    counts = np.bincount(document["labels"]).tolist()
    assert counts == [part["faces"] for part in document["parts"]]
    assert counts == [output.stats["triangles"] for output in parts]
    assert gltf_issues(*(output.data for output in parts)) == []


def test_colours_by_part_if_wished_and_as_many_parts_as_asked_for(tmp_path, furniture):
    params = {"export_colored_mesh": True, "num_parts": 3, "save_parts": False}

    result = run_model(SpectralParts(), {"mesh": furniture}, params, tmp_path)

    meshes = read_gltf(result.outputs[0].data, 10_000)
    assert len({mesh.material.base_color for mesh in meshes}) == len(meshes) == 3
    assert all(mesh.material.base_color_texture is None for mesh in meshes)
    assert not [output for output in result.outputs if output.role == "part"]


def test_what_has_no_parts_stays_whole_with_a_warning(tmp_path):
    path = tmp_path / "ball.glb"
    path.write_bytes(write_glb(Mesh(*sphere(16, 24))))
    (tmp_path / "scratch").mkdir()
    recorder = Recorder(tmp_path / "scratch")

    result = run_model(SpectralParts(), {"mesh": str(path)}, {}, recorder.folder, recorder=recorder)

    assert result.info["num_parts"] == 1
    assert "no parts" in recorder.warnings[0]


@pytest.mark.parametrize(
    ("points", "faces", "params", "told"),
    [
        (CUBE_CORNERS, CUBE_FACES, {"num_parts": 1}, "as it is"),
        (CUBE_CORNERS, CUBE_FACES, {"num_parts": 13}, "12 faces"),
        (np.array([(0, 0, 0), (1, 0, 0), (2, 0, 0)], np.float32), np.array([(0, 1, 2)], np.int32), {}, "area"),
    ],
)
def test_what_cannot_be_cut_is_refused_in_words(tmp_path, points, faces, params, told):
    path = tmp_path / "mesh.glb"
    path.write_bytes(write_glb(Mesh(points, faces)))

    with pytest.raises(InputInvalid, match=told):
        run_model(SpectralParts(), {"mesh": str(path)}, params, tmp_path)


def test_a_cloud_of_points_is_refused_in_words(tmp_path):
    path = tmp_path / "cloud.ply"
    path.write_bytes(
        b"ply\nformat ascii 1.0\nelement vertex 2\nproperty float x\nproperty float y\nproperty float z\n"
        b"end_header\n0 0 0\n1 1 1\n"
    )

    with pytest.raises(InputInvalid, match="no triangles"):
        run_model(SpectralParts(), {"mesh": str(path)}, {}, tmp_path)


@pytest.mark.parametrize("kind", ["fan, slivers, and faces inside out", "soup"])
def test_broken_surfaces_give_parts_anyway(tmp_path, kind):
    if kind == "soup":
        points, faces = np.random.default_rng(0).random((300, 3)), np.arange(300).reshape(-1, 3)
    else:
        points, faces, _ = table(0.5)
        faces[::2] = faces[::2, ::-1]
        points = np.concatenate([points, points[faces[0, :1]] + np.array([(0, 3, 0), (1, 3, 0), (2, 3, 1)])])
        fan = [(faces[0, 0], faces[0, 1], len(points) - k) for k in (1, 2, 3)]
        flat = np.stack([faces[:, 0], faces[:, 0], faces[:, 1]], axis=1)
        faces = np.concatenate([faces, np.array(fan, np.int32), flat])
    path = tmp_path / "mesh.glb"
    path.write_bytes(write_glb(Mesh(points.astype(np.float32), faces.astype(np.int32))))

    result = run_model(SpectralParts(), {"mesh": str(path)}, {"num_parts": 4}, tmp_path)

    assert result.info["num_parts"] == 4


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, furniture):
    recorder = check_progress(SpectralParts(), {"mesh": furniture}, {}, tmp_path)

    calls = len(recorder.reports)
    check_cancel(
        lambda call: run_model(SpectralParts(), {"mesh": furniture}, {}, tmp_path, cancel_at=call), calls, tmp_path
    )


def test_the_same_mesh_gives_the_same_files_in_another_process(made, furniture):
    assert digest(made) == digest_elsewhere("aigc.models.spectral_parts:SpectralParts", {"mesh": furniture}, {})
