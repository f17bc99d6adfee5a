"""Texture coordinates in islands of low stretch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from aigc.features.base import power_of_two
from aigc.features.uv_unwrapping import XatlasParameters
from aigc.mesh.carry import carried
from aigc.mesh.export import mesh_outputs
from aigc.mesh.keys import distinct
from aigc.mesh.normals import face_normals, split_at_creases
from aigc.mesh.obj_write import write_obj
from aigc.mesh.palette import tint
from aigc.mesh.preview import thumbnail
from aigc.mesh.read import read_mesh
from aigc.mesh.topology import compact, joined, parts, weld
from aigc.mesh.transfer import has_colors
from aigc.mesh.types import BytePixels, FloatArray, Material, Mesh
from aigc.mesh.unwrap import Unwrapped, stretch, unwrap, with_normals
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 6
_CREASE = 40.0
_MOST_PARTS = 56  # a result has 64 files at most, and there are others
_TRIES = 3
_PATIENT = 12_000  # faces up to which stretch may be mended by unwrapping again
_TOLERATED = 0.02  # share of the area that may be stretched beyond the threshold


class XatlasUnwrap:
    """Serves uv_unwrapping with xatlas."""

    def load(self, device: str) -> None:
        """Nothing to read; everything runs on the CPU."""

    def unload(self) -> None:
        """Nothing to forget."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The mesh of `inputs["mesh"]` with texture coordinates in the unit square, without overlaps if packed.

        Raises:
            InputInvalid: the mesh cannot be read, or has no face with an area.
        """
        settings = XatlasParameters(**params)
        progress(0.03, "preprocessing", 1, _STEPS, "reading the mesh")
        source = read_mesh(inputs["mesh"])
        is_colored = has_colors(source) and settings.keep_texture
        if is_colored and settings.pack_method == "none":
            progress.warn("the old colours are left out: islands that lie one over the other share their texels")
        positions, faces = weld(*joined(source))
        if not (np.linalg.norm(face_normals(positions, faces), axis=1) > 0).any():
            raise InputInvalid("no face of the mesh has an area", "check how it was exported")
        opened, stretched = _within(positions, faces, settings, progress)
        if settings.pack_method == "none":
            opened = _unpacked(opened)
        _, sharp, normals = split_at_creases(positions, faces, _CREASE)
        material = Material("unwrapped", roughness=0.6)
        if is_colored and settings.pack_method != "none":
            edge = power_of_two(settings.resolution)
            material = carried(source, positions, faces, (normals, sharp), opened, edge, _carrying(progress))
        progress(0.85, "exporting", 4, _STEPS, "writing the mesh")
        old, corners, uv, shading = with_normals(opened, sharp, normals)
        mesh = Mesh(positions[old], corners, normals=shading, uv=uv, material=material, name="mesh")
        info = _measures(positions, faces, opened, stretched, settings)
        if info["stretched_area"] > _TOLERATED:
            progress.warn(
                f"{info['stretched_area']:.0%} of the surface is stretched beyond {settings.distortion_threshold}: "
                "it cannot be cut into flatter islands automatically"
            )
        outputs = mesh_outputs(mesh, settings.output_format, extras={"model": "xatlas"})
        if settings.save_individual_parts:
            outputs += _part_files(mesh, progress)
        if settings.save_visuals:
            outputs.append(Output("islands.png", "preview", _layout(opened)))
        drawing = partial(progress, 0.93, "exporting", 6, _STEPS, "drawing the thumbnail")
        checked = mesh.with_(material=Material("checker", roughness=0.7, base_color_texture=_checker()))
        shown = checked if material.base_color_texture is None else mesh
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(shown, between=drawing)))
        return Result(outputs, info)


def _within(
    positions: FloatArray, faces: np.ndarray[Any, np.dtype[np.int32]], settings: XatlasParameters, progress: Progress
) -> tuple[Unwrapped, FloatArray]:
    """Unwrapped, again with smaller islands if too much is stretched, and the stretch of each face."""
    max_cost = float(np.clip(8 * (settings.distortion_threshold - 1), 0.5, 16))
    area = np.linalg.norm(face_normals(positions, faces), axis=1)
    tries = _TRIES if len(faces) <= _PATIENT else 1
    for number in range(tries):
        low, high = 0.1 + 0.65 * number / tries, 0.1 + 0.65 * (number + 1) / tries

        def between(piece: int, count: int, low: float = low, high: float = high) -> None:
            progress(low + (high - low) * piece / count, "sampling", 2, _STEPS, f"unwrapping {piece + 1} of {count}")

        opened = unwrap(positions, faces, settings.resolution, settings.padding, max_cost, between)
        stretched = stretch(positions, opened.source, opened.uv, opened.faces)
        if area[stretched > settings.distortion_threshold].sum() <= _TOLERATED * area.sum():
            break
        max_cost /= 2.5
    return opened, stretched


def _carrying(progress: Progress) -> Callable[[float], None]:
    return lambda share: progress(0.75 + 0.1 * share, "texturing", 3, _STEPS, "carrying over the colours")


def _unpacked(opened: Unwrapped) -> Unwrapped:
    """Islands one over the other, each from the corner, all at one scale."""
    island = np.zeros(len(opened.uv), np.int64)
    island[opened.faces.reshape(-1)] = np.repeat(opened.islands, 3)
    low = np.full((int(island.max()) + 1, 2), np.inf, np.float32)
    np.minimum.at(low, island, opened.uv)
    moved = opened.uv - low[island]
    return Unwrapped(opened.source, opened.faces, moved / max(float(moved.max()), 1e-9), opened.islands, 0.0)


def _measures(
    positions: FloatArray,
    faces: np.ndarray[Any, np.dtype[np.int32]],
    opened: Unwrapped,
    stretched: FloatArray,
    settings: XatlasParameters,
) -> dict[str, Any]:
    area = np.linalg.norm(face_normals(positions, faces), axis=1).astype(np.float64)
    share = area / area.sum()
    return {
        "packer": "none" if settings.pack_method == "none" else "xatlas",
        "islands": len(np.unique(opened.islands)),
        "utilization": round(opened.utilization, 4),
        "distortion": round(float((share * stretched).sum()), 4),
        "stretched_area": round(float(share[stretched > settings.distortion_threshold].sum()), 4),
    }


def _part_files(mesh: Mesh, progress: Progress) -> list[Output]:
    """Each connected part as an OBJ file of its own, the largest first."""
    welded, inverse = np.unique(mesh.positions, axis=0, return_inverse=True)
    count, piece = parts(inverse.reshape(-1)[mesh.faces].astype(np.int32), len(welded))
    if count < 2:
        return []
    if count > _MOST_PARTS:
        progress.warn(f"of {count} parts only the {_MOST_PARTS} largest were written as files of their own")
    outputs = []
    order = np.argsort(-np.bincount(piece), kind="stable")[:_MOST_PARTS]
    for number, index in enumerate(order.tolist()):
        progress(0.86 + 0.06 * number / len(order), "exporting", 5, _STEPS, f"part {number + 1} of {len(order)}")
        used = distinct(mesh.faces[piece == index])
        _, faces = compact(mesh.positions, mesh.faces[piece == index])
        assert mesh.normals is not None and mesh.uv is not None
        part = Mesh(mesh.positions[used], faces, mesh.normals[used], mesh.uv[used], name=f"part_{number:02d}")
        outputs.append(Output(f"part_{number:02d}.obj", "part", write_obj(part)))
    return outputs


def _layout(opened: Unwrapped, size: int = 1024) -> bytes:
    """The islands as a PNG, each in a colour of its own, with their faces outlined."""
    picture = Image.new("RGB", (size, size), (250, 250, 248))
    draw = ImageDraw.Draw(picture)
    for corners, island in zip((opened.uv[opened.faces] * size).tolist(), opened.islands.tolist(), strict=True):
        draw.polygon([tuple(corner) for corner in corners], fill=tint(island), outline=tint(island, 0.5))
    target = BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def _checker(size: int = 1024, fields: int = 32) -> BytePixels:
    """A checkered picture whose fields differ, to see stretch, scale and direction by."""
    y, x = np.mgrid[0:size, 0:size] * fields // size
    even = ((x + y) % 2)[..., None]
    hue = np.array([tint(column + row * 3, 0.72) for row in range(fields) for column in range(fields)], np.uint8)
    return np.where(even == 0, hue[y * fields + x], np.uint8(245)).astype(np.uint8)
