import pytest

from aigc.mesh.gltf_read import read_gltf
from aigc.models.shape_grammar import ShapeGrammar, ShapeGrammarRaw
from aigc.runner.model import InputInvalid
from aigc.runner.testing import Recorder, run_model
from tests.gltf import gltf_issues
from tests.models.kit import check_cancel, check_progress, digest, digest_elsewhere, main_mesh

SMALL = {"texture_resolution": 256}


@pytest.fixture(scope="module")
def model():
    model = ShapeGrammar()
    model.load("cpu")
    yield model
    model.unload()


def test_meshes_are_closed_valid_and_of_natural_size(tmp_path, model):
    results = [
        run_model(model, {"text": prompt}, SMALL, tmp_path)
        for prompt in ("a red chair with three legs", "an elephant", "a snowy brick house with a blue roof", "two mugs")
    ]

    assert gltf_issues(*(result.outputs[0].data for result in results)) == []
    assert all(main_mesh(result).is_watertight for result in results)
    assert [result.info["closest_shape"] for result in results] == ["chair", "elephant", "house", "mug"]
    assert main_mesh(results[0]).extents.max() == pytest.approx(0.92, rel=0.01)
    assert main_mesh(results[1]).extents.max() == pytest.approx(3.6, rel=0.01)
    assert {output.role for output in results[0].outputs} == {"model", "thumbnail"}


def test_the_result_says_what_it_is(tmp_path, model):
    result = run_model(model, {"text": "golden retriever puppy"}, SMALL, tmp_path)

    assert result.info["method"] == "parametric shape library"
    assert result.info["closest_shape"] == "dog"
    assert 0 < result.info["second_score"] <= result.info["score"] <= 1


def test_colours_are_where_the_words_put_them(tmp_path, model):
    red, blue = (
        read_gltf(run_model(model, {"text": f"a {color} vase"}, SMALL, tmp_path).outputs[0].data, 100_000)[0]
        for color in ("red", "blue")
    )

    assert red.material.base_color_texture[..., 0].mean() > 2 * red.material.base_color_texture[..., 2].mean()
    assert blue.material.base_color_texture[..., 2].mean() > 2 * blue.material.base_color_texture[..., 0].mean()


def test_the_texture_prompt_adds_colours(tmp_path, model):
    result = run_model(model, {"text": "a vase"}, {**SMALL, "texture_prompt": "dark green"}, tmp_path)

    red, green, blue = (
        read_gltf(result.outputs[0].data, 100_000)[0].material.base_color_texture.reshape(-1, 3).mean(axis=0)
    )
    assert green > 1.2 * red and green > 1.2 * blue


def test_size_and_faces_are_as_asked(tmp_path, model):
    result = run_model(model, {"text": "a castle"}, {**SMALL, "size": 2.0, "target_face_count": 4000}, tmp_path)

    assert main_mesh(result).extents.max() == pytest.approx(2.0)
    assert result.outputs[0].stats["triangles"] <= 4000


def test_the_raw_model_makes_the_same_surface_without_a_texture(tmp_path, model):
    raw = ShapeGrammarRaw()
    raw.load("cpu")

    one = run_model(raw, {"text": "a teapot"}, {}, tmp_path)
    two = run_model(model, {"text": "a teapot"}, SMALL, tmp_path)

    assert one.outputs[0].stats["textures"] == 0
    assert main_mesh(one).volume == pytest.approx(main_mesh(two).volume)
    assert gltf_issues(one.outputs[0].data) == []


def test_what_is_not_known_is_said(tmp_path, model):
    recorder = Recorder(tmp_path)

    run_model(model, {"text": "a microscope"}, SMALL, tmp_path, recorder=recorder)

    assert "closest known shape" in recorder.warnings[0]


@pytest.mark.parametrize("prompt", ["", "   ", "!?…", "赤い椅子", "xqzzt blorf wuggle", "a flurble", "ein Kelch"])
def test_a_prompt_without_sense_is_refused_with_examples(tmp_path, model, prompt):
    with pytest.raises(InputInvalid) as caught:
        run_model(model, {"text": prompt}, SMALL, tmp_path)

    assert "chair" in caught.value.suggestion


def test_a_prompt_of_ten_thousand_characters_is_cut_with_a_warning(tmp_path, model):
    recorder = Recorder(tmp_path)

    result = run_model(model, {"text": "a red chair " * 900}, SMALL, tmp_path, recorder=recorder)

    assert result.info["closest_shape"] == "chair"
    assert any("first 2000" in warning for warning in recorder.warnings)


def test_another_seed_varies_and_the_same_seed_does_not(tmp_path, model):
    one, again, other = (
        digest(run_model(model, {"text": "a rocket"}, {**SMALL, "seed": seed}, tmp_path)) for seed in (1, 1, 2)
    )

    assert one == again != other
    assert one == digest_elsewhere("aigc.models.shape_grammar:ShapeGrammar", {"text": "a rocket"}, {**SMALL, "seed": 1})


def test_progress_is_told_and_a_cancel_heard_at_every_step(tmp_path, model):
    inputs = {"text": "a windmill"}

    recorder = check_progress(model, inputs, SMALL, tmp_path)

    stages = list(dict.fromkeys(report["stage"] for report in recorder.reports))
    assert stages == ["preprocessing", "sampling", "decoding", "texturing", "exporting"]
    check_cancel(
        lambda call: run_model(model, inputs, SMALL, tmp_path, cancel_at=call), len(recorder.reports), tmp_path
    )
