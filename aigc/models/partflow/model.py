"""A mesh from a sentence by a small generative network: a rectified flow over a set of primitives.

The network was trained on what the parametric shape library makes, so it knows the things that the library knows;
unlike it, the network draws each thing anew and mixes what it learned.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aigc.features.base import power_of_two
from aigc.features.text_to_mesh import PartFlowParameters, PartFlowRawParameters
from aigc.mesh.export import mesh_outputs
from aigc.mesh.preview import thumbnail
from aigc.mesh.types import Material, Mesh
from aigc.models.partflow import decode, tokens
from aigc.models.partflow.captions import LEFT_OUT
from aigc.models.partflow.primitives import Primitive
from aigc.models.partflow.prompt import PromptReader
from aigc.models.shapes.assemble import assemble, painted_mesh, plain_mesh
from aigc.models.shapes.retrieval import Retriever
from aigc.models.shapes.understanding import understand
from aigc.models.shapes.words import Wishes
from aigc.runner.model import Cancelled, InputInvalid, Job, Output, Progress, Result

if TYPE_CHECKING:
    from aigc.models.partflow.sampler import Request, Sampling

WEIGHTS = Path(__file__).with_name("part-flow.safetensors")
_WHAT = "part flow, a small generative network trained on a parametric shape library"
_LONGEST_PROMPT = 2000
_PREVIEWS = 4
_PREVIEW_PIXELS = 256
_SAMPLED = 0.6  # of a job's work


class PartFlow:
    """Serves text_to_textured_mesh and text_to_raw_mesh, with one network in one process."""

    def load(self, device: str) -> None:
        """Put the network on the device, within the threads that the worker gives; the rest runs on the CPU."""
        import torch  # heavy, and only runners need it

        from aigc.models.partflow import net, sampler  # these import it

        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS") or 1))
        self._sampling, self._request, self._device = sampler.Sampling, sampler.Request, device
        self._net, self._facts = net.load(WEIGHTS, device)
        self._retriever = Retriever()
        self._reader = PromptReader(self._retriever.encoder)

    def unload(self) -> None:
        """Forget the network and give the device's memory back."""
        del self._net, self._retriever, self._reader
        if self._device.startswith("cuda"):
            import torch

            torch.cuda.empty_cache()

    def run(self, inputs: dict[str, str], params: dict[str, Any], progress: Progress) -> Result:
        """A closed mesh of what the prompt `inputs["text"]` asks for.

        Raises:
            InputInvalid: the prompt has no words, or none near anything that the network has seen.
        """
        for _, result in self.run_batch([Job(inputs, params, progress)]):
            if isinstance(result, Exception):
                raise result
            return result
        raise AssertionError("a batch of one gave nothing")

    def run_batch(self, jobs: Sequence[Job]) -> Iterator[tuple[int, Result | Exception]]:
        """The jobs share each forward pass; each ends on its own, as soon as its mesh is made or it is cancelled."""
        asked: dict[int, _Asked] = {}
        for place, job in enumerate(jobs):
            try:
                asked[place] = self._read(job)
            except (InputInvalid, Cancelled) as error:
                yield place, error
        if not asked:
            return
        places = list(asked)
        sampling = self._sampling(self._net, [asked[place].request for place in places], self._device)
        while sampling.jobs:
            sampling.step()
            for number in list(sampling.jobs):
                place = places[number]
                try:
                    self._report(sampling, number, asked[place])
                    if not sampling.is_over(number):
                        continue
                    waiting = [asked[places[other]] for other in sampling.jobs if other != number]
                    result: Result | Exception = self._finish(sampling, number, asked[place], waiting)
                except Exception as error:  # noqa: BLE001 - it ends this job; the others go on
                    result = error
                sampling.drop(number)
                yield place, result

    def _read(self, job: Job) -> _Asked:
        is_textured = "texture_resolution" in job.params
        settings = (PartFlowParameters if is_textured else PartFlowRawParameters)(**job.params)
        prompt = _checked(job.inputs["text"], job.progress)
        job.progress(0.02, "preprocessing", 0, settings.steps, "reading the prompt")
        understood = understand(self._retriever, prompt)
        for warning in understood.warnings:
            job.progress.warn(warning)
        match = understood.match
        if match.shape.name in LEFT_OUT:
            job.progress.warn(f"the network has never seen a {match.shape.name}; model shape-grammar makes one")
        words = prompt
        if isinstance(settings, PartFlowParameters) and settings.texture_prompt:
            words = f"{settings.texture_prompt} {prompt}"
        vectors, numbers = self._reader.read([words])
        request = self._request(vectors[0], numbers[0], settings.seed, settings.steps, settings.guidance)
        return _Asked(job.progress, settings, request, match.shape.name, match.score)

    def _report(self, sampling: Sampling, number: int, asked: _Asked) -> None:
        done, steps = sampling.done(number), asked.settings.steps
        every = max(1, steps // _PREVIEWS)
        preview = _sketch(tokens.decode(sampling.rows(number))) if done % every == 0 and done < steps else None
        share = 0.05 + _SAMPLED * done / steps
        asked.progress(share, "sampling", done, steps, f"{sampling.counts[number]} primitives", preview)

    def _finish(self, sampling: Sampling, number: int, asked: _Asked, waiting: Sequence[_Asked]) -> Result:
        progress, settings = asked.progress, asked.settings
        begun, steps = 0.05 + _SAMPLED, settings.steps

        def tell(share: float, stage: str, message: str) -> None:
            progress(begun + (1 - begun) * share, stage, steps, steps, message)
            for other in waiting:
                with suppress(Cancelled):  # it is raised again when the job's turn comes
                    other.progress(0.0, "sampling", message="waits for others of its batch")

        tell(0.02, "decoding", "building the primitives")
        parts = tokens.decode(sampling.rows(number))
        pieces, lost = decode.pieces(parts)
        if not pieces:
            raise RuntimeError("the network drew nothing solid; try another seed")
        tell(0.1, "decoding", f"joining {len(pieces)} pieces")
        size = settings.size or float(np.clip(sampling.sizes[number], 0.02, 5000.0))
        assembly = assemble(
            pieces, Wishes(), size, settings.target_face_count, lambda step: tell(0.15, "decoding", "simplifying")
        )
        if len(assembly.faces) > 1.1 * settings.target_face_count:
            progress.warn(f"the shape cannot be told with fewer than {len(assembly.faces):,} triangles")
        if isinstance(settings, PartFlowParameters):
            resolution = power_of_two(settings.texture_resolution)
            mesh = painted_mesh(
                assembly, Wishes(), resolution, asked.nearest, lambda f, what: tell(0.2 + 0.6 * f, "texturing", what)
            )
        else:
            mesh = plain_mesh(assembly, asked.nearest)
        tell(0.85, "exporting", "writing the mesh")
        info = {
            "method": _WHAT,
            "trained_captions": self._facts["captions"],
            "trained_steps": self._facts["steps"],
            "primitives": len(parts),
            "primitives_left_out": lost,
            "nearest_known": asked.nearest,
            "score": asked.score,
        }
        outputs = mesh_outputs(mesh, settings.output_format, extras={"model": _WHAT})
        drawing = partial(tell, 0.92, "exporting", "drawing the thumbnail")
        outputs.append(Output("thumbnail.png", "thumbnail", thumbnail(mesh, between=drawing)))
        return Result(outputs, info)


@dataclass
class _Asked:
    """One job of a batch, read and checked."""

    progress: Progress
    settings: PartFlowParameters | PartFlowRawParameters
    request: Request
    nearest: str
    score: float


def _checked(text: str, progress: Progress) -> str:
    """The prompt, if it holds anything to go by."""
    if not re.search(r"[A-Za-z]{2}", text):
        raise InputInvalid(
            "the prompt has no English words, and no others are known here",
            "say what to make in a few English words, for example: a red chair with three legs",
        )
    if len(text) > _LONGEST_PROMPT:
        progress.warn(f"only the first {_LONGEST_PROMPT} characters of the prompt were read")
    return text[:_LONGEST_PROMPT]


def _sketch(parts: list[Primitive]) -> bytes | None:
    """A quick picture of primitives, one beside the other; None while nothing is solid yet."""
    found = [part for part in parts if np.isfinite(part.centre).all() and np.sort(part.half)[1] > 2e-3]
    twins = [twin for part in found for twin in ([part, part.mirrored()] if part.mirror else [part])]
    corners, colors = [], []
    for part in twins:
        mesh = part.solid().to_mesh()
        corners.append(np.asarray(mesh.vert_properties[:, :3], np.float32)[np.asarray(mesh.tri_verts, np.int64)])
        tint = np.array([*(round(255 * channel) for channel in part.finish.color), 255], np.uint8)
        colors.append(np.broadcast_to(tint, (3 * len(corners[-1]), 4)))
    if not corners or not sum(map(len, corners)):
        return None
    points = np.concatenate(corners)
    faces = np.arange(3 * len(points), dtype=np.int32).reshape(-1, 3)
    mesh = Mesh(points.reshape(-1, 3), faces, colors=np.concatenate(colors), material=Material("sketch", roughness=0.8))
    return thumbnail(mesh, size=_PREVIEW_PIXELS)
