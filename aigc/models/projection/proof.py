"""The proof of a fit: the mesh's outline over the picture, and the painted mesh from where the picture was taken."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import cv2
import numpy as np
from PIL import Image

from aigc.mesh.preview import Between, render
from aigc.mesh.types import BytePixels, Mesh
from aigc.models.projection.sight import Sight
from aigc.models.projection.silhouette_fit import Fit
from aigc.models.projection.view_search import Found

_SIDE = 512
_GRID = 384
_INK = (232, 64, 160)


def proof(
    painted: Mesh, picture: BytePixels, sight: Sight, found: Found, fit: Fit, between: Between | None = None
) -> bytes:
    """A PNG, two squares side by side; `between` as for `render`."""
    scale = _SIDE / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = small[..., 3:] / 255
    flat = (small[..., :3] * alpha + 245 * (1 - alpha)).astype(np.uint8)
    mask = np.pad(sight.mask(sight.frame(found.view, found.distance), (_GRID, _GRID)).astype(np.uint8), 1)
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    corner = np.array([fit.cutout.left, fit.cutout.top], np.float32)
    for outline in outlines:
        places = (outline.reshape(-1, 2).astype(np.float32) - 0.5) / _GRID
        pixels = (fit.pixels(places) + corner) * np.float32(scale)
        cv2.polylines(flat, [np.round(pixels * 8).astype(np.int32)], True, _INK, 2, cv2.LINE_AA, 3)
    whole = np.full((_SIDE, 2 * _SIDE, 3), 245, np.uint8)
    top, left = (_SIDE - size[1]) // 2, (_SIDE - size[0]) // 2
    whole[top : top + size[1], left : left + size[0]] = flat
    view = replace(found.view, orthographic=bool(np.isinf(found.distance)))
    whole[:, _SIDE:] = render(painted, view, _SIDE, between=between)[..., :3]
    target = BytesIO()
    Image.fromarray(whole).save(target, "PNG", compress_level=6)
    return target.getvalue()
