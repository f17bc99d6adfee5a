"""A mesh from a sentence: the features text_to_raw_mesh and text_to_textured_mesh, and their model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import TEXT_KINDS, Feature, Parameters, Seed, TextureResolution


class TextToRawMeshParameters(Parameters):
    """What every model that makes a mesh from a sentence understands."""

    seed: Seed = 42
    target_face_count: int = Field(
        16_000,
        ge=500,
        le=100_000,
        title="Triangles",
        description="About this many triangles at most; plain shapes have far fewer.",
        json_schema_extra={"unit": "triangles"},
    )
    output_format: Literal["glb", "obj", "ply", "stl", "usdz"] = Field(
        "glb", title="File format", description="File format of the mesh."
    )


class TextToTexturedMeshParameters(TextToRawMeshParameters):
    """The same, with a texture, which PLY and STL files cannot hold."""

    output_format: Literal["glb", "obj", "usdz"] = Field(
        "glb", title="File format", description="File format of the mesh."
    )
    texture_resolution: TextureResolution = 1024
    texture_prompt: str = Field(
        "",
        max_length=1000,
        title="Colours and materials",
        description="Colours and materials in words, where they are not in the prompt already.",
    )


class FlowSettings(Parameters):
    """What only the part flow understands."""

    steps: int = Field(32, ge=4, le=200, description="Steps from noise to the thing; more are slower and finer.")
    guidance: float = Field(
        2.0,
        ge=0.0,
        le=8.0,
        title="Faithfulness to the words",
        description="How strictly the words are followed; 1 is as trained, more is clearer and less varied.",
    )
    size: float = Field(
        0.0,
        ge=0.0,
        le=1000.0,
        description="Length of the longest side; 0 takes the size that the network expects of such a thing.",
        json_schema_extra={"unit": "m"},
    )


class PartFlowRawParameters(FlowSettings, TextToRawMeshParameters):
    """Settings of the part flow without a texture."""


class PartFlowParameters(FlowSettings, TextToTexturedMeshParameters):
    """Settings of the part flow with a texture."""


class ShapeSettings(Parameters):
    """What only the parametric shape library understands."""

    variation: float = Field(
        0.5,
        ge=0.0,
        le=1.0,
        title="Freedom",
        description="How far the seed may change proportions and colours that the prompt leaves open.",
    )
    size: float = Field(
        0.0,
        ge=0.0,
        le=1000.0,
        description="Length of the longest side; 0 keeps the natural size of the thing.",
        json_schema_extra={"unit": "m"},
    )


class ShapeGrammarRawParameters(ShapeSettings, TextToRawMeshParameters):
    """Settings of the shape library without a texture."""


class ShapeGrammarParameters(ShapeSettings, TextToTexturedMeshParameters):
    """Settings of the shape library with a texture."""


_FORMATS = ("glb", "obj", "ply", "stl", "usdz")
_TEXTURED_FORMATS = ("glb", "obj", "usdz")

TEXT_TO_RAW_MESH = Feature(
    name="text_to_raw_mesh",
    title="Text to mesh",
    sentence="Makes a closed mesh without a texture from a few words.",
    inputs={"text": TEXT_KINDS},
    output_formats=_FORMATS,
    parameters=TextToRawMeshParameters,
)
TEXT_TO_TEXTURED_MESH = Feature(
    name="text_to_textured_mesh",
    title="Text to textured mesh",
    sentence="Makes a textured mesh from a few words: what it is, of which colours and materials, how many parts.",
    inputs={"text": TEXT_KINDS},
    output_formats=_TEXTURED_FORMATS,
    parameters=TextToTexturedMeshParameters,
)
