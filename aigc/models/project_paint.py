"""A mesh painted with one picture of it: the view found, the picture fitted and projected, the unseen filled in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from aigc.features.base import power_of_two
from aigc.features.image_mesh_painting import ProjectPaintParameters
from aigc.mesh.ambient import coarse_texels, open_sky
from aigc.mesh.canvas import Canvas, lay_canvas
from aigc.mesh.export import mesh_outputs, texture_outputs
from aigc.mesh.image import read_picture
from aigc.mesh.preview import View, thumbnail
from aigc.mesh.read import read_mesh
from aigc.mesh.surface_fill import SurfaceFill, spaced
from aigc.mesh.symmetry import Mirror, mirrors
from aigc.mesh.types import FloatArray, Mesh
from aigc.models.foreground import Foreground
from aigc.models.projection.projector import Projector, useful_mirror
from aigc.models.projection.proof import proof
from aigc.models.projection.sight import Sight
from aigc.models.projection.silhouette_fit import Fit, box_fit, fit_silhouettes
from aigc.models.projection.unseen import Unseen
from aigc.models.projection.view_search import Cutout, Found, find_view, from_near, refined, surface_normals
from aigc.runner.model import Output, Progress, Result

_STEPS = 8
_MOST_FACES = 300_000
_SAMPLES = 10_000
_POOR, _POOR_BENT = 0.58, 0.75  # overlaps of silhouettes below which the picture hardly shows this mesh
_VIEWS = {
    "front": (0.0, 0.0),
    "back": (180.0, 0.0),
    "left": (90.0, 0.0),
    "right": (-90.0, 0.0),
    "top": (0.0, 85.0),
    "three_quarter_left": (35.0, 12.0),
    "three_quarter_right": (-35.0, 12.0),
}


class ProjectPaint:
    """Serves image_mesh_painting."""

    def load(self, device: str) -> None:
        """Read the saliency network; everything runs on the CPU."""
        self._foreground = Foreground()

    def unload(self) -> None:
        """Forget the network."""
        del self._foreground

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The mesh `inputs["mesh"]` with one texture, which from the found side looks like `inputs["image"]`.

        Raises:
            InputInvalid: one of the two cannot be read, or no subject is seen in the picture.
        """
        settings = ProjectPaintParameters(**params)
        progress(0.01, "preprocessing", 1, _STEPS, "reading the picture")
        picture = read_picture(inputs["image"])
        progress(0.04, "preprocessing", 1, _STEPS, "finding the subject")
        subject = self._foreground.find(picture, settings.mask)
        for warning in subject.warnings:
            progress.warn(warning)
        progress(0.1, "preprocessing", 2, _STEPS, "reading the mesh")
        meshes = read_mesh(inputs["mesh"], _MOST_FACES)
        resolution = power_of_two(settings.texture_resolution)
        canvas = lay_canvas(
            meshes,
            resolution,
            lambda share, doing: progress(0.12 + 0.2 * share, "preprocessing", 3, _STEPS, doing),
            settings.keep_uv,
        )
        if canvas.uv_fault:
            progress.warn(f"{canvas.uv_fault}, so the mesh was unwrapped anew")
        cutout = Cutout(picture, subject.mask)
        sight = Sight(canvas.positions, canvas.faces)
        found = _view(canvas, sight, cutout, settings, progress)
        fit = _fitted(sight, found, cutout, settings, progress)
        if found.overlap < _POOR or fit.overlap < _POOR_BENT:
            progress.warn(
                f"the picture's silhouette fits the mesh poorly (overlap {found.overlap:.0%} at best), so colours may "
                "land in wrong places: send a picture of this very mesh, or say by view, azimuth and elevation from "
                "where it was taken"
            )
        painted, facts = _painted(canvas, sight, found, fit, settings, resolution, progress)
        progress(0.9, "exporting", 8, _STEPS, "writing the mesh")
        info = {
            "mask": subject.method,
            "azimuth": round(found.view.azimuth, 1),
            "elevation": round(found.view.elevation, 1),
            "distance": "far" if np.isinf(found.distance) else found.distance,
            "overlap": round(found.overlap, 3),
            "overlap_bent": round(fit.overlap, 3),
            "edge_likeness": round(found.likeness, 3),
            **facts,
            "kept_uv": not canvas.uv_fault and settings.keep_uv and any(mesh.uv is not None for mesh in meshes),
        }
        outputs = mesh_outputs(painted, settings.output_format, extras={"model": "picture projection", **info})
        if settings.output_format == "glb":
            outputs += texture_outputs(painted)
        drawing = partial(progress, 0.93, "exporting", 8, _STEPS, "drawing the proof")
        outputs.append(Output("proof.png", "preview", proof(painted, picture, sight, found, fit, drawing)))
        drawing = partial(progress, 0.96, "exporting", 8, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(painted, _beside(found.view), between=drawing)))
        return Result(outputs, info)


def _view(canvas: Canvas, sight: Sight, cutout: Cutout, settings: ProjectPaintParameters, progress: Progress) -> Found:
    """The view that the settings name, or the one that fits best."""
    normals = surface_normals(canvas.positions, canvas.faces)
    azimuth, elevation = _VIEWS.get(settings.view, (0.0, 0.0))
    if settings.azimuth is not None or settings.elevation is not None:
        azimuth = azimuth if settings.azimuth is None else settings.azimuth
        elevation = elevation if settings.elevation is None else settings.elevation
        progress(0.33, "sampling", 4, _STEPS, "looking from the given side")
        given = refined(sight, normals, cutout, View(azimuth, elevation, orthographic=True), 0.0)
        return from_near(sight, normals, cutout, given, 0.0)
    if settings.view != "auto":
        progress(0.33, "sampling", 4, _STEPS, f"looking from the {settings.view.replace('_', ' ')}")
        side = refined(sight, normals, cutout, View(azimuth, elevation, orthographic=True), 4.0)
        return from_near(sight, normals, cutout, side, 0.0)
    return find_view(
        sight,
        normals,
        cutout,
        lambda share: progress(0.33 + 0.17 * share, "sampling", 4, _STEPS, "looking for the view"),
    )


def _fitted(sight: Sight, found: Found, cutout: Cutout, settings: ProjectPaintParameters, progress: Progress) -> Fit:
    frame = sight.frame(found.view, found.distance)
    if not settings.bend:
        return box_fit(cutout, found.overlap)
    return fit_silhouettes(
        sight, frame, cutout, lambda share: progress(0.5 + 0.08 * share, "sampling", 5, _STEPS, "fitting the picture")
    )


@dataclass
class _Source:
    """What the picture says of points of the surface, from all sides that it can be asked from."""

    projector: Projector
    mirror: Mirror | None
    through: bool

    def at(self, points: FloatArray, normals: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Colour (k, 3), trust (k,), and the trust in what is seen directly (k,)."""
        color, seen = self.projector.shown(points, normals)
        trust = seen.copy()
        color *= trust[:, None]
        if self.mirror is not None:
            _add(color, trust, *self.projector.mirrored(self.mirror, points, normals))
        if self.through:
            _add(color, trust, *self.projector.behind(points, normals))
        return color / np.maximum(trust, 1e-6)[:, None], trust, seen


def _add(color: FloatArray, trust: FloatArray, more: FloatArray, more_trust: FloatArray) -> None:
    """One more source, in place, as far as those before left room. `color` is times trust."""
    share = more_trust * (1 - trust)
    color += more * share[:, None]
    trust += share


def _painted(
    canvas: Canvas,
    sight: Sight,
    found: Found,
    fit: Fit,
    settings: ProjectPaintParameters,
    resolution: int,
    progress: Progress,
) -> tuple[Mesh, dict[str, Any]]:
    """The mesh with its texture, and how much of its surface the picture showed."""
    progress(0.58, "texturing", 6, _STEPS, "looking at the hidden side")
    frame = sight.frame(found.view, found.distance)
    chosen = spaced(len(canvas.cover.index), _SAMPLES)
    points, normals = canvas.at(chosen)
    mirror = useful_mirror(mirrors(points), frame) if settings.symmetry else None
    source = _Source(Projector(sight, frame, fit, resolution), mirror, settings.back == "mirror")
    progress(0.62, "texturing", 6, _STEPS, "filling in what is not seen")
    fill = SurfaceFill(points, normals)
    progress(0.65, "texturing", 6, _STEPS, "filling in what is not seen")
    values, trust, seen = source.at(points, normals)
    unseen = Unseen(fill, values, trust)
    color = np.zeros((len(canvas.cover.index), 3), np.float32)
    for block in canvas.blocks():
        share = block.start / len(color)
        progress(0.68 + 0.12 * share, "texturing", 6, _STEPS, "projecting the picture")
        color[block] = _block(source, unseen, *canvas.at(block))
    coarse = coarse_texels(canvas.cover)
    sky = open_sky(
        sight.scene,
        canvas.cover,
        coarse,
        *canvas.at(coarse),
        canvas.extent,
        lambda share: progress(0.8 + 0.08 * share, "texturing", 7, _STEPS, "casting ambient light"),
    )
    progress(0.88, "texturing", 7, _STEPS, "painting")
    even = np.ones_like(sky)
    surface = np.stack([sky, settings.roughness * even, settings.metallic * even], axis=1)
    facts = {
        "seen": round(float((seen > 0.1).mean()), 3),
        "mirrored": round(float(((trust > 0.1) & (seen <= 0.1)).mean()), 3),
    }
    return canvas.painted(color, surface, "painted", jpeg=True), facts


def _block(source: _Source, unseen: Unseen, points: FloatArray, normals: FloatArray) -> FloatArray:
    """sRGB (k, 3) of texels: the picture as far as it is trusted, else what the seen parts let expect."""
    color, trust, _ = source.at(points, normals)
    open_ = np.flatnonzero(trust < 0.995)
    share = trust[open_, None]
    color[open_] = color[open_] * share + unseen.at(points[open_], normals[open_]) * (1 - share)
    return color


def _beside(view: View) -> View:
    """A camera a little to the side of the view, so that the thumbnail shows a body and not the picture again."""
    return View(view.azimuth + 22, min(60.0, view.elevation + 10))
