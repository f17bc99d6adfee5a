import subprocess
import sys

import pytest
from pydantic import ValidationError

from aigc.features import FEATURES
from aigc.features.base import power_of_two
from aigc.features.image_mesh_editing import PictureEditParameters
from aigc.features.image_to_mesh import InflateParameters, InflateRawParameters
from aigc.features.mesh_retopology import FieldQuadsParameters, QuadricParameters
from aigc.features.mesh_segmentation import SpectralPartsParameters
from aigc.features.part_completion import WindingFillParameters
from aigc.features.text_mesh_editing import RegionEditParameters
from aigc.features.text_to_mesh import ShapeGrammarParameters, ShapeGrammarRawParameters
from aigc.features.uv_unwrapping import XatlasParameters
from web.compat_catalogue import described

ALL = [
    InflateParameters,
    InflateRawParameters,
    ShapeGrammarParameters,
    ShapeGrammarRawParameters,
    FieldQuadsParameters,
    QuadricParameters,
    XatlasParameters,
    RegionEditParameters,
    PictureEditParameters,
    SpectralPartsParameters,
    WindingFillParameters,
]


@pytest.mark.parametrize("parameters", ALL)
def test_nothing_need_be_given_and_null_means_the_default(parameters):
    nulls = dict.fromkeys(parameters.model_fields)

    assert parameters(**nulls) == parameters()


@pytest.mark.parametrize("parameters", ALL)
def test_every_setting_is_described_with_its_range_and_default(parameters):
    told = described(parameters.model_json_schema())

    assert set(told) == set(parameters.model_fields)
    for name, entry in told.items():
        assert entry["description"].endswith("."), name
        assert entry["required"] is False
        # A list of numbers may be left open.
        assert entry["default"] is not None or entry["type"] == "array"
        assert entry["type"] in ("integer", "number", "string", "boolean", "array")
        assert "enum" in entry or "minimum" in entry or entry["type"] in ("boolean", "string", "array"), name


def test_a_stranger_and_a_value_out_of_range_are_refused_by_name():
    with pytest.raises(ValidationError, match="wings"):
        InflateParameters(wings=2)
    with pytest.raises(ValidationError, match="texture_resolution"):
        InflateParameters(texture_resolution=100)
    with pytest.raises(ValidationError, match="thickness"):
        InflateParameters(thickness=float("nan"))


def test_what_existing_clients_send_is_valid():
    XatlasParameters(
        distortion_threshold=1.25,
        pack_method="blender",
        save_individual_parts=True,
        save_visuals=False,
        output_format="obj",
    )
    XatlasParameters(pack_method="uvpackmaster")
    FieldQuadsParameters(seed=None, poly_type="quad", target_vertex_count=None, output_format="ply")
    SpectralPartsParameters(num_parts=6, export_colored_mesh=True, output_format="glb")
    InflateParameters(seed=42, texture_resolution=4096)
    ShapeGrammarParameters(texture_prompt="", texture_resolution=1024)


def test_a_features_default_format_is_its_first_and_its_models_agree():
    for feature in FEATURES.values():
        told = described(feature.parameters.model_json_schema())["output_format"]

        assert told["default"] == feature.output_formats[0]
        assert set(told["enum"]) == set(feature.output_formats)
        assert feature.inputs


@pytest.mark.parametrize(("asked", "given"), [(256, 256), (1000, 1024), (1400, 1024), (1500, 2048), (4096, 4096)])
def test_resolutions_are_rounded_to_powers_of_two(asked, given):
    assert power_of_two(asked) == given


def test_the_features_need_nothing_heavier_than_pydantic():
    code = (
        "import sys, aigc.features.base, aigc.features;"
        "heavy = {'numpy', 'scipy', 'trimesh', 'cv2', 'PIL'} & set(sys.modules); assert not heavy, heavy"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
