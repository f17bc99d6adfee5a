"""The colours of a picture's subject carried outwards past its silhouette, so that no backdrop shows at the rim."""

from __future__ import annotations

import cv2
import numpy as np

from aigc.mesh.bake import spread
from aigc.mesh.types import BytePixels, FloatArray


def bled(picture: BytePixels, mask: FloatArray) -> BytePixels:
    """uint8 (h, w, 3): the picture inside the mask, and outside it what lies nearest inside, ever softer.

    Args:
        mask: float32 (h, w), 1 inside, soft at the border.
    """
    # The outermost pixels are mixed with the backdrop; they are the first to be replaced.
    edge = max(2, round(min(picture.shape[:2]) * 0.006))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * edge + 1, 2 * edge + 1))
    core = cv2.erode((mask > 0.6).astype(np.uint8), kernel, borderValue=0) > 0
    if not core.any():
        core = mask > 0.5
    carried = spread(np.ascontiguousarray(picture[..., :3]), core)
    soft = cv2.GaussianBlur(carried, (0, 0), edge)
    share = cv2.GaussianBlur(core.astype(np.float32), (0, 0), edge * 0.5)[..., None] * core[..., None]
    return (carried * share + soft * (1 - share) + 0.5).astype(np.uint8)
