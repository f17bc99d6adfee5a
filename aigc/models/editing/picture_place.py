"""Between the pixels of a picture and the mesh that it shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.mesh.bleed import bled
from aigc.mesh.normals import smooth_normals
from aigc.mesh.rays import Hits
from aigc.mesh.simplify import simplify_closed
from aigc.mesh.topology import weld
from aigc.mesh.types import BoolArray, BytePixels, FloatArray, Material, Mesh
from aigc.models.editing.picture_change import Change, signed_distance
from aigc.models.editing.recolour import Brush, Paint
from aigc.models.editing.region import Region
from aigc.models.inflation import lay_out, round_height, taubin, to_solid
from aigc.models.projection.projector import Projector
from aigc.models.projection.sight import Frame, Sight
from aigc.models.projection.silhouette_fit import box_fit, read_pixels
from aigc.models.projection.view_search import Cutout

_FACES = 8_000


@dataclass(frozen=True)
class PicturePlace:
    """A picture laid over the box of a mesh in one view: the subject's box upon the mesh's.

    Args:
        cutout: the source picture's subject. shape: (height, width) of the whole picture.
    """

    sight: Sight
    frame: Frame
    cutout: Cutout
    shape: tuple[int, int]

    @property
    def unit(self) -> float:
        """Metres a pixel."""
        span = (self.frame.high - self.frame.low)[:2]
        return float(np.sqrt(span[0] * span[1] / (self.cutout.width * self.cutout.height)))

    def pixels(self, points: FloatArray) -> FloatArray:
        """float32 (k, 2): x and y in the whole picture."""
        place, _ = self.frame.place(np.asarray(points, np.float32))
        size, corner = (self.cutout.width, self.cutout.height), (self.cutout.left, self.cutout.top)
        return np.asarray(place * np.array(size, np.float32) + np.array(corner, np.float32), np.float32)

    def points(self, pixels: FloatArray, depth: FloatArray) -> FloatArray:
        """float32 (k, 3): points of the mesh's space at pixels (k, 2), `depth` (k,) towards the viewer."""
        place = (pixels - [self.cutout.left, self.cutout.top]) / [self.cutout.width, self.cutout.height]
        span = self.frame.high - self.frame.low
        seen = np.stack(
            [self.frame.low[0] + place[:, 0] * span[0], self.frame.high[1] - place[:, 1] * span[1], depth], axis=1
        )
        return np.asarray(seen @ self.frame.turn, np.float32)

    def prism(self, mask: BoolArray, within: Region | None, about: str) -> Region:
        """All that lies behind and before the pixels of the mask, within a region if there is one."""
        image = signed_distance(mask)[..., None]
        unit = self.unit

        def field(at: FloatArray) -> FloatArray:
            value = read_pixels(image, self.pixels(at))[:, 0].astype(np.float64) * unit
            return value if within is None else np.maximum(value, np.asarray(within.field(at)))

        low, high = self._box(mask)
        if within is not None:
            low, high = np.maximum(low, within.low), np.minimum(high, within.high)
        return Region(field, low, high, "part", about)

    def _box(self, mask: BoolArray) -> tuple[FloatArray, FloatArray]:
        """The box in the mesh's space around a prism of this mask."""
        rows, columns = np.nonzero(mask)
        ends = np.array([[x, y] for x in (columns.min(), columns.max() + 1) for y in (rows.min(), rows.max() + 1)])
        deep = self.points(np.concatenate([ends, ends]), np.repeat([self.frame.low[2], self.frame.high[2]], 4))
        margin = 2 * self.unit + 0.01 * self.sight.extent
        return deep.min(axis=0).astype(np.float64) - margin, deep.max(axis=0).astype(np.float64) + margin

    def brush(self, target: BytePixels, before: FloatArray, change: Change, within: Region | None, size: int) -> Brush:
        """Paints what faces the viewer with the target picture where it changed."""
        fit = box_fit(Cutout(target, before), 1.0)
        projector = Projector(self.sight, self.frame, fit, size)
        image = change.painted[..., None]

        def stroke(points: FloatArray, normals: FloatArray, old: FloatArray) -> Paint:
            color, trust = projector.shown(points, normals)
            share = read_pixels(image, self.pixels(points))[:, 0] * np.clip(trust * 1.5, 0, 1)
            if within is not None:
                share = share * (np.asarray(within.field(points)) < 0)
            return Paint(color, share.astype(np.float32))

        return stroke

    def middle_depth(self, mask: BoolArray) -> float:
        """The depth halfway through the mesh behind the pixels of the mask; of the whole mesh if it is not there."""
        rows, columns = np.nonzero(mask)
        usual = float(self.frame.low[2] + self.frame.high[2]) / 2
        if not len(rows):
            return usual
        chosen = np.unique(np.linspace(0, len(rows) - 1, 400).astype(int))
        pixels = np.stack([columns[chosen], rows[chosen]], 1) + 0.5
        high, low = float(self.frame.high[2]) + self.sight.extent, float(self.frame.low[2]) - self.sight.extent
        front = self._first(pixels, high, -1)
        back = self._first(pixels, low, 1)
        found = (front.face >= 0) & (back.face >= 0)
        if not found.any():
            return usual
        return float(np.median((high - front.distance[found] + low + back.distance[found]) / 2))

    def _first(self, pixels: FloatArray, start: float, way: int) -> Hits:
        """What a ray through each pixel meets first, from depth `start` on, away from the viewer (-1) or to him."""
        origins = self.points(pixels, np.full(len(pixels), start))
        return self.sight.scene.first_hits(origins, np.tile(self.frame.toward * np.float32(way), (len(origins), 1)))

    def inflated(self, blob: BoolArray, depth: float, target: BytePixels, after: FloatArray) -> Mesh:
        """A round body over the pixels of the blob, in the target's colours, its middle at this depth."""
        plane = lay_out(blob.astype(np.float32))
        cells, faces = to_solid(round_height(plane.distance), 0.8)
        cells, faces = weld(cells, faces)
        cells, faces = simplify_closed(taubin(cells, faces, 6), faces, _FACES)
        pixels = np.stack(
            [(cells[:, 0] + 0.5) * plane.cell + plane.left, (-cells[:, 1] + 0.5) * plane.cell + plane.top], axis=1
        )
        points = self.points(pixels, depth + cells[:, 2] * plane.cell * self.unit)
        rows, columns = np.flatnonzero(blob.any(axis=1)), np.flatnonzero(blob.any(axis=0))
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        picture = bled(np.ascontiguousarray(target[top:bottom, left:right, :3]), after[top:bottom, left:right])
        uv = (pixels - [left, top]) / [right - left, bottom - top]
        material = Material("grown", roughness=0.8, base_color_texture=np.asarray(picture, np.uint8))
        return Mesh(
            points, faces, smooth_normals(points, faces), np.clip(uv, 0, 1).astype(np.float32), material=material,
            name="grown",
        )  # fmt: skip
