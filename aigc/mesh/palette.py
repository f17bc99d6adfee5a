"""Colours that are told apart: for parts, islands, checkers."""

from __future__ import annotations

import colorsys

import numpy as np

from aigc.mesh.shading import to_linear


def tint(number: int, light: float = 0.62) -> tuple[int, int, int]:
    """sRGB bytes of a colour, the same for each `number`, unlike those of the numbers next to it."""
    red, green, blue = colorsys.hls_to_rgb(number * 0.61803 % 1, light, 0.55)
    return round(red * 255), round(green * 255), round(blue * 255)


def tint_linear(number: int) -> tuple[float, float, float, float]:
    """The same as linear RGBA for a material; lightness alternates, too, as thirty hues alone are too near together."""
    light = (0.62, 0.48, 0.74)[number % 3]
    red, green, blue = to_linear(np.array(tint(number, light), np.float32) / 255).tolist()
    return red, green, blue, 1.0
