"""Snow, moss and wear, laid over a painted surface."""

from __future__ import annotations

import numpy as np

from aigc.mesh.types import FloatArray
from aigc.models.shapes.noise import cloudy


def weather(
    color: FloatArray, surface: FloatArray, points: FloatArray, directions: FloatArray, kinds: set[str]
) -> None:
    """Snow, moss and wear, laid over the colours in place."""
    up, noise = directions[:, 1], cloudy(points, 2.4, 9)
    if "worn" in kinds:
        share = np.clip(0.35 + 0.9 * noise, 0, 0.85)[:, None]
        grey = color.mean(axis=1, keepdims=True) * np.array([0.72, 0.64, 0.55], np.float32)
        color += (grey - color) * share * 0.7
        surface[:, 0] = np.clip(surface[:, 0] + 0.3 * share[:, 0], 0, 1)
    layers = {"moss": ((0.33, 0.43, 0.17), 0.25), "snow": ((0.96, 0.97, 0.99), 0.45), "peak": ((0.96, 0.97, 0.99), 0.5)}
    for kind, (tone, threshold) in layers.items():
        if kind in kinds:
            value = up + 0.45 * noise
            if kind == "peak":
                value = 0.4 * up + 3.2 * (points[:, 1] - 0.18) + 0.35 * noise
            share = np.clip((value - threshold) / 0.18, 0, 1)[:, None]
            color += (np.asarray(tone, np.float32) * (1 + 0.12 * noise[:, None]) - color) * share
            surface[:, 0] += (0.9 - surface[:, 0]) * share[:, 0]
            surface[:, 1] *= 1 - share[:, 0]
