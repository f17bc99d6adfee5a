"""A mesh painted with a picture: the feature image_mesh_painting and its model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import IMAGE_KINDS, MESH_KINDS, Feature, Parameters, Seed, TextureResolution


class ImageMeshPaintingParameters(Parameters):
    """What every model that paints a mesh with a picture understands."""

    seed: Seed = 42
    texture_resolution: TextureResolution = 1024
    output_format: Literal["glb", "obj", "usdz"] = Field(
        "glb", title="File format", description="File format of the mesh."
    )


class ProjectPaintParameters(ImageMeshPaintingParameters):
    """Settings of projection."""

    view: Literal[
        "auto",
        "front",
        "back",
        "left",
        "right",
        "top",
        "three_quarter_left",
        "three_quarter_right",
    ] = Field(
        "auto",
        title="Side in the picture",
        description="The side of the mesh that the picture shows; the front faces along +z. "
        "auto: found by comparing silhouettes and edges.",
    )
    azimuth: float | None = Field(
        None,
        ge=-180,
        le=180,
        title="Camera around it",
        description="Where the picture was taken from, around the mesh from its front to its left; overrides view.",
        json_schema_extra={"unit": "degrees"},
    )
    elevation: float | None = Field(
        None,
        ge=-90,
        le=90,
        title="Camera above it",
        description="Where the picture was taken from, above the ground; overrides view.",
        json_schema_extra={"unit": "degrees"},
    )
    back: Literal["soft", "mirror"] = Field(
        "soft",
        title="Back side",
        description="Colours of the side that the picture does not show. soft: those of the rim carried on. "
        "mirror: the picture again, for objects without a face.",
    )
    symmetry: bool = Field(
        True, description="Paint a half that is not seen like the other half, if the mesh is symmetric."
    )
    bend: bool = Field(
        True,
        title="Fit the outline",
        description="Bend the picture a little, so that its silhouette covers that of the mesh.",
    )
    roughness: float = Field(0.7, ge=0.0, le=1.0, description="From mirror-like to matt.")
    metallic: float = Field(0.0, ge=0.0, le=1.0, title="Metal", description="1 for bare metal.")
    keep_uv: bool = Field(
        True, title="Keep its texture coordinates", description="Keep the mesh's own texture coordinates if they serve."
    )
    mask: Literal["auto", "alpha", "background", "network", "full"] = Field(
        "auto",
        title="Cut out by",
        description="How the subject is told from the background. alpha: by the picture's transparency. background: by "
        "its plain backdrop. network: by a saliency network. full: the whole picture is the subject. "
        "auto: the first of these that fits.",
    )


IMAGE_MESH_PAINTING = Feature(
    name="image_mesh_painting",
    title="Paint by picture",
    sentence="Paints a mesh with the colours of a picture of it, and guesses what the picture does not show.",
    inputs={"image": IMAGE_KINDS, "mesh": MESH_KINDS},
    output_formats=("glb", "obj", "usdz"),
    parameters=ImageMeshPaintingParameters,
)
