"""How one picture of a thing differs from another: what came, what went, what has another colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from aigc.mesh.types import BoolArray, BytePixels, FloatArray

_LEAST = 0.004  # of the subject's area: what is smaller is the rim of an imprecise cut


@dataclass(frozen=True)
class Change:
    """Three masks over the source picture.

    Args:
        grown, lost: bool (h, w): what the subject's silhouette won and lost.
        painted: float32 (h, w), 0 to 1: where the colour changed, soft at its border.
    """

    grown: BoolArray
    lost: BoolArray
    painted: FloatArray

    @property
    def is_nothing(self) -> bool:
        """Whether both pictures show the same."""
        return not (self.grown.any() or self.lost.any() or (self.painted > 0.5).any())


def changes(
    source: BytePixels,
    target: BytePixels,
    before: FloatArray,
    after: FloatArray,
    limit: FloatArray | None,
    threshold: float,
) -> Change:
    """What differs between two pictures of one size, (h, w, 3 or 4).

    Args:
        before, after: float32 (h, w), their subjects. limit: where alone changes count, or None for everywhere.
        threshold: difference in CIE Lab that counts.
    """
    one, two = before > 0.5, after > 0.5
    allowed = np.ones(one.shape, bool) if limit is None else limit > 0.5
    subject = max(int(one.sum()), 1)
    rim = max(2, round(0.01 * np.sqrt(subject)))
    grown = _solid(two & ~one & allowed, rim, _LEAST * subject)
    lost = _solid(one & ~two & allowed, rim, _LEAST * subject)
    difference = np.linalg.norm(_lab(source) - _lab(target), axis=2).astype(np.float32)
    difference = cv2.GaussianBlur(difference, (0, 0), max(1.0, 0.5 * rim))
    # Along silhouettes two cuts of one thing never agree to the pixel.
    inner = cv2.erode((one & two).astype(np.uint8), np.ones((rim, rim), np.uint8)) > 0
    share = np.clip((difference / threshold - 0.7) / 0.6, 0, 1) * inner * allowed
    core = _solid(share > 0.5, max(1, rim // 2), 0.25 * _LEAST * subject)
    near = cv2.dilate(core.astype(np.uint8), np.ones((2 * rim + 1,) * 2, np.uint8)) > 0
    painted = np.where(near, np.maximum(share, core), 0).astype(np.float32)
    # Back to the silhouette itself, which the erosion kept away from.
    wide = cv2.dilate(painted, np.ones((2 * rim + 1,) * 2, np.uint8))
    painted = np.where(inner, painted, wide * (one & allowed))
    return Change(grown, lost, np.asarray(cv2.GaussianBlur(painted.astype(np.float32), (0, 0), 0.5), np.float32))


def _lab(picture: BytePixels) -> FloatArray:
    rgb = np.ascontiguousarray(picture[..., :3]).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def _solid(mask: BoolArray, rim: int, least: float) -> BoolArray:
    """The mask without threads thinner than `rim` and without pieces of less than `least` pixels."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    core = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    # What is left grows back to where it came from, tips included.
    wide = (cv2.dilate(core, kernel, iterations=3) > 0) & mask
    count, label, stats, _ = cv2.connectedComponentsWithStats(wide.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, bool)
    kept[1:] = stats[1:, cv2.CC_STAT_AREA] >= max(least, 4)
    return np.asarray(kept[label])


def signed_distance(mask: BoolArray) -> FloatArray:
    """float32 (h, w): pixels to the border of the mask, below 0 inside."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(outside - inside, np.float32)
