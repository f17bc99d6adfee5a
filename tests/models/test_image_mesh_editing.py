from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from aigc.mesh.preview import View, render
from aigc.mesh.read import read_mesh
from aigc.models import image_mesh_editing
from aigc.models.image_mesh_editing import PictureEdit
from aigc.models.text_mesh_editing import RegionEdit
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.models.kit import check_cancel, check_progress, digest, digests_elsewhere, main_mesh, small_thumbnails

RABBIT = str(Path(__file__).parents[2] / "web" / "static" / "samples" / "rabbit.glb")
FRONT = {"view": "front", "texture_resolution": 256}
BLUE = (30, 60, 220, 255)


@pytest.fixture(scope="module")
def model():
    model = PictureEdit()
    model.load("cpu")
    yield model
    model.unload()


@pytest.fixture(autouse=True)
def small():
    """Small thumbnails for all but the edit that is looked at most."""
    with small_thumbnails(image_mesh_editing):
        yield


@pytest.fixture(scope="module")
def shown():
    """The rabbit from its front, on nothing."""
    picture = render(read_mesh(RABBIT), View(0, 0, True), 320, "transparent").copy()
    picture[..., 3] = np.where(picture[..., 3] > 200, 255, 0)
    return picture


@pytest.fixture(scope="module")
def inputs(shown, tmp_path_factory):
    """Files for an edit: the belly blue, the ears gone, and a ball at the side."""
    folder = tmp_path_factory.mktemp("pictures")
    target = shown.copy()
    cv2.circle(target, (160, 190), 24, BLUE, -1)
    target[:105] = 0
    cv2.circle(target, (262, 250), 26, (220, 200, 30, 255), -1)
    mask = np.zeros((320, 320), np.uint8)
    mask[:, :230] = 255
    found = {"mesh": RABBIT}
    for name, pixels in (("source_image", shown), ("target_image", target), ("mask_image", mask)):
        found[name] = str(folder / f"{name}.png")
        Image.fromarray(pixels).save(found[name])
    return found


@pytest.fixture(scope="module")
def edited(model, inputs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("edited")
    result = run_model(model, {name: inputs[name] for name in inputs if name != "mask_image"}, FRONT, folder)
    (folder / "result.glb").write_bytes(result.outputs[0].data)
    return result, read_mesh(folder / "result.glb")


def test_what_went_is_gone_what_came_is_there_and_what_was_painted_is_blue(edited):
    result, meshes = edited
    (before,) = read_mesh(RABBIT)

    assert gltf_issues(result.outputs[0].data) == []
    assert result.info["done"] == "painted, removed, grown"
    whole = main_mesh(result)
    assert whole.is_watertight and result.info["closed"]
    assert whole.bounds[1][1] < before.bounds[1][1] - 0.05
    assert whole.bounds[1][0] > before.bounds[1][0] + 0.005
    body = next(mesh for mesh in meshes if mesh.material.name == before.material.name)
    old, new = before.material.base_color_texture.astype(int), body.material.base_color_texture.astype(int)
    changed = (old != new).any(axis=2)
    assert 0.002 < changed.mean() < 0.2
    assert np.median((new[..., 2] - new[..., 0])[changed]) > 60


def test_what_is_elsewhere_is_the_same_to_the_bit(edited):
    _, meshes = edited
    (before,) = read_mesh(RABBIT)

    behind = before.positions[:, 2] < -0.1
    known = {row.tobytes() for mesh in meshes for row in mesh.positions}
    assert behind.sum() > 100
    assert all(row.tobytes() in known for row in before.positions[behind])


def test_the_region_holds_changes_back(tmp_path, model, inputs):
    low = {**FRONT, "mask_type": "bbox", "mask_center": [0, 0, 0], "mask_size": [1, 0.44, 1]}
    within = run_model(model, {name: inputs[name] for name in inputs if name != "mask_image"}, low, tmp_path)
    assert "removed" not in within.info["done"]


def test_the_view_is_found_where_it_is_not_said_and_the_mask_picture_holds_changes_back(tmp_path, model, inputs):
    recorder = Recorder(tmp_path)

    result = run_model(model, inputs, {"texture_resolution": 256}, tmp_path, recorder=recorder)

    assert result.info["done"] == "painted, removed"
    assert abs(result.info["azimuth"]) < 12 and result.info["overlap"] > 0.9
    assert recorder.warnings == []


def test_two_equal_pictures_and_an_empty_mask_are_refused(tmp_path, model, inputs):
    with pytest.raises(InputInvalid, match="the same") as caught:
        run_model(model, {**inputs, "target_image": inputs["source_image"]}, FRONT, tmp_path)
    assert "threshold" in caught.value.suggestion
    black = str(tmp_path / "black.png")
    Image.new("L", (320, 320)).save(black)
    with pytest.raises(InputInvalid, match="empty"):
        run_model(model, {**inputs, "mask_image": black}, FRONT, tmp_path)


def test_a_picture_of_something_else_is_told(tmp_path, model, inputs):
    other = np.zeros((320, 320, 4), np.uint8)
    cv2.rectangle(other, (20, 150), (300, 170), (90, 90, 90, 255), -1)
    edit = other.copy()
    cv2.rectangle(edit, (100, 150), (200, 170), BLUE, -1)
    pictures = {}
    for name, pixels in (("source_image", other), ("target_image", edit)):
        pictures[name] = str(tmp_path / f"{name}.png")
        Image.fromarray(pixels).save(pictures[name])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    recorder = Recorder(scratch)

    run_model(model, {"mesh": RABBIT, **pictures}, {**FRONT, "view": "front"}, scratch, recorder=recorder)

    assert any("fits the mesh poorly" in warning for warning in recorder.warnings)


def test_edits_by_picture_and_by_words_give_the_same_files_in_another_process(tmp_path, edited, inputs):
    asked = {name: inputs[name] for name in inputs if name != "mask_image"}
    told = {"mesh": RABBIT, "text": "replace the ears with a sphere"}
    ears = {"mask_type": "bbox", "mask_center": [0, 0.34, 0.05], "mask_size": [0.3, 0.13, 0.3]}
    ears["texture_resolution"] = 256
    by_words = RegionEdit()
    by_words.load("cpu")

    here = [digest(edited[0]), digest(run_model(by_words, told, ears, tmp_path))]

    assert here == digests_elsewhere(
        ("aigc.models.image_mesh_editing:PictureEdit", asked, FRONT),
        ("aigc.models.text_mesh_editing:RegionEdit", told, ears),
    )


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, model, inputs):
    recorder = check_progress(model, inputs, FRONT, tmp_path)

    calls = len(recorder.reports)
    check_cancel(lambda call: run_model(model, inputs, FRONT, tmp_path, cancel_at=call), calls, tmp_path)
