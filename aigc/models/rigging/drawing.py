"""A mesh with its bones drawn over it, as an animator's program shows them."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw

from aigc.mesh.preview import View, project, render
from aigc.mesh.skeleton import Skeleton
from aigc.mesh.types import FloatArray, Mesh

_OVER = 3  # drawn so much larger, for smooth edges
_VEIL = 0.35  # how far the mesh fades behind its bones


def drawn(
    meshes: list[Mesh],
    skeleton: Skeleton,
    matrices: FloatArray,
    size: int = 512,
    between: Callable[[], None] | None = None,
) -> bytes:
    """A PNG with a clear background, (size, size).

    Args:
        meshes: as they are posed.
        matrices: float64 (j, 4, 4), what moved each joint; see `pose_matrices`.
        between: as for `render`.
    """
    view = View(azimuth=20.0, elevation=8.0)
    picture = Image.fromarray(render(meshes, view, size, "transparent", between))
    veil = Image.new("RGBA", picture.size, (255, 255, 255, 0))
    veil.putalpha(picture.getchannel("A").point([round(value * _VEIL) for value in range(256)]))
    picture = Image.alpha_composite(picture, veil)
    ends = np.stack([skeleton.heads, skeleton.tails], axis=1)
    moved = np.einsum("jik,jek->jei", matrices[:, :3, :3], ends) + matrices[:, None, :3, 3]
    places = project(meshes, moved.reshape(-1, 3), view, size * _OVER).reshape(-1, 2, 2)
    overlay = Image.new("RGBA", (size * _OVER, size * _OVER), (255, 255, 255, 0))
    pen = ImageDraw.Draw(overlay)
    for head, tail in places.tolist():
        _bone(pen, np.array(head), np.array(tail), size * _OVER / 512)
    overlay = overlay.resize(picture.size, Image.Resampling.LANCZOS)
    target = BytesIO()
    Image.alpha_composite(picture, overlay).save(target, "PNG", compress_level=6)
    return target.getvalue()


def _bone(pen: ImageDraw.ImageDraw, head: FloatArray, tail: FloatArray, unit: float) -> None:
    """A kite from head to tail, widest near the head, and a dot where it turns."""
    span = tail - head
    length = float(np.linalg.norm(span))
    wide = min(0.11 * length + 1.2 * unit, 8 * unit)
    across = np.array([-span[1], span[0]]) / max(length, 1e-9) * wide
    shoulder = head + 0.18 * span
    corners = [tuple(point) for point in (head, shoulder + across, tail, shoulder - across)]
    if length > 2 * unit:
        pen.polygon(corners, fill=(255, 255, 255, 215), outline=(24, 44, 84, 255), width=round(1.4 * unit))
    radius = 3.2 * unit
    pen.ellipse(
        (head[0] - radius, head[1] - radius, head[0] + radius, head[1] + radius),
        fill=(255, 140, 40, 255),
        outline=(24, 44, 84, 255),
        width=round(1.4 * unit),
    )
