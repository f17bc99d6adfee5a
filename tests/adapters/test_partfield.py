"""PartField: features of faces in chunks, and clusters of them that together are the mesh."""

from pathlib import Path

import trimesh

from tests.adapters.kit import runs, touched
from tests.gltf import gltf_issues

PARAMS = {
    "num_parts": 6, "segmentation_method": "semantic", "use_hierarchical": True, "alg_option": 0,
    "export_colored_mesh": True,
}  # fmt: skip
WEIGHTS = "mikaelaangel/partfield-ckpt/model_objaverse.ckpt"


def test_a_mesh_is_cut_into_as_many_parts_as_were_asked_for(tmp_path: Path) -> None:
    weights = touched(tmp_path / "weights", WEIGHTS)
    (Path(weights) / WEIGHTS).write_text('{"state_dict": 1}')
    ball = trimesh.creation.icosphere(subdivisions=3)
    ball.export(str(tmp_path / "ball.obj"))
    ways = ({"alg_option": 2}, {"use_hierarchical": False, "export_colored_mesh": False, "num_parts": 3})
    asked = [("partfield_mesh_segmentation", {"mesh": tmp_path / "ball.obj"}, {**PARAMS, **way}) for way in ways]
    for done, (_, _, params) in zip(
        runs("aigc.adapters.partfield:PartField", weights, tmp_path, *asked), asked, strict=True
    ):
        assert done.info["parts"] == done.main["stats"]["parts"] == params["num_parts"]
        assert done.main["stats"]["triangles"] == len(ball.faces)
        assert done.steps("sampling", "looking up features") == [0, 1, 2], "1280 faces in chunks of 500"
        assert gltf_issues((done.folder / "parts.glb").read_bytes()) == []
