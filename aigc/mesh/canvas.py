"""A mesh made ready for painting: one surface, one set of texture coordinates, and what each texel shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from aigc.mesh.bake import Texels, texels
from aigc.mesh.normals import face_normals, split_at_creases
from aigc.mesh.stats import uv_area
from aigc.mesh.topology import joined, same_points
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Material, Mesh
from aigc.mesh.unwrap import Unwrapped, unwrap, with_normals
from aigc.runner.model import InputInvalid

_CREASE = 40.0  # degrees
_TEXELS_A_BLOCK = 1 << 16
_LOOK = 512  # edge of the texture that overlaps are counted in
_OVERLAP, _STARVED = 0.03, 0.05


@dataclass(frozen=True)
class Canvas:
    """A surface and its texels.

    Args:
        positions: float32 (n, 3). faces: int32 (m, 3): welded, in the order of `mesh.faces`.
        mesh: the same surface with its vertices doubled along creases and seams; textures go onto this one.
        owner, origin: int32 (m,): which of the given meshes each face came from, and which of its faces it was.
        cover: the texels of its texture.
        uv_fault: why the mesh's own texture coordinates were not kept; empty if they were, or if it had none.
    """

    positions: FloatArray
    faces: IntArray
    mesh: Mesh
    owner: IntArray
    origin: IntArray
    cover: Texels
    uv_fault: str

    @property
    def extent(self) -> float:
        """The longest side."""
        return float(np.ptp(self.positions, axis=0).max())

    def blocks(self) -> Iterator[slice]:
        """The texels in runs that are computed in 0.1 s or so."""
        for start in range(0, len(self.cover.index), _TEXELS_A_BLOCK):
            yield slice(start, min(start + _TEXELS_A_BLOCK, len(self.cover.index)))

    def at(self, chosen: slice | IntArray) -> tuple[FloatArray, FloatArray]:
        """float32 (k, 3) twice: where these texels lie on the surface, and the unit normals there."""
        corners = self.mesh.faces[self.cover.face[chosen]]
        weights = self.cover.weights[chosen]
        assert self.mesh.normals is not None
        points = np.einsum("ij,ijk->ik", weights, self.mesh.positions[corners])
        normals = np.einsum("ij,ijk->ik", weights, self.mesh.normals[corners])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        return points.astype(np.float32), normals.astype(np.float32)

    def painted(self, color: FloatArray, surface: FloatArray, name: str, jpeg: bool) -> Mesh:
        """The mesh with its textures.

        Args:
            color: float32 (k, 3), sRGB, 0 to 1, of each texel.
            surface: float32 (k, 3): occlusion, roughness, metallic.
        """
        material = Material(
            name,
            base_color_texture=self.cover.picture(color),
            surface_texture=_halved(self.cover.picture(surface)),
            double_sided=self.mesh.material.double_sided,
            jpeg=jpeg,
        )
        return self.mesh.with_(material=material)


def lay_canvas(
    meshes: list[Mesh], resolution: int, between: Callable[[float, str], None], keep_uv: bool = True
) -> Canvas:
    """All meshes as one surface with texture coordinates: its own if they serve, else new ones.

    Args:
        between: called with the share done and what is done next, between steps of some 0.1 s; may raise. One step,
            the packing of islands, takes seconds for a hundred thousand faces.
    Raises:
        InputInvalid: no face has an area.
    """
    positions, faces = joined(meshes)
    first, place = same_points(positions)
    a, b, c = place[faces].T
    solid = (a != b) & (b != c) & (c != a)
    owner = np.repeat(np.arange(len(meshes), dtype=np.int32), [len(mesh.faces) for mesh in meshes])[solid]
    origin = np.concatenate([np.arange(len(mesh.faces), dtype=np.int32) for mesh in meshes])[solid]
    faces = faces[solid]
    welded_at, welded = positions[first].astype(np.float32), place[faces]
    if not (np.linalg.norm(face_normals(welded_at, welded), axis=1) > 0).any():
        raise InputInvalid("no face of the mesh has an area", "check how it was exported")
    sharp, normals = _shading(meshes, welded_at, welded, faces)
    own, fault = _own_uv(meshes, positions, faces) if keep_uv else (None, "")
    if own is not None:
        between(0.3, "laying out the texture")
        opened = Unwrapped(np.arange(len(positions), dtype=np.int32), faces, own, np.zeros(len(faces), np.int32), 0.0)
        source = positions.astype(np.float32)
    else:
        opened = unwrap(
            welded_at,
            welded,
            resolution,
            max(2, resolution // 256),
            between=lambda number, count: between(0.8 * number / count, "unwrapping"),
        )
        source = welded_at
    old, corners, uv, shading = with_normals(opened, sharp, normals)
    mesh = Mesh(source[old], corners, normals=shading, uv=uv, name=meshes[0].name or "mesh")
    if any(one.material.double_sided for one in meshes):
        mesh = mesh.with_(material=Material(double_sided=True))
    cover = texels(uv, corners, resolution, lambda share: between(0.85 + 0.15 * share, "laying out the texture"))
    return Canvas(welded_at, welded, mesh, owner, origin, cover, fault)


def _shading(
    meshes: list[Mesh], welded_at: FloatArray, welded: IntArray, faces: IntArray
) -> tuple[IntArray, FloatArray]:
    """The normal of each corner, as an index into normals: the file's own, else smooth ones with sharp creases."""
    if all(mesh.normals is not None for mesh in meshes):
        own = np.concatenate([mesh.normals for mesh in meshes if mesh.normals is not None])
        length = np.linalg.norm(own, axis=1, keepdims=True)
        if np.isfinite(own).all() and (length[np.unique(faces)] > 0.5).all():
            return faces, (own / np.maximum(length, 1e-9)).astype(np.float32)
    _, sharp, normals = split_at_creases(welded_at, welded, _CREASE)
    return sharp, normals


def _own_uv(meshes: list[Mesh], positions: FloatArray, faces: IntArray) -> tuple[FloatArray | None, str]:
    """The texture coordinates that the meshes came with, or why they cannot be painted on."""
    given = [mesh.uv for mesh in meshes if mesh.uv is not None]
    if not given:
        return None, ""
    if len(given) < len(meshes):
        return None, "some parts of the mesh have no texture coordinates"
    uv = np.concatenate(given).astype(np.float32)
    fault = uv_fault(positions, uv, faces)
    return (None, fault) if fault else (uv, "")


def uv_fault(positions: FloatArray, uv: FloatArray, faces: IntArray) -> str:
    """Why a picture cannot be painted through these texture coordinates, or nothing if it can."""
    used = uv[faces]
    if not np.isfinite(used).all() or used.min() < -1e-3 or used.max() > 1 + 1e-3:
        return "the texture coordinates leave the unit square"
    covered = uv_area(uv, faces)
    if covered < 0.05:
        return "the texture coordinates use next to nothing of the texture"
    shown = len(texels(uv, faces, _LOOK).index) / _LOOK**2
    if covered > shown * (1 + _OVERLAP):
        return f"the texture coordinates overlap ({1 - shown / covered:.0%})"
    area = np.linalg.norm(face_normals(positions, faces), axis=1).astype(np.float64)
    one, two = used[:, 1] - used[:, 0], used[:, 2] - used[:, 0]
    flat = np.abs(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]).astype(np.float64)
    mean = flat.sum() / max(area.sum(), 1e-30)
    if area[flat < mean * area / 12].sum() > _STARVED * area.sum():
        return "some of the surface has hardly any texture"
    return ""


def _halved(picture: BytePixels) -> BytePixels:
    """Half as many pixels along each edge: roughness and light change slowly."""
    side = picture.shape[0] // 2
    quads = picture.reshape(side, 2, side, 2, picture.shape[2]).astype(np.uint16)
    return np.asarray((quads.sum(axis=(1, 3)) + 2) // 4, np.uint8)
