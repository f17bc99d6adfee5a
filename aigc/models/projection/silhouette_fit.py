"""Where each point of a mesh's view lies in the picture: box upon box, then bent until the silhouettes agree.

The bending is a free-form deformation (Rueckert et al., IEEE Transactions on Medical Imaging 1999) that takes one
silhouette's signed distance to the other's by Gauss-Newton steps, coarse nets of control points before finer ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.interpolate import BSpline
from scipy.ndimage import map_coordinates

from aigc.mesh.types import BoolArray, FloatArray
from aigc.models.projection.sight import Frame, Sight
from aigc.models.projection.view_search import Cutout, overlap_of

_LONGEST = 144
_MARGIN = 0.15
_NETS = (4, 6, 9)  # control points along an edge
_STEPS, _PATIENCE = 8, 2
_BAND = 0.12  # of the longest side: how far from a silhouette distances still count
_STIFF = 0.02
_FITS, _NEARLY = 0.975, 0.92  # overlaps from which nothing, or little, is bent


@dataclass(frozen=True)
class Fit:
    """From places in the mesh's box to pixels of the picture.

    Args:
        cutout: the picture. bend: float32 (h, w, 2), shift in boxes, on a grid that is wider than the box by a margin.
        overlap: intersection over union of the silhouettes, bent.
    """

    cutout: Cutout
    bend: FloatArray
    overlap: float

    def pixels(self, places: FloatArray) -> FloatArray:
        """float32 (k, 2): x and y in the cutout, in pixels, of places (k, 2) in the box."""
        moved = places + _read(self.bend, _grid_place(places, self.bend.shape))
        return (moved * np.array([self.cutout.width, self.cutout.height], np.float32)).astype(np.float32)


def box_fit(cutout: Cutout, overlap: float) -> Fit:
    """Box upon box, nothing bent."""
    return Fit(cutout, np.zeros((2, 2, 2), np.float32), overlap)


def fit_silhouettes(sight: Sight, frame: Frame, cutout: Cutout, between: Callable[[float], None]) -> Fit:
    """The gentlest bending under which the picture's silhouette covers that of the mesh.

    Args:
        between: called with the share done before each step of some 20 ms; may raise.
    """
    aspect = cutout.aspect
    long, short = _LONGEST, max(24, round(_LONGEST * min(aspect, 1 / aspect)))
    size = (long, short) if aspect >= 1 else (short, long)
    mesh = sight.look(frame, size, _MARGIN).mask
    picture = _padded(cutout, size)
    target, moving = _distance(mesh), _distance(picture)
    bend = np.zeros((*mesh.shape, 2), np.float32)
    best, best_overlap = bend, overlap_of(mesh, picture)
    # What fits already is spoiled by more freedom: straight walls become wavy for a pixel at the rim.
    nets = _NETS[: 0 if best_overlap > _FITS else 1 if best_overlap > _NEARLY else len(_NETS)]
    for level, count in enumerate(nets):
        down, across = _basis(mesh.shape[0], count), _basis(mesh.shape[1], count)
        since = 0
        for step in range(_STEPS):
            between((level * _STEPS + step) / (len(_NETS) * _STEPS))
            bend = bend + _gauss_newton(target, moving, bend, down, across)
            overlap = overlap_of(mesh, _bent(picture.astype(np.float32), bend) > 0.5)
            since += 1
            if overlap > best_overlap + 1e-3:
                best, best_overlap, since = bend, overlap, 0
            if since == _PATIENCE:
                break
        bend = best
    # From pixels of the grid to boxes.
    scale = np.array([(1 + 2 * _MARGIN) / mesh.shape[1], (1 + 2 * _MARGIN) / mesh.shape[0]], np.float32)
    return Fit(cutout, (best * scale).astype(np.float32), best_overlap)


def _gauss_newton(
    target: FloatArray, moving: FloatArray, bend: FloatArray, down: FloatArray, across: FloatArray
) -> FloatArray:
    """float32 (h, w, 2): the step that brings the moved distances closest to the target's."""
    moved = _bent(moving, bend)
    residual = (moved - target).astype(np.float64)
    slope_x = _bent(np.asarray(cv2.Sobel(moving, cv2.CV_32F, 1, 0, scale=1 / 8), np.float32), bend)
    slope_y = _bent(np.asarray(cv2.Sobel(moving, cv2.CV_32F, 0, 1, scale=1 / 8), np.float32), bend)
    use = np.flatnonzero((np.abs(slope_x) + np.abs(slope_y) > 1e-4).reshape(-1))
    row, column = np.divmod(use, target.shape[1])
    net = (down[row][:, :, None] * across[column][:, None, :]).reshape(len(use), -1)
    jacobian = np.concatenate(
        [net * slope_x.reshape(-1)[use][:, None], net * slope_y.reshape(-1)[use][:, None]], axis=1
    )
    normal = jacobian.T @ jacobian
    stiff = np.kron(np.eye(2), _stiffness(down.shape[1])) * (_STIFF * np.trace(normal) / len(normal))
    normal += stiff + np.eye(len(normal)) * 1e-3 * np.trace(normal) / len(normal)
    change = np.linalg.solve(normal, -jacobian.T @ residual.reshape(-1)[use]).reshape(2, down.shape[1], -1)
    step = np.stack([down @ change[0] @ across.T, down @ change[1] @ across.T], axis=2)
    limit = 0.04 * max(target.shape)
    return np.asarray(np.clip(step, -limit, limit), np.float32)


def _basis(length: int, count: int) -> FloatArray:
    """float64 (length, count): cubic B-splines over a line of samples."""
    inner = np.linspace(0, 1, count - 2)
    step = inner[1] - inner[0]
    knots = np.concatenate([inner[0] - step * np.arange(3, 0, -1), inner, inner[-1] + step * np.arange(1, 4)])
    return np.asarray(BSpline.design_matrix((np.arange(length) + 0.5) / length, knots, 3).toarray())


def _stiffness(count: int) -> FloatArray:
    """float64 (count², count²): what bending costs, the squared second differences of the net."""
    second = np.diff(np.eye(count), 2, axis=0)
    one, whole = second.T @ second, np.eye(count)
    first = np.diff(np.eye(count), axis=0)
    slope = first.T @ first
    return np.asarray(np.kron(one, whole) + np.kron(whole, one) + 2 * np.kron(slope, slope) + 1e-2 * np.eye(count**2))


def _padded(cutout: Cutout, size: tuple[int, int]) -> BoolArray:
    """bool: the picture's silhouette on a grid of this size that is wider than its box by the margin."""
    scale = np.array([size[0], size[1]]) / (1 + 2 * _MARGIN)
    inner = cutout.shape((max(1, round(scale[0])), max(1, round(scale[1]))))
    whole = np.zeros((size[1], size[0]), bool)
    top, left = round(_MARGIN * scale[1]), round(_MARGIN * scale[0])
    part = whole[top : top + inner.shape[0], left : left + inner.shape[1]]
    part |= inner[: part.shape[0], : part.shape[1]]
    return whole


def _distance(mask: BoolArray) -> FloatArray:
    """float32: signed distance in pixels, positive inside, levelled beyond the band."""
    inside = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    band = _BAND * max(mask.shape)
    return np.asarray(cv2.GaussianBlur(np.clip(inside - outside, -band, band), (0, 0), 1.0), np.float32)


def _bent(image: FloatArray, bend: FloatArray) -> FloatArray:
    """The image read where each pixel was moved to."""
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    return np.asarray(
        cv2.remap(image, x + bend[..., 0], y + bend[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def _grid_place(places: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """float32 (k, 2): x and y on the grid, in pixels from the centre of the first, of places in the box."""
    return (places + _MARGIN) / (1 + 2 * _MARGIN) * np.array([shape[1], shape[0]], np.float32) - 0.5


def _read(image: FloatArray, place: FloatArray) -> FloatArray:
    """float32 (k, c): the image (h, w, c) at x and y, between four pixels."""
    return read_pixels(image, place + 0.5)


def read_pixels(image: FloatArray, pixels: FloatArray) -> FloatArray:
    """float32 (k, c): the image (h, w, c) at pixels (k, 2), x and y from its corner, its border carried on."""
    where = [pixels[:, 1] - 0.5, pixels[:, 0] - 0.5]
    # cv2.remap refuses more than 32,767 rows.
    channels = [map_coordinates(image[..., k], where, np.float32, 1, "nearest") for k in range(image.shape[2])]
    return np.stack(channels, axis=1)
