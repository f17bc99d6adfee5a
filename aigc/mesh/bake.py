"""From a surface to its texture: which point of which face each texel shows, and what lies between the islands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from aigc.mesh.rays import RAYS_A_CALL, RayScene
from aigc.mesh.types import BytePixels, FloatArray, IntArray

_RAYS_SHARE = 0.6
_FACES_A_STEP = 20_000


@dataclass(frozen=True)
class Texels:
    """The texels of a square texture that some face covers.

    Args:
        size: texels along an edge.
        index: int32 (k,), row * size + column.
        face: int32 (k,).
        weights: float32 (k, 3), barycentric.
    """

    size: int
    index: IntArray
    face: IntArray
    weights: FloatArray

    def of(self, values: FloatArray, faces: IntArray) -> FloatArray:
        """float32 (k, c): values (n, c) of vertices, mixed at each texel."""
        return np.asarray(np.einsum("ij,ijk->ik", self.weights, values[faces[self.face]]), np.float32)

    def picture(self, values: FloatArray) -> BytePixels:
        """uint8 (size, size, c) of values (k, c) from 0 to 1; every other texel repeats the nearest of these."""
        channels = values.shape[1]
        image = np.zeros((self.size * self.size, channels), np.uint8)
        image[self.index] = (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
        covered = np.zeros(self.size * self.size, bool)
        covered[self.index] = True
        square = image.reshape(self.size, self.size, channels)
        return spread(square, covered.reshape(self.size, self.size))


def texels(uv: FloatArray, faces: IntArray, size: int, between: Callable[[float], None] | None = None) -> Texels:
    """What each texel of a (size, size) texture shows: one ray down upon the faces laid out flat.

    `between` is called with the share done, every quarter of a million texels or few ten thousand faces; may raise.
    """
    flat = np.concatenate([uv, np.zeros((len(uv), 1), np.float32)], axis=1)
    scene = RayScene(flat, faces)
    index, face, weights = [], [], []
    rows = max(1, RAYS_A_CALL // size)
    for top in range(0, size, rows):
        if between is not None:
            between(_RAYS_SHARE * top / size)
        y, x = np.mgrid[top : min(top + rows, size), 0:size]
        centre = np.stack([x.reshape(-1) + 0.5, y.reshape(-1) + 0.5, np.full(x.size, size)], 1) / size
        down = np.tile(np.array([0, 0, -1], np.float32), (len(centre), 1))
        hits = scene.first_hits(centre.astype(np.float32), down)
        found = np.flatnonzero(hits.face >= 0)
        index.append(found + top * size)
        face.append(hits.face[found])
        weights.append(hits.weights[found])
    found_so_far = Texels(
        size, np.concatenate(index).astype(np.int32), np.concatenate(face), np.concatenate(weights).astype(np.float32)
    )
    return _with_slivers(found_so_far, uv, faces, between)


def _with_slivers(cover: Texels, uv: FloatArray, faces: IntArray, between: Callable[[float], None] | None) -> Texels:
    """The same, and the texels that faces too thin for any texel's centre pass through.

    Else such a face would show what lies beside it in the texture, which may be a part of another colour.
    """
    thin = np.flatnonzero(np.bincount(cover.face, minlength=len(faces)) < 4)
    step = np.linspace(0, 1, 12, dtype=np.float32)
    pairs = [(a, b) for a in step for b in step if a + b <= 1.0001]
    shares = np.array([(a, b, max(0.0, 1 - a - b)) for a, b in pairs], np.float32)
    free = np.ones(cover.size * cover.size, bool)
    free[cover.index] = False
    index, face, weights = [cover.index], [cover.face], [cover.weights]
    for start in range(0, len(thin), _FACES_A_STEP):
        if between is not None:
            between(_RAYS_SHARE + (1 - _RAYS_SHARE) * start / len(thin))
        few = thin[start : start + _FACES_A_STEP]
        places = np.einsum("sk,fkc->fsc", shares, uv[faces[few]])
        column, row = np.clip((places * cover.size).astype(np.int32), 0, cover.size - 1).reshape(-1, 2).T
        found = row * cover.size + column
        open_here = np.flatnonzero(free[found])
        texel, first = np.unique(found[open_here], return_index=True)
        first = open_here[first]
        free[texel] = False
        index.append(texel.astype(np.int32))
        face.append(few[first // len(shares)].astype(np.int32))
        weights.append(shares[first % len(shares)])
    if between is not None:
        between(1.0)
    return Texels(cover.size, np.concatenate(index), np.concatenate(face), np.concatenate(weights))


def spread(image: BytePixels, covered: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> BytePixels:
    """The image with every texel that is not `covered` repeating the nearest that is; (h, w, c) and (h, w)."""
    if not covered.any():
        return image
    holes = np.where(covered, 0, 255).astype(np.uint8)
    _, label = cv2.distanceTransformWithLabels(holes, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    source = np.zeros(int(label.max()) + 1, np.int64)
    here = np.flatnonzero(covered.reshape(-1))
    source[label.reshape(-1)[here]] = here
    flat = image.reshape(-1, image.shape[2])
    return np.asarray(flat[source[label.reshape(-1)]].reshape(image.shape), np.uint8)
