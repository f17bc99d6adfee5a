"""A mesh from one picture: the features image_to_raw_mesh and image_to_textured_mesh, and their model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import IMAGE_KINDS, Feature, Parameters, Seed, TextureResolution


class ImageToRawMeshParameters(Parameters):
    """What every model that makes a mesh from a picture understands."""

    seed: Seed = 42
    target_face_count: int = Field(
        20_000,
        ge=200,
        le=200_000,
        title="Triangles",
        description="Triangles wanted; the result has about this many, and fewer where the shape is plain.",
        json_schema_extra={"unit": "triangles"},
    )
    output_format: Literal["glb", "obj", "ply", "stl", "usdz"] = Field(
        "glb", title="File format", description="File format of the mesh."
    )


class ImageToTexturedMeshParameters(ImageToRawMeshParameters):
    """The same, with a texture, which PLY and STL files cannot hold."""

    output_format: Literal["glb", "obj", "usdz"] = Field(
        "glb", title="File format", description="File format of the mesh."
    )
    texture_resolution: TextureResolution = 1024


class InflateShape(Parameters):
    """How a silhouette becomes a solid, shared by the two classes below."""

    shape: Literal["auto", "inflate", "lathe", "slab"] = Field(
        "auto",
        description="inflate: round cross-sections, for figures and animals. lathe: a body turned around its axis, for "
        "bottles and vases. slab: an even thickness with round edges, for signs and plates. "
        "auto: lathe where the silhouette is symmetric about an axis, else inflate.",
    )
    thickness: float = Field(
        0.8, ge=0.1, le=2.0, description="Depth as a multiple of the natural one; below 1 is flatter."
    )
    relief: float = Field(
        0.010,
        ge=0.0,
        le=0.05,
        title="Relief",
        description="Height of the fine relief that is read from light and dark in the picture.",
        json_schema_extra={"unit": "of the longest side"},
    )
    size: float = Field(
        1.0,
        ge=0.001,
        le=1000.0,
        description="Length of the longest side.",
        json_schema_extra={"unit": "m"},
    )
    mask: Literal["auto", "alpha", "background", "network", "full"] = Field(
        "auto",
        title="Cut out by",
        description="How the subject is told from the background. alpha: by the picture's transparency. background: by "
        "its plain backdrop. network: by a saliency network. full: the whole picture is the subject. "
        "auto: the first of these that fits.",
    )


class InflateRawParameters(InflateShape, ImageToRawMeshParameters):
    """Settings of silhouette inflation without a texture."""


class InflateParameters(InflateShape, ImageToTexturedMeshParameters):
    """Settings of silhouette inflation with a texture."""

    back: Literal["auto", "soft", "mirror"] = Field(
        "auto",
        title="Back side",
        description="Colours of the side that the picture does not show. soft: the colours at its rim carried on, for "
        "figures with a face. mirror: the front again, for objects. auto: mirror for a lathe shape, else soft.",
    )


_FORMATS = ("glb", "obj", "ply", "stl", "usdz")
_TEXTURED_FORMATS = ("glb", "obj", "usdz")

IMAGE_TO_RAW_MESH = Feature(
    name="image_to_raw_mesh",
    title="Image to mesh",
    sentence="Makes a closed mesh without a texture from one picture of one subject.",
    inputs={"image": IMAGE_KINDS},
    output_formats=_FORMATS,
    parameters=ImageToRawMeshParameters,
)
IMAGE_TO_TEXTURED_MESH = Feature(
    name="image_to_textured_mesh",
    title="Image to textured mesh",
    sentence="Makes a closed mesh that carries the colours of one picture of one subject.",
    inputs={"image": IMAGE_KINDS},
    optional_inputs={"texture_image": IMAGE_KINDS},
    output_formats=_TEXTURED_FORMATS,
    parameters=ImageToTexturedMeshParameters,
)
