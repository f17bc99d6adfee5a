"""A mesh changed as one picture differs from another: the feature image_mesh_editing and its model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import IMAGE_KINDS, MESH_KINDS, Feature, TextureResolution
from aigc.features.mesh_region import MeshRegionParameters


class ImageMeshEditingParameters(MeshRegionParameters):
    """What every model that edits by pictures understands."""


class PictureEditParameters(ImageMeshEditingParameters):
    """Settings of the editor that carries the difference of two pictures over to a mesh."""

    view: Literal["auto", "front", "back", "left", "right", "top"] = Field(
        "auto",
        title="Side in the picture",
        description="The side of the mesh that the pictures show; the front faces along +z. "
        "auto: found by comparing silhouettes and edges.",
    )
    threshold: float = Field(
        12.0,
        ge=2.0,
        le=60.0,
        title="What counts as changed",
        description="Difference of colour (CIE Lab) from which on a place counts as changed.",
    )
    texture_resolution: TextureResolution = 1024


IMAGE_MESH_EDITING = Feature(
    name="image_mesh_editing",
    title="Edit by pictures",
    sentence="Changes a mesh as an edited picture of it differs from the picture before, and nothing else.",
    inputs={"mesh": MESH_KINDS, "source_image": IMAGE_KINDS, "target_image": IMAGE_KINDS},
    optional_inputs={"mask_image": IMAGE_KINDS, "mask": MESH_KINDS},
    output_formats=("glb", "obj", "ply", "stl"),
    parameters=ImageMeshEditingParameters,
)
