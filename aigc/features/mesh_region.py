"""Where on a mesh an edit shall happen: settings shared by the features text_mesh_editing and image_mesh_editing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aigc.features.base import Parameters, Seed

Point = Annotated[list[float], Field(min_length=3, max_length=3)]
Lengths = Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=3, max_length=3)]


class MeshRegionParameters(Parameters):
    """What every editing model understands: the region, and the seed."""

    seed: Seed = 42
    mask_type: Literal["auto", "none", "bbox", "ellipsoid"] = Field(
        "auto",
        title="Region to edit",
        description="Shape of the region that is edited. bbox: a box. ellipsoid: a ball with three radii. none: the "
        "whole mesh, or the part that the words name. auto: a box where a centre and a size are given, else none.",
    )
    mask_center: Point | None = Field(
        None,
        title="Middle of the region",
        description="Middle of the region: x to the mesh's left, y up, z to its front, as in the file.",
        json_schema_extra={"unit": "m"},
    )
    mask_size: Lengths | None = Field(
        None,
        title="Size of the region",
        description="Lengths of the box's edges, or the three radii of the ellipsoid.",
        json_schema_extra={"unit": "m"},
    )
    output_format: Literal["glb", "obj", "ply", "stl"] = Field(
        "glb", title="File format", description="File format of the mesh; STL has no colours."
    )
