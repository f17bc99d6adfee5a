"""Hunyuan3D: the real package hy3dgen on a CPU, in an interpreter of its own, from a checkpoint of random numbers.

Its environment has 2 GB, and some countries may not use it, so the test runs where someone says so:
AIGC_HUNYUAN_PYTHON names an interpreter with the packages of config/recipes/hunyuan3d-2.0.yaml.
"""

import os
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from aigc.adapters.hunyuan3d import Hunyuan3D20, Hunyuan3D21
from aigc.core.runner_events import RunnerFailed, RunnerFinished, RunnerId, RunnerProgressed, RunnerStopped
from tests.adapters.kit import CUBE, HEAVY, PICTURE, outcome, runs, start, touched
from tests.gltf import gltf_issues
from tests.runner import kit
from tests.runner.kit import House

PYTHON = os.environ.get("AIGC_HUNYUAN_PYTHON", "")
MODEL = "hunyuan3dv20_image_to_raw_mesh"
PARAMS = {"seed": 7, "num_inference_steps": 8, "guidance_scale": 5.0, "octree_resolution": 64}


@pytest.mark.parametrize("family", [Hunyuan3D20, Hunyuan3D21])
def test_weights_that_are_missing_are_named_before_anything_is_asked_for(family: type[Hunyuan3D20], tmp_path: Path):
    with pytest.raises(FileNotFoundError, match=rf"tencent/Hunyuan3D-2.*config.yaml .*install {family.recipe}"):
        family(str(tmp_path)).load("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    subprocess.run([PYTHON, str(HEAVY / "write_tiny_hunyuan.py"), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image = Image.new("RGBA", (128, 128), (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((20, 20, 100, 110), fill=(200, 60, 30, 255))
    image.save(tmp_path / "picture.png")
    return tmp_path / "picture.png"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, threads=1) as house:
        yield house


async def real_runner(house: House, weights: Path) -> RunnerId:
    return await house.loaded(
        "tiny_hunyuan:TinyHunyuan", python=PYTHON, path=(str(HEAVY),), init={"weights": str(weights)}
    )


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON, reason="AIGC_HUNYUAN_PYTHON names no interpreter")
@pytest.mark.timeout(600)
async def test_the_real_package_samples_in_steps_stops_between_them_and_repeats_itself(
    house: House, weights: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(kit, "PATIENCE_S", 300)  # its imports alone take half a minute on a busy machine
    runner = await real_runner(house, weights)
    made = []
    for seed in (7, 7, 8):
        done = await outcome(house, runner, MODEL, {"image": picture}, **{**PARAMS, "seed": seed})
        assert isinstance(done, RunnerFinished), done
        made.append({output.name: output.sha256 for output in done.outputs})
        assert done.info == {"seed": seed, "steps": 8}
    assert made[0] == made[1] != made[2]
    assert gltf_issues((house.staging / "1" / "hunyuan3d.glb").read_bytes()) == []
    steps = {(event.progress.step, event.progress.steps) for event in house.of(RunnerProgressed)}
    assert (7, 8) in steps

    lease = start(house, runner, MODEL, {"image": picture}, {**PARAMS, "num_inference_steps": 100}, number=10)
    while (await house.until(RunnerProgressed)).progress.step < 3:
        pass
    house.runners.interrupt(runner, lease)
    assert isinstance(await house.outcome(), RunnerStopped)

    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(picture)
    failed = await outcome(house, runner, MODEL, {"image": picture}, **PARAMS)
    assert isinstance(failed, RunnerFailed)
    assert failed.failure.code == "input_invalid"


FILES_21 = (
    "tencent/Hunyuan3D-2.1/hunyuan3d-dit-v2-1/config.yaml",
    "tencent/Hunyuan3D-2.1/hunyuan3d-paintpbr-v2-1/config.json",
    "facebook/dinov2-giant/config.json",
    "RealESRGAN_x4plus.pth",
    "u2net/u2net.onnx",
)


def test_one_family_of_2_1_makes_raw_and_textured_meshes_and_paints(tmp_path: Path) -> None:
    (tmp_path / "cube.obj").write_text(CUBE)
    views = {"max_num_view": 4, "resolution": 512}
    done = runs(
        "aigc.adapters.hunyuan3d:Hunyuan3D21",
        touched(tmp_path / "weights", *FILES_21),
        tmp_path,
        ("hunyuan3dv21_image_to_raw_mesh", {"image": PICTURE}, {}),
        ("hunyuan3dv21_image_to_textured_mesh", {"image": PICTURE}, views),
        ("hunyuan3dv21_image_mesh_painting", {"image": PICTURE, "mesh": tmp_path / "cube.obj"}, views),
    )
    assert [one.main["stats"]["triangles"] for one in done] == [12, 12, 12]
    assert [len(one.steps("sampling")) for one in done] == [50, 50, 0]
    for one in done[1:]:
        assert one.steps("texturing", "painting the views") == list(range(15))
        assert one.steps("texturing", "upscaling") == list(range(8)), "colour and roughness of four views"
