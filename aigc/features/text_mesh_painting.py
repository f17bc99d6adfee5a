"""A mesh painted as a sentence says: the feature text_mesh_painting and its model's settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import MESH_KINDS, TEXT_KINDS, Feature, Parameters, Seed, TextureResolution


class TextMeshPaintingParameters(Parameters):
    """What every model that paints a mesh by a sentence understands."""

    seed: Seed = 42
    texture_resolution: TextureResolution = 1024
    output_format: Literal["glb", "obj", "usdz"] = Field(
        "glb", title="File format", description="File format of the mesh."
    )


class SolidPaintParameters(TextMeshPaintingParameters):
    """Settings of painting with solid textures."""

    parts: Literal["auto", "mesh", "shape", "none"] = Field(
        "auto",
        title="Find parts by",
        description="What the prompt's words for parts are looked for in. mesh: the parts that the file has. "
        "shape: parts that the shape suggests. none: heights and sides. auto: the file's, else the shape's.",
    )
    wear: float = Field(0.5, ge=0.0, le=1.0, title="Dirt and wear", description="Dirt in hollows and wear on edges.")
    pattern_size: float = Field(
        1.0, ge=0.1, le=10.0, title="Size of patterns", description="Size of bricks, stripes and grain, 1 for usual."
    )
    keep_colors: bool = Field(
        True,
        title="Keep its colours",
        description="Leave the mesh's own colours where the prompt names parts only and says nothing of the rest.",
    )
    keep_uv: bool = Field(
        True, title="Keep its texture coordinates", description="Keep the mesh's own texture coordinates if they serve."
    )


TEXT_MESH_PAINTING = Feature(
    name="text_mesh_painting",
    title="Paint by text",
    sentence="Paints a mesh with the colours, materials and patterns that a sentence names, part by part.",
    inputs={"text": TEXT_KINDS, "mesh": MESH_KINDS},
    output_formats=("glb", "obj", "usdz"),
    parameters=TextMeshPaintingParameters,
)
