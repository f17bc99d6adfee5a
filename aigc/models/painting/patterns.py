"""Patterns for painting that the shape library has no use for, beside those that it has."""

from __future__ import annotations

import numpy as np

from aigc.models.shapes.finish import PATTERNS, Color, Finish, Painted, Patterns, Spots, mix, step
from aigc.models.shapes.noise import cells, cloudy, grainy


def _camouflage(finish: Finish, spots: Spots) -> Painted:
    """Four tones in ragged patches."""
    place = spots.points / finish.size
    one, two = (cloudy(place, 1.7, spots.frame.number + shift) for shift in (0, 5))
    fine = 0.12 * grainy(place, 3, spots.frame.number)
    base, dark = np.asarray(finish.color), np.asarray(finish.second or (0.2, 0.19, 0.13))
    color = mix(base, base * 0.55 + dark * 0.3, step(one + fine, 0.08, 0.12))
    color = mix(color, base * 0.55 + np.array([0.42, 0.36, 0.24]) * 0.6, step(two + fine, 0.18, 0.22))
    color = mix(color, dark, step(one - two + fine, 0.5, 0.54))
    return color, finish.roughness + 0 * one


def _rosettes(finish: Finish, spots: Spots) -> Painted:
    """Broken rings around darker middles, as on a leopard."""
    place = spots.points / finish.size
    warped = place + 0.012 * cloudy(place, 5, 1)[:, None]
    inner, tone = cells(warped, 2.1, spots.frame.number)
    broken = cloudy(place, 7, spots.frame.number + 2)
    ring = step(inner, 0.26, 0.34) * (1 - step(inner, 0.6, 0.72)) * step(broken, -0.45, -0.25)
    fur = grainy(place * np.array([7, 2, 7], np.float32), 2.2, spots.frame.number)
    ground = np.asarray(finish.color) * (1 + 0.1 * fur[:, None] - 0.08 * tone[:, None])
    color = mix(ground, np.asarray(finish.color) * 0.74, step(inner, 0.55, 0.8))
    return mix(color, finish.second or (0.13, 0.09, 0.06), ring), finish.roughness + 0 * tone


def _stripes(finish: Finish, spots: Spots) -> Painted:
    """Even, nearly upright stripes; they run askew to all axes, so that they show on every wall of a box."""
    along = spots.points @ np.array([0.72, 0.22, 0.58], np.float32)
    wave = np.sin(along * (62 / finish.size)).astype(np.float32)
    noise = cloudy(spots.points, 2, spots.frame.number)
    color = mix(finish.color, finish.second or _other(finish.color), step(wave, -0.06, 0.06))
    return color * (1 + 0.04 * noise[:, None]), finish.roughness + 0.05 * noise


def _dots(finish: Finish, spots: Spots) -> Painted:
    """Round dots: balls on a body-centred lattice, cut by the surface."""
    place = spots.points * (9 / finish.size) + np.float32(0.31 * spots.frame.number)
    corner = place - np.round(place)
    middle = place - np.floor(place) - np.float32(0.5)
    away = np.minimum(np.linalg.norm(corner, axis=1), np.linalg.norm(middle, axis=1))
    noise = cloudy(spots.points, 2, spots.frame.number)
    color = mix(finish.color, finish.second or _other(finish.color), 1 - step(away, 0.34, 0.36))
    return color * (1 + 0.04 * noise[:, None]), finish.roughness + 0.05 * noise


def _other(color: Color) -> Color:
    """A tone that stands out: white on what is dark, dark on what is light."""
    light = 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2]
    return (0.95, 0.94, 0.91) if light < 0.62 else (0.16, 0.15, 0.16)


def _tartan(finish: Finish, spots: Spots) -> Painted:
    """Broad and narrow bands that cross."""
    wall = spots.wall * (9 / finish.size)
    color = np.tile(np.asarray(finish.color, np.float32), (len(wall), 1))
    second = np.asarray(finish.second or (0.12, 0.2, 0.16))
    for axis in (0, 1):
        phase = (wall[:, axis] % 1.0).astype(np.float32)
        broad = step(phase, 0.1, 0.12) * (1 - step(phase, 0.5, 0.52))
        thin = step(phase, 0.74, 0.75) * (1 - step(phase, 0.79, 0.8))
        color = mix(mix(color, second, 0.5 * broad), (0.95, 0.9, 0.75), 0.55 * thin)
    weave = np.sin(wall[:, 0] * 160) * np.sin(wall[:, 1] * 160)
    return color * (1 + 0.04 * weave[:, None]), np.full(len(wall), finish.roughness, np.float32)


def _lava(finish: Finish, spots: Spots) -> Painted:
    """Dark crust with glowing cracks."""
    place = spots.points / finish.size
    warped = place + 0.015 * cloudy(place, 4, 2)[:, None]
    inner, tone = cells(warped, 1.7, spots.frame.number)
    glow = np.exp(-((inner / 0.16) ** 2))
    crust = np.asarray(finish.second or (0.09, 0.08, 0.08)) * (0.7 + 0.6 * tone[:, None])
    hot = mix(finish.color, (1.0, 0.82, 0.3), np.clip(glow * 1.6 - 0.8, 0, 1))
    return mix(crust, hot, np.clip(glow * 1.4, 0, 1)), finish.roughness + 0.3 * (1 - glow)


ALL_PATTERNS: Patterns = {
    **PATTERNS,
    "camouflage": _camouflage,
    "rosettes": _rosettes,
    "stripes": _stripes,
    "dots": _dots,
    "tartan": _tartan,
    "lava": _lava,
}
