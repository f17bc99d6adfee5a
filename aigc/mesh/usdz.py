"""Writing USDZ, which phones show in a room: an archive without compression of a scene as text and its texture.

AOUSD, Usdz File Format Specification 1.3: files are stored, not deflated, and their data begins at multiples of 64.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from aigc.mesh.gltf import encode_picture
from aigc.mesh.types import FloatArray, Mesh

_ALIGNMENT = 64
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # equal meshes give equal files


def write_usdz(mesh: Mesh) -> bytes:
    """USDZ with one mesh, metres and +Y up; its material is a UsdPreviewSurface, its texture a PNG or JPEG.

    Colours of vertices are its display colour, which a texture goes before.
    """
    files: list[tuple[str, bytes]] = []
    texture = mesh.material.base_color_texture if mesh.uv is not None else None
    picture = ""
    if texture is not None:
        data, mime = encode_picture(texture, mesh.material.jpeg)
        picture = "color.jpg" if mime == "image/jpeg" else "color.png"
        files.append((picture, data))
    # The first file of the archive is the scene.
    return _archive([("mesh.usda", _scene(mesh, picture).encode()), *files])


def _archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files:
            entry = zipfile.ZipInfo(name, _LONG_AGO)
            # 30 bytes of header and the name, then an extra field of 4 bytes and more fills up.
            fill = -(target.tell() + 30 + len(name) + 4) % _ALIGNMENT
            entry.extra = b"\x86\x19" + fill.to_bytes(2, "little") + bytes(fill)
            archive.writestr(entry, data)
    return target.getvalue()


def _scene(mesh: Mesh, picture: str) -> str:
    name = re.sub(r"\W", "_", mesh.name, flags=re.ASCII) or "mesh"
    name = name if not name[0].isdigit() else f"_{name}"
    red, green, blue, alpha = mesh.material.base_color
    polygons = mesh.quads if mesh.quads is not None else mesh.faces
    rows = [list(dict.fromkeys(row)) for row in polygons.tolist()] if mesh.quads is not None else polygons.tolist()
    low, high = mesh.bounds
    primvars = ""
    if mesh.normals is not None:
        primvars += f'        normal3f[] normals = {_tuples(mesh.normals)} (interpolation = "vertex")\n'
    if mesh.uv is not None:
        # USD counts v from the bottom.
        up = np.stack([mesh.uv[:, 0], 1 - mesh.uv[:, 1]], axis=1)
        primvars += f'        texCoord2f[] primvars:st = {_tuples(up)} (interpolation = "vertex")\n'
    if mesh.colors is not None:
        linear = _linear(mesh.colors[:, :3] / 255.0)
        primvars += f'        color3f[] primvars:displayColor = {_tuples(linear)} (interpolation = "vertex")\n'
    color = f"color3f inputs:diffuseColor = ({red:.6g}, {green:.6g}, {blue:.6g})"
    shaders = ""
    if picture:
        color = "color3f inputs:diffuseColor.connect = </model/look/picture.outputs:rgb>"
        shaders = _PICTURE.format(picture=picture, red=red, green=green, blue=blue)
    return _USDA.format(
        name=name,
        sided=int(mesh.material.double_sided),
        extent=_tuples(np.stack([low, high])),
        counts=", ".join(str(len(row)) for row in rows),
        indices=", ".join(str(index) for row in rows for index in row),
        points=_tuples(mesh.positions),
        primvars=primvars,
        color=color,
        alpha=f"{alpha:.6g}",
        roughness=f"{mesh.material.roughness:.6g}",
        metallic=f"{mesh.material.metallic:.6g}",
        shaders=shaders,
    )


def _tuples(rows: NDArray[np.floating]) -> str:
    return "[" + ", ".join("(" + ", ".join(f"{value:.7g}" for value in row) + ")" for row in rows.tolist()) + "]"


def _linear(srgb: NDArray[np.floating]) -> FloatArray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)


_USDA = """#usda 1.0
(
    defaultPrim = "model"
    metersPerUnit = 1
    upAxis = "Y"
)

def Xform "model" (kind = "component")
{{
    def Mesh "{name}" (prepend apiSchemas = ["MaterialBindingAPI"])
    {{
        uniform bool doubleSided = {sided}
        uniform token subdivisionScheme = "none"
        float3[] extent = {extent}
        int[] faceVertexCounts = [{counts}]
        int[] faceVertexIndices = [{indices}]
        point3f[] points = {points}
{primvars}        rel material:binding = </model/look>
    }}

    def Material "look"
    {{
        token outputs:surface.connect = </model/look/surface.outputs:surface>

        def Shader "surface"
        {{
            uniform token info:id = "UsdPreviewSurface"
            {color}
            float inputs:opacity = {alpha}
            float inputs:roughness = {roughness}
            float inputs:metallic = {metallic}
            token outputs:surface
        }}
{shaders}    }}
}}
"""
_PICTURE = """
        def Shader "picture"
        {{
            uniform token info:id = "UsdUVTexture"
            asset inputs:file = @{picture}@
            token inputs:sourceColorSpace = "sRGB"
            float4 inputs:scale = ({red:.6g}, {green:.6g}, {blue:.6g}, 1)
            token inputs:wrapS = "repeat"
            token inputs:wrapT = "repeat"
            float2 inputs:st.connect = </model/look/place.outputs:result>
            float3 outputs:rgb
        }}

        def Shader "place"
        {{
            uniform token info:id = "UsdPrimvarReader_float2"
            string inputs:varname = "st"
            float2 outputs:result
        }}
"""
