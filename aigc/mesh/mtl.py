"""The material library of a Wavefront OBJ file: what of it a surface of ours has."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from aigc.mesh.textures import Textures
from aigc.mesh.types import Material
from aigc.runner.model import InputInvalid

_OPTIONS = re.compile(
    rb"\s+-(?:blend[uv]|clamp|cc)\s+\S+|\s+-(?:mm|[ost])(?:\s+[-+.\deE]+){1,3}|\s+-(?:bm|boost|texres)\s+\S+"
)
"""What may stand between `map_Kd` and the name of its picture."""
_LINE_BYTES = 4096
"""No more of a line is looked at: searching it for options takes the square of a long run of blanks."""


def read_mtl(data: bytes, beside: Callable[[str], bytes | None]) -> dict[str, Material]:
    """Materials by name: colour (`Kd`, `d`) and picture (`map_Kd`), roughness (`Pr`, or `Ns`) and metal (`Pm`).

    Args:
        beside: finds the bytes of a picture that the library names.
    Raises:
        InputInvalid: a picture is damaged or is not there.
    """
    textures = Textures()
    found: dict[str, Material] = {}
    pictures: dict[str, bytes] = {}
    for block in re.split(rb"(?m)^[ \t]*newmtl[ \t]+", data)[1:]:
        title, _, body = block.partition(b"\n")
        values = {
            key.lower(): rest.strip()[:_LINE_BYTES]
            for key, rest in re.findall(rb"(?m)^[ \t]*(Kd|d|Tr|Ns|Pr|Pm|map_Kd)[ \t]+([^\r\n]+)", body, re.IGNORECASE)
        }
        name = _text(title)
        picture = _text(_OPTIONS.sub(b"", b" " + values[b"map_kd"])) if b"map_kd" in values else ""
        if picture and picture not in pictures:
            file = beside(picture)
            if file is None:
                raise InputInvalid(
                    f"the material {name[:40]!r} names the picture {picture[:80]!r}, which is not in the archive",
                    "put it beside the mesh, or remove the line from the material file",
                )
            pictures[picture] = file
        red, green, blue = _numbers(values.get(b"kd", b"1 1 1"), 3, 1.0)
        clear = _numbers(values[b"tr"], 1, 0.0)[0] if b"tr" in values else 0.0
        alpha = _numbers(values[b"d"], 1, 1.0)[0] if b"d" in values else 1.0 - clear
        found[name] = Material(
            name=name[:64] or "surface",
            # A picture is multiplied with the colour in glTF and not in most OBJ files, where it is left at grey.
            # Kd is taken as linear, as Blender writes and reads it.
            base_color=(1.0, 1.0, 1.0, alpha) if picture else (red, green, blue, alpha),
            metallic=_numbers(values.get(b"pm", b"0"), 1, 0.0)[0],
            roughness=_roughness(values),
            base_color_texture=textures.decoded(pictures[picture]) if picture else None,
            jpeg=pictures[picture].startswith(b"\xff\xd8") if picture else False,
        )
    return found


def _text(data: bytes) -> str:
    return data.strip().decode("utf-8", "replace")


def _numbers(text: bytes, count: int, default: float) -> tuple[float, ...]:
    """The first so many numbers, each 0 to 1."""
    values = []
    for word in text.split()[:count]:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        values.append(min(max(value, 0.0), 1.0) if math.isfinite(value) else default)
    return tuple(values + [default] * (count - len(values)))


def _roughness(values: dict[bytes, bytes]) -> float:
    if b"pr" in values:
        return _numbers(values[b"pr"], 1, 0.8)[0]
    try:
        # An exponent of Blinn and Phong's highlight as the roughness of a microfacet: alpha = sqrt(2 / (n + 2)).
        exponent = max(float(values[b"ns"].split()[0]), 0.0)
    except (KeyError, ValueError, IndexError):
        return 0.8
    return min(max((2.0 / (exponent + 2.0)) ** 0.25, 0.05), 1.0) if math.isfinite(exponent) else 0.8
