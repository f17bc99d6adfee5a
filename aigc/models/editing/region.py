"""Where an edit happens: a box, an ellipsoid, the inside of a mesh, or a part of the mesh by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import igl
import numpy as np

from aigc.mesh.clip import SNAP, clipped
from aigc.mesh.surface import Surface
from aigc.mesh.topology import joined, weld
from aigc.mesh.types import BoolArray, FloatArray, Mesh
from aigc.models.shapes.words import singular
from aigc.runner.model import InputInvalid

_SLICES = 48
_TOP = frozenset([
    "top", "head", "hat", "hair", "helmet", "crown", "roof", "lid", "chimney", "horn", "ear", "antenna", "face",
    "hood", "tip", "crest",
])  # fmt: skip
_BOTTOM = frozenset([
    "bottom", "base", "foot", "feet", "leg", "shoe", "boot", "wheel", "stand", "stem", "paw", "pedestal", "root",
])  # fmt: skip
_HEADS = frozenset([
    "head", "face", "hat", "hair", "helmet", "ear", "horn", "crown", "hood", "eye", "nose", "mouth", "beak",
])  # fmt: skip
_SIDES = {"left": (0, 1.0), "right": (0, -1.0), "front": (2, 1.0), "back": (2, -1.0), "rear": (2, -1.0)}
_BEHIND = {"tail": (2, -1.0), "wing": (2, -1.0), "cape": (2, -1.0), "nose": (2, 1.0), "belly": (2, 1.0)}


@dataclass(frozen=True)
class Region:
    """A part of space.

    Args:
        field: below 0 inside, 0 on the border, for points (n, 3); about a distance near the border.
        low, high: float64 (3,), the box around it.
        kind: whole, bbox, ellipsoid, mesh or part. about: how it was chosen, for people.
        meshes: the numbers of the meshes that are meant, all of each and nothing else; empty if space alone counts.
    """

    field: Callable[[FloatArray], FloatArray]
    low: FloatArray
    high: FloatArray
    kind: str
    about: str
    meshes: tuple[int, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether the whole mesh is meant."""
        return self.kind == "whole"

    @property
    def centre(self) -> FloatArray:
        """float64 (3,)."""
        return (self.low + self.high) / 2

    @property
    def span(self) -> FloatArray:
        """float64 (3,): the edges of the box around it."""
        return self.high - self.low

    def near(self, low: FloatArray, high: FloatArray) -> BoolArray:
        """bool (n,): whether boxes from low (n, 3) to high touch the box around the region."""
        return np.asarray(((low <= self.high) & (high >= self.low)).all(axis=1))


def box(center: list[float], size: list[float], kind: str = "bbox", about: str = "a box") -> Region:
    """Everything within the box."""
    middle, half = np.array(center, np.float64), np.array(size, np.float64) / 2

    def field(points: FloatArray) -> FloatArray:
        beyond = np.abs(points - middle) - half
        outside = np.linalg.norm(np.maximum(beyond, 0), axis=1)
        return np.asarray(outside + np.minimum(beyond.max(axis=1), 0))

    return Region(field, middle - half, middle + half, kind, about)


def ellipsoid(center: list[float], radii: list[float]) -> Region:
    """Everything within the ellipsoid."""
    middle, radius = np.array(center, np.float64), np.array(radii, np.float64)

    def field(points: FloatArray) -> FloatArray:
        scaled = (points - middle) / radius
        length = np.linalg.norm(scaled, axis=1)
        slope = np.linalg.norm(scaled / radius, axis=1) / np.maximum(length, 1e-9)
        return np.asarray((length - 1) / np.maximum(slope, 1e-9))

    return Region(field, middle - radius, middle + radius, "ellipsoid", "an ellipsoid")


def whole(surface: Surface) -> Region:
    """All of the mesh."""
    points = surface.points[surface.corners].reshape(-1, 3).astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    return Region(lambda at: np.full(len(at), -1.0), low, high, "whole", "the whole mesh")


def inside_mesh(points: FloatArray, faces: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> Region:
    """What lies within a mesh, closed or nearly so (generalised winding numbers, Jacobson et al., SIGGRAPH 2013)."""
    vertices = np.ascontiguousarray(points, np.float64)
    triangles = np.ascontiguousarray(faces, np.int64)
    sign = igl.SIGNED_DISTANCE_TYPE_FAST_WINDING_NUMBER

    def field(at: FloatArray) -> FloatArray:
        if not len(at):
            return np.zeros(0)
        found = igl.signed_distance(np.ascontiguousarray(at, np.float64), vertices, triangles, sign)
        return np.asarray(found[0], np.float64).reshape(-1)

    return Region(field, vertices.min(axis=0), vertices.max(axis=0), "mesh", "the inside of the mask")


def region_of(
    mask_type: str, center: list[float] | None, size: list[float] | None, mask: list[Mesh] | None
) -> Region | None:
    """The region that settings and inputs give, or None if they leave it open.

    Raises:
        InputInvalid: a mask lacks its middle or its size, or there are two masks.
    """
    is_open = mask_type == "none" or (mask_type == "auto" and center is None and size is None)
    if mask is not None:
        if not is_open:
            raise InputInvalid("there are two masks, a mesh and one by numbers", "give only one of them")
        return inside_mesh(*weld(*joined(mask)))
    if is_open:
        return None
    if center is None or size is None:
        lacking = "mask_center" if center is None else "mask_size"
        raise InputInvalid(f"the mask has no {lacking}", "give both mask_center and mask_size, three numbers each")
    return ellipsoid(center, size) if mask_type == "ellipsoid" else box(center, size)


def named_part(surface: Surface, words: str) -> tuple[Region, bool] | None:
    """The part that the words name, and whether that is a guess by its usual place; None if they name none.

    Meshes and materials of that name come first. Else a head is what lies above the neck, which is the narrowest place
    of the upper half; tops, feet, sides, fronts and backs are where the words say.
    """
    said = [singular(word) for word in words.split()]
    if not said:
        return None
    by_name = _by_name(surface, said)
    if by_name is not None:
        return by_name, False
    bounds = whole(surface)
    low, high = bounds.low.copy(), bounds.high.copy()
    middle, span = bounds.centre, bounds.span
    told = False
    for word in said:
        if word in _HEADS:
            low[1], told = _neck(surface, bounds), True
        elif word in _TOP:
            low[1], told = high[1] - 0.3 * span[1], True
        elif word in _BOTTOM:
            high[1], told = low[1] + 0.3 * span[1], True
        elif word in _SIDES or word in _BEHIND:
            axis, sign = _SIDES.get(word) or _BEHIND[word]
            limit = middle[axis] if word in _SIDES else middle[axis] + 0.15 * sign * span[axis]
            if sign > 0:
                low[axis] = limit
            else:
                high[axis] = limit
            told = True
        elif word in ("arm", "hand", "side"):
            # Both sides at once cannot be one box: only with "left" or "right" beside it.
            told = told or bool(set(said) & {"left", "right"})
    if not told:
        return None
    margin = 0.01 * float(span.max())
    low = np.where(low <= bounds.low, low - margin, low)
    high = np.where(high >= bounds.high, high + margin, high)
    found = box(((low + high) / 2).tolist(), (high - low).tolist(), "part", f"where a {words} usually is")
    return found, True


def _by_name(surface: Surface, said: list[str]) -> Region | None:
    """The inside of the box around the meshes whose names or materials have one of the words, and on them only."""
    chosen = []
    for number, mesh in enumerate(surface.meshes):
        names = {singular(word) for word in re.findall(r"[a-z]+", f"{mesh.name} {mesh.material.name}".lower())}
        if names & set(said):
            chosen.append(number)
    if not chosen or len(chosen) == len(surface.meshes):
        return None
    faces = np.isin(surface.owner, chosen)
    inside = np.zeros(len(surface.points), bool)
    inside[surface.corners[faces].reshape(-1)] = True
    points = surface.points[inside].astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    told = " and ".join(sorted({surface.meshes[number].name for number in chosen}))
    margin = 0.005 * float((high - low).max())
    around = box(((low + high) / 2).tolist(), (high - low + 2 * margin).tolist())
    return replace(around, kind="part", about=f"the mesh {told}", meshes=tuple(chosen))


def _neck(surface: Surface, bounds: Region) -> float:
    """The height of the narrowest place between 45 % and 75 %, else 65 %."""
    points = surface.points[surface.corners].mean(axis=1)
    height = (points[:, 1] - bounds.low[1]) / max(float(bounds.span[1]), 1e-12)
    width = np.full(_SLICES, np.nan)
    for number in range(_SLICES):
        near = np.abs(height - (number + 0.5) / _SLICES) < 1.2 / _SLICES
        if near.sum() >= 3:
            # From the front: a sitting animal's back would hide the neck from the side.
            width[number] = np.ptp(points[near][:, 0])
    first, last = int(0.45 * _SLICES), int(0.75 * _SLICES)
    window = width[first:last]
    if np.isnan(window).all():
        return float(bounds.low[1] + 0.65 * bounds.span[1])
    place = first + int(np.nanargmin(window))
    above = np.nanmax(width[place:]) if not np.isnan(width[place:]).all() else 0
    if above < 1.15 * width[place]:
        return float(bounds.low[1] + 0.65 * bounds.span[1])
    return float(bounds.low[1] + (place + 0.5) / _SLICES * bounds.span[1])


def cut_out(surface: Surface, region: Region, exactly: bool = False) -> tuple[Surface, BoolArray]:
    """The skin with edges along the region's border, and which faces lie in it."""
    if region.meshes:
        return surface, np.isin(surface.owner, region.meshes)
    if region.is_everything:
        return surface, np.ones(len(surface.faces), bool)
    return clipped(surface, region.field, 1e-6 if exactly else SNAP)


def places_within(surface: Surface, region: Region) -> BoolArray:
    """bool (p,): the places that lie in the region with all their faces, or with themselves."""
    if not region.meshes:
        return np.asarray(np.asarray(region.field(surface.points)) < 0)
    inside = np.zeros(len(surface.points), bool)
    chosen = np.isin(surface.owner, region.meshes)
    inside[surface.corners[chosen].reshape(-1)] = True
    inside[surface.corners[~chosen].reshape(-1)] = False
    return inside


def checked(region: Region, surface: Surface) -> Region:
    """The region, if any of the mesh lies in it.

    Raises:
        InputInvalid: it is empty; the message has the bounds of the mesh.
    """
    if not (np.asarray(region.field(surface.points)) < 0).any():
        bounds = whole(surface)
        if not region.near(bounds.low[None], bounds.high[None])[0] or not _crossed(region, surface):
            low, high = (", ".join(f"{value:.3g}" for value in end) for end in (bounds.low, bounds.high))
            raise InputInvalid(
                "the mask holds no part of the mesh", f"the mesh reaches from ({low}) to ({high}); place the mask there"
            )
    return region


def _crossed(region: Region, surface: Surface) -> bool:
    """Whether a face passes through the region though none of its corners lies in it."""
    corners = surface.points[surface.corners]
    near = region.near(corners.min(axis=1), corners.max(axis=1))
    if not near.any():
        return False
    share = np.random.default_rng(0).dirichlet((1, 1, 1), 64)
    inside = np.einsum("sk,fkc->fsc", share, corners[near]).reshape(-1, 3)
    return bool((np.asarray(region.field(inside)) < 0).any())
