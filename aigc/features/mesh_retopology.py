"""A mesh with a cleaner net of fewer faces: the feature mesh_retopology and its models' settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import MESH_KINDS, Feature, Parameters, Seed


class MeshRetopologyParameters(Parameters):
    """What every retopology model understands."""

    target_vertex_count: int = Field(
        4_000,
        ge=100,
        le=20_000,
        title="Vertices",
        description="Vertices wanted; the result has about this many.",
        json_schema_extra={"unit": "vertices"},
    )
    poly_type: Literal["tri", "quad"] = Field(
        "tri",
        title="Faces",
        description="tri: triangles. quad: quadrilaterals (an OBJ file keeps them, a GLB file holds triangles only).",
    )
    seed: Seed = 42
    output_format: Literal["obj", "glb", "ply", "stl", "usdz"] = Field(
        "obj",
        title="File format",
        description="File format of the mesh. Only OBJ and PLY hold quads; PLY and STL hold no texture, and colours "
        "are lost.",
    )


class RetopologyTexture(Parameters):
    """How colours move from the old surface to the new one, shared by the two classes below."""

    keep_texture: bool = Field(
        True,
        title="Keep its texture",
        description="Unwrap the new mesh and carry over the colours of the old one, if it has any. "
        "Some quadrilaterals at the borders of islands become triangles then.",
    )
    texture_resolution: int = Field(
        1024,
        ge=256,
        le=4096,
        title="Texture size",
        description="Edge of the new texture; rounded to the nearest power of two.",
        json_schema_extra={"unit": "px", "work_power": 2},
    )


class FieldQuadsParameters(RetopologyTexture, MeshRetopologyParameters):
    """Settings of the remesher that follows the directions of the surface."""

    keep_thin_parts: bool = Field(
        True,
        title="Keep thin parts",
        description="Take up to twice as many vertices where thin parts, as legs, handles and antlers, would break.",
    )
    crease_angle: float = Field(
        30.0,
        ge=0.0,
        le=90.0,
        title="Sharp edges from",
        description="Edges sharper than this stay edges; 0 treats the whole surface as smooth.",
        json_schema_extra={"unit": "degrees"},
    )


class QuadricParameters(RetopologyTexture, MeshRetopologyParameters):
    """Settings of the decimation that keeps the input's own vertices where it can."""


MESH_RETOPOLOGY = Feature(
    name="mesh_retopology",
    title="Retopology",
    sentence="Rebuilds a mesh with fewer, cleaner faces that lie on the same surface.",
    inputs={"mesh": MESH_KINDS},
    output_formats=("obj", "glb", "ply", "stl", "usdz"),
    parameters=MeshRetopologyParameters,
)
