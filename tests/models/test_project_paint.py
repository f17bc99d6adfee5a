import numpy as np
import pytest
from PIL import Image

from aigc.mesh.gltf import write_glb
from aigc.mesh.gltf_read import read_gltf
from aigc.mesh.preview import View, render
from aigc.mesh.types import Mesh
from aigc.models.project_paint import ProjectPaint
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.mesh.kit import cube, figurine, sphere
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere, figure, saved

TAKEN = View(30, 10)
SMALL = {"texture_resolution": 256}


@pytest.fixture(scope="module")
def model():
    model = ProjectPaint()
    model.load("cpu")
    yield model
    model.unload()


def given(folder):
    """A figurine without colours, and a picture of it with colours."""
    mesh = folder / "in.glb"
    mesh.write_bytes(write_glb(figurine().with_(colors=None)))
    picture = Image.fromarray(render(figurine(), TAKEN, 300, "transparent"))
    return {"image": saved(picture, folder / "in.png"), "mesh": str(mesh)}


@pytest.fixture
def inputs(tmp_path):
    return given(tmp_path)


def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory, model):
    """What the model makes of these inputs."""
    folder = tmp_path_factory.mktemp("made")
    return run_model(model, given(folder), SMALL, scratch(folder))


def test_from_where_the_picture_was_taken_the_mesh_looks_like_it(made):
    assert gltf_issues(made.outputs[0].data) == []
    (mesh,) = read_gltf(made.outputs[0].data, 100_000)
    one, two = (render(thing, TAKEN, 200, "transparent").astype(float) for thing in (mesh, figurine()))
    both = (one[..., 3] > 250) & (two[..., 3] > 250)
    assert np.abs(one - two)[both, :3].mean() < 30
    named = one[both, :3].argmax(axis=1) == two[both, :3].argmax(axis=1)
    assert named.mean() > 0.9
    # The back of the head is red and that of the body blue, though nobody saw them.
    back, true = (
        render(thing, View(-150, 0, orthographic=True), 200, "transparent").astype(float)
        for thing in (mesh, figurine())
    )
    both = (back[..., 3] > 250) & (true[..., 3] > 250)
    assert (back[both, :3].argmax(axis=1) == true[both, :3].argmax(axis=1)).mean() > 0.85


def test_the_result_says_what_was_found_and_brings_textures_a_proof_and_a_thumbnail(made):
    result = made

    assert abs(result.info["azimuth"] - TAKEN.azimuth) < 15
    assert abs(result.info["elevation"] - TAKEN.elevation) < 15
    assert result.info["overlap_bent"] > 0.9
    assert 0.2 < result.info["seen"] < 0.6
    assert [(output.name, output.role) for output in result.outputs] == [
        ("mesh.glb", "model"),
        ("color.jpg", "texture"),
        ("surface.jpg", "texture"),
        ("proof.png", "preview"),
        ("thumbnail.png", "thumbnail"),
    ]


@pytest.mark.parametrize(
    ("settings", "azimuth", "elevation"),
    [({"azimuth": -77.0}, -77, 0), ({"view": "back"}, 180, 0)],
)
def test_the_view_may_be_said(tmp_path, model, inputs, settings, azimuth, elevation):
    result = run_model(model, inputs, {**SMALL, **settings}, scratch(tmp_path))

    near = 0.1 if "azimuth" in settings else 9
    assert abs((result.info["azimuth"] - azimuth + 180) % 360 - 180) < near
    assert abs(result.info["elevation"] - elevation) < near


def test_a_mirrored_back_looks_like_the_front(tmp_path, model):
    path = tmp_path / "ball.glb"
    path.write_bytes(write_glb(Mesh(*sphere(16, 24))))
    halves = np.zeros((200, 200, 4), np.uint8)
    y, x = np.mgrid[0:200, 0:200]
    halves[(x - 100) ** 2 + (y - 100) ** 2 < 90**2] = (30, 160, 40, 255)
    halves[(x < 100) & (halves[..., 3] > 0)] = (180, 40, 160, 255)
    inputs = {"image": saved(Image.fromarray(halves), tmp_path / "in.png"), "mesh": str(path)}

    result = run_model(model, inputs, {**SMALL, "view": "front", "back": "mirror"}, scratch(tmp_path))

    (mesh,) = read_gltf(result.outputs[0].data, 10_000)
    behind = render(mesh, View(180, 0, orthographic=True), 100, "transparent").astype(float)
    # Seen from behind, what was left is right.
    assert behind[50, 75, 0] > 2 * behind[50, 75, 1]
    assert behind[50, 25, 1] > 2 * behind[50, 25, 0]


def test_obj_comes_with_its_texture(tmp_path, model, inputs):
    result = run_model(model, inputs, {**SMALL, "output_format": "obj"}, scratch(tmp_path))

    assert [output.name for output in result.outputs[:3]] == ["mesh.obj", "mesh_color.jpg", "mesh.mtl"]


def test_a_picture_of_something_else_and_bad_texture_coordinates_are_told_in_warnings(tmp_path, model):
    path = tmp_path / "long.glb"
    plank = cube().with_(positions=cube().positions * np.array([4, 0.2, 1], np.float32))
    path.write_bytes(write_glb(plank.with_(uv=plank.positions[:, :2])))
    recorder = Recorder(scratch(tmp_path))

    result = run_model(
        model,
        {"image": saved(figure(), tmp_path / "other.png"), "mesh": str(path)},
        {**SMALL, "bend": False},
        recorder.folder,
        recorder=recorder,
    )

    assert "unwrapped anew" in recorder.warnings[0] and result.info["kept_uv"] is False
    assert "fits the mesh poorly" in recorder.warnings[1]


def test_a_picture_without_a_subject_and_a_mesh_without_an_area_are_refused(tmp_path, model, inputs):
    grey = saved(Image.new("RGB", (200, 200), (80, 80, 80)), tmp_path / "grey.png")
    with pytest.raises(InputInvalid, match="one colour"):
        run_model(model, {**inputs, "image": grey}, SMALL, scratch(tmp_path))
    path = tmp_path / "line.glb"
    line = np.array([(0, 0, 0), (1, 0, 0), (2, 0, 0)], np.float32)
    path.write_bytes(write_glb(Mesh(line, np.array([(0, 1, 2)], np.int32))))
    with pytest.raises(InputInvalid, match="area"):
        run_model(model, {**inputs, "mesh": str(path)}, SMALL, scratch(tmp_path))


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, model, inputs):
    folder = scratch(tmp_path)

    recorder = check_progress(model, inputs, SMALL, folder)

    stages = list(dict.fromkeys(report["stage"] for report in recorder.reports))
    assert stages == ["preprocessing", "sampling", "texturing", "exporting"]
    check_cancel(lambda call: run_model(model, inputs, SMALL, folder, cancel_at=call), len(recorder.reports), folder)


def test_the_same_inputs_give_the_same_files_in_another_process(made, inputs):
    assert digest(made) == digest_elsewhere("aigc.models.project_paint:ProjectPaint", inputs, SMALL)
