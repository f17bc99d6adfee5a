"""A mesh changed in one place as words say: the feature text_mesh_editing and its model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import MESH_KINDS, TEXT_KINDS, Feature, TextureResolution
from aigc.features.mesh_region import MeshRegionParameters


class TextMeshEditingParameters(MeshRegionParameters):
    """What every model that edits by words understands."""

    source_prompt: str = Field(
        "",
        max_length=2000,
        title="What it is now",
        description="What the mesh is now; the text then says what it shall be. Empty: the text is an instruction, "
        "such as: remove the hat.",
    )


class RegionEditParameters(TextMeshEditingParameters):
    """Settings of the editor that does one thing within a region."""

    operation: Literal[
        "auto",
        "remove",
        "replace",
        "add",
        "enlarge",
        "shrink",
        "stretch",
        "inflate",
        "thin",
        "smooth",
        "hollow",
        "cut",
        "mirror",
        "twist",
        "bend",
        "rotate",
        "move",
        "recolour",
    ] = Field("auto", title="What to do", description="auto: what the text says.")
    strength: float = Field(
        1.0, ge=0.1, le=4.0, description="How much of it: 1 is the usual, or what the text says; 2 twice that."
    )
    falloff: float = Field(
        0.3,
        ge=0.0,
        le=1.0,
        title="Soft border",
        description="Share of the region over which a change of form fades towards its border, measured along the "
        "surface. 0 is abrupt.",
    )
    texture_resolution: TextureResolution = 1024


TEXT_MESH_EDITING = Feature(
    name="text_mesh_editing",
    title="Edit by text",
    sentence="Changes a mesh within a region as words say, and leaves the rest as it was.",
    inputs={"mesh": MESH_KINDS, "text": TEXT_KINDS},
    optional_inputs={"mask": MESH_KINDS},
    output_formats=("glb", "obj", "ply", "stl"),
    parameters=TextMeshEditingParameters,
)
