"""Parts of a mesh made whole: each one closed, with the surface that was seen kept as it is."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from aigc.features.base import power_of_two
from aigc.features.part_completion import WindingFillParameters
from aigc.mesh.cut import cut_apart, painted
from aigc.mesh.export import mesh_outputs, part_output
from aigc.mesh.palette import tint_linear
from aigc.mesh.part_closing import Closed, Closing
from aigc.mesh.part_list import named_parts, open_pieces
from aigc.mesh.preview import thumbnail
from aigc.mesh.read import read_mesh
from aigc.mesh.segments import Settings, segment
from aigc.mesh.stats import area, mesh_stats
from aigc.mesh.topology import is_watertight, joined, weld
from aigc.mesh.types import FloatArray, Mesh
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 5
_METHOD = "winding fill"
_MOST_FILES = 60  # of a result
_APART = 0.3  # of the size, that parts are moved outwards for the thumbnail


class WindingFill:
    """Serves part_completion.

    It closes what is open; it does not imagine what was never there.
    """

    def load(self, device: str) -> None:
        """Nothing to read; everything runs on the CPU."""

    def unload(self) -> None:
        """Nothing to forget."""

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The parts of `inputs["mesh"]`, each closed, as named nodes.

        Native calls (triangulating, intersecting, unwrapping) take up to half a second each and are not interrupted.

        Raises:
            InputInvalid: the mesh cannot be read, or has no face with an area.
        """
        settings = WindingFillParameters(**params)
        progress(0.02, "preprocessing", 1, _STEPS, "reading the mesh")
        source = read_mesh(inputs["mesh"])
        if not any(area(mesh.positions, mesh.faces) > 0 for mesh in source):
            raise InputInvalid("no face of the mesh has an area", "check how it was exported")
        parts, origin = _parts(source, settings, progress)
        closing = Closing(
            weld(*joined(source)),
            settings.method,
            settings.grid_resolution,
            power_of_two(settings.texture_resolution),
        )
        done: list[Closed] = []
        for number, part in enumerate(parts):

            def report(share: float, message: str, number: int = number) -> None:
                place = 0.25 + 0.55 * (number + share) / len(parts)
                progress(place, "decoding", 3, _STEPS, f"part {number + 1} of {len(parts)}: {message}")

            report(0.0, "looking at its borders")
            done.append(closing.close(part, report))
        _tell_of_open(done, progress)
        progress(0.82, "exporting", 4, _STEPS, "writing the mesh")
        described = []
        for one in done:
            progress(0.82, "exporting", 4, _STEPS, "looking at the parts")
            described.append(_described(one))
        progress(0.84, "exporting", 4, _STEPS, "writing the mesh")
        meshes = [one.mesh for one in done]
        extras = {"model": _METHOD, "num_parts": len(done), "parts": described}
        # Parts touch where they were cut: welded together, as others are counted, they would be one and open.
        closed = all(one["watertight"] for one in described)
        stats = {**mesh_stats(meshes), "parts": len(done), "watertight": closed}
        progress(0.87, "exporting", 4, _STEPS, "writing the mesh")
        outputs = mesh_outputs(meshes, settings.output_format, extras=extras, stats=stats)
        if settings.save_parts and len(done) > 1:
            outputs += _part_files(meshes, settings.output_format, progress)
        drawing = partial(progress, 0.95, "exporting", 5, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(_exploded(meshes), between=drawing)))
        info = {
            "method": _METHOD,
            "num_parts": len(done),
            "parts_from": origin,
            "closed_parts": sum(one["watertight"] for one in described),
            "parts": described,
        }
        return Result(outputs, info)


def _parts(source: list[Mesh], settings: WindingFillParameters, progress: Progress) -> tuple[list[list[Mesh]], str]:
    """The parts, and whether they are the file's nodes, its pieces, or were cut here."""
    progress(0.05, "preprocessing", 1, _STEPS, "looking for parts")
    named = named_parts(source)
    if len(named) > 1:
        return list(named.values()), "nodes"
    labels = open_pieces(source)
    origin = "pieces"
    if labels is None:
        origin = "segmentation"
        labels = segment(
            *joined(source),
            Settings(0 if settings.num_parts == 1 else settings.num_parts),
            lambda fraction, message: progress(0.06 + 0.18 * fraction, "sampling", 2, _STEPS, message),
        )
        count = int(labels.max()) + 1
        if count > 1:
            progress.warn(f"the mesh has no parts of its own; it was cut into {count} first")
        else:
            progress.warn(
                "the mesh has no parts, nor does its shape suggest any: it was closed as a whole; ask for a number"
            )
    names = [f"part_{number:02d}" for number in range(int(labels.max()) + 1)]
    return cut_apart(source, labels, names), origin


def _tell_of_open(done: list[Closed], progress: Progress) -> None:
    sheets = [one.mesh.name for one in done if one.method == "sheet"]
    if sheets:
        progress.warn(f"without a volume, and given a thickness: {', '.join(sheets)}")
    left = [one.mesh.name for one in done if one.method == "open"]
    if left:
        progress.warn(f"too tangled to be closed, and left open: {', '.join(left)}; repair them in a mesh editor")


def _described(one: Closed) -> dict[str, Any]:
    stats = mesh_stats(one.mesh)
    return {
        "name": one.mesh.name,
        "method": one.method,
        "watertight": is_watertight(weld(one.mesh.positions, one.mesh.faces)[1]),
        "kept": round(one.kept, 3),
        "triangles": stats["triangles"],
        "volume": stats.get("volume", 0.0),
    }


def _part_files(meshes: list[Mesh], file_format: str, progress: Progress) -> list[Output]:
    if len(meshes) > _MOST_FILES:
        progress.warn(f"of {len(meshes)} parts only the first {_MOST_FILES} were written as files of their own, too")
    outputs = []
    for number, mesh in enumerate(meshes[:_MOST_FILES]):
        progress(0.84 + 0.1 * number / len(meshes), "exporting", 4, _STEPS, f"writing part {number + 1}")
        outputs.append(part_output(mesh, file_format, f"part_{number:02d}"))
    return outputs


def _exploded(meshes: list[Mesh]) -> list[Mesh]:
    """The parts moved outwards, each in a colour of its own, so that the new surfaces are seen."""
    middles: FloatArray = np.array([mesh.bounds.mean(axis=0) for mesh in meshes])
    centre = middles.mean(axis=0)
    return [
        painted([mesh.with_(positions=mesh.positions + np.float32(_APART) * (middle - centre))], tint_linear(number))
        for number, (mesh, middle) in enumerate(zip(meshes, middles.astype(np.float32), strict=True))
    ]
