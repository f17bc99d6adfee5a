from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import trimesh

from aigc.mesh.gltf import write_glb
from aigc.mesh.obj_write import write_obj
from aigc.mesh.read import read_mesh
from aigc.mesh.surface import Surface
from aigc.mesh.types import Mesh
from aigc.models import text_mesh_editing
from aigc.models.editing.placing import shown
from aigc.models.text_mesh_editing import RegionEdit
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.mesh.kit import cube, sphere
from tests.models.kit import check_cancel, check_progress, main_mesh, small_thumbnails

RABBIT = str(Path(__file__).parents[2] / "web" / "static" / "samples" / "rabbit.glb")
EARS = {"mask_type": "bbox", "mask_center": [0, 0.34, 0.05], "mask_size": [0.3, 0.13, 0.3], "texture_resolution": 256}


@pytest.fixture(scope="module")
def model():
    model = RegionEdit()
    model.load("cpu")
    yield model
    model.unload()


@pytest.fixture(scope="module")
def rabbit():
    (mesh,) = read_mesh(RABBIT)
    return mesh


def edited(model, folder, text, params=None, mesh=RABBIT, **inputs):
    recorder = Recorder(folder)
    with small_thumbnails(text_mesh_editing):
        result = run_model(
            model, {"mesh": mesh, "text": text, **inputs}, {**EARS, **(params or {})}, folder, recorder=recorder
        )
    return result, recorder


def meshes_of(result, folder):
    path = folder / "result.glb"
    path.write_bytes(result.outputs[0].data)
    found = read_mesh(path)
    path.unlink()
    return found


VERBS = [
    "remove the ears", "replace the ears with a sphere", "add a blue flag", "shrink the ears", "make the ears longer",
    "cut the ears", "move the ears up", "paint the ears red", "make the ears golden",
]  # fmt: skip


@pytest.fixture(scope="module")
def results(model, tmp_path_factory):
    """What each verb made of the rabbit's ears, run once."""
    folder = tmp_path_factory.mktemp("verbs")
    return {text: edited(model, folder, text)[0] for text in VERBS}


def test_every_verb_keeps_the_mesh_closed_valid_and_the_same_outside_the_mask(tmp_path, results, rabbit):
    assert gltf_issues(*(result.outputs[0].data for result in results.values())) == []
    outside = rabbit.positions[:, 1] < 0.275
    rows = np.concatenate([rabbit.positions, rabbit.uv], axis=1)[outside]
    below = rabbit.uv[outside]
    for text, result in results.items():
        assert main_mesh(result).is_watertight, text
        assert result.info["closed"] and result.info["understood"], text
        meshes = meshes_of(result, tmp_path)
        body = meshes[0]
        known = {row.tobytes() for row in np.concatenate([body.positions, body.uv], axis=1)}
        lost = [row for row in rows if np.ascontiguousarray(row).tobytes() not in known]
        if "replace" in text:
            # What stands on the stumps hides a little of the head between them.
            low, high = next(mesh for mesh in meshes if mesh.material.name == "sphere").bounds
            lost = [row for row in lost if not ((row[:3] >= low) & (row[:3] <= high)).all()]
        assert not lost, text
        before, after = rabbit.material.base_color_texture, body.material.base_color_texture
        if "paint" not in text and "golden" not in text:
            assert np.array_equal(before, after), text
        size = np.array([before.shape[1], before.shape[0]])
        column, row = np.minimum((below * size).astype(int), size - 1).T
        assert (before[row, column] == after[row, column]).all(axis=1).mean() > 0.99, text


def test_each_verb_does_what_it_says(tmp_path, model, results, rabbit):
    def top(text):
        return main_mesh(results[text]).bounds[1][1]

    assert top("remove the ears") < 0.31
    assert top("shrink the ears") < 0.385
    assert top("make the ears longer") > 0.42
    assert top("move the ears up") > 0.405
    assert top("cut the ears") == pytest.approx(0.275, abs=0.001)
    flag, recorder = edited(model, tmp_path, "add a blue flag", {"mask_center": [0, 0.45, 0], "mask_size": [0.2] * 3})
    assert main_mesh(flag).bounds[1][1] > 0.5
    assert recorder.warnings == []
    assert flag.info["steps"][0]["added"] == "flag"


def test_what_is_added_shows_though_the_head_fills_the_mask(tmp_path, model, rabbit):
    head = {"mask_center": [0, 0.23, 0.05], "mask_size": [0.16, 0.12, 0.2]}

    result, recorder = edited(model, tmp_path, "add a cone hat", head)

    (step,) = result.info["steps"]
    assert step["shown"] > 0.5 and step["added"] == "hat" and step["joined"] == "one solid"
    hat = next(mesh for mesh in meshes_of(result, tmp_path) if mesh.material.name == "hat")
    assert shown(hat, Surface.of([rabbit])) > 0.5
    assert step["reaches_beyond_the_mask"] and any("beyond the mask" in warning for warning in recorder.warnings)


def test_two_descriptions_say_what_to_do_between_them(tmp_path, model):
    result, _ = edited(model, tmp_path, "a rabbit with a crown", {"source_prompt": "a rabbit", "mask_size": [0.15] * 3})

    (step,) = result.info["steps"]
    assert (step["verb"], step["added"], step["by"]) == ("add", "crown", "difference")
    assert result.info["understood"] == "add crown"


def test_a_mask_may_be_a_mesh(tmp_path, model):
    path = tmp_path / "mask.glb"
    points, faces = sphere(12, 18)
    path.write_bytes(write_glb(Mesh((points * 0.12 + [0, 0.4, 0.04]).astype(np.float32), faces)))
    params = {"mask_type": "auto", "mask_center": None, "mask_size": None}

    result, _ = edited(model, tmp_path, "remove it", params, mask=str(path))

    assert main_mesh(result).is_watertight
    assert main_mesh(result).bounds[1][1] < 0.35
    assert result.info["steps"][0]["region"] == "the inside of the mask"


def test_without_a_mask_a_guess_is_told_and_no_guess_is_made_for_a_removal(tmp_path, model):
    none = {"mask_type": "none"}

    _, recorder = edited(model, tmp_path, "make the head bigger", none)
    assert any("no mask" in warning and "head" in warning for warning in recorder.warnings)
    _, recorder = edited(model, tmp_path, "make the carburettor bigger", none)
    assert any("the whole mesh was taken" in warning for warning in recorder.warnings)
    with pytest.raises(InputInvalid, match="which part") as caught:
        edited(model, tmp_path, "remove the carburettor", none)
    assert "mask_center" in caught.value.suggestion


def test_an_operation_that_is_set_needs_no_verb(tmp_path, model):
    result, _ = edited(model, tmp_path, "a small golden ball", {"operation": "add", "mask_center": [0, 0.42, 0.05]})

    assert result.info["steps"][0]["added"] == "sphere"
    with pytest.raises(InputInvalid, match="colour"):
        edited(model, tmp_path, "nicely", {"operation": "recolour"})


@pytest.mark.parametrize(
    ("text", "params"),
    [
        ("", {}),
        ("xyzzy plugh", {}),
        ("remove the ears", {"mask_center": [9, 9, 9]}),
        ("remove the ears", {"mask_size": None}),
        ("add a quarterly revenue forecast", {}),
    ],
)
def test_what_cannot_be_done_is_refused_with_advice(tmp_path, model, text, params):
    with pytest.raises(InputInvalid) as caught:
        edited(model, tmp_path, text, params)

    assert caught.value.suggestion


def test_open_meshes_other_formats_and_several_materials_are_edited_too(tmp_path, model):
    points, faces = sphere(24, 36)
    bowl = faces[(points[faces][:, :, 1] < 0.5).all(axis=1)]
    path = tmp_path / "bowl.obj"
    path.write_bytes(write_obj(Mesh(points, bowl)))
    params = {"mask_center": [1, 0, 0], "mask_size": [1, 1, 1]}
    result, recorder = edited(model, tmp_path, "add a handle", params, mesh=str(path))
    assert any("does not enclose a solid" in warning for warning in recorder.warnings)
    assert not result.info["closed_before"]
    result, _ = edited(model, tmp_path, "remove it", params, mesh=str(path))
    assert not main_mesh(result).is_watertight and len(main_mesh(result).split(only_watertight=False)) == 1

    two = [cube((1, 0, 0)), cube((0, 0, 1)).with_(positions=np.add(cube().positions, [0, 1.5, 0]), name="lid")]
    path = tmp_path / "two.glb"
    path.write_bytes(write_glb([mesh.with_(positions=mesh.positions.astype(np.float32)) for mesh in two]))
    result, recorder = edited(model, tmp_path, "paint the lid green", {"mask_type": "none"}, mesh=str(path))
    assert recorder.warnings == []
    scene = trimesh.load(BytesIO(result.outputs[0].data), file_type="glb")
    assert len(scene.geometry) == 2
    assert result.info["steps"][0]["region"] == "the mesh lid"


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, model):
    inputs = {"mesh": RABBIT, "text": "replace the ears with a sphere"}

    with small_thumbnails(text_mesh_editing):
        recorder = check_progress(model, inputs, EARS, tmp_path)

        calls = len(recorder.reports)
        assert calls > 10
        check_cancel(lambda call: run_model(model, inputs, EARS, tmp_path, cancel_at=call), calls, tmp_path)
