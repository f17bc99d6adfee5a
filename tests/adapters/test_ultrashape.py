"""UltraShape: a coarse mesh first, then the refined one; both samplers' steps are told."""

from pathlib import Path

from tests.adapters.kit import PICTURE, runs, touched

PARAMS = {
    "num_inference_steps": 20, "num_latents": 16384, "octree_res": 512, "chunk_size": 8000, "scale": 0.99, "seed": 42,
}  # fmt: skip
WEIGHTS = (
    "infinith/UltraShape/ultrashape_v1.pt",
    "tencent/Hunyuan3D-2.1/hunyuan3d-dit-v2-1/config.yaml",
    "u2net/u2net.onnx",
)


def test_a_picture_becomes_a_coarse_mesh_and_that_a_fine_one(tmp_path: Path) -> None:
    weights = touched(tmp_path / "weights", *WEIGHTS)
    (Path(weights) / WEIGHTS[0]).write_text('{"vae": 1, "dit": 1, "conditioner": 1}')
    asked = ("ultrashape_image_to_raw_mesh", {"image": PICTURE}, PARAMS)
    (done,) = runs("aigc.adapters.ultrashape:UltraShape", weights, tmp_path, asked)
    assert done.main["stats"]["triangles"] == 320
    assert done.steps("sampling") == list(range(50)), "the coarse mesh"
    assert done.steps("sampling", "refining") == list(range(20))
