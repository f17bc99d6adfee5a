"""What solids are made of: patterns in space, so that no seam shows and the grain runs along each part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aigc.models.shapes.noise import cells, cloudy, grainy

Values = NDArray[np.floating[Any]]
Color = tuple[float, float, float]


def rgb(hexadecimal: str) -> Color:
    """sRGB, 0 to 1, of "rrggbb"."""
    return tuple(int(hexadecimal[k : k + 2], 16) / 255 for k in (0, 2, 4))  # type: ignore[return-value]


def tone(color: Color, factor: float, lift: float = 0.0) -> Color:
    """The colour times `factor` plus `lift`, at most 1."""
    red, green, blue = (min(1.0, channel * factor + lift) for channel in color)
    return (red, green, blue)


@dataclass(frozen=True)
class Finish:
    """A material: which pattern, in which colours.

    Args:
        pattern: a key of `PATTERNS`.
        color, second: sRGB, 0 to 1; the second is derived from the first where it is None.
        size: of the pattern's details, 1 for usual.
    """

    pattern: str
    color: Color
    second: Color | None = None
    roughness: float = 0.7
    metallic: float = 0.0
    size: float = 1.0

    def in_color(self, color: Color) -> Finish:
        """The same in another colour, both colours moved alike."""
        if self.second is None:
            return replace(self, color=color)
        moved = [s + (c - old) * 0.85 for s, c, old in zip(self.second, color, self.color, strict=True)]
        red, green, blue = (min(1.0, max(0.0, channel)) for channel in moved)
        return replace(self, color=color, second=(red, green, blue))


@dataclass(frozen=True)
class Frame:
    """Where a solid lies, in units of the whole thing's longest side.

    Args:
        centre: float32 (3,). grain: the axis (0, 1, 2) that it is longest along.
        turned: whether it is round about the y axis, so that courses of bricks run around it.
        number: tells its noise from that of others.
    """

    centre: Values
    grain: int
    turned: bool
    number: float


@dataclass(frozen=True)
class Spots:
    """k points of a solid's surface, (k, 3), in the same units as its frame."""

    points: Values
    normals: Values
    frame: Frame

    @property
    def local(self) -> Values:
        """The points from the solid's centre, its grain along the last axis."""
        order = {0: [1, 2, 0], 1: [2, 0, 1], 2: [0, 1, 2]}[self.frame.grain]
        return np.ascontiguousarray((self.points - self.frame.centre)[:, order])

    @property
    def wall(self) -> Values:
        """float32 (k, 2): along a wall and up it, whichever way the wall faces."""
        local = self.points - self.frame.centre
        if self.frame.turned:
            radius = max(float(np.abs(local[:, [0, 2]]).max()), 1e-3)
            across = np.arctan2(local[:, 0], local[:, 2]) * radius
        else:
            across = np.where(np.abs(self.normals[:, 0]) > np.abs(self.normals[:, 2]), local[:, 2], local[:, 0])
        flat = np.abs(self.normals[:, 1]) > 0.9
        return np.stack([np.where(flat, local[:, 0], across), np.where(flat, local[:, 2], self.points[:, 1])], axis=1)


def paint(finish: Finish, spots: Spots, patterns: Patterns | None = None) -> tuple[Values, Values, Values]:
    """sRGB (k, 3), roughness (k,) and metallic (k,) of the finish at these spots; `PATTERNS` unless told others."""
    color, rough = (patterns or PATTERNS)[finish.pattern](finish, spots)
    metallic = np.full(len(spots.points), finish.metallic, np.float32)
    return np.clip(color, 0, 1).astype(np.float32), np.clip(rough, 0.04, 1).astype(np.float32), metallic


def mix(one: Color | Values, two: Color | Values, share: Values) -> Values:
    """(k, 3): the first where the share (k,) is 0, the second where it is 1."""
    return np.asarray(one) * (1 - share[:, None]) + np.asarray(two) * share[:, None]


def _shift(color: Color, by: float) -> Color:
    """Darker below 0, lighter above, hue kept."""
    target = 1.0 if by > 0 else 0.0
    return tuple(c + (target - c) * abs(by) for c in color)  # type: ignore[return-value]


def _second(finish: Finish, by: float) -> Color:
    return finish.second if finish.second is not None else _shift(finish.color, by)


def step(value: Values, low: float, high: float) -> Values:
    """0 below `low`, 1 above `high`, smooth between."""
    share = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


Painted = tuple[Values, Values]
Patterns = Mapping[str, "Callable[[Finish, Spots], Painted]"]


def _plain(finish: Finish, spots: Spots) -> Painted:
    """Paint, plastic, glazed clay: nearly even, a little lighter and darker."""
    noise = cloudy(spots.points, 1.3, spots.frame.number)
    color = np.asarray(finish.color) * (1 + 0.045 * noise[:, None])
    return color, finish.roughness + 0.06 * noise


def _wood(finish: Finish, spots: Spots) -> Painted:
    """Year rings around the grain, and fine fibres along it."""
    local = spots.local / finish.size
    wave = cloudy(local * np.array([1, 1, 0.25], np.float32), 2.2, spots.frame.number)
    radius = np.hypot(local[:, 0] + 0.11, local[:, 1] * 0.55 + 0.05) + 0.014 * wave
    ring = (radius * 30) % 1.0
    rings = np.where(ring < 0.8, ring / 0.8, (1 - ring) / 0.2)
    fibre = grainy(local * np.array([9, 9, 0.55], np.float32), 2.5, spots.frame.number)
    share = np.clip(0.15 + 0.5 * rings + 0.35 * fibre + 0.12 * wave, 0, 1)
    return mix(finish.color, _second(finish, -0.38), share), finish.roughness + 0.1 * fibre


def _planks(finish: Finish, spots: Spots) -> Painted:
    """Boards side by side, with dark joints and a tone each."""
    wall = spots.wall / finish.size
    vertical = spots.frame.grain == 1
    across, along = (wall[:, 0], wall[:, 1]) if vertical else (wall[:, 1], wall[:, 0])
    number = np.floor(across * 16 + 0.5)
    inside = np.abs(across * 16 + 0.5 - number - 0.5)
    tone = (np.sin(number * 12.9898 + spots.frame.number * 7.1) * 43758.5453) % 1.0
    fibre = grainy(np.stack([across * 8, along * 0.7, tone * 3], 1).astype(np.float32), 2.2)
    share = np.clip(0.15 + 0.45 * tone + 0.4 * fibre, 0, 1)
    joint = step(inside, 0.43, 0.49)[:, None]
    color = mix(finish.color, _second(finish, -0.35), share.astype(np.float32)) * (1 - 0.62 * joint)
    return color, finish.roughness + 0.1 * fibre


def _bark(finish: Finish, spots: Spots) -> Painted:
    stretched = spots.local * np.array([1, 1, 0.22], np.float32) / finish.size
    inner, tone = cells(stretched, 3.2, spots.frame.number)
    noise = cloudy(spots.points, 4, spots.frame.number)
    share = np.clip(1.1 - inner + 0.3 * noise, 0, 1) * 0.75
    return mix(
        np.asarray(finish.color) * (0.9 + 0.25 * tone[:, None]), _second(finish, -0.55), share
    ), finish.roughness + 0 * noise


def _leaves(finish: Finish, spots: Spots) -> Painted:
    """Foliage: small patches from dark to light, lighter above."""
    inner, tone = cells(spots.points / finish.size, 5.5, spots.frame.number)
    noise = cloudy(spots.points, 2, spots.frame.number)
    light = np.clip(0.1 + 0.75 * tone + 0.25 * noise + 0.25 * spots.normals[:, 1], 0, 1)
    color = mix(_shift(finish.color, -0.42), _second(finish, 0.22), light)
    return color * (0.62 + 0.38 * inner[:, None]), finish.roughness + 0 * noise


def _stone(finish: Finish, spots: Spots) -> Painted:
    """Rough rock."""
    broad = cloudy(spots.points / finish.size, 2.2, spots.frame.number)
    fine = grainy(spots.points / finish.size, 6, spots.frame.number)
    inner, tone = cells(spots.points / finish.size, 1.6, spots.frame.number)
    share = np.clip(0.4 + 0.45 * broad + 0.22 * fine + 0.25 * (tone - 0.5), 0, 1)
    color = mix(_second(finish, -0.4), _shift(finish.color, 0.1), share)
    return color * (0.82 + 0.18 * step(inner, 0, 0.25)[:, None]), finish.roughness + 0.08 * fine


def _courses(finish: Finish, spots: Spots) -> Painted:
    """Bricks or hewn blocks in courses, each with a tone of its own."""
    wall = spots.wall * 30 / finish.size
    row = np.floor(wall[:, 1])
    shifted = wall[:, 0] / 2 + 0.5 * (row % 2)
    column = np.floor(shifted)
    inner_x, inner_y = np.abs(shifted - column - 0.5) * 2, np.abs(wall[:, 1] - row - 0.5) * 2
    noise = grainy(spots.points, 7, spots.frame.number)
    joint = np.maximum(
        step((inner_x + 0.02 * noise).astype(np.float32), 0.91, 0.97),
        step((inner_y + 0.03 * noise).astype(np.float32), 0.82, 0.93),
    )
    tone = (np.sin(row * 127.1 + column * 311.7 + spots.frame.number) * 43758.5453) % 1.0
    block = np.asarray(finish.color) * (0.78 + 0.36 * tone[:, None] + 0.14 * noise[:, None])
    return mix(block, _second(finish, 0.35), joint), finish.roughness + 0.1 * joint


def _shingles(finish: Finish, spots: Spots) -> Painted:
    """Roof tiles in rows that overlap."""
    wall = spots.wall * 26 / finish.size
    row = np.floor(wall[:, 1])
    column = np.floor(wall[:, 0] + 0.5 * (row % 2))
    up = wall[:, 1] - row
    side = np.abs(wall[:, 0] + 0.5 * (row % 2) - column - 0.5) * 2
    tone = (np.sin(row * 45.1 + column * 91.7) * 43758.5453) % 1.0
    shade = 0.72 + 0.28 * step(up.astype(np.float32), 0.0, 0.35) - 0.3 * step(side.astype(np.float32), 0.82, 1.0)
    noise = cloudy(spots.points, 5, spots.frame.number)
    color = np.asarray(finish.color) * ((0.84 + 0.26 * tone) * shade + 0.06 * noise)[:, None]
    return color, finish.roughness + 0 * noise


def _metal(finish: Finish, spots: Spots) -> Painted:
    """Brushed metal with the touch of hands upon it."""
    brushed = grainy(spots.local * np.array([5, 5, 0.3], np.float32), 2.5, spots.frame.number)
    worn = cloudy(spots.points, 2.2, spots.frame.number)
    color = np.asarray(finish.color) * (1 + 0.05 * brushed + 0.06 * worn)[:, None]
    return color, finish.roughness + 0.07 * brushed + 0.1 * worn


def _rust(finish: Finish, spots: Spots) -> Painted:
    patch = cloudy(spots.points, 2.6, spots.frame.number) + 0.25 * grainy(spots.points, 5, 1)
    share = step(patch, -0.25, 0.3)
    return mix(finish.color, _second(finish, -0.4), share), finish.roughness + 0.25 * share


def _cloth(finish: Finish, spots: Spots) -> Painted:
    """A weave of two threads, and soft folds of light and dark."""
    place = spots.points * (150 / finish.size)
    weave = np.sin(place[:, 0] + place[:, 2]) * np.sin(place[:, 1] + 0.6 * place[:, 2])
    noise = cloudy(spots.points, 1.8, spots.frame.number)
    color = np.asarray(finish.color) * (1 + 0.04 * weave + 0.1 * noise)[:, None]
    return color, finish.roughness + 0 * noise


def _leather(finish: Finish, spots: Spots) -> Painted:
    inner, tone = cells(spots.points / finish.size, 9, spots.frame.number)
    noise = cloudy(spots.points, 1.6, spots.frame.number)
    color = np.asarray(finish.color) * (0.86 + 0.12 * inner + 0.1 * tone + 0.12 * noise)[:, None]
    return color, finish.roughness + 0.12 * (1 - inner)


def _fur(finish: Finish, spots: Spots) -> Painted:
    """Hairs that hang down, lighter below."""
    hair = grainy(spots.points * np.array([7, 1.6, 7], np.float32) / finish.size, 2.2, spots.frame.number)
    broad = cloudy(spots.points, 2, spots.frame.number)
    share = np.clip(0.35 + 0.42 * hair + 0.3 * broad, 0, 1)
    color = mix(_shift(finish.color, -0.32), _shift(finish.color, 0.14), share)
    if finish.second is not None:
        below = step(-spots.normals[:, 1] + 0.3 * broad, 0.25, 0.75)
        color = mix(color, np.asarray(finish.second) * (0.9 + 0.15 * hair[:, None]), below)
    return color, finish.roughness + 0 * hair


def _skin(finish: Finish, spots: Spots) -> Painted:
    """Hide or skin: soft blotches, fine wrinkles."""
    broad = cloudy(spots.points, 2.2, spots.frame.number)
    inner, _ = cells(spots.points / finish.size, 7, spots.frame.number)
    share = np.clip(0.3 + 0.3 * broad + 0.18 * (1 - inner), 0, 1)
    return mix(finish.color, _second(finish, -0.3), share), finish.roughness + 0.06 * broad


def _scales(finish: Finish, spots: Spots) -> Painted:
    inner, tone = cells(spots.points / finish.size, 6, spots.frame.number)
    below = step(-spots.normals[:, 1], 0.1, 0.7)
    color = mix(finish.color, _second(finish, 0.35), below) * (0.6 + 0.3 * inner + 0.2 * tone)[:, None]
    return color, finish.roughness - 0.15 * inner


def _spotted(finish: Finish, spots: Spots) -> Painted:
    """Round spots of the second colour."""
    noise = cloudy(spots.points, 3, spots.frame.number)
    inner, tone = cells(spots.points / finish.size, 1.9, spots.frame.number)
    share = step(inner + 0.12 * noise, 0.3, 0.42) * (tone > 0.42)
    return mix(
        np.asarray(finish.color) * (1 + 0.06 * noise[:, None]), _second(finish, -0.6), share
    ), finish.roughness + 0 * noise


def _patched(finish: Finish, spots: Spots) -> Painted:
    """Large patches of the second colour with thin borders of the first, as on a giraffe."""
    warped = spots.points + 0.01 * cloudy(spots.points, 5, 1)[:, None]
    inner, tone = cells(warped / finish.size, 1.55, spots.frame.number)
    share = step(inner, 0.22, 0.36)
    body = np.asarray(_second(finish, -0.5)) * (0.85 + 0.3 * tone[:, None])
    return mix(finish.color, body, share), finish.roughness + 0 * tone


def _cow(finish: Finish, spots: Spots) -> Painted:
    patch = cloudy(spots.points / finish.size, 1.15, spots.frame.number + 2)
    fine = grainy(spots.points, 6, 0)
    share = step(patch, 0.12, 0.2)
    color = mix(finish.color, _second(finish, -0.85), share) * (1 + 0.06 * fine[:, None])
    return color, finish.roughness + 0 * fine


def _striped(finish: Finish, spots: Spots) -> Painted:
    """Bands across the longest extent, warped a little."""
    warp = cloudy(spots.points, 2, spots.frame.number)
    along = spots.points[:, 1] * 0.45 + spots.points[:, 2] + 0.02 * warp
    wave = np.sin(along * (75 / finish.size))
    share = step(wave.astype(np.float32), -0.12, 0.12)
    return mix(finish.color, _second(finish, -0.8), share), finish.roughness + 0 * warp


def _bands(finish: Finish, spots: Spots) -> Painted:
    """Straight level bands, as on a lighthouse."""
    level = np.floor((spots.points[:, 1] - spots.frame.centre[1]) * 7 / finish.size + 0.5) % 2
    noise = cloudy(spots.points, 2, spots.frame.number)
    color = mix(finish.color, _second(finish, 0.8), level.astype(np.float32)) * (1 + 0.04 * noise[:, None])
    return color, finish.roughness + 0 * noise


def _checkered(finish: Finish, spots: Spots) -> Painted:
    local = np.floor((spots.points - spots.frame.centre) * (12 / finish.size) + 0.5)
    share = (local.sum(axis=1) % 2).astype(np.float32)
    return mix(finish.color, _second(finish, 0.8), share), np.full(len(share), finish.roughness, np.float32)


def _marble(finish: Finish, spots: Spots) -> Painted:
    warp = cloudy(spots.points, 1.6, spots.frame.number)
    vein = np.abs(cloudy(spots.points + 0.05 * warp[:, None], 1.9, 4 + spots.frame.number))
    share = np.exp(-vein * 14) * 0.75 + 0.12 * np.clip(warp, 0, 1)
    return mix(finish.color, _second(finish, -0.45), np.clip(share, 0, 1)), finish.roughness + 0 * warp


def _crumb(finish: Finish, spots: Spots) -> Painted:
    """Bread, cake, biscuit: pores and a crust that is darker above."""
    pore = grainy(spots.points / finish.size, 5, spots.frame.number)
    broad = cloudy(spots.points, 2.5, spots.frame.number)
    share = np.clip(0.25 + 0.3 * broad + 0.3 * pore, 0, 1)
    return mix(finish.color, _second(finish, -0.35), share), finish.roughness + 0 * pore


def _blend(finish: Finish, spots: Spots) -> Painted:
    """From the first colour below to the second above."""
    low, high = float(spots.points[:, 1].min()), float(spots.points[:, 1].max())
    noise = cloudy(spots.points, 2.5, spots.frame.number)
    share = step((spots.points[:, 1] - low) / max(high - low, 1e-6) + 0.12 * noise, 0.15, 0.95)
    return mix(finish.color, _second(finish, 0.4), share), finish.roughness + 0 * noise


PATTERNS: dict[str, Callable[[Finish, Spots], Painted]] = {
    "plain": _plain,
    "wood": _wood,
    "planks": _planks,
    "bark": _bark,
    "leaves": _leaves,
    "stone": _stone,
    "courses": _courses,
    "shingles": _shingles,
    "metal": _metal,
    "rust": _rust,
    "cloth": _cloth,
    "leather": _leather,
    "fur": _fur,
    "skin": _skin,
    "scales": _scales,
    "spotted": _spotted,
    "patched": _patched,
    "cow": _cow,
    "striped": _striped,
    "bands": _bands,
    "checkered": _checkered,
    "marble": _marble,
    "crumb": _crumb,
    "blend": _blend,
}
