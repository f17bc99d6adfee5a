"""HoloPart: each part completed in its own place."""

from pathlib import Path

import pytest
import trimesh

from aigc.adapters.holopart import HoloPart
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder
from tests.adapters.kit import CUBE, runs, touched

PARAMS = {"seed": 1, "num_inference_steps": 10, "guidance_scale": 3.5, "num_faces": 1_000}


def test_parts_come_back_closed_and_where_they_were(tmp_path: Path) -> None:
    scene = trimesh.Scene()
    for number in range(5):
        moved = trimesh.transformations.translation_matrix((3 * number, 0, 0))
        scene.add_geometry(trimesh.creation.box((1, 1, 1)), node_name=f"box {number}", transform=moved)
    scene.export(str(tmp_path / "parts.glb"))
    asked = ("holopart_part_completion", {"mesh": tmp_path / "parts.glb"}, PARAMS)
    weights = touched(tmp_path / "weights", "VAST-AI/HoloPart/model_index.json")
    (done,) = runs("aigc.adapters.holopart:HoloPart", weights, tmp_path, asked)
    assert done.info == {"seed": 1, "parts": 5}
    assert done.main["stats"]["watertight"] and done.main["stats"]["triangles"] <= 5 * 1_000
    assert done.steps("sampling") == list(range(20)), "two batches, of four parts and of one"
    assert done.steps("decoding") == list(range(5))
    whole = trimesh.load(done.folder / "completed.glb", force="mesh").bounds
    assert whole.round(1).tolist() == [[-0.5, -0.5, -0.5], [12.5, 0.5, 0.5]]


def test_a_mesh_in_one_piece_is_refused_with_what_to_do_first(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    with pytest.raises(InputInvalid, match="one piece") as refused:
        HoloPart().run({"mesh": str(tmp_path / "cube.obj")}, PARAMS, Recorder(tmp_path))
    assert refused.value.suggestion == "segment it first"
