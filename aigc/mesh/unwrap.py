"""Texture coordinates by xatlas, piece by piece, so that large meshes take seconds and can be stopped between pieces.

xatlas grows islands in a time that rises steeply with the number of faces (100,000 at once take over a minute), and
neither reports nor stops. So a large mesh is cut into pieces first, each is unwrapped alone, and all islands are
packed together at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xatlas

from aigc.mesh.types import BoolArray, FloatArray, IntArray
from aigc.runner.model import InputInvalid

FACES_A_PIECE = 4_000


@dataclass(frozen=True)
class Unwrapped:
    """A mesh cut open.

    Args:
        source: int32 (k,): the old vertex of each new one.
        faces: int32 (m, 3) of new vertices, in the old order.
        uv: float32 (k, 2), 0 to 1, (0, 0) at the top left.
        islands: int32 (m,): the island of each face.
        utilization: share of the texture that islands cover.
    """

    source: IntArray
    faces: IntArray
    uv: FloatArray
    islands: IntArray
    utilization: float


def unwrap(
    positions: FloatArray,
    faces: IntArray,
    resolution: int = 1024,
    padding: int = 4,
    max_cost: float = 2.0,
    between: Callable[[int, int], None] | None = None,
) -> Unwrapped:
    """Islands that do not overlap, packed into the unit square.

    Args:
        resolution, padding: texels; how far apart islands lie.
        max_cost: how much an island may grow away from flat and round; lower gives more islands of less stretch.
        between: called before each piece with its number and their count; may raise.
    Raises:
        InputInvalid: no face has an area.
    """
    charts = xatlas.ChartOptions()
    charts.max_cost = max_cost
    charts.max_iterations = 1
    pieces = cut_into_pieces(positions, faces, FACES_A_PIECE)
    opened = []
    for number, piece in enumerate(pieces):
        if between is not None:
            between(number, len(pieces) + 1)
        opened.append(_open(positions, faces, piece, charts))
    if between is not None:
        between(len(pieces), len(pieces) + 1)
    placed = [part for part in opened if part.placed.any()]
    if not placed:
        raise InputInvalid("no face of the mesh has an area that could be unwrapped", "check how it was exported")
    return _packed(placed, faces, resolution, padding)


@dataclass(frozen=True)
class _Opened:
    """A piece cut open: its faces in the whole, the old vertex of each new one, new faces, uv in units of length."""

    piece: IntArray
    source: IntArray
    faces: IntArray
    uv: FloatArray
    placed: BoolArray


def _open(positions: FloatArray, faces: IntArray, piece: IntArray, charts: xatlas.ChartOptions) -> _Opened:
    """The islands of one piece."""
    used, local = np.unique(faces[piece].reshape(-1), return_inverse=True)
    points = positions[used].astype(np.float32)
    # xatlas takes very small faces for degenerate; what counts is the shape, so all is made of one size.
    scale = float(np.ptp(points, axis=0).max()) or 1.0
    atlas = xatlas.Atlas()
    atlas.add_mesh((points - points.min(axis=0)) / scale, local.reshape(-1, 3).astype(np.uint32))
    options = xatlas.PackOptions()
    options.resolution = 1024
    options.padding = 2
    atlas.generate(charts, options)
    vertex, opened, uv = atlas.get_mesh(0)
    placed = _placed(atlas, 0, opened)
    texels_per_unit = atlas.texels_per_unit or 1.0
    size = np.array([atlas.width, atlas.height], np.float32)
    lengths = (uv * size / texels_per_unit * scale).astype(np.float32)
    return _Opened(piece, used[vertex].astype(np.int32), opened.astype(np.int32), lengths, placed)


def _placed(atlas: xatlas.Atlas, index: int, faces: IntArray) -> BoolArray:
    """bool (m,): whether xatlas gave the face a place; slivers without an area get none.

    Now and then it leaves the corners of one in several islands: painted so, it would cross all that lies between.
    """
    page, island = atlas.get_mesh_vertex_assignment(index)
    return np.asarray((page[faces] == 0).all(axis=1) & (island[faces] == island[faces[:, :1]]).all(axis=1))


def _packed(opened: list[_Opened], old_faces: IntArray, resolution: int, padding: int) -> Unwrapped:
    """All pieces' islands in one atlas."""
    atlas = xatlas.Atlas()
    for part in opened:
        atlas.add_uv_mesh(part.uv, np.ascontiguousarray(part.faces[part.placed], np.uint32))
    options = xatlas.PackOptions()
    options.resolution = resolution
    options.padding = padding
    options.bilinear = True
    atlas.generate(xatlas.ChartOptions(), options)
    sources, uvs = [], []
    faces = np.full(old_faces.shape, -1, np.int32)
    islands = np.zeros(len(old_faces), np.int32)
    offset = first_island = 0
    for index, part in enumerate(opened):
        vertex, local, uv = atlas.get_mesh(index)
        _, chart = atlas.get_mesh_vertex_assignment(index)
        kept = _placed(atlas, index, local)
        target = part.piece[part.placed][kept]
        sources.append(part.source[vertex])
        uvs.append(uv)
        faces[target] = local[kept].astype(np.int32) + offset
        islands[target] = chart[local[kept][:, 0]].astype(np.int32) + first_island
        offset += len(vertex)
        first_island += atlas.get_mesh_chart_count(index)
    source, uv = np.concatenate(sources).astype(np.int32), np.clip(np.concatenate(uvs), 0, 1).astype(np.float32)
    source, uv, faces = _with_slivers(source, uv, faces, old_faces)
    source, uv, faces = _used_only(source, uv, faces)
    return Unwrapped(source, faces, uv, islands, float(atlas.get_utilization(0)) if atlas.atlas_count else 0.0)


def _with_slivers(
    source: IntArray, uv: FloatArray, faces: IntArray, old_faces: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Faces that got no place are put into one point of the texture, where a neighbour of theirs lies."""
    left = np.flatnonzero(faces[:, 0] < 0)
    if not len(left):
        return source, uv, faces
    somewhere = np.zeros(int(old_faces.max()) + 1, np.int32)
    placed = faces[faces[:, 0] >= 0].reshape(-1)
    somewhere[source[placed]] = placed
    count = len(source)
    corners = old_faces[left]
    point = uv[somewhere[corners].max(axis=1)]
    faces[left] = count + np.arange(3 * len(left), dtype=np.int32).reshape(-1, 3)
    return np.concatenate([source, corners.reshape(-1)]), np.concatenate([uv, np.repeat(point, 3, axis=0)]), faces


def _used_only(source: IntArray, uv: FloatArray, faces: IntArray) -> tuple[IntArray, FloatArray, IntArray]:
    used, inverse = np.unique(faces.reshape(-1), return_inverse=True)
    return source[used], uv[used], inverse.reshape(-1, 3).astype(np.int32)


def with_normals(
    opened: Unwrapped, sharp: IntArray, normals: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray]:
    """One vertex for each pair of a place in the texture and a normal.

    Args:
        sharp: int32 (m, 3), the normal of each corner of the same faces, in `normals`, float32 (k, 3).
    Returns:
        old vertex of each new one, new faces, uv, normals.
    """
    key = opened.faces.reshape(-1).astype(np.int64) * len(normals) + sharp.reshape(-1)
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    by_uv, by_normal = opened.faces.reshape(-1)[first], sharp.reshape(-1)[first]
    return opened.source[by_uv], inverse.reshape(-1, 3).astype(np.int32), opened.uv[by_uv], normals[by_normal]


def cut_into_pieces(positions: FloatArray, faces: IntArray, most: int) -> list[IntArray]:
    """Lists of faces, none longer than `most`, halved again and again across their longest extent."""
    centres = positions[faces].mean(axis=1)
    pieces, pending = [], [np.arange(len(faces), dtype=np.int32)]
    while pending:
        piece = pending.pop()
        if len(piece) <= most:
            pieces.append(np.sort(piece))
            continue
        axis = int(np.argmax(np.ptp(centres[piece], axis=0)))
        order = np.argsort(centres[piece, axis], kind="stable")
        pending += [piece[order[: len(order) // 2]], piece[order[len(order) // 2 :]]]
    return sorted(pieces, key=lambda piece: int(piece[0]))


def stretch(positions: FloatArray, source: IntArray, uv: FloatArray, faces: IntArray) -> FloatArray:
    """float32 (m,): how much each face is stretched, 1 for none: the ratio of its map's singular values.

    After Sander et al., Texture Mapping Progressive Meshes (SIGGRAPH 2001), without the scale.
    """
    corners = positions[source[faces]].astype(np.float64)
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    flat = uv[faces].astype(np.float64)
    s, t = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    determinant = s[:, 0] * t[:, 1] - s[:, 1] * t[:, 0]
    safe = np.where(np.abs(determinant) > 1e-18, determinant, 1)
    du = (one * t[:, 1:2] - two * s[:, 1:2]) / safe[:, None]
    dv = (two * s[:, 0:1] - one * t[:, 0:1]) / safe[:, None]
    a, b, c = (np.einsum("ij,ij->i", p, q) for p, q in ((du, du), (du, dv), (dv, dv)))
    root = np.sqrt(np.maximum((a - c) ** 2 + 4 * b * b, 0))
    high, low = (a + c + root) / 2, (a + c - root) / 2
    ratio = np.sqrt(high / np.maximum(low, 1e-12 * np.maximum(high, 1e-30)))
    return np.where(np.abs(determinant) > 1e-18, ratio, 1).astype(np.float32)
