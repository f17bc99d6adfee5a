"""Every format that a feature offers is written by its default model, and an independent reader finds the same mesh."""

import numpy as np
import pytest
import trimesh

from aigc.features import FEATURES
from aigc.mesh.export import write_stl
from aigc.mesh.types import Mesh
from aigc.models.shape_grammar import ShapeGrammar, ShapeGrammarRaw
from aigc.models.spectral_parts import SpectralParts
from aigc.models.text_mesh_editing import RegionEdit
from aigc.models.winding_fill import WindingFill
from aigc.runner.testing import run_model
from tests.mesh.segment_kit import ball_with_ears


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


@pytest.mark.parametrize("kind", ["obj", "ply", "stl"])
@pytest.mark.parametrize(
    ("model", "inputs", "params"),
    [
        (SpectralParts, {}, {"num_parts": 3}),
        (WindingFill, {}, {"num_parts": 2, "texture_resolution": 256}),
        (RegionEdit, {"text": "paint it red"}, {"texture_resolution": 256}),
    ],
)
def test_what_consists_of_several_meshes_is_written_in_other_formats_too(tmp_path, kind, model, inputs, params):
    source = tmp_path / "ears.stl"
    points, faces, _ = ball_with_ears(16)
    source.write_bytes(write_stl(Mesh(points, faces)))
    made = model()
    made.load("cpu")

    result = run_model(made, {"mesh": str(source), **inputs}, {"output_format": kind, **params}, tmp_path)

    for output in result.outputs:
        (tmp_path / output.name).write_bytes(output.data)
    main = next(output for output in result.outputs if output.role == "model")
    assert main.name == f"mesh.{kind}"
    read = trimesh.load(tmp_path / main.name, force="mesh", process=False)
    assert len(read.faces) == main.stats["triangles"]
    # The same shape wherever it was cut: its box is that of the mesh that was sent.
    assert np.allclose(read.bounds, [points.min(axis=0), points.max(axis=0)], atol=1e-3)
    suffixes = {output.name.rsplit(".", 1)[1] for output in result.outputs if output.role == "part"}
    assert suffixes <= {"glb" if kind == "obj" else kind}
