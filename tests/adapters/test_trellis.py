"""TRELLIS: one loaded family for its four models, its samplers' steps told, and cancelled between two of them."""

from pathlib import Path

import pytest
import trimesh

from aigc.core.runner_events import RunnerFailed, RunnerFinished, RunnerId, RunnerProgressed, RunnerStopped
from tests.adapters.kit import CUBE, PICTURE, loaded, outcome, runs, spawn, start, touched
from tests.gltf import gltf_issues
from tests.runner.kit import House

CLASS = "aigc.adapters.trellis:Trellis"
WEIGHTS = (
    "microsoft/TRELLIS-image-large/pipeline.json",
    "microsoft/TRELLIS-text-xlarge/pipeline.json",
    "u2net/u2net.onnx",
)
PARAMS = {"seed": 7, "texture_resolution": 512, "simplify": 0.95, "texture_bake_mode": "fast"}


@pytest.fixture
async def house(tmp_path: Path):
    async with House(tmp_path) as house:
        yield house


@pytest.fixture
async def runner(house: House, tmp_path: Path) -> RunnerId:
    return await loaded(house, CLASS, touched(tmp_path / "weights", *WEIGHTS))


async def test_one_runner_serves_all_four_models_and_tells_their_steps(house: House, runner: RunnerId, tmp_path: Path):
    cube = tmp_path / "cube.obj"
    cube.write_text(CUBE)
    asked = {
        "trellis_image_to_textured_mesh": {"image": PICTURE},
        "trellis_text_to_textured_mesh": {"text": "a robot"},
        "trellis_image_mesh_painting": {"image": PICTURE, "mesh": cube},
        "trellis_text_mesh_painting": {"text": "rust", "mesh": cube},
    }
    for number, (model, inputs) in enumerate(asked.items(), 1):
        done = await outcome(house, runner, model, inputs, **PARAMS)
        assert isinstance(done, RunnerFinished), done
        assert done.info["seed"] == 7
        main = next(output for output in done.outputs if output.role == "model")
        assert {output.role for output in done.outputs} == {"model", "thumbnail"}
        assert main.stats["triangles"] == 12
        if "mesh" in inputs:
            assert main.stats["bounds"] == "2 x 4 x 2", "what is painted keeps its size and its place"
            low, high = trimesh.load(house.staging / str(number) / main.name, force="mesh").bounds
            assert low.round(3).tolist() == [-1, 0, -1] and high.round(3).tolist() == [1, 4, 1]
        assert gltf_issues((house.staging / str(number) / main.name).read_bytes()) == []


async def test_equal_seeds_give_equal_files_and_others_do_not(house: House, runner: RunnerId):
    made = []
    for seed in (7, 7, 8):
        done = await outcome(house, runner, "trellis_text_to_textured_mesh", {"text": "x"}, **{**PARAMS, "seed": seed})
        assert isinstance(done, RunnerFinished), done
        made.append({output.name: output.sha256 for output in done.outputs})
    assert made[0] == made[1] != made[2]


async def test_a_cancel_ends_it_between_two_steps_and_the_family_stays(house: House, tmp_path: Path):
    weights = Path(touched(tmp_path / "weights", *WEIGHTS))
    (weights / WEIGHTS[1]).write_text('{"steps": 10000000}')
    runner = await loaded(house, CLASS, str(weights))
    lease = start(house, runner, "trellis_text_to_textured_mesh", {"text": "x"}, PARAMS, number=1)
    while (await house.until(RunnerProgressed)).progress.step < 1:
        pass
    house.runners.interrupt(runner, lease)
    assert isinstance(await house.outcome(), RunnerStopped)
    done = await outcome(house, runner, "trellis_image_to_textured_mesh", {"image": PICTURE}, **PARAMS)
    assert isinstance(done, RunnerFinished), done


async def test_a_picture_without_a_subject_is_the_senders_fault(house: House, runner: RunnerId, tmp_path: Path):
    from PIL import Image

    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(tmp_path / "empty.png")
    failed = await outcome(house, runner, "trellis_image_to_textured_mesh", {"image": tmp_path / "empty.png"}, **PARAMS)
    assert isinstance(failed, RunnerFailed)
    assert (failed.failure.code, failed.failure.retryable) == ("input_invalid", False)
    assert "no subject" in failed.failure.message


async def test_weights_that_are_missing_are_named_when_it_is_loaded(house: House, tmp_path: Path):
    spawn(house, CLASS, touched(tmp_path / "weights", *WEIGHTS[1:]))
    failed = await house.until(RunnerFailed)
    assert failed.failure.code == "model_load_failed"
    assert "microsoft/TRELLIS-image-large/pipeline.json are not in" in failed.failure.message
    assert "aigc models install trellis" in failed.failure.message


def test_a_step_is_told_once_however_often_its_network_runs(tmp_path: Path) -> None:
    asked = ("trellis_text_to_textured_mesh", {"text": "a robot"}, PARAMS)
    (done,) = runs(CLASS, touched(tmp_path / "weights", *WEIGHTS), tmp_path, asked)
    assert done.steps("sampling", "sampling the structure") == [0, 1, 2, 3, 4, 5]
    assert done.steps("sampling", "sampling the latents") == [0, 1, 2, 3, 4, 5]
    assert done.steps("texturing", "looking at it from all sides") == list(range(0, 100, 5))
