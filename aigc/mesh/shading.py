"""Studio light on surfaces: a key, a fill and a rim light, a bright dome, and what they do to a material.

Metallic-roughness shading after Karis, Real Shading in Unreal Engine 4 (SIGGRAPH 2013), with an analytic dome in place
of a picture of one. Colours are linear; directions are in the camera's space (x right, y up, z to the viewer).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Light:
    """A distant light: where it stands, its colour times its strength, and whether it casts shadows."""

    direction: tuple[float, float, float]
    color: tuple[float, float, float]
    shadowed: bool


def _unit(x: float, y: float, z: float) -> tuple[float, float, float]:
    length = (x * x + y * y + z * z) ** 0.5
    return (x / length, y / length, z / length)


KEY = Light(_unit(-0.55, 0.75, 0.65), (1.5, 1.44, 1.35), True)
LIGHTS = (
    KEY,
    Light(_unit(0.9, 0.15, 0.45), (0.26, 0.29, 0.36), False),
    Light(_unit(0.35, 0.55, -0.9), (0.7, 0.74, 0.82), False),
)


@dataclass(frozen=True)
class Surface:
    """k points that are seen. Directions float32 (k, 3); colours float32 (k, 3); the rest float32 (k,).

    Args:
        open_sky: share of the dome that is not hidden by the mesh itself.
        lit: share of the key light that arrives.
    """

    normal: Values
    view: Values
    color: Values
    metallic: Values
    roughness: Values
    open_sky: Values
    lit: Values


def shade(surface: Surface) -> Values:
    """float32 (k, 3): the light that reaches the eye."""
    facing = np.clip(_dot(surface.normal, surface.view), 1e-3, 1)
    mirror = 0.04 * (1 - surface.metallic[:, None]) + surface.color * surface.metallic[:, None]
    matte = surface.color * (1 - surface.metallic[:, None])
    fresnel = mirror + (np.maximum(1 - surface.roughness[:, None], mirror) - mirror) * ((1 - facing) ** 5)[:, None]
    reflected = 2 * facing[:, None] * surface.normal - surface.view
    sky = surface.open_sky[:, None]
    # What is dark is lit by its neighbours in its own colour.
    bounced = sky + (1 - sky) * 0.35 * matte
    light = matte * _dome(surface.normal, np.ones(1, np.float32)) * bounced
    polish = 1 - 0.75 * surface.roughness[:, None] * (1 - surface.metallic[:, None])
    light += (
        fresnel
        * polish
        * _dome(reflected, surface.roughness)
        * (1.5 + 0.9 * surface.metallic[:, None])
        * (0.3 + 0.7 * sky)
    )
    for source in LIGHTS:
        strength = surface.lit if source.shadowed else 0.35 + 0.65 * surface.open_sky
        light += _from_light(surface, source, mirror, matte, facing) * strength[:, None]
    return light.astype(np.float32)


def _from_light(surface: Surface, light: Light, mirror: Values, matte: Values, facing: Values) -> Values:
    """Diffuse and specular light of one source, without its shadow."""
    towards = np.asarray(light.direction, np.float32)
    arriving = np.clip(surface.normal @ towards, 0, 1)
    half = surface.view + towards
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    cosine = np.clip(_dot(surface.normal, half), 0, 1)
    alpha = np.maximum(surface.roughness, 0.12) ** 2
    spread = alpha**2 / (np.pi * (cosine**2 * (alpha**2 - 1) + 1) ** 2)
    k = (surface.roughness + 1) ** 2 / 8
    shape = 0.25 / ((facing * (1 - k) + k) * (arriving * (1 - k) + k))
    specular = mirror * np.minimum(spread * shape, 4.0)[:, None]
    return np.asarray((matte / np.pi + specular) * arriving[:, None] * np.asarray(light.color, np.float32) * 1.6)


def _dome(direction: Values, roughness: Values) -> Values:
    """Light that comes from `direction`: a bright ceiling, a grey floor and a soft box to the left."""
    up = direction[:, 1:2]
    blur = np.reshape(roughness, (-1, 1))
    floor = np.array([0.11, 0.105, 0.10], np.float32)
    ceiling = np.array([0.40, 0.43, 0.47], np.float32)
    sharpness = 1.2 + 8 * (1 - blur) ** 2
    blend = 1 / (1 + np.exp(-sharpness * (up - 0.05) * 2))
    box = np.asarray(KEY.direction, np.float32)
    glow = np.exp(-(1 - direction @ box)[:, None] * (2 + 30 * (1 - blur) ** 2))
    return np.asarray(floor + (ceiling - floor) * blend + glow * (0.25 + 1.3 * (1 - blur)))


def _dot(a: Values, b: Values) -> Values:
    return np.asarray(np.einsum("ij,ij->i", a, b))


def filmed(linear: Values) -> Values:
    """sRGB, 0 to 1, of linear light under a gentle film curve (Narkowicz's fit of ACES, 2015), half applied."""
    x = np.maximum(linear, 0)
    film = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    plain = np.where(x < 0.7, x, 0.7 + 0.3 * (1 - np.exp(-(x - 0.7) / 0.3)))
    return linear_to_srgb(np.clip(0.4 * film + 0.6 * plain, 0, 1))


def linear_to_srgb(value: Values) -> Values:
    """sRGB of linear light, both 0 to 1 (IEC 61966-2-1)."""
    low = np.clip(value, 0, 1)
    return np.where(low <= 0.0031308, low * 12.92, 1.055 * low ** (1 / 2.4) - 0.055).astype(np.float32)


def to_linear(srgb: Values) -> Values:
    """Linear light of sRGB values, both 0 to 1."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)
