"""A mesh with texture coordinates: the feature uv_unwrapping and its model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import MESH_KINDS, Feature, Parameters


class UvUnwrappingParameters(Parameters):
    """What every unwrapping model understands."""

    distortion_threshold: float = Field(
        1.25,
        ge=1.0,
        le=5.0,
        title="Most stretch",
        description="How much an island may stretch the surface; lower gives more, smaller islands.",
        json_schema_extra={"unit": "ratio"},
    )
    pack_method: Literal["blender", "uvpackmaster", "xatlas", "none"] = Field(
        "blender",
        title="Packing",
        description="none: islands are left unpacked, one over the other. "
        "Any other: islands are packed side by side by the model's own packer, which the result names.",
    )
    save_individual_parts: bool = Field(
        True, title="Pieces as files, too", description="Write each connected part as a file of its own, too."
    )
    save_visuals: bool = Field(
        False, title="Picture of the islands", description="Write a picture of the islands, too."
    )
    output_format: Literal["obj", "glb", "usdz"] = Field(
        "obj", title="File format", description="File format of the mesh."
    )


class XatlasParameters(UvUnwrappingParameters):
    """Settings of unwrapping with xatlas."""

    resolution: int = Field(
        1024,
        ge=256,
        le=4096,
        title="Texture size",
        description="Edge of the texture: what the gaps between islands are meant for, and the old colours, "
        "which are carried over at the next power of two.",
        json_schema_extra={"unit": "px"},
    )
    keep_texture: bool = Field(
        True,
        title="Keep its texture",
        description="Carry over the old colours, if there are any, to a texture on the new islands.",
    )
    padding: int = Field(
        4,
        ge=0,
        le=32,
        title="Gap between islands",
        description="Gap between islands.",
        json_schema_extra={"unit": "px"},
    )


UV_UNWRAPPING = Feature(
    name="uv_unwrapping",
    title="UV unwrapping",
    sentence="Gives a mesh texture coordinates without overlaps, in islands of low stretch.",
    inputs={"mesh": MESH_KINDS},
    output_formats=("obj", "glb", "usdz"),
    parameters=UvUnwrappingParameters,
)
