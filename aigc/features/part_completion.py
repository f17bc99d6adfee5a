"""Parts made whole: the feature part_completion and its model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import MESH_KINDS, Feature, Parameters, TextureResolution
from aigc.features.mesh_segmentation import MOST_PARTS


class PartCompletionParameters(Parameters):
    """What every model that completes parts understands."""

    num_parts: int = Field(
        0,
        ge=0,
        le=MOST_PARTS,
        title="Number of parts",
        description="Parts to cut a mesh into that has none yet; 0: as many as the shape suggests.",
        json_schema_extra={"unit": "parts"},
    )
    output_format: Literal["glb", "obj", "ply", "stl"] = Field(
        "glb", title="File format", description="File format of the mesh; in STL and PLY parts are told by their files."
    )


class WindingFillParameters(PartCompletionParameters):
    """Settings of closing parts by caps and winding numbers."""

    method: Literal["auto", "caps", "winding"] = Field(
        "auto",
        description="caps: close each border by a membrane and keep the surface as it is. winding: rebuild the part as "
        "a solid. auto: caps where borders are sound, winding where they are not.",
    )
    grid_resolution: int = Field(
        80,
        ge=32,
        le=192,
        title="Fineness",
        description="Cells along the longest side of a part that is rebuilt.",
        json_schema_extra={"unit": "cells"},
    )
    texture_resolution: TextureResolution = 1024
    save_parts: bool = Field(
        True, title="Parts as files, too", description="Write each part as a file of its own, too."
    )


PART_COMPLETION = Feature(
    name="part_completion",
    title="Part completion",
    sentence="Makes each part of a mesh a closed solid, also where it was hidden by the others.",
    inputs={"mesh": MESH_KINDS},
    output_formats=("glb", "obj", "ply", "stl"),
    parameters=PartCompletionParameters,
)
