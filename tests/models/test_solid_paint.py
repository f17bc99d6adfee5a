import numpy as np
import pytest

from aigc.mesh.gltf import write_glb
from aigc.mesh.gltf_read import read_gltf
from aigc.mesh.preview import View, render
from aigc.models.solid_paint import SolidPaint
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.mesh.kit import figurine
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere

SMALL = {"texture_resolution": 256}
FRONT = View(0, 0, orthographic=True)


@pytest.fixture(scope="module")
def model():
    model = SolidPaint()
    model.load("cpu")
    yield model
    model.unload()


@pytest.fixture(scope="module")
def mesh(tmp_path_factory):
    path = tmp_path_factory.mktemp("mesh") / "in.glb"
    path.write_bytes(write_glb(figurine().with_(colors=None)))
    return str(path)


def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir(exist_ok=True)
    return folder


def seen(result) -> np.ndarray:
    """float (100, 100, 4): the front."""
    (mesh,) = read_gltf(result.outputs[0].data, 100_000)
    return render(mesh, FRONT, 100, "transparent").astype(float)


def test_a_red_prompt_gives_red_and_a_green_one_green(tmp_path, model, mesh):
    red = run_model(model, {"text": "red", "mesh": mesh}, SMALL, scratch(tmp_path))
    green = run_model(model, {"text": "moosgrün, grün", "mesh": mesh}, SMALL, scratch(tmp_path))

    assert gltf_issues(red.outputs[0].data, green.outputs[0].data) == []
    for result, channel in ((red, 0), (green, 1)):
        front = seen(result)
        assert (front[front[..., 3] > 250, :3].argmax(axis=1) == channel).mean() > 0.98
    assert [(output.name, output.role) for output in red.outputs] == [
        ("mesh.glb", "model"),
        ("color.jpg", "texture"),
        ("surface.jpg", "texture"),
        ("thumbnail.png", "thumbnail"),
    ]
    assert red.info["understood"] == ["red"]
    assert green.info["not_understood"] == ["moosgrün"] or green.info["thing"] == "moosgrün"


def test_each_part_gets_its_own_coat_and_metal_shines(tmp_path, model, mesh):
    result = run_model(model, {"text": "blue with a golden head", "mesh": mesh}, SMALL, scratch(tmp_path))

    front = seen(result)
    assert (front[60:80, 40:50, 2] > front[60:80, 40:50, 0]).all()
    head = front[12:20, 36:40]
    assert (head[head[..., 3] > 250][:, 0] > 1.3 * head[head[..., 3] > 250][:, 2]).all()
    assert result.info["found_by"] == {"head": "place"}


def test_what_is_not_said_keeps_its_colours(tmp_path, model):
    path = tmp_path / "painted.glb"
    path.write_bytes(write_glb(figurine()))
    inputs = {"text": "white head", "mesh": str(path)}

    kept = seen(run_model(model, inputs, {**SMALL, "wear": 0}, scratch(tmp_path)))
    bare = seen(run_model(model, inputs, {**SMALL, "wear": 0, "keep_colors": False}, scratch(tmp_path)))

    assert kept[70, 45, 2] > 1.5 * kept[70, 45, 0]
    assert bare[70, 45, 2] < 1.1 * bare[70, 45, 0]


def test_near_words_are_taken_for_known_ones_and_strange_ones_told(tmp_path, model, mesh):
    recorder = Recorder(scratch(tmp_path))

    result = run_model(model, {"text": "gilded xqzt wood", "mesh": mesh}, SMALL, recorder.folder, recorder=recorder)

    assert result.info["taken_for"] == {"gilded": "gold"}
    assert "'gilded'" in recorder.warnings[0]
    assert "xqzt" in result.info["not_understood"] or result.info["thing"] == "xqzt"


@pytest.mark.parametrize("text", ["", " ,.! ", "xqzt", "красный дом", "x" * 10_000])
def test_a_prompt_that_says_nothing_of_a_look_is_refused_in_words(tmp_path, model, mesh, text):
    with pytest.raises(InputInvalid) as caught:
        run_model(model, {"text": text, "mesh": mesh}, SMALL, scratch(tmp_path))

    assert "brick" in caught.value.suggestion
    assert len(caught.value.message) < 400


def test_of_a_very_long_prompt_the_beginning_is_read(tmp_path, model, mesh):
    recorder = Recorder(scratch(tmp_path))

    result = run_model(
        model, {"text": "red " + "and so on " * 1000, "mesh": mesh}, SMALL, recorder.folder, recorder=recorder
    )

    assert "2,000 of 10,004" in recorder.warnings[0]
    assert result.info["understood"] == ["red"]


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, model, mesh):
    inputs, folder = {"text": "oak with a red velvet head", "mesh": mesh}, scratch(tmp_path)

    recorder = check_progress(model, inputs, SMALL, folder)

    stages = list(dict.fromkeys(report["stage"] for report in recorder.reports))
    assert stages == ["preprocessing", "sampling", "texturing", "exporting"]
    check_cancel(lambda call: run_model(model, inputs, SMALL, folder, cancel_at=call), len(recorder.reports), folder)


def test_the_same_words_give_the_same_files_in_another_process(tmp_path, model, mesh):
    inputs = {"text": "mossy stone with a leopard head", "mesh": mesh}

    here = digest(run_model(model, inputs, SMALL, scratch(tmp_path)))

    assert here == digest_elsewhere("aigc.models.solid_paint:SolidPaint", inputs, SMALL)
