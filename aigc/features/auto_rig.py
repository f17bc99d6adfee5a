"""A skeleton for a mesh, and its weights: the feature auto_rig and its models' settings."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from aigc.features.base import MESH_KINDS, Feature, Parameters, Seed


class AutoRigParameters(Parameters):
    """What every rigging model understands."""

    rig_mode: Literal["skeleton", "skin", "full"] = Field(
        "full",
        title="What to make",
        description="skeleton: joints beside the mesh, nothing bound to them. full: joints, and the mesh bound to "
        "them. skin: the mesh bound to the joints that the file brings (GLB, FBX); as full if it brings none.",
    )
    seed: Seed = 42
    output_format: Literal["fbx", "glb"] = Field("fbx", title="File format", description="File format of the rig.")


class HeatRigParameters(AutoRigParameters):
    """Settings of the rigger that finds the joints in the middle of the shape."""

    template: Literal["auto", "humanoid", "generic"] = Field(
        "auto",
        title="Kind of skeleton",
        description="humanoid: the 19 joints that VRM knows by name. "
        "generic: a chain of joints along each branch; on four legs they are called leftFrontLeg_01, neck_01, tail_01 "
        "and so on. auto: the first of them that suits the shape.",
    )
    facing: Literal["auto", "+z", "+x", "-z", "-x"] = Field(
        "auto",
        title="The front looks to",
        description="Where the front looks, for left and right to be right; +z in glTF.",
    )
    max_joints: int = Field(
        64,
        ge=4,
        le=128,
        title="Most joints",
        description="Most joints of a generic skeleton; finer branches get fewer bones.",
        json_schema_extra={"unit": "joints"},
    )


AUTO_RIG = Feature(
    name="auto_rig",
    title="Rigging",
    sentence="Puts a skeleton into a mesh and binds the mesh to it, so that it can be posed and animated.",
    inputs={"mesh": MESH_KINDS},
    output_formats=("fbx", "glb"),
    parameters=AutoRigParameters,
)
