"""PartPacker: two volumes of parts, each part a file of its own where that is asked for."""

from pathlib import Path

from tests.adapters.kit import PICTURE, runs, touched
from tests.gltf import gltf_issues

PARAMS = {
    "num_steps": 30, "cfg_scale": 7.0, "grid_resolution": 384, "num_faces": 50_000, "seed": 3, "return_parts": True,
    "return_volumes": True,
}  # fmt: skip


def test_a_picture_becomes_parts_and_the_volumes_that_they_came_in(tmp_path: Path) -> None:
    few = {**PARAMS, "return_parts": False, "return_volumes": False}
    done, again = runs(
        "aigc.adapters.partpacker:PartPacker",
        touched(tmp_path / "weights", "nvidia/PartPacker/flow.pt", "nvidia/PartPacker/vae.pt", "u2net/u2net.onnx"),
        tmp_path,
        ("partpacker_image_to_raw_mesh", {"image": PICTURE}, PARAMS),
        ("partpacker_image_to_raw_mesh", {"image": PICTURE}, few),
    )
    assert done.info == {"seed": 3, "parts": 4}
    assert sorted(done.outputs) == [
        *(f"part_0{number}.glb" for number in range(4)), "partpacker.glb", "thumbnail.png", "volume_00.glb",
        "volume_01.glb",
    ]  # fmt: skip
    assert gltf_issues((done.folder / "partpacker.glb").read_bytes()) == []
    assert done.steps("sampling") == list(range(30))
    assert again.outputs == {name: done.outputs[name] for name in ("partpacker.glb", "thumbnail.png")}
