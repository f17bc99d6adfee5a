"""The nouns of this package: a mesh and its material.

Everywhere: metres, +Y up, the front looks along +Z, faces counter-clockwise seen from outside, texture coordinates with
(0, 0) at the top left as in glTF 2.0, colours of materials linear and those of pictures sRGB.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of 32 bits unless a docstring says otherwise.
FloatArray = NDArray[np.floating[Any]]
IntArray = NDArray[np.signedinteger[Any]]
BytePixels = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Material:
    """How light meets a surface, in the terms of glTF's metallic-roughness model.

    Args:
        base_color: linear RGBA, 0 to 1; multiplies the texture.
        base_color_texture: uint8 (h, w, 3 or 4), sRGB.
        surface_texture: uint8 (h, w, 3): occlusion in red, roughness in green, metallic in blue.
        jpeg: whether textures are written as JPEG (photographs) or PNG.
    """

    name: str = "surface"
    base_color: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 1.0)
    metallic: float = 0.0
    roughness: float = 0.8
    base_color_texture: BytePixels | None = None
    surface_texture: BytePixels | None = None
    double_sided: bool = False
    jpeg: bool = False


@dataclass(frozen=True)
class Mesh:
    """One surface with one material.

    Args:
        positions: float32 (n, 3).
        faces: int32 (m, 3), indices into `positions`.
        normals: float32 (n, 3), of unit length.
        uv: float32 (n, 2).
        colors: uint8 (n, 4), sRGB, one per vertex.
        quads: int32 (k, 4): the same surface in quadrilaterals, where it was made of them. Formats that know
            quadrilaterals write these instead of `faces`. A triangle among them repeats its last corner.
    """

    positions: FloatArray
    faces: IntArray
    normals: FloatArray | None = None
    uv: FloatArray | None = None
    colors: BytePixels | None = None
    quads: IntArray | None = None
    material: Material = field(default_factory=Material)
    name: str = "mesh"

    def with_(self, **changes: object) -> Mesh:
        """The same mesh, but for `changes`."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def bounds(self) -> FloatArray:
        """float32 (2, 3): the least and the greatest corner."""
        return np.stack([self.positions.min(axis=0), self.positions.max(axis=0)])

    @property
    def corners(self) -> FloatArray:
        """float32 (m, 3, 3): the three positions of each face."""
        return self.positions[self.faces]
