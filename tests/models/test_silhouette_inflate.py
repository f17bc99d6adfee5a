import numpy as np
import pytest
from PIL import Image

from aigc.mesh.gltf_read import read_gltf
from aigc.mesh.preview import View, render, silhouette
from aigc.models.silhouette_inflate import SilhouetteInflate, SilhouetteInflateRaw
from aigc.runner.model import InputInvalid
from aigc.runner.testing import run_model
from tests.gltf import gltf_issues
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere, figure, main_mesh, saved, vase

FRONT = View(0, 0, orthographic=True)


@pytest.fixture(scope="module")
def model():
    model = SilhouetteInflate()
    model.load("cpu")
    yield model
    model.unload()


def scratch(tmp_path):
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


def overlap_with(picture: Image.Image, seen: np.ndarray) -> float:
    """Intersection over union of the picture's subject and what is seen, both cut to their boxes and made square."""

    def boxed(mask: np.ndarray) -> np.ndarray:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        cut = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        return np.asarray(Image.fromarray(cut).resize((200, 200), Image.Resampling.NEAREST)) > 0

    one = boxed(np.asarray(picture.getchannel("A")) > 127)
    two = boxed(seen > 0)
    return float((one & two).sum() / (one | two).sum())


@pytest.mark.parametrize("make", [figure, vase])
def test_the_mesh_is_closed_valid_and_has_the_pictures_silhouette_and_colours(tmp_path, model, make):
    picture = make()

    result = run_model(model, {"image": saved(picture, tmp_path / "in.png")}, {}, scratch(tmp_path))

    assert gltf_issues(result.outputs[0].data) == []
    mesh = main_mesh(result)
    assert mesh.is_watertight
    assert mesh.volume > 0
    assert 1_000 < len(mesh.faces) <= 20_000
    assert mesh.extents.max() == pytest.approx(1)
    assert mesh.bounds[0][1] == pytest.approx(0, abs=1e-6)
    read = read_gltf(result.outputs[0].data, 100_000)
    assert overlap_with(picture, silhouette(read, FRONT, 320)) > 0.95


def test_the_front_shows_the_pictures_colours(tmp_path, model):
    result = run_model(model, {"image": saved(vase(), tmp_path / "in.png")}, {}, scratch(tmp_path))

    seen = render(read_gltf(result.outputs[0].data, 100_000), FRONT, 200, "transparent").astype(float)

    middle = seen[20:180, 96:104, :3].mean(axis=1)
    blue_over_red = middle[:, 2] / np.maximum(middle[:, 0], 1)
    # Blue and cream stripes, eight of each and a bit, in the order of the picture.
    changes = np.flatnonzero(np.diff(blue_over_red > 1.4))
    assert 12 <= len(changes) <= 17
    assert blue_over_red.max() > 2 and blue_over_red.min() < 1.15


def test_a_symmetric_silhouette_becomes_round_and_a_figure_does_not(tmp_path, model):
    round_ = run_model(model, {"image": saved(vase(), tmp_path / "a.png")}, {}, scratch(tmp_path))
    inflated = run_model(model, {"image": saved(figure(), tmp_path / "b.png")}, {}, tmp_path / "scratch")

    assert round_.info["shape"] == "lathe"
    assert main_mesh(round_).extents[2] == pytest.approx(0.8 * main_mesh(round_).extents[0], rel=0.05)
    assert inflated.info["shape"] == "inflate"


@pytest.mark.parametrize("shape", ["inflate", "lathe", "slab"])
def test_every_shape_is_closed_and_as_large_as_asked(tmp_path, model, shape):
    params = {"shape": shape, "size": 2.5, "target_face_count": 3000, "texture_resolution": 256}

    result = run_model(model, {"image": saved(figure(), tmp_path / "in.png")}, params, scratch(tmp_path))

    mesh = main_mesh(result)
    assert mesh.is_watertight
    assert len(mesh.faces) <= 3000
    assert mesh.extents.max() == pytest.approx(2.5)
    assert result.outputs[0].stats["texture_size"] in ("512x256", "256x512")


def test_a_plain_backdrop_is_taken_for_one(tmp_path, model):
    params = {"texture_resolution": 256}

    result = run_model(
        model, {"image": saved(figure(background=(90, 120, 140)), tmp_path / "in.jpg")}, params, scratch(tmp_path)
    )

    assert result.info["mask"] == "background"
    assert overlap_with(figure(), silhouette(read_gltf(result.outputs[0].data, 100_000), FRONT, 320)) > 0.95


def test_the_raw_mesh_is_the_same_surface_without_a_texture(tmp_path, model):
    raw = SilhouetteInflateRaw()
    raw.load("cpu")
    inputs = {"image": saved(figure(), tmp_path / "in.png")}

    one = run_model(raw, inputs, {}, scratch(tmp_path))
    two = run_model(model, inputs, {}, tmp_path / "scratch")

    assert one.outputs[0].stats["textures"] == 0
    assert gltf_issues(one.outputs[0].data) == []
    assert main_mesh(one).volume == pytest.approx(main_mesh(two).volume)


def test_another_picture_may_give_the_colours(tmp_path, model):
    green = Image.composite(Image.new("RGBA", (320, 320), (20, 200, 40, 255)), figure(), figure().getchannel("A"))
    inputs = {"image": saved(figure(), tmp_path / "a.png"), "texture_image": saved(green, tmp_path / "b.png")}

    result = run_model(model, inputs, {"texture_resolution": 256}, scratch(tmp_path))

    (mesh,) = read_gltf(result.outputs[0].data, 100_000)
    red, high, blue = mesh.material.base_color_texture.reshape(-1, 3).mean(axis=0)
    assert high > 3 * red and high > 3 * blue


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, model):
    inputs, params = {"image": saved(figure(), tmp_path / "in.png")}, {"texture_resolution": 256}
    folder = scratch(tmp_path)

    recorder = check_progress(model, inputs, params, folder)

    stages = list(dict.fromkeys(report["stage"] for report in recorder.reports))
    assert stages == ["preprocessing", "sampling", "decoding", "texturing", "exporting"]
    check_cancel(lambda call: run_model(model, inputs, params, folder, cancel_at=call), len(recorder.reports), folder)


def test_the_same_picture_gives_the_same_files_in_another_process(tmp_path, model):
    inputs, params = {"image": saved(figure(), tmp_path / "in.png")}, {"texture_resolution": 256}

    here = digest(run_model(model, inputs, params, scratch(tmp_path)))

    assert here == digest_elsewhere("aigc.models.silhouette_inflate:SilhouetteInflate", inputs, params)


@pytest.mark.parametrize(
    ("picture", "params", "words"),
    [
        (Image.new("RGB", (200, 200), (80, 80, 80)), {}, "of one colour"),
        (Image.new("RGBA", (200, 200), (80, 80, 80, 0)), {}, "no subject"),
        (figure(background=(10, 10, 10)), {"mask": "alpha"}, "no transparency"),
    ],
)
def test_a_picture_without_a_subject_is_refused_in_words(tmp_path, model, picture, params, words):
    with pytest.raises(InputInvalid, match=words) as caught:
        run_model(model, {"image": saved(picture, tmp_path / "in.png")}, params, scratch(tmp_path))

    assert caught.value.suggestion
