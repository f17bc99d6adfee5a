"""A mesh changed within a region as words say.

This is no generative network: the words are read by rules and a sentence encoder, and what they ask for is done by
geometry. The result says what was understood and what was done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from aigc.features.base import power_of_two
from aigc.features.text_mesh_editing import RegionEditParameters
from aigc.mesh.export import mesh_outputs
from aigc.mesh.preview import thumbnail
from aigc.mesh.read import read_mesh
from aigc.mesh.stats import mesh_stats
from aigc.mesh.surface import Surface
from aigc.mesh.topology import is_watertight, joined, weld
from aigc.mesh.types import Mesh
from aigc.models.editing import carve, deform, join, placing, recolour
from aigc.models.editing.difference import differences
from aigc.models.editing.intent import Instruction, Reader
from aigc.models.editing.outcome import finished
from aigc.models.editing.region import Region, checked, named_part, region_of, whole
from aigc.models.editing.things import Things
from aigc.models.editing.verbs import VERBS
from aigc.models.shapes.retrieval import Retriever
from aigc.models.shapes.sentence import SentenceEncoder, weights_folder
from aigc.runner.model import InputInvalid, Output, Progress, Result

_STEPS = 6
_LONGEST_PROMPT = 2000
Done = tuple[list[Mesh], dict[str, Any]]


class RegionEdit:
    """Serves text_mesh_editing."""

    def load(self, device: str) -> None:
        """Read the sentence encoder and the library of shapes; everything runs on the CPU."""
        folder = weights_folder()
        self._encoder = SentenceEncoder(folder) if folder else None
        self._reader = Reader(self._encoder)
        self._things = Things(Retriever())

    def unload(self) -> None:
        """Forget both."""
        del self._reader, self._things, self._encoder

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """The mesh `inputs["mesh"]`, changed as `inputs["text"]` says; outside the region not a vertex is moved.

        Raises:
            InputInvalid: what to do, or where, is not understood; or it cannot be done to this mesh.
        """
        settings = RegionEditParameters(**params)
        progress(0.02, "preprocessing", 1, _STEPS, "reading the words")
        if self._encoder is None:
            progress.warn("the sentence encoder is not installed: instructions are understood by their words only")
        wishes = self._wishes(inputs["text"], settings, progress)
        progress(0.06, "preprocessing", 2, _STEPS, "reading the mesh")
        meshes = read_mesh(inputs["mesh"])
        progress(0.08, "preprocessing", 2, _STEPS, "looking at the mesh")
        was_closed = is_watertight(weld(*joined(meshes))[1])
        mask = read_mesh(inputs["mask"]) if "mask" in inputs else None
        info: dict[str, Any] = {"method": "rules and geometry, no generative network", "steps": []}
        for number, wish in enumerate(wishes):
            start, share = 0.1 + 0.7 * number / len(wishes), 0.7 / len(wishes)
            report = _reporter(progress, start, share, wish.sentence)
            report(0.0)
            surface = Surface.of(meshes)
            region, about = self._region(surface, settings, wish, mask, progress)
            meshes, done = self._done(surface, region, wish, settings, progress, report)
            info["steps"].append(
                {"understood": wish.sentence, "verb": wish.verb, "object": wish.part or wish.thing,
                 "sure": wish.sure, "by": wish.heard, "region": about, **done}
            )  # fmt: skip
        progress(0.84, "exporting", 5, _STEPS, "looking at the result")
        meshes = finished(meshes)
        progress(0.85, "exporting", 5, _STEPS, "looking at the result")
        closed = is_watertight(weld(*joined(meshes))[1])
        if was_closed and not closed:
            progress.warn("the mesh was closed, and is not any more")
        info |= {
            "closed_before": was_closed,
            "closed": closed,
            "understood": "; then ".join(w.sentence for w in wishes),
        }
        progress(0.88, "exporting", 5, _STEPS, "writing the mesh")
        extras = {"model": "region edit", "understood": info["understood"]}
        stats = mesh_stats(meshes)
        progress(0.92, "exporting", 5, _STEPS, "writing the mesh")
        outputs = mesh_outputs(meshes, settings.output_format, extras=extras, stats=stats)
        drawing = partial(progress, 0.95, "exporting", 6, _STEPS, "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(meshes, between=drawing)))
        return Result(outputs, info)

    def _wishes(self, text: str, settings: RegionEditParameters, progress: Progress) -> list[Instruction]:
        """What to do, in order."""
        if len(text) > _LONGEST_PROMPT:
            progress.warn(f"only the first {_LONGEST_PROMPT} characters of the text were read")
            text = text[:_LONGEST_PROMPT]
        if settings.operation != "auto":
            return [self._told(text, settings.operation)]
        if settings.source_prompt.strip():
            return differences(settings.source_prompt, text)
        read = self._reader.instruction(text)
        if read.sure < 1:
            progress.warn(f"read as: {read.sentence} (by {read.heard}, {read.sure:.2f})")
        return [read]

    def _told(self, text: str, operation: str) -> Instruction:
        """The operation that the settings name, with what the text says of it."""
        try:
            said = self._reader.instruction(text)
        except InputInvalid:
            said = Instruction(operation, thing=text.strip())
        if operation in ("add", "replace") and not said.thing:
            said = replace(said, thing=said.part or text.strip(), part="")
        if operation == "recolour" and said.look.says_nothing:
            raise InputInvalid(f"no colour or material is understood in {text[:80]!r}", "name one: red, gold, oak")
        return replace(said, verb=operation, sure=1.0, heard="the setting `operation`")

    def _region(
        self,
        surface: Surface,
        settings: RegionEditParameters,
        wish: Instruction,
        mask: list[Mesh] | None,
        progress: Progress,
    ) -> tuple[Region | None, str]:
        """Where, and how that was found; None for an addition for which no room is given."""
        given = region_of(settings.mask_type, settings.mask_center, settings.mask_size, mask)
        if given is not None:
            return (given if wish.verb == "add" else checked(given, surface)), given.about
        part = named_part(surface, wish.part)
        if wish.verb == "add":
            if not wish.part or part is None:
                progress.warn(f"no mask: the {wish.thing} was put where such a part usually is")
            return None, "where such a part usually is"
        if part is not None:
            region, is_guess = part
            if is_guess:
                progress.warn(f"no mask: taken as {wish.part!r} was {_told_bounds(region, surface)}")
            return checked(region, surface), region.about
        if (wish.part and wish.verb in ("remove", "replace")) or wish.verb in ("remove",):
            raise InputInvalid(
                f"which part is {wish.part!r}?" if wish.part else "what shall be removed is not said",
                "give a mask: mask_type bbox or ellipsoid with mask_center and mask_size",
            )
        if wish.part:
            progress.warn(f"which part is {wish.part!r} is not known without a mask: the whole mesh was taken")
        return whole(surface), "the whole mesh"

    def _done(
        self,
        surface: Surface,
        region: Region | None,
        wish: Instruction,
        settings: RegionEditParameters,
        progress: Progress,
        report: Callable[[float], None],
    ) -> Done:
        verb = wish.verb
        if verb in ("add", "replace"):
            return self._joined(surface, region, wish, settings, progress, report)
        assert region is not None
        if verb == "remove":
            meshes, _, info = carve.without(surface, region, smooth=True, name="fill")
            return meshes, info
        if verb == "cut":
            return carve.halved(surface, region, wish)
        if verb == "hollow":
            wall = VERBS["hollow"].usual * settings.strength * float(np.sort(region.span)[1])
            meshes, info = carve.hollowed(surface, region, wall, report)
            if not info["open"]:
                progress.warn(
                    "the cavity is closed: for an opening give a mask that reaches beyond the top of the mesh"
                )
            return meshes, info
        if verb == "mirror":
            return join.mirrored(surface, region, wish)
        if verb == "recolour":
            brush = recolour.brush_of(wish.look, region, surface.size)
            return recolour.repainted(surface, region, brush, power_of_two(settings.texture_resolution), report)
        changed, numbers = deform.deformed(surface, region, wish, settings.strength, settings.falloff, report)
        return changed.to_meshes(), dict(numbers)

    def _joined(
        self,
        surface: Surface,
        region: Region | None,
        wish: Instruction,
        settings: RegionEditParameters,
        progress: Progress,
        report: Callable[[float], None],
    ) -> Done:
        resolution = min(1024, power_of_two(settings.texture_resolution))
        thing = self._things.make(wish.thing, settings.seed, resolution, lambda share, _: report(0.8 * share))
        if thing.warning:
            progress.warn(thing.warning)
        if wish.verb == "replace" and region is not None:
            if region.is_everything:
                raise InputInvalid(
                    "what shall be replaced is the whole mesh",
                    "give a mask, or make a new mesh by text_to_textured_mesh",
                )
            meshes, info = join.replaced(surface, region, thing)
        else:
            part = named_part(surface, wish.part)
            room = region or placing.room_for(thing, surface, wish, part[0] if part else None)
            meshes, info = join.added(surface, thing, room)
            if info["reaches_beyond_the_mask"]:
                progress.warn(
                    f"the mesh fills the mask and would hide the {thing.name}: it was put upon the mesh and reaches "
                    "beyond the mask; for another place let the mask reach farther from the surface"
                )
        if info.get("joined") == "side by side":
            progress.warn(
                "the mesh does not enclose a solid: the new part lies in it, but is not grown together with it"
            )
        return meshes, info


def _reporter(progress: Progress, start: float, share: float, what: str) -> Callable[[float], None]:
    def report(done: float) -> None:
        progress(start + share * min(1.0, done), "sampling", 3, _STEPS, what)

    return report


def _told_bounds(region: Region, surface: Surface) -> str:
    everything = whole(surface)
    low, high = np.maximum(region.low, everything.low), np.minimum(region.high, everything.high)
    ends = [", ".join(f"{value:.3g}" for value in end) for end in (low, high)]
    return f"the box from ({ends[0]}) to ({ends[1]})"
