"""From where a picture shows a mesh: silhouettes of many views against the picture's, then edges against edges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from aigc.mesh.normals import face_normals
from aigc.mesh.preview import View
from aigc.mesh.types import BoolArray, BytePixels, FloatArray, IntArray
from aigc.models.projection.sight import Frame, Sight

_EDGE = 72
_EDGES_AT = 160
_AZIMUTHS = 24
_ELEVATIONS = (0.0, -12.0, 12.0, 26.0, 45.0)
_APART = 25.0  # degrees between two candidates
_CLOSE = 0.08  # what a candidate may score less than the best
_MOST_CANDIDATES = 6
_POLISHED = 3
_USUAL = 4.0  # extents that a picture is taken from
_DISTANCES = (np.inf, 2.8, 1.9)  # from afar, as a portrait, as a snapshot
_BY_EDGES = 0.30
_BY_FRONT = 0.03  # most pictures show the front, and most meshes face along +z
_BY_LEVEL = 0.4  # and few are taken from far above or below


@dataclass(frozen=True)
class Found:
    """A view and how well it fits.

    Args:
        overlap: intersection over union of the two silhouettes, both stretched to their boxes.
        likeness: correlation of the picture's edges with those of the surface, -1 to 1.
        score: what the views were ranked by.
        distance: extents from which the picture was taken, as far as its perspective tells.
    """

    view: View
    overlap: float
    likeness: float
    score: float
    distance: float = np.inf


class Cutout:
    """The picture's subject, cut to its box.

    Args:
        picture: uint8 (h, w, 4). mask: float32 (h, w).
    """

    def __init__(self, picture: BytePixels, mask: FloatArray) -> None:
        rows, columns = np.flatnonzero((mask > 0.5).any(axis=1)), np.flatnonzero((mask > 0.5).any(axis=0))
        self.left, self.top = int(columns[0]), int(rows[0])
        self.width, self.height = int(columns[-1]) + 1 - self.left, int(rows[-1]) + 1 - self.top
        self.picture = np.ascontiguousarray(picture[self.top :, self.left :, :3][: self.height, : self.width])
        self.mask = np.ascontiguousarray(mask[self.top :, self.left :][: self.height, : self.width])

    @property
    def aspect(self) -> float:
        """Width by height."""
        return self.width / self.height

    def shape(self, size: tuple[int, int]) -> BoolArray:
        """bool (height, width): the silhouette stretched to `size` (width, height)."""
        return np.asarray(cv2.resize(self.mask, size, interpolation=cv2.INTER_AREA) > 0.5)


def find_view(sight: Sight, normals: FloatArray, cutout: Cutout, between: Callable[[float], None]) -> Found:
    """The view whose silhouette fits best; of several that fit alike, the one whose edges do.

    Args:
        normals: float32 (m, 3), what `surface_normals` gave.
        between: called with the share done, every few views; may raise.
    """
    target = cutout.shape((_EDGE, _EDGE))
    views = [
        View(-180 + 360 * step / _AZIMUTHS, elevation, orthographic=True)
        for elevation in _ELEVATIONS
        for step in range(_AZIMUTHS)
    ]
    scores = []
    for number, view in enumerate(views):
        if number % 6 == 0:
            between(0.6 * number / len(views))
        scores.append(_score(sight, view, target, cutout.aspect, _USUAL)[0])
    order = np.argsort(-np.array(scores), kind="stable").tolist()
    candidates: list[View] = []
    for index in order:
        if scores[index] < scores[order[0]] - _CLOSE or len(candidates) == _MOST_CANDIDATES:
            break
        if all(_angle(views[index], other) > _APART for other in candidates):
            candidates.append(views[index])
    found = []
    for number, view in enumerate(candidates):
        between(0.6 + 0.2 * number / len(candidates))
        found.append(refined(sight, normals, cutout, view, 8.0, _USUAL))
    found.sort(key=lambda one: -one.score)
    polished = []
    for number, one in enumerate(found[:_POLISHED]):
        between(0.8 + 0.2 * number / _POLISHED)
        polished.append(_polished(sight, normals, cutout, one))
    return from_near(sight, normals, cutout, max(polished, key=lambda one: one.score), 4.0)


def refined(
    sight: Sight, normals: FloatArray, cutout: Cutout, view: View, step: float, distance: float = np.inf
) -> Found:
    """The best view within about twice `step` degrees, by silhouettes; 0 takes the view as it is."""
    target = cutout.shape((_EDGE, _EDGE))
    best, overlap = _score(sight, view, target, cutout.aspect, distance)
    while step >= 2:
        moved = False
        for other in _around(view, step):
            score, other_overlap = _score(sight, other, target, cutout.aspect, distance)
            if score > best + 1e-4:
                best, overlap, view, moved = score, other_overlap, other, True
        step = step if moved and step >= 8 else step / 2
    likeness = _likeness(sight, normals, cutout, sight.frame(view, distance))
    facing = np.cos(np.radians(view.azimuth))
    score = best + _BY_EDGES * likeness + _BY_FRONT * float(facing)
    return Found(view, overlap, likeness, score, distance)


def from_near(sight: Sight, normals: FloatArray, cutout: Cutout, found: Found, step: float) -> Found:
    """The same view with the perspective that fits best, and within about twice `step` degrees."""
    near = [refined(sight, normals, cutout, found.view, step, distance) for distance in _DISTANCES]
    return max([found, *near], key=lambda one: one.score)


def _polished(sight: Sight, normals: FloatArray, cutout: Cutout, best: Found) -> Found:
    """The best view near this one, or as far below as this one is above, by silhouette and edges together."""
    view = best.view
    for other in (View(view.azimuth, -view.elevation, True), *_around(view, 6.0)):
        best = max(best, refined(sight, normals, cutout, other, 0.0, best.distance), key=lambda one: one.score)
    for other in _around(best.view, 3.0):
        best = max(best, refined(sight, normals, cutout, other, 0.0, best.distance), key=lambda one: one.score)
    return best


def _around(view: View, step: float) -> list[View]:
    """The four views `step` degrees beside this one."""
    return [
        View((view.azimuth + turn + 180) % 360 - 180, min(89.0, max(-89.0, view.elevation + lift)), orthographic=True)
        for turn, lift in ((step, 0), (-step, 0), (0, step), (0, -step))
    ]


def surface_normals(positions: FloatArray, faces: IntArray) -> FloatArray:
    """float32 (m, 3): the unit normal of each face."""
    normals = face_normals(positions, faces)
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20), np.float32)


def overlap_of(one: BoolArray, two: BoolArray) -> float:
    """Intersection over union."""
    union = int((one | two).sum())
    return int((one & two).sum()) / union if union else 0.0


def _score(sight: Sight, view: View, target: BoolArray, aspect: float, distance: float = np.inf) -> tuple[float, float]:
    """What a view is ranked by, and its overlap."""
    frame = sight.frame(view, distance)
    overlap = overlap_of(sight.mask(frame, (_EDGE, _EDGE)), target)
    score = overlap * float(np.exp(-0.6 * abs(np.log(frame.aspect / aspect))))
    return score - _BY_LEVEL * (1 - float(np.cos(np.radians(view.elevation)))), overlap


def _angle(one: View, two: View) -> float:
    """Degrees between two directions."""

    def direction(view: View) -> FloatArray:
        around, above = np.radians(view.azimuth), np.radians(view.elevation)
        return np.array([np.cos(above) * np.sin(around), np.sin(above), np.cos(above) * np.cos(around)])

    return float(np.degrees(np.arccos(np.clip(direction(one) @ direction(two), -1, 1))))


def _likeness(sight: Sight, normals: FloatArray, cutout: Cutout, frame: Frame) -> float:
    """Correlation of the edges within the picture's subject with those of the surface in this view."""
    size = _grid(cutout.aspect, _EDGES_AT)
    seen = sight.look(frame, size)
    inside = cutout.shape(size) & seen.mask
    inside = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0) > 0
    if inside.sum() < 50:
        return 0.0
    normal = np.where(seen.mask[..., None], normals[seen.face], 0) @ frame.turn.T
    depth = np.where(seen.mask, seen.depth, 0)[..., None] / sight.extent * 4
    surface = _edges(np.concatenate([normal, depth], axis=2).astype(np.float32))
    small = cv2.resize(cutout.picture, size, interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) / 100
    picture = _edges(np.asarray(lab, np.float32))
    one, two = surface[inside], picture[inside]
    one, two = one - one.mean(), two - two.mean()
    spread = float(np.sqrt((one**2).sum() * (two**2).sum()))
    return float((one * two).sum() / spread) if spread > 1e-6 else 0.0


def _edges(image: FloatArray) -> FloatArray:
    """float32 (h, w): how much the image (h, w, c) changes here; strong edges count little more than clear ones."""
    soft = cv2.GaussianBlur(image, (0, 0), 1.0)
    across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    strength = np.sqrt((across**2 + down**2).sum(axis=2))
    return np.asarray(cv2.GaussianBlur(np.minimum(strength, 0.8), (0, 0), 2.0), np.float32)


def _grid(aspect: float, longest: int) -> tuple[int, int]:
    """Width and height of this aspect."""
    if aspect >= 1:
        return longest, max(8, round(longest / aspect))
    return max(8, round(longest * aspect)), longest
