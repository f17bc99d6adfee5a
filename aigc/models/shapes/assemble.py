"""From a shape's pieces to one closed mesh with a baked texture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import manifold3d
import numpy as np
from manifold3d import Manifold

from aigc.mesh.ambient import coarse_texels, open_sky
from aigc.mesh.bake import Texels, texels
from aigc.mesh.normals import split_at_creases
from aigc.mesh.rays import RayScene
from aigc.mesh.topology import compact, separated
from aigc.mesh.types import BytePixels, FloatArray, IntArray, Material, Mesh
from aigc.mesh.unwrap import unwrap, with_normals
from aigc.models.shapes.builder import Builder, Piece, Shape
from aigc.models.shapes.finish import Frame, Spots, paint
from aigc.models.shapes.weather import weather
from aigc.models.shapes.words import Wishes

_CREASE = 38.0  # degrees
_MOST_COPIES = 9
Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Assembly:
    """A thing put together.

    Args:
        positions: float32 (n, 3) in metres. faces: int32 (m, 3). piece: int32 (m,), the piece of each face.
        pieces: what they are. frames: where they lie. extent: metres along the longest side.
    """

    positions: FloatArray
    faces: IntArray
    piece: IntArray
    pieces: list[Piece]
    frames: list[Frame]
    extent: float


def build_pieces(shape: Shape, wishes: Wishes, seed: int, variation: float) -> list[Piece]:
    """The solids of the shape, or of several copies of it beside each other if the prompt asks for a number."""
    copies = min(_MOST_COPIES, max(1, wishes.counts.get("", 1)))
    pieces: list[Piece] = []
    for copy in range(copies):
        builder = Builder(wishes, np.random.default_rng([seed, copy]), variation, shape)
        shape.make(builder)
        if copies == 1:
            return builder.pieces
        box = np.array([piece.solid.bounding_box() for piece in builder.pieces])
        reach = float(np.hypot(np.ptp(box[:, [0, 3]]), np.ptp(box[:, [2, 5]]))) * 0.46
        radius = 0.0 if copies == 1 else reach / np.sin(np.pi / copies)
        turn = 2 * np.pi * copy / copies + np.pi / 2
        shift = (radius * float(np.cos(turn)), 0.0, radius * float(np.sin(turn)) * 0.8)
        pieces += [Piece(p.part, p.solid.translate(shift), p.finish, p.turned) for p in builder.pieces]
    return pieces


def assemble(pieces: list[Piece], wishes: Wishes, size: float, target: int, between: Callable[[int], None]) -> Assembly:
    """All pieces as one closed surface, standing on the ground, `size` metres along its longest side."""
    originals = [piece.solid.as_original() for piece in pieces]
    number = {original.original_id(): index for index, original in enumerate(originals)}
    whole = Manifold.batch_boolean(originals, manifold3d.OpType.Add).scale(wishes.stretch)
    between(0)
    box = np.array(whole.bounding_box())
    extent = float((box[3:] - box[:3]).max())
    scale = size / extent
    origin = np.array([(box[0] + box[3]) / 2, box[1], (box[2] + box[5]) / 2])
    whole = whole.translate(tuple(-origin)).scale((scale, scale, scale))
    # Slivers that the union leaves would only cost triangles.
    whole = whole.simplify(size * 1e-4)
    tolerance = size * 3e-4
    for step in range(32):
        if whole.num_tri() <= target or tolerance > 0.03 * size:
            break
        between(step + 1)
        whole = whole.simplify(tolerance)
        tolerance *= 1.35
    mesh = whole.to_mesh()
    owner = np.zeros(len(mesh.tri_verts), np.int32)
    for start, end, original in zip(mesh.run_index[:-1], mesh.run_index[1:], mesh.run_original_id, strict=True):
        owner[start // 3 : end // 3] = number[int(original)]
    merged = np.arange(len(mesh.vert_properties))
    merged[np.asarray(mesh.merge_from_vert, np.int64)] = np.asarray(mesh.merge_to_vert, np.int64)
    positions, faces = compact(
        np.asarray(mesh.vert_properties[:, :3], np.float32),
        merged[np.asarray(mesh.tri_verts, np.int64)].astype(np.int32),
    )
    # Simplifying may have taken the tip of a flagpole.
    low, high = positions.min(axis=0), positions.max(axis=0)
    middle = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2], np.float32)
    positions = ((positions - middle) * np.float32(size / (high - low).max())).astype(np.float32)
    positions = separated(positions, faces, size * 2e-5)
    frames = []
    for index, piece in enumerate(pieces):
        bounds = np.array(piece.solid.bounding_box()).reshape(2, 3) * np.array(wishes.stretch)
        bounds = (bounds - origin) / extent
        frames.append(
            Frame(
                bounds.mean(axis=0).astype(np.float32),
                int(np.argmax(bounds[1] - bounds[0])),
                piece.turned,
                float(index),
            )
        )
    return Assembly(positions, faces, owner, pieces, frames, size)


def plain_mesh(assembly: Assembly, name: str) -> Mesh:
    """The mesh without texture coordinates, in one grey."""
    source, faces, normals = split_at_creases(assembly.positions, assembly.faces, _CREASE)
    return Mesh(
        assembly.positions[source],
        faces,
        normals=normals,
        material=Material("clay", (0.62, 0.6, 0.57, 1), 0, 0.75),
        name=name,
    )


def painted_mesh(assembly: Assembly, wishes: Wishes, resolution: int, name: str, report: Report) -> Mesh:
    """The mesh with its pieces' finishes baked into textures: colour; occlusion, roughness and metallic."""
    _, sharp_faces, normals = split_at_creases(assembly.positions, assembly.faces, _CREASE)
    opened = unwrap(
        assembly.positions,
        assembly.faces,
        resolution,
        max(2, resolution // 256),
        between=lambda number, count: report(0.5 * number / count, "unwrapping"),
    )
    report(0.5, "laying out the texture")
    cover = texels(opened.uv, opened.faces, resolution)
    points = cover.of(assembly.positions, assembly.faces)
    directions = cover.of(normals, sharp_faces)
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-9)
    report(0.56, "casting ambient light")
    sky = _ambient(assembly, cover, points, directions, report)
    color, surface = _paint_all(assembly, cover, points, directions, report)
    report(0.9, "weathering")
    weather(color, surface, points / assembly.extent, directions, wishes.weather)
    color *= (0.66 + 0.34 * sky)[:, None]
    source, faces, uv, shading = with_normals(opened, sharp_faces, normals)
    material = Material(
        "painted",
        base_color_texture=cover.picture(color),
        surface_texture=_half(cover.picture(np.stack([sky, surface[:, 0], surface[:, 1]], axis=1))),
    )
    return Mesh(assembly.positions[source], faces, normals=shading, uv=uv, material=material, name=name)


def _ambient(
    assembly: Assembly, cover: Texels, points: FloatArray, directions: FloatArray, report: Report
) -> FloatArray:
    """float32 (k,): the share of the sky that each texel sees."""
    chosen = coarse_texels(cover)
    return open_sky(
        RayScene(assembly.positions, assembly.faces),
        cover,
        chosen,
        points[chosen],
        directions[chosen],
        assembly.extent,
        lambda share: report(0.56 + 0.14 * share, "casting ambient light"),
    )


def _paint_all(
    assembly: Assembly, cover: Texels, points: FloatArray, directions: FloatArray, report: Report
) -> tuple[FloatArray, FloatArray]:
    """sRGB (k, 3) and roughness with metallic (k, 2) of every texel."""
    color, surface = np.zeros((len(points), 3), np.float32), np.zeros((len(points), 2), np.float32)
    owner = assembly.piece[cover.face]
    order = np.argsort(owner, kind="stable")
    limits = np.searchsorted(owner[order], np.arange(len(assembly.pieces) + 1))
    done = 0
    for index, piece in enumerate(assembly.pieces):
        mine = order[limits[index] : limits[index + 1]]
        if len(mine):
            spots = Spots(points[mine] / np.float32(assembly.extent), directions[mine], assembly.frames[index])
            color[mine], surface[mine, 0], surface[mine, 1] = paint(piece.finish, spots)
            done += len(mine)
            report(0.7 + 0.2 * done / len(points), f"painting the {piece.part}")
    return color, surface


def _half(picture: BytePixels) -> BytePixels:
    """Half as many pixels along each edge: roughness and light change slowly."""
    return np.asarray(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
