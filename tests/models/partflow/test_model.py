"""Through the model's class; `tests/actors` and `tests/runner` show that a worker makes batches."""

import json
import struct
import subprocess
import sys

import numpy as np
import pytest

from aigc.mesh.gltf_read import read_gltf
from aigc.models.partflow.model import WEIGHTS, PartFlow
from aigc.runner.model import Cancelled, InputInvalid, Job, Result
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.models.kit import digest, digest_elsewhere, main_mesh

CLASS = "aigc.models.partflow.model:PartFlow"
RAW = {"steps": 8}
SMALL = {"steps": 8, "texture_resolution": 256}


@pytest.fixture(scope="module")
def model():
    model = PartFlow()
    model.load("cpu")
    yield model
    model.unload()


@pytest.fixture(scope="module")
def chair(model, tmp_path_factory):
    recorder = Recorder(tmp_path_factory.mktemp("chair"))
    result = run_model(model, {"text": "a red chair"}, SMALL, recorder.folder, recorder=recorder)
    return result, recorder


def test_a_textured_mesh_is_closed_valid_and_says_what_it_is(chair):
    result, _ = chair
    assert gltf_issues(result.outputs[0].data) == []
    assert main_mesh(result).is_watertight
    assert "generative network" in result.info["method"]
    assert result.info["nearest_known"] == "chair"
    assert result.info["trained_captions"] > 1000
    assert read_gltf(result.outputs[0].data, 100_000)[0].material.base_color_texture is not None


def test_steps_are_reported_with_previews_between_them(chair):
    _, recorder = chair
    steps = [report["step"] for report in recorder.reports if report["stage"] == "sampling"]
    assert steps == list(range(1, 9))
    stages = list(dict.fromkeys(report["stage"] for report in recorder.reports))
    assert stages == ["preprocessing", "sampling", "decoding", "texturing", "exporting"]


class Keeper(Recorder):
    """Keeps the previews as well."""

    def __init__(self, folder):
        super().__init__(folder)
        self.previews = []

    def __call__(self, fraction, stage, step=0, steps=0, message="", preview=None):
        super().__call__(fraction, stage, step, steps, message)
        if preview is not None:
            self.previews.append(preview)


def test_previews_are_pictures_and_the_size_is_as_asked(model, tmp_path):
    keeper = Keeper(tmp_path)
    result = run_model(model, {"text": "a mug"}, {**RAW, "size": 2.5}, tmp_path, recorder=keeper)
    assert len(keeper.previews) == 3
    assert all(image.startswith(b"\x89PNG") and len(image) > 1000 for image in keeper.previews)
    assert main_mesh(result).extents.max() == pytest.approx(2.5)


def test_the_same_seed_makes_the_same_file_in_another_process_and_another_seed_another(model, tmp_path):
    one, two = (run_model(model, {"text": "a rocket"}, {**RAW, "seed": seed}, tmp_path) for seed in (1, 2))
    assert digest(one) != digest(two)
    assert digest(one) == digest_elsewhere(CLASS, {"text": "a rocket"}, {**RAW, "seed": 1})


def batch(model, folder, prompts, cancel_at=None):
    jobs = [
        Job({"text": prompt}, RAW, Recorder(folder, cancel_at=(cancel_at or {}).get(place)))
        for place, prompt in enumerate(prompts)
    ]
    return dict(model.run_batch(jobs))


def test_a_batch_gives_what_each_job_would_get_alone(model, tmp_path):
    prompts = ["a chair", "a mug"]
    together = batch(model, tmp_path, prompts)
    for place, prompt in enumerate(prompts):
        alone = run_model(model, {"text": prompt}, RAW, tmp_path)
        assert together[place].outputs[0].stats["triangles"] == pytest.approx(
            alone.outputs[0].stats["triangles"], rel=0.02
        )
        assert main_mesh(together[place]).volume == pytest.approx(main_mesh(alone).volume, rel=0.02)


def test_a_cancel_in_the_middle_of_a_batch_and_a_bad_prompt_end_only_their_own_job(model, tmp_path):
    ends = batch(model, tmp_path, ["a chair", "a sofa", "?!", "a mug"], cancel_at={1: 5})
    assert isinstance(ends[1], Cancelled)
    assert isinstance(ends[2], InputInvalid)
    assert isinstance(ends[0], Result)
    assert isinstance(ends[3], Result)


@pytest.mark.parametrize("at", [1, 4, 9, 10])
def test_a_cancel_is_heard_between_steps(model, tmp_path, at):
    recorder = Recorder(tmp_path, cancel_at=at)
    with pytest.raises(Cancelled):
        run_model(model, {"text": "a chair"}, RAW, tmp_path, recorder=recorder)
    assert len(recorder.reports) == at - 1


def test_what_it_was_not_trained_on_is_said(model, tmp_path):
    recorder = Recorder(tmp_path, cancel_at=3)
    with pytest.raises(Cancelled):
        run_model(model, {"text": "a microscope"}, RAW, tmp_path, recorder=recorder)
    assert "closest known shape" in recorder.warnings[0]


def test_the_weights_are_small_and_say_how_they_were_made():
    head = WEIGHTS.read_bytes()[:65536]
    (length,) = struct.unpack("<Q", head[:8])
    header = json.loads(head[8 : 8 + length])
    facts = json.loads(header.pop("__metadata__")["facts"])
    assert WEIGHTS.stat().st_size <= 10_000_000
    assert {entry["dtype"] for entry in header.values()} == {"F16"}
    assert facts.keys() == {"steps", "loss", "captions", "data"}
    assert np.isfinite(facts["loss"])


def test_torch_is_imported_by_load_alone():
    code = "import sys, aigc.models.partflow.model; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
