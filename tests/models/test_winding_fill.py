from io import BytesIO

import numpy as np
import pytest
import trimesh

from aigc.mesh.gltf import write_glb
from aigc.mesh.types import Material, Mesh
from aigc.models.winding_fill import WindingFill
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.mesh.segment_kit import table
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere

NAMES = ["top", "leg.001", "leg.002", "leg.003", "leg.004"]


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """The parts of a table, open where they were joined, as nodes of one file."""
    points, faces, parts = table(0.5)
    uv = ((points[:, [0, 2]] + 1) / 2.1).astype(np.float32)
    picture = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    wood = Material("wood", base_color_texture=picture)
    meshes = [Mesh(points, faces[parts == k], uv=uv, material=wood, name=name) for k, name in enumerate(NAMES)]
    path = tmp_path_factory.mktemp("inputs") / "parts.glb"
    path.write_bytes(write_glb(meshes))
    return str(path)


@pytest.fixture(scope="module")
def made(apart, tmp_path_factory):
    return run_model(WindingFill(), {"mesh": apart}, {}, tmp_path_factory.mktemp("scratch"))


def test_every_part_is_closed_as_another_reader_sees_it(made):
    scene = trimesh.load(BytesIO(made.outputs[0].data), file_type="glb")

    assert sorted(scene.graph.nodes_geometry) == sorted(NAMES)
    volumes = {}
    for node in scene.graph.nodes_geometry:
        mesh = scene.geometry[scene.graph[node][1]].copy()
        mesh.merge_vertices(merge_tex=True, merge_norm=True)
        assert mesh.is_watertight, node
        volumes[node] = mesh.volume
    assert volumes == pytest.approx({"top": 0.36, **dict.fromkeys(NAMES[1:], 0.15 * 0.15 * 0.9)}, rel=0.01)
    assert made.info["closed_parts"] == made.info["num_parts"] == 5
    assert (made.outputs[0].stats["parts"], made.outputs[0].stats["watertight"]) == (5, True)
    assert made.info["parts_from"] == "nodes"
    assert {part["method"] for part in made.info["parts"]} == {"caps"}


def test_each_part_is_a_file_too_and_all_files_are_valid(made):
    parts = [output for output in made.outputs if output.role == "part"]

    assert [output.name for output in parts] == [f"part_{number:02d}.glb" for number in range(5)]
    assert gltf_issues(made.outputs[0].data, parts[0].data) == []


def test_a_mesh_without_parts_is_cut_first_and_the_result_says_so(tmp_path):
    points, faces, _ = table(0.5)
    path = tmp_path / "whole.glb"
    path.write_bytes(write_glb(Mesh(points, faces)))
    (tmp_path / "scratch").mkdir()
    recorder = Recorder(tmp_path / "scratch")

    result = run_model(WindingFill(), {"mesh": str(path)}, {"save_parts": False}, recorder.folder, recorder=recorder)

    assert (result.info["parts_from"], result.info["closed_parts"]) == ("segmentation", 5)
    assert "cut into 5" in recorder.warnings[0]


def test_what_has_no_area_is_refused_in_words(tmp_path):
    path = tmp_path / "line.glb"
    path.write_bytes(write_glb(Mesh(np.array([(0, 0, 0), (1, 0, 0), (2, 0, 0)], np.float32), np.array([(0, 1, 2)]))))

    with pytest.raises(InputInvalid, match="area"):
        run_model(WindingFill(), {"mesh": str(path)}, {}, tmp_path)


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, apart):
    recorder = check_progress(WindingFill(), {"mesh": apart}, {}, tmp_path)

    calls = len(recorder.reports)
    check_cancel(lambda call: run_model(WindingFill(), {"mesh": apart}, {}, tmp_path, cancel_at=call), calls, tmp_path)


def test_the_same_mesh_gives_the_same_files_in_another_process(made, apart):
    assert digest(made) == digest_elsewhere("aigc.models.winding_fill:WindingFill", {"mesh": apart}, {})
