"""Settings of the heavy models, under the names, defaults and ranges that clients of the replaced server know.

Nothing may be added or renamed here: those clients draw their forms from these and send what they have stored.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aigc.features.base import Parameters
from aigc.features.mesh_region import MeshRegionParameters
from aigc.features.text_mesh_editing import TextMeshEditingParameters

_Seed = Annotated[int, Field(ge=0, description="Start of the random numbers: the same seed gives the same result.")]
_FreeSeed = Annotated[
    int | None,
    Field(ge=0, description="Start of the random numbers; none: another result each time, which names its seed."),
]


class NoParameters(Parameters):
    """A model with nothing to set."""


class TrellisParameters(Parameters):
    """TRELLIS, all four models."""

    seed: _Seed = 42
    texture_resolution: Literal[512, 1024, 2048, 4096] = Field(
        1024, title="Texture size", description="Edge of the texture.", json_schema_extra={"unit": "px"}
    )
    simplify: float = Field(0.95, ge=0.01, le=1.0, description="Share of the triangles that is taken away.")
    texture_bake_mode: Literal["fast", "opt"] = Field(
        "fast", description="fast: views are averaged. opt: the texture is optimised until its views look like them."
    )


class Trellis2Parameters(Parameters):
    """TRELLIS.2, image to textured mesh."""

    decimation_target: int = Field(
        1_000_000, ge=10_000, le=10_000_000, description="Triangles wanted.", json_schema_extra={"unit": "triangles"}
    )
    texture_size: Literal[1024, 2048, 4096, 8192] = Field(
        4096, description="Edge of the textures.", json_schema_extra={"unit": "px"}
    )
    remesh: bool = Field(True, description="Rebuild the surface before it is unwrapped, which closes it.")
    remesh_band: int = Field(1, ge=0, le=10, description="Width of the band around the surface that is rebuilt.")
    remesh_project: int = Field(0, ge=0, le=10, description="How far rebuilt vertices go back to the old surface.")
    seed: _FreeSeed = None


class Trellis2PaintingParameters(Parameters):
    """TRELLIS.2, painting a mesh like an image."""

    extension_webp: bool = Field(True, description="Keep textures as WebP: smaller, but not read everywhere.")


class Hunyuan3D20Parameters(Parameters):
    """Hunyuan3D 2.0, image to raw mesh; the replaced server had it not."""

    seed: _Seed = 42
    num_inference_steps: int = Field(50, ge=5, le=100, description="Steps of the sampler.")
    guidance_scale: float = Field(5.0, ge=0.0, le=20.0, description="How closely the picture is followed.")
    octree_resolution: int = Field(384, ge=32, le=512, description="Cells along each side of the decoded field.")


class Hunyuan3DTextureParameters(Parameters):
    """Hunyuan3D 2.1, textured mesh and painting."""

    max_num_view: int = Field(6, ge=1, le=12, description="Views that are painted.")
    resolution: Literal[256, 512, 1024] = Field(512, description="Edge of each view.", json_schema_extra={"unit": "px"})


class PartPackerParameters(Parameters):
    """PartPacker, image to raw mesh in parts."""

    num_steps: int = Field(30, ge=10, le=100, description="Steps of the sampler.")
    cfg_scale: float = Field(7.0, ge=1.0, le=15.0, description="How closely the picture is followed.")
    grid_resolution: Literal[256, 384, 512] = Field(
        384, title="Fineness", description="Cells along each side of the decoded field."
    )
    num_faces: int = Field(
        50_000, ge=10_000, le=200_000, description="Triangles at most.", json_schema_extra={"unit": "triangles"}
    )
    seed: _FreeSeed = None
    return_parts: bool = Field(True, description="Write each part as a file of its own, too.")
    return_volumes: bool = Field(False, description="Write the two packed volumes that the parts come from, too.")


class UltraShapeParameters(Parameters):
    """UltraShape, image to raw mesh in fine detail."""

    num_inference_steps: int = Field(50, ge=10, le=200, description="Steps of the refining sampler.")
    num_latents: int = Field(16_384, ge=8_192, le=65_536, description="Latent tokens; more give finer detail.")
    octree_res: Literal[512, 1024, 2048] = Field(512, description="Cells along each side of the decoded field.")
    chunk_size: int = Field(8_000, ge=1_000, le=16_000, description="Points decoded at once; fewer take less memory.")
    scale: float = Field(0.99, ge=0.5, le=1.0, description="Size of the coarse mesh in the cube that is refined.")
    seed: _Seed = 42


class PartFieldParameters(Parameters):
    """PartField, mesh segmentation."""

    num_parts: int = Field(6, ge=2, le=20, title="Number of parts", description="Parts wanted.")
    segmentation_method: str = Field("semantic", description="By meaning, which is all that this model knows.")
    use_hierarchical: bool = Field(True, description="Join faces along the surface, bottom-up; else k-means.")
    alg_option: Literal[0, 1, 2] = Field(
        0, description="How loose pieces are joined: 0 one after the other, 1 by nearest faces, 2 by a spanning tree."
    )
    export_colored_mesh: bool = Field(True, title="Colour each part", description="Give each part a colour of its own.")


class P3SamParameters(Parameters):
    """P3-SAM, mesh segmentation."""

    point_num: int = Field(100_000, ge=10_000, le=500_000, description="Points that stand for the surface.")
    prompt_num: int = Field(400, ge=50, le=1_000, description="Points from which parts are looked for.")
    threshold: float = Field(0.95, ge=0.0, le=1.0, description="How alike two masks are that become one.")
    post_process: bool = Field(True, description="Smooth the parts along the surface.")
    seed: _Seed = 42
    prompt_bs: int = Field(32, ge=1, le=128, description="Prompts at once; less takes less memory.")
    save_mid_res: bool = Field(False, description="Write what was found on the way, too.")


class HoloPartParameters(Parameters):
    """HoloPart, part completion."""

    seed: _Seed = 42
    num_inference_steps: int = Field(50, ge=10, le=100, description="Steps of the sampler.")
    guidance_scale: float = Field(3.5, ge=1.0, le=10.0, description="How closely the part is followed.")
    num_faces: int = Field(
        100_000,
        ge=1_000,
        le=500_000,
        description="Triangles of each part at most.",
        json_schema_extra={"unit": "triangles"},
    )


class UniRigParameters(Parameters):
    """UniRig, auto rig."""

    rig_mode: Literal["skeleton", "skin", "full"] = Field(
        "full",
        title="What to make",
        description="skeleton: joints alone. skin: weights for a mesh with joints. full: both.",
    )
    seed: _FreeSeed = None
    with_skinning: bool = Field(True, description="Bind the mesh to its joints.")


class FastMeshParameters(Parameters):
    """FastMesh, mesh retopology."""

    seed: _FreeSeed = None
    poly_type: Literal["tri", "quad"] = Field(
        "tri", title="Faces", description="This model makes triangles, and says so."
    )


class PartUvParameters(Parameters):
    """PartUV, UV unwrapping."""

    distortion_threshold: float = Field(
        1.25,
        ge=1.0,
        le=2.0,
        title="Most stretch",
        description="How much an island may stretch the surface.",
        json_schema_extra={"unit": "ratio"},
    )
    pack_method: Literal["blender", "uvpackmaster", "none"] = Field(
        "blender", title="Packing", description="How islands are packed."
    )
    save_individual_parts: bool = Field(
        True, title="Pieces as files, too", description="Write each part as a file of its own, too."
    )
    save_visuals: bool = Field(
        False, title="Picture of the islands", description="Write a picture of the islands, too."
    )


class VoxHammerTextParameters(TextMeshEditingParameters):
    """VoxHammer, editing by text: what it has of its own, and where to edit, which those clients send beside it."""

    num_views: int = Field(150, ge=50, le=300, description="Views from which the mesh is understood.")
    resolution: Literal[256, 512, 1024] = Field(512, description="Edge of each view.", json_schema_extra={"unit": "px"})


class VoxHammerImageParameters(MeshRegionParameters):
    """VoxHammer, editing by images."""

    num_views: int = Field(150, ge=50, le=300, description="Views from which the mesh is understood.")
    resolution: Literal[256, 512, 1024] = Field(512, description="Edge of each view.", json_schema_extra={"unit": "px"})

    target_prompt: str = Field("", max_length=1000, description="What the edited picture shows, in words.")
