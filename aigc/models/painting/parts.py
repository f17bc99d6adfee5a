"""Where the part is that a word means: by its name in the file, by its place in the shape, else by height and side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aigc.mesh.types import BoolArray, FloatArray, IntArray
from aigc.models.painting.vocabulary import REGIONS
from aigc.models.shapes.words import singular


@dataclass(frozen=True)
class Part:
    """A part of a surface, in the whole's bounding box, 0 to 1 along each axis: x to its left, y up, z to the front.

    Args:
        label: its number. name: what the file calls it. area: share of the whole surface.
        low, high, centre: float32 (3,).
    """

    label: int
    name: str
    area: float
    low: FloatArray
    high: FloatArray
    centre: FloatArray

    @property
    def span(self) -> FloatArray:
        """float32 (3,): its size."""
        return self.high - self.low


def measured(centres: FloatArray, areas: FloatArray, label: IntArray, names: dict[int, str]) -> list[Part]:
    """The parts, by falling area.

    Args:
        centres: float32 (m, 3), of the faces, 0 to 1. areas: float32 (m,). label: int32 (m,), the part of each face.
    """
    found = []
    for number in np.unique(label).tolist():
        mine = np.flatnonzero(label == number)
        weight = areas[mine] / max(float(areas[mine].sum()), 1e-20)
        found.append(
            Part(
                number,
                names.get(number, ""),
                float(areas[mine].sum() / max(float(areas.sum()), 1e-20)),
                centres[mine].min(axis=0),
                centres[mine].max(axis=0),
                (centres[mine] * weight[:, None]).sum(axis=0),
            )
        )
    return sorted(found, key=lambda part: -part.area)


def named_parts(word: str, parts: list[Part]) -> list[Part]:
    """Those that the file calls by this word."""
    one = singular(word)
    return [part for part in parts if one in part.name.lower() or word in part.name.lower()]


def placed_parts(word: str, parts: list[Part]) -> list[Part]:
    """Those that lie where such a part lies; none if that cannot be told from parts alone."""
    region = REGIONS.get(word, "")
    small = [part for part in parts if part.area < 0.75]
    if len(parts) < 2 or not small:
        return []
    if region == "top":
        high = max(part.centre[1] for part in small)
        return [part for part in small if part.centre[1] > max(0.62, high - 0.1)]
    if region == "head":
        high_up = [part for part in small if part.centre[1] > 0.62 and abs(part.centre[0] - 0.5) < 0.3]
        return [part for part in high_up if part.high[1] > 0.84][:1]
    if region == "bottom":
        return [part for part in small if part.low[1] < 0.06 and part.centre[1] < 0.22]
    if region == "legs":
        return [part for part in small if part.low[1] < 0.2 and part.centre[1] < 0.42 and part.span[1] > 0.12]
    if region == "torso":
        middle = [part for part in parts if 0.25 < part.centre[1] < 0.8]
        return middle[:1]
    if region == "belt":
        around = [part for part in small if np.abs(part.centre[[0, 2]] - 0.5).max() < 0.12 and part.span[2] > 0.3]
        return [part for part in around if 0.3 < part.centre[1] < 0.62 and part.span[1] < 0.15]
    if region in ("arms", "handle"):
        aside = [
            part
            for part in small
            if part.area > 0.012
            and max(abs(part.centre[0] - 0.5), abs(part.centre[2] - 0.5)) > 0.26
            and part.low[1] > 0.06
        ]
        return aside if region == "arms" else aside[-1:]
    return []


def where(word: str, places: FloatArray, normals: FloatArray) -> BoolArray:
    """bool (k,): whether points lie where a part of this name lies, by height and side alone.

    Args:
        places: float32 (k, 3), in the bounding box, 0 to 1.
    """
    x, y, z = places.T
    aside = np.maximum(np.abs(x - 0.5), np.abs(z - 0.5))
    rules = {
        "roof": (y > 0.38) & (normals[:, 1] > 0.22),
        "top": y > 0.78,
        "head": y > 0.74,
        "neck": (y > 0.68) & (y < 0.76),
        "torso": (y > 0.38) & (y < 0.74),
        "belt": (y > 0.42) & (y < 0.48) & (np.abs(x - 0.5) < 0.28),
        "middle": (y > 0.35) & (y < 0.65),
        "arms": (aside > 0.3) & (y > 0.3) & (y < 0.8),
        "handle": (aside > 0.36) & (y > 0.2),
        "legs": y < 0.38,
        "bottom": y < 0.13,
        "left": x > 0.5,
        "right": x < 0.5,
        "front": (normals[:, 2] > 0.25) & (z > 0.45),
        "back": (normals[:, 2] < -0.25) & (z < 0.55),
    }
    return np.asarray(rules.get(REGIONS.get(word, ""), np.zeros(len(x), bool)))
