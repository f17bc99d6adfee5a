"""Noise in space, looked up in small periodic volumes that are made once, always the same."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Values = NDArray[np.floating[Any]]
_SIDE = 96


def cloudy(points: Values, frequency: float, offset: float = 0.0) -> Values:
    """Fractal noise, mean 0, deviation about 0.5: float32 (k,) at (k, 3) points; one period is 1 / frequency long."""
    return _lookup(_clouds(), points * np.float32(frequency) + np.float32(offset * 0.37))


def grainy(points: Values, frequency: float, offset: float = 0.0) -> Values:
    """Noise of one grain size, some twelve grains a period, deviation about 0.5."""
    return _lookup(_grains(), points * np.float32(frequency) + np.float32(offset * 0.37))


def cells(points: Values, frequency: float, offset: float = 0.0) -> tuple[Values, Values]:
    """Cells as of pebbles (Worley, SIGGRAPH 1996): 0 at their borders to 1 in their middle, and a value 0 to 1 each."""
    inner, name = _pebbles()
    place = points * np.float32(frequency) + np.float32(offset * 0.37)
    return _lookup(inner, place), _nearest(name, place)


def _lookup(volume: Values, place: Values) -> Values:
    """The periodic volume between eight samples; one period is 1 long."""
    side = volume.shape[0]
    scaled = (place - np.floor(place)) * np.float32(side)
    low = np.floor(scaled).astype(np.int32)
    share = scaled - low
    low %= side
    high = (low + 1) % side
    x0, x1 = low[:, 0] * (side * side), high[:, 0] * (side * side)
    y0, y1 = low[:, 1] * side, high[:, 1] * side
    z0, z1 = low[:, 2], high[:, 2]
    flat = volume.reshape(-1)
    fx, fy, fz = share[:, 0], share[:, 1], share[:, 2]

    def row(x: NDArray[np.int32], y: NDArray[np.int32]) -> Values:
        near = flat[x + y + z0]
        return np.asarray(near + fz * (flat[x + y + z1] - near), np.float32)

    bottom = row(x0, y0)
    bottom += fy * (row(x0, y1) - bottom)
    top = row(x1, y0)
    top += fy * (row(x1, y1) - top)
    return np.asarray(bottom + fx * (top - bottom), np.float32)


def _nearest(volume: Values, place: Values) -> Values:
    side = volume.shape[0]
    low = ((place - np.floor(place)) * side).astype(np.int32) % side
    return np.asarray(volume[low[:, 0], low[:, 1], low[:, 2]], np.float32)


def _spectrum(shape: NDArray[np.float64], seed: int) -> Values:
    """Random noise with the spectrum `shape`, scaled to a deviation of 0.5."""
    white = np.random.default_rng(seed).standard_normal((_SIDE, _SIDE, _SIDE))
    volume = np.fft.irfftn(np.fft.rfftn(white) * shape, s=white.shape, axes=(0, 1, 2))
    return np.asarray((volume - volume.mean()) / volume.std() * 0.5, np.float32)


def _frequencies() -> NDArray[np.float64]:
    one = np.fft.fftfreq(_SIDE) * _SIDE
    half = np.fft.rfftfreq(_SIDE) * _SIDE
    return np.asarray(np.sqrt(one[:, None, None] ** 2 + one[None, :, None] ** 2 + half[None, None] ** 2))


@lru_cache(1)
def _clouds() -> Values:
    length = _frequencies()
    return _spectrum(np.where(length >= 2, np.maximum(length, 1) ** -2.2, 0), 1)


@lru_cache(1)
def _grains() -> Values:
    length = _frequencies()
    return _spectrum(np.exp(-(((length - 12) / 4) ** 2)), 2)


@lru_cache(1)
def _pebbles() -> tuple[Values, Values]:
    random = np.random.default_rng(3)
    seeds = random.random((7 * 7 * 7, 3))
    axis = (np.arange(_SIDE) + 0.5) / _SIDE
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    distance, index = cKDTree(seeds, boxsize=1.0).query(grid, k=2, workers=1)
    border = (distance[:, 1] - distance[:, 0]) * 14
    names = random.random(len(seeds)).astype(np.float32)
    shape = (_SIDE, _SIDE, _SIDE)
    return np.clip(border, 0, 1).astype(np.float32).reshape(shape), names[index[:, 0]].reshape(shape)
