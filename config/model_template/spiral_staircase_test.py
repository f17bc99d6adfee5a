"""By itself, and through a real server with a worker and a runner."""

from pathlib import Path

import pytest
from spiral_staircase import SpiralStaircase

from aigc.runner.model import Cancelled
from aigc.runner.testing import run_model
from aigc.testing import sample_file, serving  # noqa: F401

CATALOGUE = Path(__file__).with_name("models.yaml")
PARAMS = {"seed": 42, "radius": 1.0, "turns": 2}


@pytest.fixture
def model():
    made = SpiralStaircase()
    made.load("cpu")
    return made


@pytest.fixture
def inputs(tmp_path):
    return {"text": "a small chair"}


def test_equal_seeds_give_equal_meshes(model, inputs, tmp_path):
    first, second = (run_model(model, inputs, PARAMS, tmp_path) for _ in range(2))
    assert first.outputs[0].data == second.outputs[0].data


def test_it_stops_when_nobody_wants_it_any_more(model, inputs, tmp_path):
    with pytest.raises(Cancelled):
        run_model(model, inputs, PARAMS, tmp_path, cancel_at=3)


def test_a_server_serves_it(inputs, tmp_path):
    with serving(CATALOGUE, tmp_path) as client:
        job = client.submit("text_to_raw_mesh", model="spiral-staircase", text=inputs["text"])
        done = client.wait(job["id"])
        assert done["status"] == "completed", done["error"]
        assert client.download(job["id"], tmp_path / "mesh.glb").read_bytes().startswith(b"glTF")
