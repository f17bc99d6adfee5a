"""Every format that a feature offers is written by its default model, and an independent reader finds the same mesh."""

import pytest
import trimesh

from aigc.features import FEATURES
from aigc.models.shape_grammar import ShapeGrammar, ShapeGrammarRaw
from aigc.runner.testing import run_model


@pytest.fixture(scope="module")
def models():
    made = {"text_to_raw_mesh": ShapeGrammarRaw(), "text_to_textured_mesh": ShapeGrammar()}
    for model in made.values():
        model.load("cpu")
    return made


@pytest.mark.parametrize(
    ("feature", "kind"),
    [(name, kind) for name in ("text_to_raw_mesh",) for kind in FEATURES[name].output_formats if kind != "usdz"],
)
def test_a_shape_is_the_same_in_every_format(models, tmp_path, feature, kind):
    params = {"output_format": kind, "target_face_count": 800}
    made = run_model(models[feature], {"text": "a red chair"}, params, tmp_path)
    main = next(output for output in made.outputs if output.role == "model")
    path = tmp_path / main.name
    path.write_bytes(main.data)

    assert path.suffix == f".{kind}"
    assert len(trimesh.load(path, force="mesh", process=False).faces) == main.stats["triangles"]


def test_a_textured_shape_in_obj_brings_its_material_and_texture(models, tmp_path):
    params = {"output_format": "obj", "target_face_count": 800, "texture_resolution": 256}
    made = run_model(models["text_to_textured_mesh"], {"text": "a red chair"}, params, tmp_path)
    for output in made.outputs:
        (tmp_path / output.name).write_bytes(output.data)

    loaded = trimesh.load(tmp_path / "mesh.obj", force="mesh", process=False)
    assert loaded.visual.material.image.size == (256, 256)
