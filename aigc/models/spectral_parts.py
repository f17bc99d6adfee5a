"""A mesh cut into the parts that it is made of."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np

from aigc.features.mesh_segmentation import SpectralPartsParameters
from aigc.mesh.cut import cut_apart, painted, with_own_texture
from aigc.mesh.export import mesh_outputs, part_output
from aigc.mesh.palette import tint_linear
from aigc.mesh.preview import thumbnail
from aigc.mesh.read import read_mesh
from aigc.mesh.segments import Settings, segment
from aigc.mesh.stats import area
from aigc.mesh.topology import joined
from aigc.mesh.types import IntArray, Mesh
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 5
_METHOD = "spectral parts"
_LABELS = "segmentation.json"


class SpectralParts:
    """Serves mesh_segmentation.

    Faces that are joined by a way without concave creases or steps in thickness become one part. After the ideas of Liu
    and Zhang, Segmentation of 3D Meshes through Spectral Clustering (2004), and Katz and Tal (2003).
    """

    def load(self, device: str) -> None:
        """Nothing to read; everything runs on the CPU."""

    def unload(self) -> None:
        """Nothing to forget."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The mesh of `inputs["mesh"]` in named parts, the largest first, and the part of each of its faces.

        Native calls (reading, simplifying, an eigensolver) take up to a quarter of a second each for most meshes, and
        some two seconds for a million faces; they are not interrupted.

        Raises:
            InputInvalid: the mesh cannot be read, has no face with an area, or has fewer faces than parts are wanted.
        """
        settings = SpectralPartsParameters(**params)
        progress(0.02, "preprocessing", 1, _STEPS, "reading the mesh")
        source = read_mesh(inputs["mesh"])
        positions, faces = joined(source)
        _check(source, settings)
        labels = segment(
            positions,
            faces,
            Settings(settings.num_parts, settings.concavity, settings.thickness, settings.smooth_borders),
            lambda fraction, message: progress(0.05 + 0.5 * fraction, "sampling", 2, _STEPS, message),
        )
        count = int(labels.max()) + 1
        _tell_of_count(count, settings.num_parts, progress)
        progress(0.57, "decoding", 3, _STEPS, f"cutting {count} parts")
        names = [f"part_{number:02d}" for number in range(count)]
        parts = cut_apart(source, labels, names)
        tinted = [painted(part, tint_linear(number)) for number, part in enumerate(parts)]
        shown = [[mesh] for mesh in tinted] if settings.export_colored_mesh else parts
        described = [_described(part) for part in tinted]
        progress(0.65, "exporting", 4, _STEPS, "writing the mesh")
        meshes = [mesh for part in shown for mesh in part]
        extras = {"model": _METHOD, "num_parts": count, "parts": described}
        outputs = mesh_outputs(meshes, settings.output_format, extras=extras)
        if settings.save_parts and count > 1:
            outputs += _part_files(shown, settings.output_format, progress)
        outputs.append(Output(_LABELS, "data", _labels_file(labels, described)))
        drawing = partial(progress, 0.95, "exporting", 5, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(tinted, between=drawing)))
        info = {
            "method": _METHOD,
            "num_parts": count,
            "segmentation_info": {
                "requested_parts": settings.num_parts or None,
                "faces": len(labels),
                "parts": described,
            },
            "segmentation_info_path": _LABELS,
        }
        return Result(outputs, info)


def _check(source: list[Mesh], settings: SpectralPartsParameters) -> None:
    faces = sum(len(mesh.faces) for mesh in source)
    if not any(area(mesh.positions, mesh.faces) > 0 for mesh in source):
        raise InputInvalid("no face of the mesh has an area", "check how it was exported")
    if settings.num_parts == 1:
        raise InputInvalid("one part is the mesh as it is", "ask for 2 parts or more, or for 0 to let the shape decide")
    if settings.num_parts > faces:
        raise InputInvalid(f"the mesh has {faces} faces, too few for {settings.num_parts} parts", "ask for fewer parts")


def _tell_of_count(count: int, wanted: int, progress: Progress) -> None:
    if wanted and count < wanted:
        progress.warn(f"only {count} of {wanted} parts could be made: the others would have less than a face each")
    elif not wanted and count == 1:
        progress.warn("the shape suggests no parts and was left whole; ask for a number to cut it anyway")


def _described(part: Mesh) -> dict[str, Any]:
    low, high = part.bounds.tolist()
    return {
        "name": part.name,
        "faces": len(part.faces),
        "area": float(f"{area(part.positions, part.faces):.6g}"),
        "bounds": [[float(f"{value:.6g}") for value in corner] for corner in (low, high)],
    }


def _part_files(parts: list[list[Mesh]], file_format: str, progress: Progress) -> list[Output]:
    outputs = []
    for number, part in enumerate(parts):

        def between(number: int = number) -> None:
            progress(0.7 + 0.25 * number / len(parts), "exporting", 4, _STEPS, f"part {number + 1} of {len(parts)}")

        between()
        own = [with_own_texture(mesh, between) for mesh in part]
        outputs.append(part_output(own, file_format, part[0].name))
    return outputs


def _labels_file(labels: IntArray, described: list[dict[str, Any]]) -> bytes:
    """The part of each face as JSON; faces are counted through the file, mesh by mesh."""
    document = {"num_parts": len(described), "parts": described, "labels": np.asarray(labels).tolist()}
    return json.dumps(document, separators=(",", ":")).encode()
