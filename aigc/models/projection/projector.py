"""The picture on the mesh: what each point of the surface shows, and how far that can be trusted."""

from __future__ import annotations

import cv2
import numpy as np

from aigc.mesh.bleed import bled
from aigc.mesh.symmetry import Mirror
from aigc.mesh.types import FloatArray
from aigc.models.projection.sight import Frame, Sight
from aigc.models.projection.silhouette_fit import Fit, read_pixels

_GRAZING, _FACING = 0.12, 0.5  # cosines between which a surface goes from untrusted to trusted
_GUARD_AT = 384
_GUARD = 3  # pixels of these beside a step in depth that may show what stands before
_STEP = 0.04  # extents that count as a step in depth
_UPRIGHT, _SLANTED = 0.87, 0.7


class Projector:
    """A picture, fitted to a view of a mesh.

    Args:
        longest: pixels of the subject's longest side that the texture can hold.
    """

    def __init__(self, sight: Sight, frame: Frame, fit: Fit, longest: int) -> None:
        self._sight, self._frame, self._fit = sight, frame, fit
        cutout = fit.cutout
        picture = bled(cutout.picture, cutout.mask)
        self._scale = min(1.0, longest / max(cutout.width, cutout.height))
        if self._scale < 1:
            size = (max(1, round(cutout.width * self._scale)), max(1, round(cutout.height * self._scale)))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._picture = picture.astype(np.float32) / 255
        self._nearest = self._depths()

    def _depths(self) -> FloatArray:
        """float32 (h, w): the greatest depth around each pixel of the view."""
        aspect = self._frame.aspect
        long, short = _GUARD_AT, max(16, round(_GUARD_AT * min(aspect, 1 / aspect)))
        seen = self._sight.look(self._frame, (long, short) if aspect >= 1 else (short, long))
        low = float(self._frame.low[2]) - self._sight.extent
        depth = np.where(seen.mask, seen.depth, low).astype(np.float32)
        return np.asarray(cv2.dilate(depth, np.ones((2 * _GUARD + 1,) * 2, np.uint8)), np.float32)

    def color(self, places: FloatArray) -> FloatArray:
        """float32 (k, 3), sRGB 0 to 1: the picture at places in the mesh's box."""
        return read_pixels(self._picture, self._fit.pixels(places) * np.float32(self._scale))

    def shown(self, points: FloatArray, normals: FloatArray, lift: float = 0.0) -> tuple[FloatArray, FloatArray]:
        """The colour (k, 3) that the picture gives these points, and how far it is to be trusted (k,), 0 to 1.

        Trusted is what faces the viewer, is not hidden, and does not lie close behind the rim of something nearer.
        Without trust there is no colour.

        Args:
            lift: extents by which the points may lie below the surface.
        """
        trust = _ramp(np.einsum("ij,ij->i", normals, self._frame.towards(points)))
        color = np.zeros((len(points), 3), np.float32)
        open_ = np.flatnonzero(trust > 0)
        raised = points[open_] + normals[open_] * np.float32(lift * self._sight.extent)
        open_ = open_[~self._sight.hidden(self._frame, raised, normals[open_])]
        place, depth = self._frame.place(points[open_])
        height, width = self._nearest.shape
        column = np.clip((place[:, 0] * width).astype(np.int64), 0, width - 1)
        row = np.clip((place[:, 1] * height).astype(np.int64), 0, height - 1)
        clear = self._nearest[row, column] - depth < (_STEP + lift) * self._sight.extent
        kept = open_[clear]
        color[kept] = self.color(place[clear])
        found = np.zeros(len(points), np.float32)
        found[kept] = trust[kept]
        return color, found

    def behind(self, points: FloatArray, normals: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The same for the far side, as if the picture shone through the mesh."""
        trust = _ramp(-np.einsum("ij,ij->i", normals, self._frame.towards(points)))
        place, _ = self._frame.place(points)
        return self.color(place), trust

    def mirrored(self, mirror: Mirror, points: FloatArray, normals: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What the picture shows of the points' mirror images."""
        return self.shown(mirror.points(points), mirror.directions(normals), 2 * mirror.miss)


def useful_mirror(mirrors: list[Mirror], frame: Frame) -> Mirror | None:
    """The plane between the left and the right half of the thing, if looking from here shows more of one of them.

    A mesh's front is along +z, so a plane across x parts left from right, even if it is seen right from the side. Any
    other plane may part front from back, and a face on the back of a head is worse than no face.
    """
    for mirror in mirrors:
        across = abs(float(mirror.normal @ frame.toward))
        if abs(float(mirror.normal[0])) > _UPRIGHT or across < _SLANTED:
            return mirror if across > 0.1 else None
    return None


def _ramp(cosine: FloatArray) -> FloatArray:
    share = np.clip((cosine - _GRAZING) / (_FACING - _GRAZING), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
