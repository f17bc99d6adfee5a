"""P3-SAM: batches of prompts are its steps; what its revision ignores is said."""

from pathlib import Path

from tests.adapters.kit import CUBE, runs, touched

PARAMS = {
    "point_num": 100_000, "prompt_num": 400, "threshold": 0.95, "post_process": True, "seed": 42, "prompt_bs": 32,
    "save_mid_res": False,
}  # fmt: skip
FILES = ("tencent/Hunyuan3D-Part/p3sam/p3sam.safetensors", "facebook/sonata/sonata.pth")


def test_parts_are_found_by_batches_of_prompts(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    inputs = {"mesh": tmp_path / "cube.obj"}
    done, more = runs(
        "aigc.adapters.p3sam:P3Sam",
        touched(tmp_path / "weights", *FILES),
        tmp_path,
        ("p3sam_mesh_segmentation", inputs, PARAMS),
        ("p3sam_mesh_segmentation", inputs, {**PARAMS, "prompt_num": 100, "save_mid_res": True}),
    )
    assert (done.info, done.warnings) == ({"seed": 42, "parts": 3}, [])
    assert done.main["stats"]["triangles"] == 12
    assert done.steps("sampling") == list(range(13))
    assert more.warnings == ["this revision of P3-SAM takes prompt_num=400, whatever is asked for"]
    assert "auto_mask_mesh.glb" in more.outputs
