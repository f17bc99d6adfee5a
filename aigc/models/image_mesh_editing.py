"""A mesh changed as an edited picture of it differs from the picture before.

No generative network: what the silhouette lost is taken away, what it won is inflated and grown on, and what has
another colour is painted, all seen from the side that the pictures show. The result says which of these was done.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import cv2
import numpy as np

from aigc.features.base import power_of_two
from aigc.features.image_mesh_editing import PictureEditParameters
from aigc.mesh.export import mesh_outputs
from aigc.mesh.image import read_picture
from aigc.mesh.preview import View, thumbnail
from aigc.mesh.read import read_mesh
from aigc.mesh.surface import Surface
from aigc.mesh.topology import is_watertight, joined, weld
from aigc.mesh.types import BoolArray, BytePixels, FloatArray, Mesh
from aigc.models.editing import carve, join, recolour
from aigc.models.editing.outcome import finished
from aigc.models.editing.picture_change import Change, changes
from aigc.models.editing.picture_place import PicturePlace
from aigc.models.editing.region import Region, checked, region_of, whole
from aigc.models.foreground import Foreground
from aigc.models.projection.sight import Sight
from aigc.models.projection.view_search import Cutout, Found, find_view, refined, surface_normals
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 7
_POOR = 0.6  # overlap of silhouettes below which the source hardly shows this mesh
_VIEWS = {"front": (0.0, 0.0), "back": (180.0, 0.0), "left": (90.0, 0.0), "right": (-90.0, 0.0), "top": (0.0, 85.0)}


class PictureEdit:
    """Serves image_mesh_editing."""

    def load(self, device: str) -> None:
        """Read the saliency network; everything runs on the CPU."""
        self._foreground = Foreground()

    def unload(self) -> None:
        """Forget the network."""
        del self._foreground

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The mesh `inputs["mesh"]`, changed as "target_image" differs from "source_image" (within "mask_image").

        Raises:
            InputInvalid: something cannot be read, or both pictures show the same.
        """
        settings = PictureEditParameters(**params)
        progress(0.02, "preprocessing", 1, _STEPS, "reading the pictures")
        source, target, limit = _pictures(inputs, progress)
        progress(0.06, "preprocessing", 2, _STEPS, "finding the subject before")
        before = self._foreground.find(source).mask
        progress(0.12, "preprocessing", 2, _STEPS, "finding the subject after")
        after = self._foreground.find(target).mask
        change = changes(source, target, before, after, limit, settings.threshold)
        if change.is_nothing:
            raise InputInvalid(
                "source and target show the same" + ("" if limit is None else " within the mask picture"),
                "send the picture before and the picture after the edit, both from the same side, or lower `threshold`",
            )
        progress(0.2, "preprocessing", 3, _STEPS, "reading the mesh")
        meshes = read_mesh(inputs["mesh"])
        was_closed = is_watertight(weld(*joined(meshes))[1])
        surface = Surface.of(meshes)
        mask = read_mesh(inputs["mask"]) if "mask" in inputs else None
        given = region_of(settings.mask_type, settings.mask_center, settings.mask_size, mask)
        within = None if given is None else checked(given, surface)
        place, found = _placed(surface, source, before, settings, progress)
        meshes, steps = _edited(surface, place, change, target, (before, after), within, settings, progress)
        progress(0.86, "exporting", 6, _STEPS, "writing the mesh")
        meshes = finished(meshes)
        closed = is_watertight(weld(*joined(meshes))[1])
        if was_closed and not closed:
            progress.warn("the mesh was closed, and is not any more")
        info = {
            "method": "difference of two pictures and geometry, no generative network",
            "done": ", ".join(step["did"] for step in steps),
            "steps": steps,
            "azimuth": round(found.view.azimuth, 1),
            "elevation": round(found.view.elevation, 1),
            "overlap": round(found.overlap, 3),
            "closed_before": was_closed,
            "closed": closed,
        }
        extras = {"model": "picture edit", "done": info["done"]}
        outputs = mesh_outputs(meshes, settings.output_format, extras=extras)
        drawing = partial(progress, 0.94, "exporting", 7, _STEPS, "drawing the thumbnail")
        outputs.append(
            Output("thumbnail.png", "thumbnail", thumbnail(meshes, View(found.view.azimuth + 22, 14), between=drawing))
        )
        return Result(outputs, info)


def _pictures(inputs: dict[str, str], progress: Progress) -> tuple[BytePixels, BytePixels, FloatArray | None]:
    """Source, target and mask in the source's size."""
    source, target = read_picture(inputs["source_image"]), read_picture(inputs["target_image"])
    height, width = source.shape[:2]
    if abs(np.log(target.shape[1] / target.shape[0] * height / width)) > 0.02:
        progress.warn("source and target differ in proportions: the target was stretched to the source's")
    target = _sized(target, width, height)
    if "mask_image" not in inputs:
        return source, target, None
    mask = _sized(read_picture(inputs["mask_image"]), width, height).astype(np.float32)
    # A mask is white on black, or what is opaque where there is transparency.
    shown = mask[..., 3] if float(mask[..., 3].min()) < 250 else mask[..., :3].mean(axis=2)
    if float(shown.max()) < 128:
        raise InputInvalid("the mask picture is empty", "paint white where the mesh shall change, black elsewhere")
    return source, target, shown / 255


def _sized(picture: BytePixels, width: int, height: int) -> BytePixels:
    if picture.shape[:2] == (height, width):
        return picture
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _placed(
    surface: Surface, source: BytePixels, before: FloatArray, settings: PictureEditParameters, progress: Progress
) -> tuple[PicturePlace, Found]:
    """Where the pictures lie on the mesh."""
    sight, cutout = Sight(surface.points, surface.corners), Cutout(source, before)
    normals = surface_normals(surface.points, surface.corners)
    if settings.view == "auto":
        found = find_view(
            sight,
            normals,
            cutout,
            lambda share: progress(0.25 + 0.15 * share, "preprocessing", 4, _STEPS, "looking for the view"),
        )
    else:
        azimuth, elevation = _VIEWS[settings.view]
        progress(0.3, "preprocessing", 4, _STEPS, f"looking from the {settings.view}")
        found = refined(sight, normals, cutout, View(azimuth, elevation, orthographic=True), 0.0)
    if found.overlap < _POOR:
        progress.warn(
            f"the source picture's silhouette fits the mesh poorly (overlap {found.overlap:.0%}), so changes may land "
            "in wrong places: send a picture of this very mesh, or say by `view` from which side it is"
        )
    return PicturePlace(sight, sight.frame(found.view), cutout, source.shape[:2]), found


def _edited(
    surface: Surface,
    place: PicturePlace,
    change: Change,
    target: BytePixels,
    subjects: tuple[FloatArray, FloatArray],
    within: Region | None,
    settings: PictureEditParameters,
    progress: Progress,
) -> tuple[list[Mesh], list[dict[str, Any]]]:
    """The meshes with all that changed, and what was done: painted first, since what is painted has its place yet."""
    before, after = subjects
    meshes, steps = surface.to_meshes(), []
    if (change.painted > 0.5).any():
        size = power_of_two(settings.texture_resolution)
        brush = place.brush(target, before, change, within, size)

        def painting(share: float) -> None:
            progress(0.42 + 0.14 * share, "texturing", 5, _STEPS, "painting")

        meshes, info = recolour.repainted(surface, within or whole(surface), brush, size, painting)
        if info["texels_changed"] or info.get("new_textures"):
            steps.append({"did": "painted", "picture_share": round(float((change.painted > 0.5).mean()), 4), **info})
    if change.lost.any():
        progress(0.58, "sampling", 5, _STEPS, "removing what is gone")
        region = place.prism(_past_the_rim(change.lost, before, after), within, "what the silhouette lost")
        meshes, _, info = carve.without(Surface.of(meshes), region, smooth=True, name="fill")
        if info["removed_triangles"]:
            steps.append({"did": "removed", **info})
    if change.grown.any():
        count, label = cv2.connectedComponents(change.grown.astype(np.uint8), connectivity=8)
        for number in range(1, count):
            progress(0.66 + 0.18 * number / count, "sampling", 5, _STEPS, "growing what came")
            blob = label == number
            root, reach = _rooted(blob, before, after)
            body = place.inflated(root, place.middle_depth(reach), target, after)
            if within is not None and not (np.asarray(within.field(body.positions)) < 0).any():
                continue
            meshes, how = join.united(Surface.of(meshes), body)
            steps.append({"did": "grown", "triangles": len(body.faces), "joined": how})
    if not steps:
        raise InputInvalid(
            "what changed in the pictures lies outside the mask, or where the mesh is not seen",
            "move the mask, or leave it out",
        )
    return meshes, steps


def _past_the_rim(lost: BoolArray, before: FloatArray, after: FloatArray) -> BoolArray:
    """What was lost, and a rim of nothing around it, since the picture's silhouette is not quite the mesh's."""
    reach = max(3, round(0.03 * np.sqrt(float((before > 0.5).sum()))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    near = cv2.dilate(lost.astype(np.uint8), kernel) > 0
    return np.asarray(lost | (near & ~(after > 0.5) & ~(before > 0.5)))


def _rooted(blob: BoolArray, before: FloatArray, after: FloatArray) -> tuple[BoolArray, BoolArray]:
    """What came with a root within the old silhouette, so that it holds; and that root."""
    depth = max(4, round(0.35 * np.sqrt(float(blob.sum()))))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * depth + 1, 2 * depth + 1))
    root = (cv2.dilate(blob.astype(np.uint8), kernel) > 0) & (before > 0.5) & (after > 0.5)
    return np.asarray(blob | root), np.asarray(root)
