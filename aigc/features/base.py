"""What every feature shares: how parameters are declared, checked and described, and what a feature is.

A feature is something that a person asks for ("a mesh from a picture"); a model is one way to do it. The parameters
that any model of a feature understands are declared with the feature; a model's own class extends them. These modules
import pydantic and nothing heavier, because the gateway reads them to validate requests and to draw forms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

IMAGE_KINDS = ("png", "jpg", "jpeg", "webp", "bmp", "tiff", "tga")
MESH_KINDS = ("glb", "gltf", "fbx", "obj", "ply", "stl", "off", "zip")
TEXT_KINDS = ("text",)


class Parameters(BaseModel):
    """The settings of one run. Every field has a default, so `{}` is valid, and `null` means the default.

    Raises:
        pydantic.ValidationError: an unknown name, a wrong type or a value out of range.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _null_means_default(cls, data: Any) -> Any:
        # Existing clients send null for a number box that was cleared.
        if isinstance(data, Mapping):
            return {name: value for name, value in data.items() if value is not None}
        return data


@dataclass(frozen=True)
class Feature:
    """Something a person can ask for.

    Args:
        name: identifier in the API, the queue and the catalogue.
        title: two or three words for a menu.
        sentence: what comes out of what goes in, for people.
        inputs: name of each input that must be given -> kinds of file (or "text") it may be.
        optional_inputs: the same for inputs that may be given.
        output_formats: what `output_format` may say; the first is the default.
        parameters: the settings that every model of this feature understands.
    """

    name: str
    title: str
    sentence: str
    inputs: Mapping[str, tuple[str, ...]]
    output_formats: tuple[str, ...]
    parameters: type[Parameters]
    optional_inputs: Mapping[str, tuple[str, ...]] | None = None


Seed = Annotated[
    int,
    Field(ge=0, le=2**32 - 1, description="Start of the random numbers: the same seed gives the same result."),
]
TextureResolution = Annotated[
    int,
    Field(
        ge=256,
        le=4096,
        title="Texture size",
        description="Edge of the texture; rounded to the nearest power of two.",
        json_schema_extra={"unit": "px", "work_power": 2},
    ),
]


def power_of_two(resolution: int) -> int:
    """The power of two nearest to `resolution` on a logarithmic scale (1000 -> 1024, 1500 -> 2048)."""
    lower = 1 << (resolution.bit_length() - 1)
    return lower if resolution * resolution < 2 * lower * lower else 2 * lower
