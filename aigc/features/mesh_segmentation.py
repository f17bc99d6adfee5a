"""A mesh cut into its parts: the feature mesh_segmentation and its model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import MESH_KINDS, Feature, Parameters

MOST_PARTS = 32


class MeshSegmentationParameters(Parameters):
    """What every segmentation model understands."""

    num_parts: int = Field(
        0,
        ge=0,
        le=MOST_PARTS,
        title="Number of parts",
        description="Parts wanted, 2 or more; 0: as many as the shape itself suggests.",
        json_schema_extra={"unit": "parts"},
    )
    export_colored_mesh: bool = Field(
        False,
        title="Colour each part",
        description="Paint each part in a colour of its own; without it parts keep the look of the input.",
    )
    output_format: Literal["glb", "obj", "ply", "stl"] = Field(
        "glb", title="File format", description="File format of the mesh; in STL and PLY parts are told by their files."
    )


class SpectralPartsParameters(MeshSegmentationParameters):
    """Settings of cutting along concave creases and changes of thickness."""

    concavity: float = Field(
        1.0,
        ge=0.0,
        le=4.0,
        description="How much a concave bend of the surface parts; 0: not at all, 1: as usual.",
        json_schema_extra={"unit": "factor"},
    )
    thickness: float = Field(
        1.0,
        ge=0.0,
        le=4.0,
        description="How much a change of thickness parts; 0: not at all, 1: as usual.",
        json_schema_extra={"unit": "factor"},
    )
    smooth_borders: bool = Field(True, description="Draw borders along creases and by the shortest way.")
    save_parts: bool = Field(
        True, title="Parts as files, too", description="Write each part as a file of its own, too."
    )


MESH_SEGMENTATION = Feature(
    name="mesh_segmentation",
    title="Segmentation",
    sentence="Cuts a mesh into the parts that it is made of, each a mesh of its own name.",
    inputs={"mesh": MESH_KINDS},
    output_formats=("glb", "obj", "ply", "stl"),
    parameters=MeshSegmentationParameters,
)
